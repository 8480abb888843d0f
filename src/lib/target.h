/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows how a target is put together while the layers below a path are
 * walked; must not know how they are found.
 */
#ifndef P2PDMA_LIB_TARGET_H
#define P2PDMA_LIB_TARGET_H

#include "base/arena.h"
#include "lib/context.h"
#include "lib/mount.h"

struct target {
	struct p2pdma_target public;	/* first: it is what callers hold */
	const struct p2pdma_context *context;
	const struct p2pdma_topology *topology;
	struct arena arena;
	const struct p2pdma_function **clients;
	struct p2pdma_layer *layers;
	const char **holders;
	struct p2pdma_reason *reasons;
};

/* Each adds one, a client only once. 0, -ENOMEM. */
int target_add_client(struct target *target,
		      const struct p2pdma_function *client);
int target_add_layer(struct target *target, const char *kind,
		     const char *name);
int target_add_holder(struct target *target, const char *name);

/* Adds what is mounted and the devices below it. 0, -ENOMEM, -errno. */
int target_walk_mount(struct target *target, const struct mount *mount);

/* The worst of the layers, with reasons; then public can be shown. */
int target_conclude(struct target *target);

#endif
