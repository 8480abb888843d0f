/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how a list of pairs is read from a descriptor, as it comes, with no
 * more memory than one pair needs; must not know what they are for.
 *
 * A line is SOURCE, a tab, DEST; empty lines are skipped. Or, for names with
 * any byte: SOURCE, NUL, DEST, NUL. Where there are several destinations, every
 * SOURCE has the same number of them, each behind a tab or before a NUL.
 */
#ifndef P2PDMA_ENGINE_MANIFEST_H
#define P2PDMA_ENGINE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of one record: its source, and its destinations. */
#define MANIFEST_NAMES_MOST	17
/* As many paths, as long as the kernel takes them, and then some. */
#define MANIFEST_BUFFER		(20 * 4096)

/* Caller's storage. */
struct manifest {
	int fd;			/* borrowed */
	bool is_nul;
	unsigned name_count;	/* of each record */
	uint64_t pairs;		/* read so far: of the last one, its number */
	bool is_at_end;
	size_t begin, end;	/* in the buffer: not yet looked at */
	char buffer[MANIFEST_BUFFER];
};

/* @destinations: of each source, 1 to MANIFEST_NAMES_MOST - 1 */
void manifest_init(struct manifest *manifest, int fd, bool is_nul,
		   unsigned destinations);

/*
 * 1: @names are the source and its destinations, until the next call; 0: there
 * are no more; -EINVAL: this is no such record, go on; -ENAMETOOLONG: so long
 * are no paths, go on; -EINTR: a signal; other -errno of read(2).
 */
int manifest_next(struct manifest *manifest, const char **names);

/* The next one would not have to be waited for, as far as that is known. */
bool manifest_is_ready(const struct manifest *manifest);

#endif
