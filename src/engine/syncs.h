/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows which file systems were written to, and how all of them are put on
 * stable media; must not know what was written.
 */
#ifndef P2PDMA_ENGINE_SYNCS_H
#define P2PDMA_ENGINE_SYNCS_H

#include <stddef.h>
#include <sys/types.h>

struct syncs_item {
	dev_t device;
	int fd;
};

/* Zeroed at first. */
struct syncs {
	struct syncs_item *items;
	size_t count;
};

/* That of @fd, which is not taken over. 0, -ENOMEM, -errno. */
int syncs_add(struct syncs *syncs, int fd);

/* 0, or -errno of syncfs(2): something is not there. */
int syncs_flush(const struct syncs *syncs);

void syncs_fini(struct syncs *syncs);

#endif
