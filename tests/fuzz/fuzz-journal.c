// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The input is the number of blocks that a copy has (three bytes), and a map
 * for it. What is understood covers the copy without a gap, and is the same
 * after it was saved and read again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/macro.h"
#include "engine/journal.h"
#include "fuzz/fuzz.h"

#define BLOCK	512

static char saved[] = "/tmp/fuzz-journal-XXXXXX";

static void must(bool is_so)
{
	if (!is_so)
		abort();
}

static void check(const struct extents *extents, uint64_t size)
{
	uint64_t begin = 0;

	for (size_t i = 0; i < extents->count; i++) {
		const struct extent *row = &extents->rows[i];

		must(row->end_bytes > begin);
		must(row->state > EXTENT_UNKNOWN && row->state < EXTENT_STATES);
		must(!i || row->state != row[-1].state);
		begin = row->end_bytes;
	}
	must(begin == size);
}

static bool load(const char *path, uint64_t size, struct extents *extents,
		 struct journal_facts *facts)
{
	unsigned line = 0;
	int rc;

	must(!extents_init(extents, size, EXTENT_WANTED));
	rc = journal_load(path, 0, extents, facts, &line);
	must(rc <= 0);
	check(extents, size);
	return !rc;
}

static void save(const struct extents *extents, struct journal_facts *facts)
{
	struct journal *journal;

	must(!journal_open(saved, 0, facts, &journal));
	must(!journal_save(journal, extents, false));
	journal_close(journal);
}

static void must_be_same(const struct extents *a, const struct extents *b)
{
	must(a->count == b->count);
	for (size_t i = 0; i < a->count; i++)
		must(a->rows[i].end_bytes == b->rows[i].end_bytes &&
		     a->rows[i].state == b->rows[i].state);
}

static void try(const char *path, uint64_t size)
{
	struct journal_facts facts = { 0 }, again_facts = { 0 };
	struct extents extents, again;

	if (load(path, size, &extents, &facts)) {
		save(&extents, &facts);
		must(load(saved, size, &again, &again_facts));
		must_be_same(&extents, &again);
		extents_fini(&again);
		unlink(saved);
	}
	journal_free_facts(&facts);
	journal_free_facts(&again_facts);
	extents_fini(&extents);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t blocks;
	char path[64];
	int fd;

	if (size < 3)
		return 0;
	if (strstr(saved, "XXXXXX")) {
		fd = mkstemp(saved);
		must(fd >= 0);
		close(fd);
		unlink(saved);
	}
	blocks = data[0] | data[1] << 8 | data[2] << 16;
	fd = memfd_create("journal", 0);
	must(fd >= 0);
	must(write(fd, data + 3, size - 3) == (ssize_t)(size - 3));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	try(path, (blocks + 1) * BLOCK);
	close(fd);
	return 0;
}
