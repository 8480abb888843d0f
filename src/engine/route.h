/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows where the buffers of a copy should lie, and how large and how many
 * they are; must not open what is copied. Prediction only: preflight.h has
 * the proof.
 */
#ifndef P2PDMA_ENGINE_ROUTE_H
#define P2PDMA_ENGINE_ROUTE_H

#include "lib/p2pdma.h"

/* Blocks in flight, unless the user says more. */
#define ROUTE_DEPTH_MOST	64

/* What the user asked for. */
struct route_wish {
	const char *provider;	/* NULL, "auto": the best; else a name */
	uint64_t block_bytes;	/* 0: choose */
	unsigned depth;		/* 0: choose */
	uint64_t size_bytes;	/* of the copy */
};

/* Caller's storage; @provider is to be closed by route_fini(). */
struct route {
	struct p2pdma_provider *provider; /* NULL: host memory */
	const struct p2pdma_function *function; /* of the provider */
	enum p2pdma_reach reach_source, reach_destination;
	uint64_t bottleneck_bytes_per_sec; /* slowest link; 0 unknown */
	struct p2pdma_reason fallback;	/* id NULL: nothing was given up */
	uint32_t block_bytes;
	unsigned depth;
	bool is_block_changed;	/* from what was asked for */
	uint32_t host_limit_bytes; /* what both ends take in one piece */
};

/*
 * 0, also where host memory is all that is left (@route->fallback says why);
 * -ENXIO when the provider that was asked for does not exist; -ENOMEM.
 */
int route_choose(struct p2pdma_context *context,
		 const struct p2pdma_topology *topology,
		 const struct p2pdma_target *source,
		 const struct p2pdma_target *destination,
		 const struct route_wish *wish, struct route *route);

/* Goes over to host memory, for @reason (copied; NULL: it was wanted). */
void route_give_up(struct route *route, const struct route_wish *wish,
		   const struct p2pdma_reason *reason);

void route_fini(struct route *route);

#endif
