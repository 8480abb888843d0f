/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows how a target is put together while the layers below a path are
 * walked; must not know how they are found.
 */
#ifndef P2PDMA_LIB_TARGET_H
#define P2PDMA_LIB_TARGET_H

#include "base/arena.h"
#include "lib/context.h"

#define PLACES_MAX	48	/* DEPTH_MAX devices, with their volumes */

/* The room that the next device down gives to what is above it. */
struct target_range {
	uint64_t start, end;	/* both 0: all of it */
	bool is_linear;		/* as in struct p2pdma_place */
};

struct target {
	struct p2pdma_target public;	/* first: it is what callers hold */
	const struct p2pdma_context *context;
	const struct p2pdma_topology *topology;
	/* The way on through the file that a loop device is made from. */
	int (*walk_backing)(struct target *target, const char *path,
			    struct target_range range);
	struct arena arena;
	const struct p2pdma_function **clients;
	struct p2pdma_layer *layers;
	const char **holders;
	struct p2pdma_reason *reasons;
	struct p2pdma_way *ways;
	struct p2pdma_alias *aliases;
	struct p2pdma_place chain[PLACES_MAX];	/* the way so far */
	size_t chain_count;
	struct target_range next;
	/* Below a loop device only the way counts: it has its own I/O. */
	bool is_below_loop;
};

/* Each adds one, a client only once. 0, -ENOMEM. */
int target_add_client(struct target *target,
		      const struct p2pdma_function *client);
int target_add_layer(struct target *target, const char *kind,
		     const char *name);
int target_add_holder(struct target *target, const char *name);

/* One level more on the way down, until the caller resets chain_count. */
int target_push_place(struct target *target, const char *container,
		      const char *member, struct target_range range);
/* The way down ends here: keeps it. */
int target_add_way(struct target *target);

/* The worst of the layers, with reasons; then public can be shown. */
int target_conclude(struct target *target);

#endif
