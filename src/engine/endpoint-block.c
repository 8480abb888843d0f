// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows block devices: their size, their logical blocks, and how they are
 * claimed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/endpoint-ops.h"

static bool block_matches(mode_t type, unsigned mode)
{
	return S_ISBLK(type);
}

int endpoint_open_device(struct endpoint *endpoint, uint32_t *lba_bytes)
{
	int flags = endpoint_get_open_flags(endpoint);

	if (endpoint->mode & ENDPOINT_EXCLUSIVE)
		flags |= O_EXCL;
	endpoint->fd = open(endpoint->path, flags);
	if (endpoint->fd < 0 ||
	    ioctl(endpoint->fd, BLKGETSIZE64, &endpoint->size_bytes) ||
	    ioctl(endpoint->fd, BLKSSZGET, lba_bytes))
		return -errno;
	return 0;
}

static int block_open(struct endpoint *endpoint, mode_t mode)
{
	uint32_t lba_bytes = 0;
	int rc = endpoint_open_device(endpoint, &lba_bytes);

	if (rc)
		return rc;
	endpoint_open_direct(endpoint, lba_bytes);
	return endpoint_learn_identity(endpoint);
}

/* On a block device fsync(2) also empties the drive's own write cache. */
static int block_commit(struct endpoint *endpoint, uint64_t size_bytes,
			bool is_synced)
{
	return is_synced && fsync(endpoint->fd) ? -errno : 0;
}

const struct endpoint_ops endpoint_block_ops = {
	.kind = ENDPOINT_BLOCK,
	.name = "block",
	.matches = block_matches,
	.open = block_open,
	.commit = block_commit,
};
