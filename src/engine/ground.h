/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows which files a file system lies on, by loop devices and at any depth:
 * who writes over one of them writes over all that is in it. Must not know
 * who writes.
 */
#ifndef P2PDMA_ENGINE_GROUND_H
#define P2PDMA_ENGINE_GROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/p2pdma.h"

struct ground_file {
	dev_t device;
	ino_t inode;
};

struct ground {
	dev_t device;		/* of the file system */
	struct ground_file *files;
	size_t count;
};

/* Zeroed but for what is borrowed. */
struct grounds {
	struct p2pdma_context *context;
	const struct p2pdma_topology *topology;
	struct ground *items;	/* those that were asked for */
	size_t count;
};

/*
 * ground_has() - does the file system @device lie on the file @file?
 * @directory, @name: something in it, if it is the first time; AT_FDCWD as
 *		ever, @name NULL: @directory itself
 *
 * False where it cannot be told.
 */
bool ground_has(struct grounds *grounds, dev_t device, int directory,
		const char *name, const struct ground_file *file);

void grounds_fini(struct grounds *grounds);

#endif
