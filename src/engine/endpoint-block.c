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

#include "base/clock.h"
#include "engine/endpoint-ops.h"

static bool block_matches(mode_t type, unsigned mode)
{
	return S_ISBLK(type);
}

/* A process that was killed needs a moment to let go of what it had. */
#define CLAIM_TRIES	20
#define CLAIM_PAUSE_NS	(25 * NS_PER_MS)

int endpoint_claim(const char *path, int flags)
{
	for (unsigned tries = 1;; tries++) {
		int fd = open(path, flags | O_EXCL);

		if (fd >= 0)
			return fd;
		if (errno != EBUSY || tries == CLAIM_TRIES)
			return -errno;
		clock_sleep_until(clock_now_ns() + CLAIM_PAUSE_NS);
	}
}

static int open_device(const struct endpoint *endpoint)
{
	int flags = endpoint_get_open_flags(endpoint), fd;

	if (endpoint->mode & ENDPOINT_EXCLUSIVE)
		return endpoint_claim(endpoint->path, flags);
	fd = open(endpoint->path, flags);
	return fd < 0 ? -errno : fd;
}

int endpoint_open_device(struct endpoint *endpoint, uint32_t *lba_bytes)
{
	endpoint->fd = open_device(endpoint);
	if (endpoint->fd < 0)
		return endpoint->fd;
	if (ioctl(endpoint->fd, BLKGETSIZE64, &endpoint->size_bytes) ||
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
