// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows what a job reads again after the copy: to prove it, and for a checksum
 * that could not be taken on the way. Must not know how two ends are compared.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "engine/copy-job.h"
#include "engine/copy-job-parts.h"
#include "engine/endpoint-null.h"

#define blame	copy_job_blame

static int excuse(struct copy_job *job, const char *path, const char *why,
		  int error)
{
	snprintf(job->why_not_compared, sizeof(job->why_not_compared),
		 "%s: %s%s%s", path, why,
		 error ? ": " : "", error ? strerror(-error) : "");
	return 0;
}

/* The destination as a drive that takes commands; 0 with *drive NULL: no. */
static int open_drive(struct copy_job *job, const struct endpoint *to,
		      struct endpoint **drive)
{
	const char *why;
	int rc;

	rc = endpoint_open(to->path,
			   ENDPOINT_WRITE | ENDPOINT_PASSTHROUGH, drive);
	if (rc) {
		*drive = NULL;
		why = endpoint_explain(ENDPOINT_PASSTHROUGH, rc);
		return excuse(job, to->path, why ? why :
			      "cannot be opened for commands", why ? 0 : rc);
	}
	if (endpoint_is_same(*drive, to))
		return 0;
	return copy_job_reject_swapped(job, to->path);
}

static int compare_by_drive(struct copy_job *job,
			    const struct verify_plan *read,
			    struct endpoint *drive)
{
	const struct compare_plan plan = {
		.read = read,
		.drive = drive,
		.pool = job->memory.pool,
		.is_peer = job->memory.provider,
	};
	struct compare_result result;
	int rc;

	rc = compare_run(&plan, &result);
	if (!rc && result.why_not)
		return excuse(job, read->destination->path, result.why_not,
			      result.why_error);
	job->verified = result.verified;
	job->is_compared = true;
	return rc;
}

/* By the drive, where that can be; else by reading, and why. */
static int prove(struct copy_job *job, const struct verify_plan *read)
{
	struct endpoint *drive = NULL;
	int rc = 0;

	job->is_compared = false;
	if (job->args.verify == COPY_VERIFY_COMPARE && job->result.bad_bytes)
		excuse(job, read->destination->path,
		       "what could not be copied would differ", 0);
	else if (job->args.verify == COPY_VERIFY_COMPARE)
		rc = open_drive(job, read->destination, &drive);
	if (!rc && drive)
		rc = compare_by_drive(job, read, drive);
	if (!job->verified.is_silent)
		endpoint_close(drive);
	if (rc || job->is_compared)
		return rc;
	return verify_run(read, &job->verified);
}

static int verify_leg(struct copy_job *job, const struct copy_job *leg)
{
	const struct verify_plan plan = {
		.ring = job->ring,
		.source = job->from,
		.destination = leg->to,
		.source_offset_bytes = job->args.skip_bytes,
		.destination_offset_bytes = job->args.seek_bytes,
		.size_bytes = job->size_bytes,
		.extents = &job->extents,
		.host = job->memory.host,
		.block_bytes = job->memory.block_bytes,
		.depth = MAX(p2pdma_pool_get_slots(job->memory.pool) / 2, 1),
		.io_timeout_ns = job->args.io_timeout_ns,
		.stop = job->args.stop,
		.tick = copy_job_tick,
		.tick_data = job,
	};
	int rc;

	rc = prove(job, &plan);
	job->is_silent = job->verified.is_silent;
	job->is_verified = !rc;
	job->verified_leg = leg;
	if (rc == -EINTR)
		return blame(job, COPY_JOB_INTERRUPTED, rc, "interrupted");
	if (!rc || job->trouble)
		return rc;
	return blame(job, COPY_JOB_FAILED, rc, "read %s again at %llu",
		     job->verified.error.side == SIDE_SOURCE ?
			     job->args.source : leg->destination_path,
		     (unsigned long long)job->verified.error.offset_bytes);
}

/* One after the other; the first that differs is told. */
int copy_job_verify(struct copy_job *job)
{
	int rc = 0;

	job->todo_bytes = job->size_bytes;
	for (unsigned i = 0; i <= job->also_count && !rc; i++) {
		if (copy_job_get_drop(job, i)->side)
			continue;
		rc = verify_leg(job, copy_job_get_leg(job, i));
		if (job->verified.mismatched_bytes)
			break;
	}
	return rc;
}

/* The first destination that is whole. */
static struct endpoint *find_whole(const struct copy_job *job)
{
	unsigned i = 0;

	while (i < job->also_count && copy_job_get_drop(job, i)->side)
		i++;
	return copy_job_get_leg(job, i)->to;
}

/* What was not seen on its way is read again: a copy to nowhere. */
static int read_again(struct copy_job *job, struct endpoint *sink,
		      struct copy_result *result)
{
	const struct copy_plan plan = {
		.ring = job->ring,
		.source = find_whole(job),
		.destination = sink,
		.source_offset_bytes = job->args.seek_bytes,
		.size_bytes = job->size_bytes,
		.checksum = job->checksum,
		.host = job->memory.host,
		.pool = job->sum_pool,
		.block_bytes = job->memory.block_bytes,
		.io_timeout_ns = job->args.io_timeout_ns,
		.stop = job->args.stop,
		.tick = copy_job_tick,
		.tick_data = job,
	};

	checksum_restart(job->checksum);
	job->todo_bytes = job->size_bytes;
	return copy_run(&plan, result);
}

static int sum_again(struct copy_job *job)
{
	const struct endpoint_faults none = { 0 };
	unsigned slots = p2pdma_pool_get_slots(job->memory.pool);
	struct endpoint *sink = NULL;
	struct copy_result result = { 0 };
	int rc;

	rc = endpoint_null_open(NULL, ENDPOINT_WRITE, &none, &sink);
	if (!rc)
		rc = p2pdma_pool_create(job->memory.host,
					job->memory.block_bytes, slots, slots,
					&job->sum_pool);
	if (!rc)
		rc = read_again(job, sink, &result);
	job->is_silent = result.is_silent;
	if (!result.is_silent)
		endpoint_close(sink);
	if (result.is_interrupted)
		return blame(job, COPY_JOB_INTERRUPTED, rc, "interrupted");
	return rc ? blame(job, COPY_JOB_FAILED, rc, "read %s again at %llu",
			  job->destination_path,
			  (unsigned long long)result.error.offset_bytes) : 0;
}

/* With bytes missing there is no sum of what was to be copied. */
int copy_job_sum(struct copy_job *job)
{
	int rc = 0;

	if (!job->checksum || job->result.bad_bytes)
		return 0;
	if (!job->result.is_checksummed)
		rc = sum_again(job);
	if (rc)
		return rc;
	checksum_finish(job->checksum, job->sum);
	job->is_summed = true;
	return 0;
}
