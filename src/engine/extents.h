/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what state each byte of a range is in, as sorted runs; must not know
 * who brings them there. Pure. Neighbours in one state are one run, so that a
 * copy in progress is no longer a list than what is in flight makes it.
 */
#ifndef P2PDMA_ENGINE_EXTENTS_H
#define P2PDMA_ENGINE_EXTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum extent_state {
	EXTENT_UNKNOWN = 0,
	EXTENT_WANTED,		/* not tried yet */
	EXTENT_UNTRIMMED,	/* a large piece with an error in it */
	EXTENT_UNSCRAPED,	/* a smaller one */
	EXTENT_BAD_READ,	/* single blocks that could not be read */
	EXTENT_BAD_WRITE,	/* or not be written */
	EXTENT_DONE,
	EXTENT_HOLE,		/* zeros that need no copying */
	EXTENT_STATES
};

/* One run; it begins where the one before it ends. */
struct extent {
	uint64_t end_bytes;
	enum extent_state state;
};

/* Caller's storage. Everything from 0 to the last one's end. */
struct extents {
	struct extent *rows;
	size_t count, room;
};

/* More runs than these are no list that anybody reads. */
#define EXTENTS_MOST	(1024 * 1024)

/* All of @size_bytes in @state. 0, or -ENOMEM. */
int extents_init(struct extents *extents, uint64_t size_bytes,
		 enum extent_state state);
void extents_fini(struct extents *extents);

/* @to, which is initialised, becomes as @from. 0, or -ENOMEM. */
int extents_copy(struct extents *to, const struct extents *from);

/*
 * From @start to before @end, which is not beyond the last one's. 0, -ENOMEM,
 * or -EOVERFLOW: more than EXTENTS_MOST; unchanged then.
 */
int extents_mark(struct extents *extents, uint64_t start_bytes,
		 uint64_t end_bytes, enum extent_state state);

/* Everything that is in one state gets another one; never fails. */
void extents_turn(struct extents *extents, enum extent_state from,
		  enum extent_state to);

/* The first bytes in @state at or behind @from; false: there are none. */
bool extents_find(const struct extents *extents, uint64_t from_bytes,
		  enum extent_state state, uint64_t *start_bytes,
		  uint64_t *end_bytes);

/* The same for what is in none of @states (1 << state, or'ed). */
bool extents_find_other(const struct extents *extents, uint64_t from_bytes,
			unsigned states, uint64_t *start_bytes,
			uint64_t *end_bytes);

/* The number of bytes in @state. */
uint64_t extents_count(const struct extents *extents,
		       enum extent_state state);

/* From the start without a gap: done, or a hole. */
uint64_t extents_get_whole(const struct extents *extents);

/* Where the row number @index begins. */
uint64_t extents_get_start(const struct extents *extents, size_t index);

uint64_t extents_get_size(const struct extents *extents);

#endif
