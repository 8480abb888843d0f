/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows which files need not be copied once more, because a journal says that
 * they are done, and when the journal is written; must not know how files are
 * copied.
 */
#ifndef P2PDMA_ENGINE_MANY_DONE_H
#define P2PDMA_ENGINE_MANY_DONE_H

#include "engine/many-state.h"

/* As args say. 0, or as done_list_open(). */
int many_done_open(struct many *m, bool *is_into);
void many_done_close(struct many *m);

/* True: it was done by another run, which has been told. */
bool many_done_skip(struct many *m, struct walk_directory *directory,
		    const char *source, const char *destination,
		    bool is_followed);

/* What such a run left half-written in the directory of a copy is removed. */
void many_done_clean(struct many *m, int directory_fd);

/* It is done now; @size_bytes and @modified of its source, before. */
void many_done_add(struct many *m, struct walk_directory *directory,
		   const char *destination, uint64_t size_bytes,
		   struct timespec modified, const char *sum);

/*
 * All of it is on stable media. What goes wrong is told; 0, or -ETIMEDOUT: a
 * drive is silent.
 */
int many_done_flush(struct many *m);

/*
 * Writes the journal, when it is time or @is_last; what is in it is on stable
 * media then. What goes wrong is told, and there is no journal any more. 0, or
 * -ETIMEDOUT as above.
 */
int many_done_save(struct many *m, bool is_last);

#endif
