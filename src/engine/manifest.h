/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how a list of pairs is read from a descriptor, as it comes, with no
 * more memory than one pair needs; must not know what they are for.
 *
 * A line is SOURCE, a tab, DEST; empty lines are skipped. Or, for names with
 * any byte: SOURCE, NUL, DEST, NUL.
 */
#ifndef P2PDMA_ENGINE_MANIFEST_H
#define P2PDMA_ENGINE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Two paths as long as the kernel takes them, and then some. */
#define MANIFEST_BUFFER	32768

/* Caller's storage. */
struct manifest {
	int fd;			/* borrowed */
	bool is_nul;
	uint64_t pairs;		/* read so far: of the last one, its number */
	bool is_at_end;
	size_t begin, end;	/* in the buffer: not yet looked at */
	char buffer[MANIFEST_BUFFER];
};

void manifest_init(struct manifest *manifest, int fd, bool is_nul);

/*
 * 1: @source and @destination are a pair, until the next call; 0: there are no
 * more; -EINVAL: this one is none, go on; -ENAMETOOLONG: so long are no two
 * paths, go on; -EINTR: a signal; other -errno of read(2).
 */
int manifest_next(struct manifest *manifest, const char **source,
		  const char **destination);

/* The next one would not have to be waited for, as far as that is known. */
bool manifest_is_ready(const struct manifest *manifest);

#endif
