/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how one source gets one destination, each a path by itself: which
 * directory that is in, and which name it has there. Must not know trees.
 */
#ifndef P2PDMA_ENGINE_MANY_PAIRS_H
#define P2PDMA_ENGINE_MANY_PAIRS_H

#include "engine/many-state.h"

/* A file or a device, links followed. As many_add(). */
int many_pairs_add(struct many *m, const char *source,
		   const char *const *destinations, unsigned count);

/* A symbolic link, or what else has no data. As many_add(). */
int many_pairs_add_node(struct many *m, const char *source,
			const char *const *destinations, unsigned count,
			enum walk_kind kind);

#endif
