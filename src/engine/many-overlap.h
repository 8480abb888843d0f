/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows which files must not be written over by which: what one file system
 * lies on, of which the other one is. Must not know how they are written.
 */
#ifndef P2PDMA_ENGINE_MANY_OVERLAP_H
#define P2PDMA_ENGINE_MANY_OVERLAP_H

#include "engine/many-state.h"

/*
 * True, and told as refused: what is replaced, @old (NULL: nothing), is the
 * source @from by another name; or the copy's file system lies on @from, or
 * that of the source on @old; or one of them is where it is told what was
 * copied.
 */
bool many_overlap_refuse(struct many *m, struct walk_directory *directory,
			 const char *source, const char *destination,
			 const struct ground_file *from,
			 const struct ground_file *old);

/* The same in a dry run, where the directory of @old may not be open. */
bool many_overlap_refuse_path(struct many *m, struct walk_directory *directory,
			      const char *source, const char *destination,
			      const struct stat *from, const struct stat *old);

/*
 * The same of a name that gets another meaning, as that of a link: what has it
 * now, and would go, is a file that the file system @device of the source lies
 * on.
 */
bool many_overlap_refuse_name(struct many *m, struct walk_directory *directory,
			      const char *source, const char *destination,
			      dev_t device);

#endif
