// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/bench-job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/macro.h"

/* The loop is made twice: what a plain run does not need costs it nothing. */
#define ALWAYS_INLINE	static inline __attribute__((always_inline))

/* --- before the clock starts --------------------------------------------- */

int bench_job_open(struct job *job, unsigned depth_most, unsigned options)
{
	job->lanes = calloc(depth_most, sizeof(*job->lanes));
	job->parked = calloc(depth_most, sizeof(struct lane *));
	if (!job->lanes || !job->parked)
		return -ENOMEM;
	return ring_open_with(depth_most, options, &job->ring);
}

void bench_job_close(struct job *job)
{
	ring_close(job->ring);
	free(job->lanes);
	free(job->parked);
	free(job->scratch);
	*job = (struct job){ 0 };
}

/* A copy registers its two ends by itself. */
static int register_target(struct job *job)
{
	struct endpoint *target = job->args->targets[0];
	const int fd = target->direct_fd >= 0 ? target->direct_fd : target->fd;
	int rc;

	/* A command tells its status: 0, and otherwise what is to be judged. */
	job->is_command = target->range.namespace_id;
	job->is_judged = target->ops->judge && !job->is_command;
	job->done_result = job->is_command ? 0 : job->block_bytes;
	if (!job->workload->next)
		return 0;
	rc = ring_register_files(job->ring, &fd, 1);
	return rc ? rc : endpoint_register(target, job->ring, 0);
}

static int take_slots(struct job *job)
{
	const struct bench_args *args = job->args;

	for (unsigned i = 0; i < job->depth; i++) {
		struct ring_op *op = &job->lanes[i].op;

		op->tag = (uintptr_t)&job->lanes[i];
		op->length_bytes = args->block_bytes;
		op->buffer = p2pdma_pool_get_slot(
			args->pool, job->index * args->depth + i);
		if (!op->buffer)
			return -EINVAL;
	}
	return 0;
}

static int begin_workload(struct job *job)
{
	const struct bench_args *args = job->args;
	const struct workload_plan plan = {
		.size_bytes = args->size_bytes,
		.block_bytes = args->block_bytes,
		.job = job->index,
		.jobs = args->jobs,
		.seed = args->seed,
		.read_percent = args->read_percent,
		.zipf_theta = args->zipf_theta,
		.is_apart = args->ledger,
		.ledger = args->ledger,
	};

	return workload_begin(args->workload, &plan, &job->state);
}

static int settle_down(const struct job *job)
{
	const struct bench_args *args = job->args;

	if (!args->cpu_count)
		return 0;
	return sched_setaffinity(0, sizeof(cpu_set_t),
				 &args->cpus[job->index % args->cpu_count]) ?
		       -errno : 0;
}

static int take_scratch(struct job *job)
{
	free(job->scratch);
	job->scratch = NULL;
	if (!job->args->ledger)
		return 0;
	job->scratch = malloc(job->args->block_bytes);
	return job->scratch ? 0 : -ENOMEM;
}

int bench_job_prepare(struct job *job, const struct bench_args *args)
{
	int rc;

	job->args = args;
	job->workload = args->workload;
	job->block_bytes = (int)args->block_bytes;
	job->failures = 0;
	job->is_counting = job->is_over = false;
	job->stop = 0;
	job->counted_from_ns = job->counted_to_ns = 0;
	job->shown = 0;
	bench_empty(&job->result);
	rc = begin_workload(job);
	if (rc)
		return rc;
	job->left = bench_get_limit(job);
	job->depth = (unsigned)MIN(args->depth, args->ledger ?
			job->state.share : job->left);
	job->least = bench_get_batch(job->depth, args->rate_iops);
	rc = take_slots(job);
	rc = rc ? rc : take_scratch(job);
	rc = rc ? rc : settle_down(job);
	return rc ? rc : register_target(job);
}

/* --- beginning ----------------------------------------------------------- */

_Static_assert((int)RING_READ == (int)P2PDMA_READ &&
		       (int)RING_WRITE == (int)P2PDMA_WRITE,
	       "a direction is the action that goes there");

/* A lane has one request in flight at most, so the ring has room. */
static inline void push(struct job *job, struct lane *lane)
{
	lane->op.action = (enum ring_action)lane->step.direction;
	lane->op.offset_bytes = lane->step.offset;
	(void)ring_push(job->ring, &lane->op);
}

static void fail(struct job *job, const struct lane *lane, int result)
{
	const struct bench_error error = {
		.error = result < 0 ? -result : EIO,
		.offset = lane->step.offset,
		.direction = lane->step.direction,
	};

	bench_clock_fail(job, &error);
}

/* A provider that is gone has nothing more to offer: that is the end. */
static void fail_to_fill(struct job *job, struct lane *lane, int rc)
{
	bench_verify_end(job, lane, true);
	job->failures = BENCH_FAILURES_MAX;
	fail(job, lane, rc);
}

static void begin_carefully(struct job *job, struct lane *lane)
{
	int rc = 0;

	if (bench_clock_get_wait(job)) {
		job->parked[job->parked_count++] = lane;
		return;
	}
	lane->begun_ns = bench_clock_take(job);
	job->left--;
	if (!job->args->ledger) {
		job->workload->next(&job->state, &lane->step);
	} else {
		bench_verify_choose(job, lane);
		rc = bench_verify_fill(job, lane);
	}
	if (rc)
		fail_to_fill(job, lane, rc);
	else
		push(job, lane);
}

/* @now_ns is job->now_ns, which need not be read again and again. */
ALWAYS_INLINE void begin(struct job *job, struct lane *lane, uint64_t now_ns,
			 bool is_plain)
{
	if (!job->left)
		return;
	if (!is_plain) {
		begin_carefully(job, lane);
		return;
	}
	job->left--;
	lane->begun_ns = now_ns;
	job->workload->next(&job->state, &lane->step);
	push(job, lane);
}

static void unpark(struct job *job)
{
	while (job->parked_count && job->left && job->due_ns <= job->now_ns)
		begin_carefully(job, job->parked[--job->parked_count]);
}

/* --- completing ---------------------------------------------------------- */

/* What does not change while a turn's completions are looked at. */
struct turn {
	uint64_t now_ns;
	int done_result;
	bool is_counting;
};

static int judge(const struct job *job, const struct lane *lane, int result)
{
	return endpoint_judge(job->args->targets[0], &lane->op, result);
}

ALWAYS_INLINE void complete(struct job *job, const struct turn *turn,
			    const struct ring_completion *done, bool is_plain)
{
	struct lane *lane = (struct lane *)(uintptr_t)done->tag;
	int result = done->result;

	if (!is_plain && job->is_judged)
		result = judge(job, lane, result);
	if (result != turn->done_result) {
		if (!is_plain && job->args->ledger)
			bench_verify_end(job, lane, true);
		fail(job, lane, job->is_command ? judge(job, lane, result) :
						  result);
		begin(job, lane, turn->now_ns, is_plain);
		return;
	}
	job->failures = 0;
	if (turn->is_counting)
		histogram_record(&job->result.latency,
				 turn->now_ns - lane->begun_ns);
	if (!is_plain && job->args->ledger)
		bench_verify_end(job, lane, false);
	begin(job, lane, turn->now_ns, is_plain);
}

/* --- the loop ------------------------------------------------------------ */

static int listen_for_silence(struct job *job, unsigned count)
{
	uint64_t limit = job->args->io_timeout_ns;

	if (count || !ring_get_in_flight(job->ring))
		job->heard_ns = job->now_ns;
	else if (limit && job->now_ns - job->heard_ns >= limit) {
		job->result.end = BENCH_SILENT;
		return -ETIMEDOUT;
	}
	return 0;
}

ALWAYS_INLINE int take_turn(struct job *job, uint64_t limit_ns, bool is_plain)
{
	const struct ring_completion *done, *end;
	struct turn turn;
	unsigned count;
	int rc;

	rc = ring_turn(job->ring, job->least, limit_ns);
	if (rc)
		return rc;
	done = ring_get_completions(job->ring, &count);
	job->now_ns = clock_now_ns();
	turn = (struct turn){
		.now_ns = job->now_ns,
		.done_result = job->done_result,
		.is_counting = job->is_counting,
	};
	for (end = done + count; done < end; done++)
		complete(job, &turn, done, is_plain);
	bench_clock_look(job);
	return listen_for_silence(job, count);
}

static int run_plainly(struct job *job)
{
	int rc = 0;

	while (!rc && ring_get_in_flight(job->ring))
		rc = take_turn(job, BENCH_TURN_NS, true);
	return rc;
}

/* No longer than until the next one is due. */
static uint64_t get_patience(const struct job *job)
{
	if (!job->parked_count || !job->left)
		return BENCH_TURN_NS;
	return job->due_ns > job->now_ns ?
		       MIN(job->due_ns - job->now_ns, BENCH_TURN_NS) : 0;
}

static int run_carefully(struct job *job)
{
	int rc = 0;

	while (!rc && (ring_get_in_flight(job->ring) ||
		       (job->parked_count && job->left))) {
		uint64_t patience = get_patience(job);

		if (!ring_get_in_flight(job->ring))
			clock_sleep_until(job->now_ns + patience);
		rc = take_turn(job, patience, false);
		unpark(job);
	}
	return rc;
}

static int run_lanes(struct job *job, uint64_t start_ns)
{
	job->parked_count = 0;
	bench_clock_begin(job, start_ns);
	for (unsigned i = 0; i < job->depth; i++)
		begin(job, &job->lanes[i], start_ns, false);
	return job->is_judged || job->pace_ns || job->args->ledger ?
		       run_carefully(job) : run_plainly(job);
}

int bench_job_run(struct job *job, uint64_t start_ns)
{
	int rc = job->workload->next ? run_lanes(job, start_ns) :
				       bench_copy_run(job, start_ns);

	bench_clock_end(job);
	return rc;
}
