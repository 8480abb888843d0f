/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows how far values lie apart; must not know what they are.
 */
#ifndef P2PDMA_BASE_SPREAD_H
#define P2PDMA_BASE_SPREAD_H

#include <stddef.h>

/* Caller's storage. Quartiles lie between two values in proportion. */
struct spread {
	double least, first_quartile, median, third_quartile, most;
};

/* Sorts @values, of which there is one at least. */
void spread_find(double *values, size_t count, struct spread *spread);

#endif
