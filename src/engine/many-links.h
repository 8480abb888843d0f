/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how names of one file stay names of one file: the first one is copied,
 * the others are linked to the copy. Must not know how data moves.
 */
#ifndef P2PDMA_ENGINE_MANY_LINKS_H
#define P2PDMA_ENGINE_MANY_LINKS_H

#include "engine/many-state.h"

/*
 * Of a file that has several @names: true when this one is to be copied, as
 * the first one. Others are linked, now or when that has ended.
 */
bool many_links_is_wanted(struct many *m, struct walk_directory *directory,
			  const char *name, dev_t device, ino_t inode,
			  nlink_t names);

/*
 * The copy of the first name is there, where @directory is copied to, with its
 * checksum; or never will be.
 */
void many_links_end(struct many *m, const struct walk_directory *directory,
		    dev_t device, ino_t inode, bool is_there, const char *sum);

void many_links_fini(struct many *m);

#endif
