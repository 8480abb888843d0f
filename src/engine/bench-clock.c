// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows when a job's run warms up, counts and is over, what it costs, and when
 * the next transaction is due; must not know what is moved.
 */
#include <sys/resource.h>

#include "base/clock.h"
#include "base/macro.h"
#include "engine/bench-state.h"

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

void bench_clock_end(struct job *job)
{
	job->is_over = true;
	job->stop = 1;
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

void bench_clock_look(struct job *job)
{
	if (job->is_over)
		return;
	__atomic_store_n(&job->shown, bench_get_limit(job) - job->left,
			 __ATOMIC_RELAXED);
	if (job->is_counting)
		series_note(&job->result.series, job->now_ns,
			    job->result.latency.count);
	else if (job->now_ns >= job->count_from_ns)
		begin_counting(job);
	if (job->now_ns >= job->end_ns || is_told_to_stop(job))
		bench_clock_end(job);
}

void bench_clock_fail(struct job *job, const struct bench_error *error)
{
	struct bench_result *r = &job->result;

	if (!r->errors++)
		r->first_error = *error;
	if (++job->failures >= BENCH_FAILURES_MAX) {
		r->end = MAX(r->end, BENCH_FAILED);
		job->left = 0;
	}
}

/* Without a time to run there is no time to warm up for either. */
void bench_clock_begin(struct job *job, uint64_t start_ns)
{
	const struct bench_args *args = job->args;

	job->now_ns = start_ns;
	job->heard_ns = start_ns;
	job->end_ns = UINT64_MAX;
	job->count_from_ns = start_ns;
	if (args->time_ns)
		job->count_from_ns += args->warmup_ns;
	job->pace_ns = args->rate_iops ?
		MAX(NS_PER_SEC * args->jobs / args->rate_iops, 1) : 0;
	job->due_ns = start_ns + job->pace_ns / args->jobs * job->index;
	bench_clock_look(job);
}

/* --- the pace ------------------------------------------------------------ */

uint64_t bench_clock_get_wait(const struct job *job)
{
	return job->pace_ns && job->due_ns > job->now_ns ?
		       job->due_ns - job->now_ns : 0;
}

/* What waits because others are late counts from when it should have begun. */
uint64_t bench_clock_take(struct job *job)
{
	uint64_t due_ns = job->due_ns;

	if (!job->pace_ns)
		return job->now_ns;
	job->due_ns += job->pace_ns;
	return due_ns;
}
