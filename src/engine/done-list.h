/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows which of many files are done, and how that is kept in a file so that
 * it is true after any crash; must not know whether they are on the medium:
 * who saves makes sure of that first.
 *
 * The file is a map as GNU ddrescue's (journal.h) of all files that are done,
 * one behind the other as they ended; a remark before each says which one it
 * is. It only ever grows at its end: what was torn there by a crash is cut.
 *
 *	# p2pcopy files: 1
 *	# p2pcopy into: 0
 *	# p2pcopy process: PID
 *	# p2pcopy done: SUM SIZE SECONDS.NANOSECONDS DEST
 *	0xPOS  0xSIZE  +
 */
#ifndef P2PDMA_ENGINE_DONE_LIST_H
#define P2PDMA_ENGINE_DONE_LIST_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "engine/checksum.h"

struct done_list;

/* A copy, and what its source was. */
struct done_file {
	const char *destination;
	uint64_t size_bytes;
	struct timespec modified;
};

/*
 * done_list_open() - what @path tells, and what is added to it
 * @is_resumed: it may be there
 * @is_into:	whether the destination was a directory already, so that the
 *		copies are in it: as it is now, and then as it was
 * @algorithm:	of the checksums that are kept with them; NULL: none
 *
 * Who has it open, has it alone: writers before us are no more. 0; -EEXIST: it
 * is there; -EBUSY: somebody has it; -EINVAL: it is another file, or a journal
 * of another kind; -ENOMEM; -errno of opening, reading or writing it.
 */
int done_list_open(const char *path, bool is_resumed, bool *is_into,
		   const char *algorithm, struct done_list **list);
void done_list_close(struct done_list *list);

/* It wrote the list before this run, and may have left things behind. */
bool done_list_is_writer(const struct done_list *list, long process);

/* It was done before this run; with its checksum, if there are any. */
bool done_list_has(struct done_list *list, const struct done_file *file,
		   char sum[CHECKSUM_TEXT_SIZE]);

/* To be saved: @sum as above, or NULL. 0 or -ENOMEM. */
int done_list_add(struct done_list *list, const struct done_file *file,
		  const char *sum);

/* What would be lost by a crash, in bytes of the file. */
uint64_t done_list_get_unsaved(const struct done_list *list);

/* All that was added is on the medium: keep it. 0 or -errno. */
int done_list_save(struct done_list *list);

#endif
