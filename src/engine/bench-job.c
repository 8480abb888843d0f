// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/bench-job.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/macro.h"

/* How long a turn may be silent before clock and stop flag are looked at. */
#define TURN_NS		(100 * NS_PER_MS)
#define BATCH_MAX	32u

/* See bench.h: what it saves and what it costs. */
static unsigned batch_of(unsigned depth)
{
	return depth < 8 ? 1 : MIN(depth / 4, BATCH_MAX);
}

static int open_ring(struct job *job)
{
	int fds[WORKLOAD_TARGETS];
	int rc;

	for (unsigned i = 0; i < job->workload->targets; i++) {
		const struct endpoint *target = job->args->targets[i];

		job->is_judged |= !!target->ops->judge;
		fds[i] = target->direct_fd >= 0 ? target->direct_fd :
						  target->fd;
	}
	rc = ring_open(job->depth, &job->ring);
	if (rc)
		return rc;
	return ring_register_files(job->ring, fds, job->workload->targets);
}

static int take_slots(struct job *job)
{
	const struct bench_args *args = job->args;

	job->lanes = calloc(job->depth, sizeof(*job->lanes));
	if (!job->lanes)
		return -ENOMEM;
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

/* How many transactions the job may begin at all. */
static uint64_t limit_of(const struct job *job)
{
	return job->args->time_ns ? UINT64_MAX : job->state.share;
}

int bench_job_open(struct job *job)
{
	const struct bench_args *args = job->args;
	int rc;

	job->workload = args->workload;
	job->block_bytes = (int)args->block_bytes;
	rc = workload_begin(args->workload, args->size_bytes,
			    args->block_bytes, job->index, args->jobs,
			    args->seed, &job->state);
	if (rc)
		return rc;
	job->left = limit_of(job);
	job->depth = (unsigned)MIN(args->depth, job->left);
	job->least = batch_of(job->depth);
	histogram_init(&job->result.latency);
	rc = take_slots(job);
	return rc ? rc : open_ring(job);
}

void bench_job_close(struct job *job)
{
	ring_close(job->ring);
	free(job->lanes);
	job->ring = NULL;
	job->lanes = NULL;
}

_Static_assert((int)RING_READ == (int)P2PDMA_READ &&
		       (int)RING_WRITE == (int)P2PDMA_WRITE,
	       "a direction is the action that goes there");

/* A lane has one request in flight at most, so the ring has room. */
static inline void push(struct job *job, struct lane *lane)
{
	lane->op.action = (enum ring_action)lane->step.direction;
	lane->op.file = lane->step.target;
	lane->op.offset_bytes = lane->step.offset;
	(void)ring_push(job->ring, &lane->op);
}

static inline void begin(struct job *job, struct lane *lane)
{
	if (!job->left)
		return;
	job->left--;
	lane->begun_ns = job->now_ns;
	job->workload->next(&job->state, &lane->step);
	push(job, lane);
}

static void fail(struct job *job, struct lane *lane, int result)
{
	struct bench_result *r = &job->result;

	if (!r->errors++) {
		r->first_error.error = result < 0 ? -result : EIO;
		r->first_error.step = lane->step;
	}
	if (++job->failures >= BENCH_FAILURES_MAX)
		job->left = 0;
}

static inline void complete(struct job *job,
			    const struct ring_completion *done)
{
	struct lane *lane = (struct lane *)(uintptr_t)done->tag;
	int result = done->result;

	if (job->is_judged)
		result = endpoint_judge(job->args->targets[lane->op.file],
					&lane->op, result);
	if (result != job->block_bytes) {
		fail(job, lane, result);
		begin(job, lane);
		return;
	}
	job->failures = 0;
	if (job->workload->done && !job->is_over &&
	    job->workload->done(&job->state, &lane->step)) {
		push(job, lane);
		return;
	}
	if (job->is_counting)
		histogram_record(&job->result.latency,
				 job->now_ns - lane->begun_ns);
	begin(job, lane);
}

static uint64_t timeval_ns(struct timeval tv)
{
	return (uint64_t)tv.tv_sec * NS_PER_SEC + (uint64_t)tv.tv_usec * 1000;
}

/* What has been spent so far is added once with each sign. */
static void count_costs(struct job *job, uint64_t sign)
{
	struct bench_result *r = &job->result;
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	r->cpu_user_ns += sign * timeval_ns(usage.ru_utime);
	r->cpu_system_ns += sign * timeval_ns(usage.ru_stime);
	r->submits += sign * ring_get_submits(job->ring);
}

static void begin_counting(struct job *job)
{
	job->is_counting = true;
	job->counted_from_ns = job->now_ns;
	if (job->args->time_ns)
		job->end_ns = job->now_ns + job->args->time_ns;
	count_costs(job, (uint64_t)-1);
}

static void end_counting(struct job *job)
{
	job->is_over = true;
	job->left = 0;
	if (!job->is_counting)
		return;
	job->is_counting = false;
	job->counted_to_ns = job->now_ns;
	count_costs(job, 1);
}

static bool is_told_to_stop(struct job *job)
{
	if (__atomic_load_n(job->abort, __ATOMIC_RELAXED))
		return true;
	if (!job->args->stop || !*job->args->stop)
		return false;
	job->result.is_stopped = true;
	return true;
}

/* What completed in this turn came before now, so it is counted by then. */
static void look_at_the_clock(struct job *job)
{
	if (job->is_over)
		return;
	__atomic_store_n(&job->shown, limit_of(job) - job->left,
			 __ATOMIC_RELAXED);
	if (!job->is_counting && job->now_ns >= job->count_from_ns)
		begin_counting(job);
	if (job->now_ns >= job->end_ns || is_told_to_stop(job))
		end_counting(job);
}

static int listen_for_silence(struct job *job, unsigned count)
{
	uint64_t limit = job->args->io_timeout_ns;

	if (count)
		job->heard_ns = job->now_ns;
	else if (limit && job->now_ns - job->heard_ns >= limit)
		return -ETIMEDOUT;
	return 0;
}

static int turn(struct job *job)
{
	const struct ring_completion *done;
	unsigned count;
	int rc;

	rc = ring_turn(job->ring, job->least, TURN_NS);
	if (rc)
		return rc;
	done = ring_get_completions(job->ring, &count);
	job->now_ns = clock_now_ns();
	for (unsigned i = 0; i < count; i++)
		complete(job, &done[i]);
	look_at_the_clock(job);
	return listen_for_silence(job, count);
}

/* Without a time to run there is no time to warm up for either. */
static void plan(struct job *job, uint64_t start_ns)
{
	const struct bench_args *args = job->args;

	job->now_ns = start_ns;
	job->heard_ns = start_ns;
	job->end_ns = UINT64_MAX;
	job->count_from_ns = start_ns;
	if (args->time_ns)
		job->count_from_ns += args->warmup_ns;
}

int bench_job_run(struct job *job, uint64_t start_ns)
{
	int rc = 0;

	plan(job, start_ns);
	look_at_the_clock(job);
	for (unsigned i = 0; i < job->depth; i++)
		begin(job, &job->lanes[i]);
	while (!rc && ring_get_in_flight(job->ring))
		rc = turn(job);
	end_counting(job);
	return rc;
}
