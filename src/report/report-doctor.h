/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how a diagnosis is told, and how its remedies become a script. Must
 * not know how it was made, and runs nothing.
 */
#ifndef P2PDMA_REPORT_REPORT_DOCTOR_H
#define P2PDMA_REPORT_REPORT_DOCTOR_H

#include "lib/p2pdma.h"
#include "report/writer.h"

/* checks[]{id, status, evidence, advice}. @is_quiet: not what passes. */
void report_doctor(struct report *report,
		   const struct p2pdma_diagnosis *diagnosis, bool is_quiet);

/* A shell script of the remedies, for text. */
void report_remedies(struct report *report,
		     const struct p2pdma_machine *machine,
		     const struct p2pdma_diagnosis *diagnosis);

#endif
