/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows which pictures show the results of a bench; must not know how one is
 * drawn (chart.h).
 */
#ifndef P2PDMA_REPORT_PICTURE_BENCH_H
#define P2PDMA_REPORT_PICTURE_BENCH_H

#include <stdio.h>

#include "report/tree.h"

/* Whether @tree has results or a matrix. */
bool picture_bench_is_one(struct json_object *tree);

/*
 * A matrix is a heat map; a grid is curves of rate and latency, and of the
 * ratio where memories were compared; anything else is bars, and the
 * percentiles of each result.
 */
void picture_bench_draw(struct json_object *tree, FILE *file);

#endif
