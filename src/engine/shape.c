// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/shape.h"

#include "base/macro.h"

/* Bytes from @offset to the next multiple of @align. */
static uint64_t distance(uint64_t offset, uint32_t align)
{
	return round_up(offset, align) - offset;
}

/* Alignments are powers of 2: aligned at the coarser end is enough, if ever. */
static uint64_t find_head(const struct shape_end *source,
			  const struct shape_end *destination)
{
	if (source->align > destination->align)
		return distance(source->offset_bytes, source->align);
	return distance(destination->offset_bytes, destination->align);
}

static bool is_aligned(const struct shape_end *end, uint64_t head)
{
	return !((end->offset_bytes + head) % end->align);
}

void shape_find(const struct shape_end *source,
		const struct shape_end *destination, uint64_t size_bytes,
		bool is_cut, struct shape *shape)
{
	uint64_t head = find_head(source, destination), rest;

	if (!is_aligned(source, head) || !is_aligned(destination, head))
		head = 0;
	head = MIN(head, size_bytes);
	rest = size_bytes - head;
	*shape = (struct shape){
		.head_bytes = head,
		.body_bytes = rest,
		.is_source_direct = source->align > 1 &&
				    is_aligned(source, head),
		.is_destination_direct = destination->align > 1 &&
					 is_aligned(destination, head),
	};
	if (!shape->is_destination_direct || is_cut)
		return;
	shape->tail_bytes = rest % destination->align;
	shape->body_bytes = rest - shape->tail_bytes;
}
