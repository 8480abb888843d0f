/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what is told of each thing that has ended, by its paths, and what it
 * adds to the totals; must not know how anything is copied.
 */
#ifndef P2PDMA_ENGINE_MANY_TELL_H
#define P2PDMA_ENGINE_MANY_TELL_H

#include "engine/many-state.h"

/* The path of a source; NULL: no memory. Heap. */
char *many_format_source(const struct walk_directory *directory,
			 const char *name);

/*
 * Something in @directory has ended (NULL: both are paths by themselves); its
 * paths are filled in.
 */
void many_tell(struct many *m, struct walk_directory *directory,
	       const char *source, const char *destination,
	       struct many_file *file);
void many_tell_failed(struct many *m, struct walk_directory *directory,
		      const char *source, const char *destination,
		      enum side side, const char *tried, int error);

/* The same at each place of @request, of which each owner is a directory. */
void many_tell_failed_places(struct many *m,
			     const struct batch_request *request,
			     enum side side, const char *tried, int error);

/* So many bytes more are there. */
void many_tick(struct many *m, uint64_t bytes);

#endif
