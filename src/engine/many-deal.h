/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows which files, or ranges of them, fall to this node of several that do
 * not talk; must not know where they come from.
 */
#ifndef P2PDMA_ENGINE_MANY_DEAL_H
#define P2PDMA_ENGINE_MANY_DEAL_H

#include "engine/many-state.h"

/* Of something without data: false when it falls to another node. */
bool many_deal_one(struct many *m);

/* One file, whole or in ranges. As many_files_push(). */
int many_deal_file(struct many *m, struct walk_directory *directory,
		   const char *source, const char *destination,
		   bool is_followed, const struct stat *facts);

/* One of several names of a file, in a tree. As many_files_push(). */
int many_deal_name(struct many *m, struct walk_directory *directory,
		   const char *name, const struct stat *st);

void many_deal_fini(struct many *m);

#endif
