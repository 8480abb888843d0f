/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows how to draw numbers of which some come far more often than others,
 * as Zipf's law has it: the k-th most frequent one in proportion to
 * 1/k^theta. Must not know what is drawn.
 *
 * Rejection and inversion (Hörmann and Derflinger 1996): the same effort for
 * ten numbers or 2^50, and no table. The frequent numbers are scattered over
 * the whole range, in a way that hangs on the seed.
 */
#ifndef P2PDMA_BASE_ZIPF_H
#define P2PDMA_BASE_ZIPF_H

#include "base/random.h"

/* Caller's storage. */
struct zipf {
	double theta;
	double area_first, area_last, squeeze;
	uint64_t limit;
	uint64_t mask, shuffle;		/* of the scattering */
	unsigned shift;
};

/* @theta above 0, @limit at least 1. */
void zipf_init(struct zipf *zipf, double theta, uint64_t limit,
	       uint64_t seed);

/* How often: 0 is the rank of the most frequent number. Below the limit. */
uint64_t zipf_draw_rank(const struct zipf *zipf, struct random *random);

/* Which number has that rank: each has one of its own. */
uint64_t zipf_scatter(const struct zipf *zipf, uint64_t rank);

/* A number below the limit. */
uint64_t zipf_draw(const struct zipf *zipf, struct random *random);

#endif
