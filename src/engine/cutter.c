// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/cutter.h"

#include "base/macro.h"

void cutter_begin(struct cutter *cutter, enum extent_state state,
		  uint32_t piece_bytes)
{
	cutter->state = state;
	cutter->piece_bytes = piece_bytes;
	cutter->next_bytes = cutter->end_bytes = 0;
}

static struct shape_end move(const struct shape_end *end, uint64_t bytes)
{
	return (struct shape_end){ end->align, end->offset_bytes + bytes };
}

/* Only what ends the whole is cut afterwards. */
static bool find_run(struct cutter *cutter)
{
	struct shape_end source, destination;
	uint64_t start, end, last = extents_get_size(cutter->extents);

	if (!extents_find(cutter->extents, cutter->next_bytes, cutter->state,
			  &start, &end))
		return false;
	source = move(&cutter->source, start);
	destination = move(&cutter->destination, start);
	shape_find(&source, &destination, end - start,
		   cutter->is_cut && end == last, &cutter->shape);
	cutter->next_bytes = start;
	cutter->head_end_bytes = start + cutter->shape.head_bytes;
	cutter->body_end_bytes = cutter->head_end_bytes +
				 cutter->shape.body_bytes;
	cutter->end_bytes = end;
	return true;
}

bool cutter_peek(struct cutter *cutter, struct piece *piece)
{
	uint64_t start, end;
	bool is_body;

	if (cutter->next_bytes == cutter->end_bytes && !find_run(cutter))
		return false;
	start = cutter->next_bytes;
	is_body = start >= cutter->head_end_bytes &&
		  start < cutter->body_end_bytes;
	if (is_body)
		end = MIN(start + cutter->piece_bytes, cutter->body_end_bytes);
	else if (start < cutter->head_end_bytes)
		end = cutter->head_end_bytes;
	else
		end = cutter->end_bytes;
	*piece = (struct piece){
		.start_bytes = start,
		.size_bytes = (uint32_t)(end - start),
		.is_source_direct = is_body && cutter->shape.is_source_direct,
		.is_destination_direct =
			is_body && cutter->shape.is_destination_direct,
		.is_edge = !is_body,
	};
	return true;
}

void cutter_take(struct cutter *cutter, const struct piece *piece)
{
	cutter->next_bytes = piece->start_bytes + piece->size_bytes;
}

bool piece_is_apart(const struct piece *a, const struct piece *b)
{
	return a->is_edge || b->is_edge ||
	       a->is_destination_direct != b->is_destination_direct;
}
