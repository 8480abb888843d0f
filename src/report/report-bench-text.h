/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows the lines in fio's manner in which the result of a bench is told to
 * people; must not know the tree that programs read.
 */
#ifndef P2PDMA_REPORT_REPORT_BENCH_TEXT_H
#define P2PDMA_REPORT_REPORT_BENCH_TEXT_H

#include <stdio.h>

#include "report/report-bench.h"

/* The last line has no newline. */
void report_bench_print(FILE *file, const struct report_bench *b);

#endif
