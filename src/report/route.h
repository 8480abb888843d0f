/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows which links lie between two functions, from their parents alone; must
 * not know whether the kernel allows the way.
 */
#ifndef P2PDMA_REPORT_ROUTE_H
#define P2PDMA_REPORT_ROUTE_H

#include "lib/p2pdma.h"

struct bottleneck {
	const struct p2pdma_function *at;	/* NULL: not known, or none */
	uint64_t bytes_per_sec;			/* 0: not known, or none */
};

/*
 * The slowest link between @a and @b; up to the host bridge where they have no
 * bridge in common. One link that is not known makes the answer unknown.
 */
void route_find_bottleneck(const struct p2pdma_function *a,
			   const struct p2pdma_function *b,
			   struct bottleneck *bottleneck);

#endif
