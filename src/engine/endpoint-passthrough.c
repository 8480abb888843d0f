// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows NVMe drives and their partitions by commands of our own: the
 * namespace's character node that belongs to a block device, what its format
 * asks for, and what a status is worth. The block device stays open beside
 * it, for what is no whole block, for claiming it, and for flushing.
 *
 * Nothing between us and the drive knows of the page cache, so what it holds
 * is written out before and forgotten after.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/hdreg.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/macro.h"
#include "engine/endpoint-ops.h"

#define NODE_SIZE	48
#define SECTOR_BYTES	512

static bool passthrough_matches(mode_t type, unsigned mode)
{
	return mode & ENDPOINT_PASSTHROUGH;
}

/*
 * /dev/nvme0n1p2 -> /dev/ng0n1. The names belong together, also those of a
 * multipath head; the path may be a link to them.
 */
static int name_node(const struct endpoint *endpoint, char node[NODE_SIZE])
{
	_cleanup_free_ char *real = realpath(endpoint->path, NULL);
	const char *name = real ? strrchr(real, '/') : NULL;
	unsigned controller, namespace;
	struct stat by_name, opened;

	if (!name || sscanf(name, "/nvme%un%u", &controller, &namespace) != 2)
		return -ENODEV;
	if (stat(real, &by_name) || fstat(endpoint->fd, &opened) ||
	    by_name.st_rdev != opened.st_rdev)
		return -ENODEV;
	snprintf(node, NODE_SIZE, "/dev/ng%un%u", controller, namespace);
	return 0;
}

static int open_node(struct endpoint *endpoint)
{
	char node[NODE_SIZE];
	struct stat st;
	int rc = name_node(endpoint, node);

	if (rc)
		return rc;
	endpoint->direct_fd = open(node, endpoint_get_open_flags(endpoint));
	if (endpoint->direct_fd < 0)
		return errno == ENOENT || errno == ENXIO ? -ENODEV : -errno;
	if (fstat(endpoint->direct_fd, &st) || !S_ISCHR(st.st_mode))
		return -ENODEV;
	return 0;
}

static int find_start(const struct endpoint *endpoint, uint64_t *start_bytes)
{
	struct hd_geometry geometry;

	if (ioctl(endpoint->fd, HDIO_GETGEO, &geometry))
		return -errno;
	*start_bytes = (uint64_t)geometry.start * SECTOR_BYTES;
	return 0;
}

/* The node must be that of the device, and its blocks nothing but data. */
static int learn_range(struct endpoint *endpoint, uint32_t lba_bytes)
{
	struct nvme_range *range = &endpoint->range;
	int id = nvme_find_namespace(endpoint->direct_fd);
	struct nvme_facts facts;
	int rc;

	if (id <= 0 || id != nvme_find_namespace(endpoint->fd))
		return -ENODEV;
	rc = nvme_identify(endpoint->direct_fd, (uint32_t)id, &facts);
	if (!rc)
		rc = find_start(endpoint, &range->start_bytes);
	if (rc)
		return rc;
	if (facts.metadata_bytes || facts.is_protected)
		return -EMEDIUMTYPE;
	range->namespace_id = (uint32_t)id;
	range->lba_shift = facts.lba_shift;
	range->size_bytes = endpoint->size_bytes;
	if (lba_bytes != 1u << facts.lba_shift ||
	    range->size_bytes > facts.size_bytes ||
	    range->start_bytes > facts.size_bytes - range->size_bytes)
		return -ENODEV;
	return 0;
}

/* Beyond it the kernel does not cut commands, but refuses them. */
static int learn_limit(struct endpoint *endpoint)
{
	unsigned short sectors = 0;

	if (ioctl(endpoint->fd, BLKSECTGET, &sectors))
		return -errno;
	endpoint->max_io_bytes = sectors * SECTOR_BYTES;
	return 0;
}

/*
 * What is no whole block is written through the page cache, in pages: no page
 * may hold what goes past it.
 */
static void learn_alignment(struct endpoint *endpoint)
{
	uint32_t block = 1u << endpoint->range.lba_shift;
	uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);

	endpoint->offset_align = endpoint->mode & ENDPOINT_WRITE ?
					 MAX(block, page) : block;
	endpoint->memory_align = 4;
}

static void forget_cached(const struct endpoint *endpoint)
{
	(void)sync_file_range(endpoint->fd, 0, 0,
			      SYNC_FILE_RANGE_WAIT_BEFORE |
				      SYNC_FILE_RANGE_WRITE |
				      SYNC_FILE_RANGE_WAIT_AFTER);
	(void)posix_fadvise(endpoint->fd, 0, 0, POSIX_FADV_DONTNEED);
}

static int passthrough_open(struct endpoint *endpoint, mode_t mode)
{
	uint32_t lba_bytes = 0;
	int rc;

	if (!S_ISBLK(mode))
		return -ENODEV;
	rc = endpoint_open_device(endpoint, &lba_bytes);
	if (!rc)
		rc = open_node(endpoint);
	if (!rc)
		rc = learn_range(endpoint, lba_bytes);
	if (!rc)
		rc = learn_limit(endpoint);
	if (rc)
		return rc == -ENOTTY ? -ENODEV : rc;
	learn_alignment(endpoint);
	forget_cached(endpoint);
	return endpoint_learn_identity(endpoint);
}

static int passthrough_commit(struct endpoint *endpoint, uint64_t size_bytes,
			      bool is_synced)
{
	int rc = endpoint_block_ops.commit(endpoint, size_bytes, is_synced);

	forget_cached(endpoint);
	return rc;
}

/* As the block layer has it: bytes, or an errno. */
static int passthrough_judge(struct endpoint *endpoint,
			     const struct ring_op *op, int result)
{
	if (result < 0)
		return result;
	if (result)
		return nvme_status_get_errno(result) ?: -EIO;
	if (op->action == RING_COPY)
		return (int)op->length_bytes;
	return (int)nvme_cut_length(&endpoint->range, op->offset_bytes,
				    op->length_bytes);
}

const struct endpoint_ops endpoint_passthrough_ops = {
	.kind = ENDPOINT_BLOCK,
	.name = "passthrough",
	.matches = passthrough_matches,
	.open = passthrough_open,
	.commit = passthrough_commit,
	.judge = passthrough_judge,
};
