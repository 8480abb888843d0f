// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

struct arena_piece {
	struct arena_piece *next;
	max_align_t data[];
};

void *arena_alloc(struct arena *arena, size_t bytes)
{
	struct arena_piece *piece;
	size_t total;

	piece = __builtin_add_overflow(bytes, sizeof(*piece), &total) ?
			NULL : calloc(1, total);
	if (!piece) {
		arena->lacks_memory = true;
		return NULL;
	}
	piece->next = arena->pieces;
	arena->pieces = piece;
	return piece->data;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	size_t bytes;
	char *copy;

	if (!text)
		return NULL;
	bytes = strlen(text) + 1;
	copy = arena_alloc(arena, bytes);
	return copy ? memcpy(copy, text, bytes) : NULL;
}

void arena_fini(struct arena *arena)
{
	while (arena->pieces) {
		struct arena_piece *next = arena->pieces->next;

		free(arena->pieces);
		arena->pieces = next;
	}
	arena->lacks_memory = false;
}
