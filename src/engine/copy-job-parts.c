// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/copy-job-parts.h"

#include <stdarg.h>
#include <stdio.h>

int copy_job_blame(struct copy_job *job, enum copy_job_trouble trouble, int rc,
		   const char *format, ...)
{
	va_list args;

	job->trouble = trouble;
	va_start(args, format);
	vsnprintf(job->tried, sizeof(job->tried), format, args);
	va_end(args);
	return rc;
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
