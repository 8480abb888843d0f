/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what a file is besides its data: mode, owner, times, extended
 * attributes (access control lists are such), and how a copy gets them. Must
 * not know how the data is copied.
 */
#ifndef P2PDMA_ENGINE_ATTRIBUTES_H
#define P2PDMA_ENGINE_ATTRIBUTES_H

#include <sys/stat.h>
#include <time.h>

struct statx;

struct attributes {
	mode_t mode;		/* with the type */
	uid_t owner;
	gid_t group;
	struct timespec times[2];	/* of access and change, utimensat(2) */
};

void attributes_take_stat(struct attributes *attributes,
			  const struct stat *facts);
void attributes_take_statx(struct attributes *attributes,
			   const struct statx *facts);

/*
 * attributes_copy() - make @to what @from is, but for the data
 *
 * As cp -a: what only root may give away (the owner; then also the bits that
 * lend an owner's rights) and what a file system does not have is left out
 * without an error. 0, or -errno.
 */
int attributes_copy(const struct attributes *attributes, int from, int to);

/* The same of what cannot be opened: a link, a pipe, a device node. */
int attributes_copy_at(const struct attributes *attributes, int directory,
		       const char *name);

#endif
