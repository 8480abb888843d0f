/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how a range falls onto the blocks of two endpoints; must not know
 * who moves it. Pure.
 */
#ifndef P2PDMA_ENGINE_SHAPE_H
#define P2PDMA_ENGINE_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

/* One end: its alignment (1: any) and where the range begins on it. */
struct shape_end {
	uint32_t align;
	uint64_t offset_bytes;
};

/*
 * The range in three parts. The head and the tail are shorter than a block,
 * go through the page cache, and leave what is around them as it is. The body
 * goes directly at those ends that it is aligned at.
 */
struct shape {
	uint64_t head_bytes, body_bytes, tail_bytes;
	bool is_source_direct, is_destination_direct;
};

/*
 * @is_cut: the destination is cut to size afterwards, so that its last block
 * may be written whole.
 */
void shape_find(const struct shape_end *source,
		const struct shape_end *destination, uint64_t size_bytes,
		bool is_cut, struct shape *shape);

#endif
