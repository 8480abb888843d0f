/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how the guards' answers are told; must not know what they were asked
 * about.
 */
#ifndef P2PDMA_REPORT_REPORT_GUARDS_H
#define P2PDMA_REPORT_REPORT_GUARDS_H

#include "engine/guard.h"
#include "report/tree.h"

/* "guards" of @tree: all @count of them, also those that do not refuse. */
void report_add_guards(struct json_object *tree,
		       const struct guard_answer *answers, unsigned count);

#endif
