/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows the figures that are worked out from the result of a bench, and the
 * words for it; must not know how they are told.
 */
#ifndef P2PDMA_REPORT_FIGURES_H
#define P2PDMA_REPORT_FIGURES_H

#include "report/report-bench.h"

/* Shares of 10000, as histogram_quantile() takes them. */
#define FIGURES_QUANTILES	5

struct figures_quantile {
	const char *key;
	const char *label;
	unsigned share;
};

extern const struct figures_quantile figures_quantiles[FIGURES_QUANTILES];

/* Was the run long enough for quantile number @index? */
bool figures_have(const struct histogram *h, unsigned index);

uint64_t figures_round(double x);

/* 0 where nothing was moved, or was over before it counted. */
uint64_t figures_cpu_per_gib(const struct bench_result *r);
bool figures_have_rate(const struct bench_result *r);
double figures_iops(const struct bench_result *r);

/* Of the first error. */
const char *figures_where(const struct report_bench *b);
const char *figures_deed(const struct bench_error *error);

/* Those of the run itself, and of what was read again afterwards. */
struct bench_verification figures_sum_verification(
	const struct report_bench *b);

/* Above 1 there is more than one way, or a cache. */
double figures_path_ratio(const struct report_bench *b);

/* How it ended: a word for programs, and what is told, or NULL. */
struct figures_end {
	const char *word;
	const char *text;
};

extern const struct figures_end figures_ends[];

#endif
