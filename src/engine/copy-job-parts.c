// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/copy-job-parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "engine/copy-job.h"

int copy_job_blame(struct copy_job *job, enum copy_job_trouble trouble, int rc,
		   const char *format, ...)
{
	va_list args;

	job->trouble = trouble;
	job->error = rc;
	va_start(args, format);
	vsnprintf(job->tried, sizeof(job->tried), format, args);
	va_end(args);
	return rc;
}

const char *copy_job_get_destination(const struct copy_job *job)
{
	return job->destination_path ? job->destination_path :
				       job->args.destination;
}

bool copy_job_is_device(const struct p2pdma_target *target)
{
	return target->kind == P2PDMA_TARGET_BLOCK ||
	       target->kind == P2PDMA_TARGET_PARTITION;
}

void copy_job_tick(void *data, uint64_t done_bytes)
{
	struct copy_job *job = data;

	if (job->args.tick)
		job->args.tick(job->args.tick_data, done_bytes,
			       job->todo_bytes);
}

static const char *get_where(const struct copy_job *job,
			     enum copy_job_about about)
{
	if (about == ABOUT_SOURCE)
		return job->args.source;
	return about == ABOUT_JOURNAL ? job->args.journal :
					copy_job_get_destination(job);
}

int copy_job_take_steps(struct copy_job *job, const struct copy_job_step *steps,
			size_t count)
{
	size_t i = 0;
	int rc = 0;

	while (i < count && !rc)
		rc = steps[i++].take(job);
	if (rc && !job->trouble)
		copy_job_blame(job, COPY_JOB_FAILED, rc, "prepare the copy");
	if (rc && steps[i - 1].about)
		job->where = get_where(job, steps[i - 1].about);
	return rc;
}

int copy_job_check_required(struct copy_job *job)
{
	if (!job->args.is_peer_required || job->memory.provider)
		return 0;
	return copy_job_blame(job, COPY_JOB_NO_PEER, -EREMOTEIO,
			      "peer memory is required and not to be had");
}
