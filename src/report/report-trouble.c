// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/report-trouble.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report/tree.h"

const char *report_trouble_advise_ring(int rc)
{
	switch (-rc) {
	case EPERM:
		return " (is sysctl kernel.io_uring_disabled 0? in a "
		       "container, does its system call filter allow it?)";
	case ENOSYS:
		return " (it needs Linux 5.11, built with CONFIG_IO_URING; in "
		       "a container, a system call filter that allows it)";
	default:
		return "";
	}
}

static const char *advise(int rc)
{
	switch (-rc) {
	case EACCES:
		return " (run it as root, or get access to it)";
	case EPERM:
		return " (as root? is a file immutable?)";
	case EISDIR:
	case ENOTBLK:
		return " (give a block device or a regular file)";
	case ETIMEDOUT:
		return " (it does not answer: see the kernel log)";
	case ENOSPC:
		return " (is it full? a drive: was it removed?)";
	case ENXIO:
		return " (it ended early: was it removed, or cut?)";
	default:
		return "";
	}
}

const char *report_trouble_hint(bool is_forcible)
{
	return is_forcible ? " (or --force)" : "";
}

static int explain_no_peer(const struct copy_job *job, char **text)
{
	const struct p2pdma_reason *why = &job->memory.why;

	return asprintf(text, "%s: %s%s%s: %s", job->tried,
			why->id ? why->id : "no reason is known",
			why->at ? " at " : "", why->at ? why->at->address : "",
			why->advice);
}

static int explain(const struct copy_job *job, char **text)
{
	switch (job->trouble) {
	case COPY_JOB_REFUSED:
		return asprintf(text, "%s%s", job->tried,
				report_trouble_hint(copy_job_is_forcible(job)));
	case COPY_JOB_NO_PEER:
		return explain_no_peer(job, text);
	case COPY_JOB_NO_RING:
		return asprintf(text, "use io_uring: %s%s",
				strerror(-job->error),
				report_trouble_advise_ring(job->error));
	case COPY_JOB_FAILED:
		return asprintf(text, "%s: %s%s", job->tried,
				strerror(-job->error), advise(job->error));
	default:
		return asprintf(text, "%s", job->tried);
	}
}

char *report_trouble_explain(const struct copy_job *job)
{
	char *text;

	if (!job->trouble)
		return NULL;
	return tree_must(explain(job, &text) < 0 ? NULL : text);
}
