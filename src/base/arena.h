/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows how many small pieces of memory go at once; must not know what is in
 * them. An arena starts as { 0 }.
 */
#ifndef P2PDMA_BASE_ARENA_H
#define P2PDMA_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena {
	struct arena_piece *pieces;
	bool lacks_memory;	/* something that was asked for is missing */
};

/* Zeroed memory that lives as long as @arena; NULL when there is none. */
void *arena_alloc(struct arena *arena, size_t bytes);

/* A copy of @text in @arena; NULL when there is no memory, or no @text. */
char *arena_strdup(struct arena *arena, const char *text);

/* Frees everything that came from @arena; it may be used again. */
void arena_fini(struct arena *arena);

#endif
