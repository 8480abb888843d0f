// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/extents.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

#define ROOM_FIRST	64

static int make_room(struct extents *extents, size_t count)
{
	size_t room = MAX(extents->room, ROOM_FIRST);
	struct extent *rows;

	if (count <= extents->room)
		return 0;
	while (room < count)
		room *= 2;
	rows = realloc(extents->rows, room * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	extents->rows = rows;
	extents->room = room;
	return 0;
}

int extents_init(struct extents *extents, uint64_t size_bytes,
		 enum extent_state state)
{
	*extents = (struct extents){ 0 };
	if (!size_bytes)
		return 0;
	if (make_room(extents, 1))
		return -ENOMEM;
	extents->rows[0] = (struct extent){ size_bytes, state };
	extents->count = 1;
	return 0;
}

void extents_fini(struct extents *extents)
{
	free(extents->rows);
	*extents = (struct extents){ 0 };
}

int extents_copy(struct extents *to, const struct extents *from)
{
	int rc = make_room(to, from->count);

	if (rc)
		return rc;
	if (from->count)
		memcpy(to->rows, from->rows,
		       from->count * sizeof(*from->rows));
	to->count = from->count;
	return 0;
}

uint64_t extents_get_start(const struct extents *extents, size_t index)
{
	return index ? extents->rows[index - 1].end_bytes : 0;
}

uint64_t extents_get_size(const struct extents *extents)
{
	return extents_get_start(extents, extents->count);
}

/* The first row that ends behind @place; count: none does. */
static size_t find_row(const struct extents *extents, uint64_t place)
{
	size_t low = 0, high = extents->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (extents->rows[middle].end_bytes <= place)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* What takes the place of some rows: never more than three. */
struct patch {
	struct extent rows[3];
	size_t count;
};

static void patch_add(struct patch *patch, uint64_t end,
		      enum extent_state state)
{
	if (patch->count && patch->rows[patch->count - 1].state == state)
		patch->rows[patch->count - 1].end_bytes = end;
	else
		patch->rows[patch->count++] = (struct extent){ end, state };
}

/* Rows @first to before @behind become @patch. */
static int splice(struct extents *extents, size_t first, size_t behind,
		  const struct patch *patch)
{
	size_t count = extents->count - (behind - first) + patch->count;
	int rc;

	if (count > EXTENTS_MOST && count > extents->count)
		return -EOVERFLOW;
	rc = make_room(extents, count);
	if (rc)
		return rc;
	memmove(&extents->rows[first + patch->count], &extents->rows[behind],
		(extents->count - behind) * sizeof(*extents->rows));
	memcpy(&extents->rows[first], patch->rows,
	       patch->count * sizeof(*patch->rows));
	extents->count = count;
	return 0;
}

/* Most of the time one block comes after the other. */
static bool grow_row(struct extents *extents, size_t behind, uint64_t start,
		     uint64_t end, enum extent_state state)
{
	struct extent *row = extents->rows + behind;

	if (!behind || row[-1].end_bytes != start || row[-1].state != state ||
	    row->end_bytes <= end)
		return false;
	row[-1].end_bytes = end;
	return true;
}

int extents_mark(struct extents *extents, uint64_t start_bytes,
		 uint64_t end_bytes, enum extent_state state)
{
	const struct extent *rows = extents->rows;
	struct patch patch = { .count = 0 };
	size_t first, last;

	if (start_bytes >= end_bytes)
		return 0;
	first = find_row(extents, start_bytes);
	if (grow_row(extents, first, start_bytes, end_bytes, state))
		return 0;
	last = find_row(extents, end_bytes - 1);
	if (extents_get_start(extents, first) < start_bytes)
		patch_add(&patch, start_bytes, rows[first].state);
	else if (first && rows[first - 1].state == state)
		first--;	/* one with the row before it */
	patch_add(&patch, end_bytes, state);
	if (rows[last].end_bytes > end_bytes)
		patch_add(&patch, rows[last].end_bytes, rows[last].state);
	else if (last + 1 < extents->count && rows[last + 1].state == state)
		patch_add(&patch, rows[++last].end_bytes, state);
	return splice(extents, first, last + 1, &patch);
}

void extents_turn(struct extents *extents, enum extent_state from,
		  enum extent_state to)
{
	size_t kept = 0;

	for (size_t i = 0; i < extents->count; i++) {
		struct extent row = extents->rows[i];

		if (row.state == from)
			row.state = to;
		if (kept && extents->rows[kept - 1].state == row.state)
			extents->rows[kept - 1].end_bytes = row.end_bytes;
		else
			extents->rows[kept++] = row;
	}
	extents->count = kept;
}

bool extents_find(const struct extents *extents, uint64_t from_bytes,
		  enum extent_state state, uint64_t *start_bytes,
		  uint64_t *end_bytes)
{
	for (size_t i = find_row(extents, from_bytes); i < extents->count; i++)
		if (extents->rows[i].state == state) {
			*start_bytes = MAX(extents_get_start(extents, i),
					   from_bytes);
			*end_bytes = extents->rows[i].end_bytes;
			return true;
		}
	return false;
}

bool extents_find_other(const struct extents *extents, uint64_t from_bytes,
			unsigned states, uint64_t *start_bytes,
			uint64_t *end_bytes)
{
	size_t first = find_row(extents, from_bytes), last;

	while (first < extents->count &&
	       states & 1u << extents->rows[first].state)
		first++;
	if (first == extents->count)
		return false;
	last = first;
	while (last + 1 < extents->count &&
	       !(states & 1u << extents->rows[last + 1].state))
		last++;
	*start_bytes = MAX(extents_get_start(extents, first), from_bytes);
	*end_bytes = extents->rows[last].end_bytes;
	return true;
}

uint64_t extents_count(const struct extents *extents, enum extent_state state)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < extents->count; i++)
		if (extents->rows[i].state == state)
			bytes += extents->rows[i].end_bytes -
				 extents_get_start(extents, i);
	return bytes;
}

uint64_t extents_get_whole(const struct extents *extents)
{
	size_t i = 0;

	while (i < extents->count &&
	       (extents->rows[i].state == EXTENT_DONE ||
		extents->rows[i].state == EXTENT_HOLE))
		i++;
	return extents_get_start(extents, i);
}
