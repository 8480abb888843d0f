/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows which file systems were written to, how all of them are put on stable
 * media, and when one of them does not answer any more; must not know what was
 * written.
 */
#ifndef P2PDMA_ENGINE_SYNCS_H
#define P2PDMA_ENGINE_SYNCS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/p2pdma.h"

struct syncs_item {
	dev_t device;
	int fd;
	char *name;
};

/* Zeroed at first, but for what is borrowed. */
struct syncs {
	struct p2pdma_context *context;
	uint64_t io_timeout_ns;		/* 0: never */
	struct syncs_item *items;
	size_t count;
	/* Not flushed: the one that syncs_flush() returned the error of. */
	const struct syncs_item *failed;
};

/* That of @fd, which is not taken over, at @name. 0, -ENOMEM, -errno. */
int syncs_add(struct syncs *syncs, int fd, const char *name);

/*
 * syncs_flush() - what was written before is on stable media
 *
 * 0, or -errno of syncfs(2): something is not there. -ETIMEDOUT: for io_timeout
 * the drive below has ended nothing, for nobody; a thread is left behind that
 * waits for it, and syncs_fini() must not be called.
 */
int syncs_flush(struct syncs *syncs);

void syncs_fini(struct syncs *syncs);

#endif
