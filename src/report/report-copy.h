/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how a copy is told, one that was made, one that was not, or one that
 * is planned; must not know how it was made.
 */
#ifndef P2PDMA_REPORT_REPORT_COPY_H
#define P2PDMA_REPORT_REPORT_COPY_H

#include "engine/copy-job.h"
#include "report/writer.h"

/* @is_plan: a dry run, with every guard's answer. Fills @report->tree. */
void report_copy(struct report *report, const struct copy_job *job,
		 bool is_plan);

/*
 * Did it go, or would it go, through peer memory? A copy that changed over in
 * the middle is told as what it ended as.
 */
static inline bool report_copy_is_peer(const struct copy_job *job)
{
	return job->memory.provider &&
	       !(job->result.refused_by && !job->result.peer_bytes);
}

#endif
