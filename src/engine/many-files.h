/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how regular files go through the batch, each by the best route for its
 * file systems, and what follows from the batch's answers; must not know where
 * the files come from.
 */
#ifndef P2PDMA_ENGINE_MANY_FILES_H
#define P2PDMA_ENGINE_MANY_FILES_H

#include "engine/many-state.h"

/* The batch and its host memory, but for a dry run. 0 or -errno. */
int many_files_open(struct many *m);

/*
 * One regular file of @directory, to all its places; @is_regular: that is
 * certain. 0: what came of it is told; -errno as many_add().
 */
int many_files_push(struct many *m, struct walk_directory *directory,
		    const char *source, const char *destination,
		    bool is_followed, bool is_regular);

/* Goes on with what is in flight, and with what waits. As many_add(). */
int many_files_turn(struct many *m);

/* Until nothing is in flight. As many_add(). */
int many_files_drain(struct many *m);

#endif
