/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows GNU ddrescue's mapfile: how it is read, and how it is replaced so
 * that after any crash there is the old one or the new one. Must not know
 * whether what it says is on the medium: who saves makes sure of that first.
 *
 * Lines of our own in it begin with "# p2pcopy" and name what the map is of;
 * ddrescue takes them for remarks, and drops them when it writes the file.
 */
#ifndef P2PDMA_ENGINE_JOURNAL_H
#define P2PDMA_ENGINE_JOURNAL_H

#include <stdbool.h>

#include "engine/extents.h"

struct journal;

/* What a map is of: lines "KEY: VALUE" without a newline in them. */
#define JOURNAL_FACT_SIZE	256
#define JOURNAL_FACTS_MOST	72

struct journal_facts {
	char (*lines)[JOURNAL_FACT_SIZE];
	unsigned count;
};

/* "KEY: VALUE"; what is too long is cut. 0 or -ENOMEM. */
int journal_add_fact(struct journal_facts *facts, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void journal_free_facts(struct journal_facts *facts);

/*
 * journal_open() - for a map that is saved in @path
 * @offset_bytes: where the copy begins in the source: ddrescue counts there
 * @facts:	are taken over, and empty afterwards
 *
 * Nothing is written yet. 0, -errno of opening the directory, -ENOMEM.
 */
int journal_open(const char *path, uint64_t offset_bytes,
		 struct journal_facts *facts, struct journal **journal);
void journal_close(struct journal *journal);

/*
 * journal_save() - replace the file, and come back when that is safe
 * @is_complete: holes are done, too; otherwise they are still to be made
 *
 * 0, or -errno of writing.
 */
int journal_save(struct journal *journal, const struct extents *extents,
		 bool is_complete);

/*
 * journal_load() - read a map
 * @offset_bytes: as journal_open()
 * @extents:	initialised; everything in it that the map has gets the map's
 *		state
 * @facts:	empty; those of the file are added
 * @line:	where it is not understood
 *
 * 0; -ENOENT: there is none, or it is empty; -EINVAL: @line is no line of a
 * map; -ERANGE: it reaches beyond @extents; -errno of reading.
 */
int journal_load(const char *path, uint64_t offset_bytes,
		 struct extents *extents, struct journal_facts *facts,
		 unsigned *line);

#endif
