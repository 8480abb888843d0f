/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how a tree of directories is gone through and made anew; must not know
 * how what is in it is copied.
 */
#ifndef P2PDMA_ENGINE_MANY_TREE_H
#define P2PDMA_ENGINE_MANY_TREE_H

#include "engine/many-state.h"

/* As many_add(); @source is a directory. */
int many_tree_add(struct many *m, const char *source,
		  const char *const *destinations, unsigned count);

/* For the walk: all that is in @directory has ended. @data: struct many. */
void many_tree_leave(void *data, struct walk_directory *directory);

#endif
