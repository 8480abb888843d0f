/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows the lines in which a copy is told to people; must not know the tree
 * that programs read.
 */
#ifndef P2PDMA_REPORT_REPORT_COPY_TEXT_H
#define P2PDMA_REPORT_REPORT_COPY_TEXT_H

#include <stdio.h>

#include "engine/copy-job.h"

/* @is_plan: of one that would be made. The last line has no newline. */
void report_copy_print(FILE *file, const struct copy_job *job, bool is_plan);

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
