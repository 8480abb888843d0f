/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how to keep a workload's blocks in flight and to time them; must not
 * know which offsets those are (workload.h), how a provider was chosen, or
 * how numbers are shown.
 *
 * Every job is a thread with a ring and slots of its own. Nothing is shared,
 * allocated or, unless it is to be verified, written by the CPU into a slot
 * while the clock runs. Threads and rings live as long as the bench: runs
 * that follow each other use the same ones (see ring.h for why).
 *
 * What a latency is. The clock is read once each time that the kernel was
 * asked (ring_turn()), not twice for each block: a block's time begins with
 * the reading after which its first request was prepared, and ends with the
 * first reading after its last completion was seen. Both ends err to the
 * longer side, by what preparing a batch costs; and at a depth of 8 or more
 * a turn waits for a quarter of the depth, 32 at most, which is what saves
 * the calls. Below that each completion is looked at when it comes.
 *
 * Copies are made by the very pipeline of p2pcopy (copy.h): a block's time is
 * that from its read to the end of its write, and every turn waits for a
 * single completion.
 *
 * With a rate, a block's time begins when it should have begun: what waits
 * because the drive is late counts as late (no coordinated omission).
 */
#ifndef P2PDMA_ENGINE_BENCH_H
#define P2PDMA_ENGINE_BENCH_H

#include "engine/bench-plan.h"
#include "engine/bench-result.h"

struct bench;

/*
 * bench_open() - start the threads and open their rings
 * @jobs, @depth: the most that any run will have
 * @options:	of the rings, enum ring_option
 *
 * Return: 0, -ENOMEM, -EAGAIN no thread to be had, -errno of ring_open().
 */
int bench_open(unsigned jobs, unsigned depth, unsigned options,
	       struct bench **bench);

/*
 * bench_run() - run the workload and say how it went
 *
 * Failed requests are counted and the run goes on: 0 is returned as long as
 * it could be measured, also where every request failed.
 *
 * Return: 0; -EINVAL less than a block for each job, a pool too small, more
 * than was opened, or no such CPU; -ENOMEM; -ETIMEDOUT when nothing completed
 * for io_timeout_ns: @result has what there was before. What is in flight then
 * still owns the pool's memory and the descriptors, so leave without giving
 * them back, and run nothing more.
 */
int bench_run(struct bench *bench, const struct bench_args *args,
	      struct bench_result *result);

/* What is stuck stays, until the program ends. NULL is fine. */
void bench_close(struct bench *bench);

/*
 * bench_fill() - give every slot of @pool bytes that no drive compresses,
 * different ones in each
 *
 * Return: 0, -ENOMEM, -ENODEV the provider is gone.
 */
int bench_fill(struct p2pdma_pool *pool, uint64_t seed);

#endif
