/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how symbolic links, pipes, sockets and device nodes are made anew;
 * must not know which ones, nor how data moves.
 */
#ifndef P2PDMA_ENGINE_MANY_NODES_H
#define P2PDMA_ENGINE_MANY_NODES_H

#include "engine/many-state.h"

/* Tells what came of it. */
void many_nodes_copy(struct many *m, struct walk_directory *directory,
		     const char *source, const char *destination,
		     enum walk_kind kind);

#endif
