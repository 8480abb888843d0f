// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how the pipeline of p2pcopy is measured; must not know how it copies
 * (copy.h). What the kernel refuses is an error here, and not copied through
 * other memory: that would be another measurement.
 */
#include <errno.h>

#include "base/clock.h"
#include "engine/bench-state.h"
#include "engine/copy.h"

enum { SOURCE, DESTINATION };

/* Without a time to run each block goes once; then the range is the end. */
static void start(void *data)
{
	bench_clock_begin(data, clock_now_ns());
}

static void look(void *data, uint64_t now_ns)
{
	struct job *job = data;

	job->now_ns = now_ns;
	bench_clock_look(job);
}

static uint64_t get_wait(void *data)
{
	return bench_clock_get_wait(data);
}

static uint64_t begin(void *data)
{
	struct job *job = data;

	job->left--;
	return bench_clock_take(job);
}

/* Of what was copied the ledger knows that it is whatever the source had. */
static void note(struct job *job, uint64_t offset, bool is_written)
{
	if (job->args->ledger)
		*ledger_find(job->args->ledger, offset) =
			is_written ? LEDGER_COPIED : 0;
}

static void count_error(struct job *job, const struct copy_error *error,
			uint64_t offset)
{
	const bool is_read = error->side == SIDE_SOURCE;
	const struct bench_error what = {
		.error = -error->error,
		.offset = offset,
		.direction = is_read ? P2PDMA_READ : P2PDMA_WRITE,
		.target = is_read ? SOURCE : DESTINATION,
	};

	bench_clock_fail(job, &what);
}

static void end(void *data, uint64_t begun_ns, uint64_t now_ns,
		uint64_t start_bytes, const struct copy_error *error)
{
	struct job *job = data;
	uint64_t offset = job->state.begin + start_bytes;

	if (error) {
		count_error(job, error, offset);
		if (error->side == SIDE_DESTINATION)
			note(job, offset, false);
		job->stop |= job->failures >= BENCH_FAILURES_MAX;
		return;
	}
	job->failures = 0;
	if (job->is_counting)
		histogram_record(&job->result.latency, now_ns - begun_ns);
	note(job, offset, true);
}

/* What ended the run is no rate any more. */
static int conclude(struct job *job, const struct copy_result *result, int rc)
{
	if (rc == -ETIMEDOUT)
		job->result.end = BENCH_SILENT;
	if (result->is_silent)
		return rc;
	if (!rc || rc == -EINTR)
		return 0;
	if (!result->error.side)
		return rc;
	count_error(job, &result->error, result->error.offset_bytes);
	job->result.end = BENCH_FAILED;
	return 0;
}

int bench_copy_run(struct job *job, uint64_t start_ns)
{
	const struct bench_args *args = job->args;
	const struct copy_meter meter = {
		start, look, get_wait, begin, end, job,
	};
	const struct copy_plan plan = {
		.source = args->targets[SOURCE],
		.destination = args->targets[DESTINATION],
		.source_offset_bytes = job->state.begin,
		.destination_offset_bytes = job->state.begin,
		.size_bytes = job->state.end - job->state.begin,
		.ring = job->ring,
		.pool = args->pool,
		.first_slot = job->index * args->depth,
		.slot_count = job->depth,
		.block_bytes = args->block_bytes,
		.is_continued = true,
		.io_timeout_ns = args->io_timeout_ns,
		.meter = &meter,
		.is_endless = args->time_ns,
		.stop = &job->stop,
	};
	struct copy_result result;
	int rc;

	job->now_ns = start_ns;
	rc = copy_run(&plan, &result);
	return conclude(job, &result, rc);
}
