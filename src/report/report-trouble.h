/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows the sentence on why a copy did not go on, and what to do about it; must
 * not know where it is told: on standard error, in a report, or in both.
 */
#ifndef P2PDMA_REPORT_REPORT_TROUBLE_H
#define P2PDMA_REPORT_REPORT_TROUBLE_H

#include "engine/copy-job.h"

/* Without full stop. Heap; NULL: there was no trouble. */
char *report_trouble_explain(const struct copy_job *job);

/* What else helps against a guard, as the end of a sentence; or "". */
const char *report_trouble_hint(bool is_forcible);

/* What helps against io_uring's @rc, as the end of a sentence; or "". */
const char *report_trouble_advise_ring(int rc);

#endif
