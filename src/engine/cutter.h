/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows which piece of a range is next: the runs in one state, cut so that
 * each piece suits the blocks of both ends. Must not know who moves it. Pure.
 */
#ifndef P2PDMA_ENGINE_CUTTER_H
#define P2PDMA_ENGINE_CUTTER_H

#include "engine/extents.h"
#include "engine/shape.h"

struct piece {
	uint64_t start_bytes;	/* from the start of the copy */
	uint32_t size_bytes;
	bool is_source_direct, is_destination_direct;
	bool is_edge;		/* shorter than a block: never peer memory */
};

/* Caller's storage; the first members are the caller's to fill. */
struct cutter {
	const struct extents *extents;
	struct shape_end source, destination; /* of the whole range */
	bool is_cut;		/* see shape_find() */
	enum extent_state state;
	uint32_t piece_bytes;

	uint64_t next_bytes;	/* behind the last piece */
	/* the run that is being cut, and its parts */
	uint64_t head_end_bytes, body_end_bytes, end_bytes;
	struct shape shape;
};

/* From the start again, for what is in @state now. */
void cutter_begin(struct cutter *cutter, enum extent_state state,
		  uint32_t piece_bytes);

/* The next piece, and leaves it where it is; false: there is none. */
bool cutter_peek(struct cutter *cutter, struct piece *piece);

/* On, behind @piece, which cutter_peek() gave. */
void cutter_take(struct cutter *cutter, const struct piece *piece);

/*
 * True when @a must be in place before @b is begun: a page may be half of the
 * one and half of the other.
 */
bool piece_is_apart(const struct piece *a, const struct piece *b);

#endif
