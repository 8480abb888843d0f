/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how fast the links on a way can be at best; must not know how fast
 * anything was. Pure.
 */
#ifndef P2PDMA_ENGINE_BOTTLENECK_H
#define P2PDMA_ENGINE_BOTTLENECK_H

#include "lib/p2pdma.h"

struct bottleneck {
	uint64_t bytes_per_sec;	/* for data; 0: unknown, or no link at all */
	const struct p2pdma_function *at; /* lower end of the link; or NULL */
};

/*
 * The slowest link between @target and the memory of @provider, or that of
 * the host (NULL): what packets leave of it for data, see
 * p2pdma_link_get_payload_rate(). A target with several paths: the slowest
 * one's. Where both are one function, nothing crosses a link.
 */
void bottleneck_find(const struct p2pdma_topology *topology,
		     const struct p2pdma_function *provider,
		     const struct p2pdma_target *target, unsigned direction,
		     struct bottleneck *bottleneck);

/* The slower one of the two; unknown ones do not count. */
void bottleneck_merge(struct bottleneck *into, const struct bottleneck *from);

#endif
