// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/block.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/macro.h"
#include "lib/block-parts.h"
#include "lib/drive.h"
#include "lib/machine.h"
#include "lib/sysfs.h"
#include "lib/topology.h"

#define SECTOR_BYTES	512
#define BIO_PAGES	256	/* BIO_MAX_VECS */

/* --- where it is told ---------------------------------------------------- */

void block_name_dir(char *dir, const char *name)
{
	snprintf(dir, BLOCK_DIR_SIZE, BLOCK_CLASS "/%.255s", name);
}

bool block_has(struct target *target, const char *dir, const char *name)
{
	return sysfs_exists(target->context, dir, name);
}

uint64_t block_read_number(struct target *target, const char *dir,
			   const char *name)
{
	uint64_t number = 0;

	sysfs_read_u64(target->context, dir, name, &number);
	return number;
}

uint64_t block_read_bytes(struct target *target, const char *dir,
			  const char *name)
{
	return block_read_number(target, dir, name) * SECTOR_BYTES;
}

/* The whole disk's directory is the one above the partition's. */
int block_find_disk(struct target *target, const char *dir, char **disk)
{
	_cleanup_free_ char *path = NULL;
	const char *name;
	char *slash;
	int rc;

	rc = sysfs_canonical(target->context, dir, NULL, &path);
	if (rc)
		return rc;
	slash = strrchr(path, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	name = strrchr(path, '/');
	name = name ? name + 1 : path;
	*disk = strdup(name);
	return *disk ? 0 : -ENOMEM;
}

/* --- sizes, limits, holders ---------------------------------------------- */

/*
 * Since 6.13 at the latest each page of peer memory is a segment of its own,
 * and a bio has 256 at most; before, neighbours were merged.
 */
static uint32_t limit_peer_io(struct target *target, uint32_t max_io_bytes,
			      uint64_t segments)
{
	unsigned kernel = target->topology->machine.kernel_version;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	if (!max_io_bytes || (kernel && kernel < KERNEL(6, 13, 0)))
		return max_io_bytes;
	if (!segments)
		return 0;
	return (uint32_t)MIN(max_io_bytes, MIN(segments, BIO_PAGES) * page);
}

static enum p2pdma_answer read_io_poll(struct target *target, const char *dir)
{
	uint64_t polls;

	if (sysfs_read_u64(target->context, dir, "queue/io_poll", &polls))
		return P2PDMA_UNKNOWN;
	return polls ? P2PDMA_YES : P2PDMA_NO;
}

static void read_limits(struct target *target, const char *dir)
{
	struct p2pdma_target *t = &target->public;

	t->lba_bytes = (uint32_t)block_read_number(target, dir,
						   "queue/logical_block_size");
	t->max_io_bytes = (uint32_t)(block_read_number(target, dir,
						       "queue/max_sectors_kb") *
				     KIB);
	t->has_poll_queues = read_io_poll(target, dir);
	t->max_peer_io_bytes =
		limit_peer_io(target, t->max_io_bytes,
			      block_read_number(target, dir,
						"queue/max_segments"));
}

static int add_holders(struct target *target, const char *dir,
		       const char *name)
{
	_cleanup_names_ struct sysfs_names holders = { 0 };
	int rc = 0;

	if (sysfs_list(target->context, dir, name, &holders))
		return 0;
	for (size_t i = 0; !rc && i < holders.count; i++)
		rc = target_add_holder(target, holders.names[i]);
	return rc;
}

/* Who holds a partition holds a piece of the disk. */
static int add_all_holders(struct target *target, const char *dir)
{
	_cleanup_names_ struct sysfs_names entries = { 0 };
	int rc = add_holders(target, dir, "holders");

	if (rc || sysfs_list(target->context, dir, NULL, &entries))
		return rc;
	for (size_t i = 0; !rc && i < entries.count; i++) {
		char part[BLOCK_DIR_SIZE];

		block_name_dir(part, entries.names[i]);
		if (block_has(target, part, "partition"))
			rc = add_holders(target, part, "holders");
	}
	return rc;
}

static bool read_dev(struct target *target, const char *dir, uint32_t *major,
		     uint32_t *minor)
{
	_cleanup_free_ char *dev = NULL;

	return !sysfs_read_text(target->context, dir, "dev", &dev) &&
	       sscanf(dev, "%" SCNu32 ":%" SCNu32, major, minor) == 2;
}

static void read_numbers(struct target *target, const char *dir)
{
	read_dev(target, dir, &target->public.device_major,
		 &target->public.device_minor);
	target->public.size_bytes =
		block_read_bytes(target, dir, "size");
	target->public.start_bytes =
		block_read_bytes(target, dir, "start");
}

/* --- other names -------------------------------------------------------- */

static int add_alias(struct target *target, const char *dir, const char *name)
{
	struct p2pdma_alias *alias =
		array_add(target->aliases, target->public.alias_count);

	if (alias)
		alias->name = arena_strdup(&target->arena, name);
	if (!alias || !alias->name)
		return -ENOMEM;
	read_dev(target, dir, &alias->device_major, &alias->device_minor);
	return add_holders(target, dir, "holders");
}

/* The target has bytes of the partition at @dir, under its other name. */
static bool has_bytes_of(struct target *target, const char *dir)
{
	const struct p2pdma_target *t = &target->public;
	uint64_t start = block_read_bytes(target, dir, "start");
	uint64_t size = block_read_bytes(target, dir, "size");

	return t->start_bytes < start + size &&
	       start < t->start_bytes + t->size_bytes;
}

static int add_aliases_of(struct target *target, const char *disk)
{
	_cleanup_names_ struct sysfs_names entries = { 0 };
	char dir[BLOCK_DIR_SIZE];
	int rc;

	block_name_dir(dir, disk);
	rc = add_alias(target, dir, disk);
	if (rc || sysfs_list(target->context, dir, NULL, &entries))
		return rc;
	for (size_t i = 0; !rc && i < entries.count; i++) {
		block_name_dir(dir, entries.names[i]);
		if (block_has(target, dir, "partition") &&
		    has_bytes_of(target, dir))
			rc = add_alias(target, dir, entries.names[i]);
	}
	return rc;
}

/* Another visible disk; a multipath head's hidden paths are itself. */
static bool is_other_name(struct target *target, const char *name,
			  const char *identity)
{
	_cleanup_free_ char *here = NULL;
	struct drive_path path;
	char dir[BLOCK_DIR_SIZE];

	block_name_dir(dir, name);
	return strcmp(name, target->public.disk) &&
	       !drive_path_parse(name, &path) &&
	       !block_has(target, dir, "partition") &&
	       !sysfs_read_text(target->context, dir, "wwid", &here) &&
	       !strcmp(here, identity);
}

static int add_aliases(struct target *target, const char *disk_dir)
{
	_cleanup_names_ struct sysfs_names all = { 0 };
	_cleanup_free_ char *identity = NULL;
	int rc = 0;

	if (sysfs_read_text(target->context, disk_dir, "wwid", &identity) ||
	    !*identity || sysfs_list(target->context, BLOCK_CLASS, NULL, &all))
		return 0;
	for (size_t i = 0; !rc && i < all.count; i++)
		if (is_other_name(target, all.names[i], identity))
			rc = add_aliases_of(target, all.names[i]);
	return rc;
}

int block_describe(struct target *target, const char *name)
{
	_cleanup_free_ char *disk = NULL;
	char dir[BLOCK_DIR_SIZE], disk_dir[BLOCK_DIR_SIZE];
	int rc = 0;

	block_name_dir(dir, name);
	if (!block_has(target, dir, "size"))
		return -ENOENT;
	if (block_has(target, dir, "partition"))
		rc = block_find_disk(target, dir, &disk);
	if (rc)
		return rc;
	target->public.device = arena_strdup(&target->arena, name);
	target->public.disk = arena_strdup(&target->arena, disk ? disk : name);
	if (!target->public.device || !target->public.disk)
		return -ENOMEM;
	target->public.kind = disk ? P2PDMA_TARGET_PARTITION :
				     P2PDMA_TARGET_BLOCK;
	block_name_dir(disk_dir, target->public.disk);
	read_numbers(target, dir);
	read_limits(target, disk_dir);
	return 0;
}

bool block_needs_stable_pages(struct target *target)
{
	char dir[BLOCK_DIR_SIZE];

	block_name_dir(dir, target->public.disk);
	return block_read_number(target, dir, "queue/stable_writes");
}

int block_find_sharers(struct target *target)
{
	char dir[BLOCK_DIR_SIZE];
	int rc;

	block_name_dir(dir, target->public.device);
	rc = add_all_holders(target, dir);
	block_name_dir(dir, target->public.disk);
	return rc ? rc : add_aliases(target, dir);
}

static bool is_alias(const struct target *target, unsigned major,
		     unsigned minor)
{
	for (size_t i = 0; i < target->public.alias_count; i++)
		if (target->aliases[i].device_major == major &&
		    target->aliases[i].device_minor == minor)
			return true;
	return false;
}

bool block_is_on(struct target *target, unsigned major, unsigned minor)
{
	const struct p2pdma_target *t = &target->public;
	_cleanup_free_ char *disk = NULL;
	char dir[BLOCK_DIR_SIZE];

	if ((t->device_major == major && t->device_minor == minor) ||
	    is_alias(target, major, minor))
		return true;
	snprintf(dir, sizeof(dir), "sys/dev/block/%u:%u", major, minor);
	return t->kind == P2PDMA_TARGET_BLOCK &&
	       block_has(target, dir, "partition") &&
	       !block_find_disk(target, dir, &disk) && !strcmp(disk, t->device);
}

int block_find_name(const struct p2pdma_context *context, const char *type,
		    unsigned major, unsigned minor, char **name)
{
	char dir[32], entry[32];

	snprintf(dir, sizeof(dir), "sys/dev/%s", type);
	snprintf(entry, sizeof(entry), "%u:%u", major, minor);
	return sysfs_read_link(context, dir, entry, name);
}

int block_find_dm(const struct p2pdma_context *context, const char *dm_name,
		  char **name)
{
	_cleanup_names_ struct sysfs_names all = { 0 };
	int rc;

	rc = sysfs_list(context, BLOCK_CLASS, NULL, &all);
	if (rc)
		return rc;
	for (size_t i = 0; i < all.count; i++) {
		_cleanup_free_ char *here = NULL;
		char dir[BLOCK_DIR_SIZE];

		block_name_dir(dir, all.names[i]);
		if (sysfs_read_text(context, dir, "dm/name", &here) ||
		    strcmp(here, dm_name))
			continue;
		*name = strdup(all.names[i]);
		return *name ? 0 : -ENOMEM;
	}
	return -ENOENT;
}
