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

#endif
