// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/holes.h"

#include <stdbool.h>
#include <unistd.h>

#include "base/macro.h"

/* The first hole at or behind @from; false: there is none before @end. */
static bool find_hole(int fd, uint64_t from, uint64_t end, uint64_t *start,
		      uint64_t *behind)
{
	off_t hole = lseek(fd, (off_t)from, SEEK_HOLE), data;

	if (hole < 0 || (uint64_t)hole >= end)
		return false;
	data = lseek(fd, hole, SEEK_DATA);
	*start = (uint64_t)hole;
	*behind = data < 0 || (uint64_t)data > end ? end : (uint64_t)data;
	return *behind > *start;
}

/* What was done before stays so. */
static int mark(struct extents *extents, uint64_t start, uint64_t end)
{
	uint64_t first, behind;
	int rc = 0;

	while (!rc && start < end &&
	       extents_find(extents, start, EXTENT_WANTED, &first, &behind) &&
	       first < end) {
		behind = MIN(behind, end);
		rc = extents_mark(extents, first, behind, EXTENT_HOLE);
		start = behind;
	}
	return rc;
}

int holes_find(int fd, uint64_t start_bytes, uint32_t align,
	       struct extents *extents)
{
	uint64_t size = extents_get_size(extents), end = start_bytes + size;
	uint64_t from = start_bytes, hole, behind;
	int rc = 0;

	while (!rc && from < end && find_hole(fd, from, end, &hole, &behind)) {
		uint64_t first = round_up(hole - start_bytes, align);
		uint64_t last = behind - start_bytes;

		if (last < size)
			last = round_down(last, align);
		rc = mark(extents, first, last);
		from = behind;
	}
	return rc;
}
