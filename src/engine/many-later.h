/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what waits until the batch can be left alone; must not know how it is
 * copied then.
 */
#ifndef P2PDMA_ENGINE_MANY_LATER_H
#define P2PDMA_ENGINE_MANY_LATER_H

#include "engine/many-state.h"

struct many_later {
	struct many_later *next;
	struct walk_directory *directory;
	char *source, *destination;	/* names there */
	bool is_followed;
	bool is_alone;			/* by a copy job; else once more */
	bool is_parted;			/* to all places, and not to one */
	bool is_range;			/* of a file that is shared by nodes */
	struct shard_range range;
	struct stat facts;		/* is_range: of the source */
};

/* The last one from now on. NULL: no memory, which has been told. */
struct many_later *many_do_later(struct many *m,
				 struct walk_directory *directory,
				 const char *source, const char *destination);

/* The first one, which is the caller's to free then; NULL: there is none. */
struct many_later *many_take_later(struct many *m);
void many_free_later(struct many *m, struct many_later *later);

#endif
