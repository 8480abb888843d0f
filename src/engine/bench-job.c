// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/bench-job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/macro.h"

/* How long a turn may be silent before clock and stop flag are looked at. */
#define TURN_NS		(100 * NS_PER_MS)
#define BATCH_MAX	32u

/* The loop is made twice: what a plain run does not need costs it nothing. */
#define ALWAYS_INLINE	static inline __attribute__((always_inline))

/* --- before the clock starts --------------------------------------------- */

/* What it saves and what it costs is in bench.h. */
unsigned bench_get_batch(unsigned depth, bool has_rate)
{
	return depth < 8 || has_rate ? 1 : MIN(depth / 4, BATCH_MAX);
}

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

static int register_targets(struct job *job)
{
	int fds[WORKLOAD_TARGETS], rc;

	job->is_judged = false;
	for (unsigned i = 0; i < job->workload->targets; i++) {
		const struct endpoint *target = job->args->targets[i];

		job->is_judged |= !!target->ops->judge;
		fds[i] = target->direct_fd >= 0 ? target->direct_fd :
						  target->fd;
	}
	rc = ring_register_files(job->ring, fds, job->workload->targets);
	for (unsigned i = 0; i < job->workload->targets && !rc; i++)
		rc = endpoint_register(job->args->targets[i], job->ring, i);
	return rc;
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

/* How many transactions the job may begin at all. */
static uint64_t limit_of(const struct job *job)
{
	return job->args->time_ns ? UINT64_MAX : job->state.share;
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
	job->counted_from_ns = job->counted_to_ns = 0;
	job->shown = 0;
	bench_empty(&job->result);
	rc = begin_workload(job);
	if (rc)
		return rc;
	job->left = limit_of(job);
	job->depth = (unsigned)MIN(args->depth, args->ledger ?
			job->state.share : job->left);
	job->least = bench_get_batch(job->depth, args->rate_iops);
	rc = take_slots(job);
	rc = rc ? rc : take_scratch(job);
	rc = rc ? rc : settle_down(job);
	return rc ? rc : register_targets(job);
}

/* --- beginning ----------------------------------------------------------- */

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

static void fail(struct job *job, struct lane *lane, int result)
{
	struct bench_result *r = &job->result;

	if (!r->errors++) {
		r->first_error.error = result < 0 ? -result : EIO;
		r->first_error.step = lane->step;
	}
	if (++job->failures >= BENCH_FAILURES_MAX) {
		r->end = MAX(r->end, BENCH_FAILED);
		job->left = 0;
	}
}

/* True when it is time, and then the lane began when it should have. */
static bool is_due(struct job *job, struct lane *lane)
{
	if (!job->pace_ns) {
		lane->begun_ns = job->now_ns;
		return true;
	}
	if (job->due_ns > job->now_ns)
		return false;
	lane->begun_ns = job->due_ns;
	job->due_ns += job->pace_ns;
	return true;
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

	if (!is_due(job, lane)) {
		job->parked[job->parked_count++] = lane;
		return;
	}
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
	int block_bytes;
	bool is_counting;
	bool has_more;		/* a transaction may have more than one step */
};

ALWAYS_INLINE void complete(struct job *job, const struct turn *turn,
			    const struct ring_completion *done, bool is_plain)
{
	struct lane *lane = (struct lane *)(uintptr_t)done->tag;
	int result = done->result;

	if (!is_plain && job->is_judged)
		result = endpoint_judge(job->args->targets[lane->op.file],
					&lane->op, result);
	if (result != turn->block_bytes) {
		if (!is_plain && job->args->ledger)
			bench_verify_end(job, lane, true);
		fail(job, lane, result);
		begin(job, lane, turn->now_ns, is_plain);
		return;
	}
	job->failures = 0;
	if (turn->has_more && !job->is_over &&
	    job->workload->done(&job->state, &lane->step)) {
		push(job, lane);
		return;
	}
	if (turn->is_counting)
		histogram_record(&job->result.latency,
				 turn->now_ns - lane->begun_ns);
	if (!is_plain && job->args->ledger)
		bench_verify_end(job, lane, false);
	begin(job, lane, turn->now_ns, is_plain);
}

/* --- the clock ----------------------------------------------------------- */

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
	series_begin(&job->result.series, job->now_ns, 0);
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
	job->result.end = MAX(job->result.end, BENCH_STOPPED);
	return true;
}

/* What completed in this turn came before now, so it is counted by then. */
static void look_at_the_clock(struct job *job)
{
	if (job->is_over)
		return;
	__atomic_store_n(&job->shown, limit_of(job) - job->left,
			 __ATOMIC_RELAXED);
	if (job->is_counting)
		series_note(&job->result.series, job->now_ns,
			    job->result.latency.count);
	else if (job->now_ns >= job->count_from_ns)
		begin_counting(job);
	if (job->now_ns >= job->end_ns || is_told_to_stop(job))
		end_counting(job);
}

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

/* --- the loop ------------------------------------------------------------ */

ALWAYS_INLINE int take_turn(struct job *job, uint64_t limit_ns, bool is_plain)
{
	const struct ring_completion *done;
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
		.block_bytes = job->block_bytes,
		.is_counting = job->is_counting,
		.has_more = job->workload->done,
	};
	for (unsigned i = 0; i < count; i++)
		complete(job, &turn, &done[i], is_plain);
	look_at_the_clock(job);
	return listen_for_silence(job, count);
}

static int run_plainly(struct job *job)
{
	int rc = 0;

	while (!rc && ring_get_in_flight(job->ring))
		rc = take_turn(job, TURN_NS, true);
	return rc;
}

/* No longer than until the next one is due. */
static uint64_t get_patience(const struct job *job)
{
	if (!job->parked_count || !job->left)
		return TURN_NS;
	return job->due_ns > job->now_ns ?
		       MIN(job->due_ns - job->now_ns, TURN_NS) : 0;
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
	job->parked_count = 0;
	job->pace_ns = args->rate_iops ?
		MAX(NS_PER_SEC * args->jobs / args->rate_iops, 1) : 0;
	job->due_ns = start_ns + job->pace_ns / args->jobs * job->index;
}

int bench_job_run(struct job *job, uint64_t start_ns)
{
	int rc;

	plan(job, start_ns);
	look_at_the_clock(job);
	for (unsigned i = 0; i < job->depth; i++)
		begin(job, &job->lanes[i], start_ns, false);
	rc = job->is_judged || job->pace_ns || job->args->ledger ?
		     run_carefully(job) : run_plainly(job);
	end_counting(job);
	return rc;
}
