// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/block.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/macro.h"
#include "lib/drive.h"
#include "lib/layer.h"
#include "lib/machine.h"
#include "lib/pci.h"
#include "lib/sysfs.h"
#include "lib/topology.h"

#define CLASS_BLOCK	"sys/class/block"
#define CLASS_NVME	"sys/class/nvme"
#define SECTOR_BYTES	512
#define DEPTH_MAX	16	/* the kernel stacks fewer */
#define BIO_PAGES	256	/* BIO_MAX_VECS */
#define DIR_SIZE	320

/* Names that tell the driver; what lies on NVMe is told by its place. */
static const struct {
	const char *prefix;
	const char *kind;
} drivers[] = {
	{ "vd", "virtio-blk" },	 { "sd", "scsi" },   { "sr", "scsi" },
	{ "ram", "brd" },	 { "zram", "zram" }, { "loop", "loop" },
	{ "nullb", "null_blk" }, { "nbd", "nbd" },   { "mmcblk", "mmc" },
};

static int walk(struct target *target, const char *name, unsigned depth);

static void name_dir(char *dir, const char *name)
{
	snprintf(dir, DIR_SIZE, CLASS_BLOCK "/%.255s", name);
}

static bool has(struct target *target, const char *dir, const char *name)
{
	return sysfs_exists(target->context, dir, name);
}

static uint64_t read_or_zero(struct target *target, const char *dir,
			     const char *name)
{
	uint64_t number = 0;

	sysfs_read_u64(target->context, dir, name, &number);
	return number;
}

static int walk_all(struct target *target, const char *dir, unsigned depth)
{
	_cleanup_names_ struct sysfs_names lower = { 0 };
	int rc = 0;

	if (sysfs_list(target->context, dir, "slaves", &lower))
		return 0;
	for (size_t i = 0; !rc && i < lower.count; i++)
		rc = walk(target, lower.names[i], depth);
	return rc;
}

/* The whole disk's directory is the one above the partition's. */
static int find_disk(struct target *target, const char *dir, char **disk)
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

static int walk_partition(struct target *target, const char *dir,
			  const char *name, unsigned depth)
{
	_cleanup_free_ char *disk = NULL;
	uint64_t start = read_or_zero(target, dir, "start") * SECTOR_BYTES;
	uint64_t size = read_or_zero(target, dir, "size") * SECTOR_BYTES;
	int rc;

	target->next.start = start;
	target->next.end = size ? start + size : 0;

	rc = target_add_layer(target, "partition", name);
	if (!rc)
		rc = find_disk(target, dir, &disk);
	return rc ? rc : walk(target, disk, depth);
}

static int walk_md(struct target *target, const char *dir, const char *name,
		   unsigned depth)
{
	_cleanup_free_ char *level = NULL;
	char kind[64] = "md";
	int rc;

	if (!sysfs_read_text(target->context, dir, "md/level", &level))
		snprintf(kind, sizeof(kind), "md-%.32s", level);
	rc = target_add_layer(target, kind, name);
	return rc ? rc : walk_all(target, dir, depth);
}

static int walk_dm(struct target *target, const char *dir, const char *name,
		   unsigned depth)
{
	int rc = target_add_layer(target, "dm", name);

	return rc ? rc : walk_all(target, dir, depth);
}

/* -------------------------------------------------------------------------
 * NVMe
 */

/* The PCI function of what lies at @dir; NULL when there is none. */
static const struct p2pdma_function *find_function(struct target *target,
						   const char *dir)
{
	_cleanup_free_ char *path = NULL;
	char address[PCI_ADDRESS_SIZE];

	if (sysfs_canonical(target->context, dir, NULL, &path) ||
	    !pci_address_of_path(path, address))
		return NULL;
	return p2pdma_topology_find(target->topology, address);
}

/* A controller that is reset or gone takes no I/O; one that does not tell
 * its state is taken for live. */
static bool is_live(struct target *target, const char *dir)
{
	_cleanup_free_ char *state = NULL;

	if (sysfs_read_text(target->context, dir, "state", &state))
		return true;
	return !strcmp(state, "live");
}

static bool has_path(struct target *target, const char *dir, int subsystem,
		     int head)
{
	_cleanup_names_ struct sysfs_names entries = { 0 };
	struct drive_path path;

	if (sysfs_list(target->context, dir, NULL, &entries))
		return false;
	for (size_t i = 0; i < entries.count; i++)
		if (drive_path_parse(entries.names[i], &path) &&
		    path.subsystem == subsystem && path.head == head)
			return true;
	return false;
}

static int add_path(struct target *target, const char *controller)
{
	const struct p2pdma_function *function;
	char dir[DIR_SIZE];

	snprintf(dir, sizeof(dir), CLASS_NVME "/%.255s", controller);
	function = find_function(target, dir);
	if (function)
		return target_add_client(target, function);
	return target_add_layer(target, "nvme-fabrics", controller);
}

/* Hidden paths have no block device; they are found by their names. */
static int walk_head(struct target *target, const char *name)
{
	_cleanup_names_ struct sysfs_names controllers = { 0 };
	int subsystem, head, rc;

	if (sscanf(name, "nvme%dn%d", &subsystem, &head) != 2)
		return 0;
	rc = target_add_layer(target, LAYER_MULTIPATH, name);
	if (sysfs_list(target->context, CLASS_NVME, NULL, &controllers))
		return rc;
	for (size_t i = 0; !rc && i < controllers.count; i++) {
		char dir[DIR_SIZE];

		snprintf(dir, sizeof(dir), CLASS_NVME "/%.255s",
			 controllers.names[i]);
		if (has_path(target, dir, subsystem, head) &&
		    is_live(target, dir))
			rc = add_path(target, controllers.names[i]);
	}
	return rc;
}

static int walk_nvme(struct target *target, const char *dir, const char *name)
{
	_cleanup_free_ char *path = NULL;
	const struct p2pdma_function *function;
	int rc;

	rc = sysfs_canonical(target->context, dir, NULL, &path);
	if (rc)
		return rc;
	if (strstr(path, "/nvme-subsystem/"))
		return walk_head(target, name);
	function = find_function(target, dir);
	if (!function)
		return target_add_layer(target, "nvme-fabrics", name);
	rc = target_add_layer(target, "nvme", name);
	return rc ? rc : target_add_client(target, function);
}

/* -------------------------------------------------------------------------
 * Any device
 */

static const char *find_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (!strncmp(name, drivers[i].prefix,
			     strlen(drivers[i].prefix)))
			return drivers[i].kind;
	return "block";
}

/* Offsets below it are those of its file, further on. */
static int walk_loop(struct target *target, const char *dir,
		     struct target_range range)
{
	_cleanup_free_ char *path = NULL;
	uint64_t offset = read_or_zero(target, dir, "loop/offset");

	if (sysfs_read_text(target->context, dir, "loop/backing_file", &path))
		return 0;
	range.start += offset;
	if (range.end)
		range.end += offset;
	return target->walk_backing(target, path, range);
}

static int walk_other(struct target *target, const char *dir,
		      const char *name)
{
	const struct p2pdma_function *function = find_function(target, dir);
	int rc = target_add_layer(target, find_kind(name), name);

	return rc || !function ? rc : target_add_client(target, function);
}

/* What a disk is called wherever it shows up; its name where it has none. */
static char *read_identity(struct target *target, const char *dir,
			   const char *name)
{
	char *identity = NULL;

	if (!sysfs_read_text(target->context, dir, "wwid", &identity) &&
	    *identity)
		return identity;
	free(identity);
	return context_strdup(target->context, name);
}

/*
 * Device mapper's uuid tells who hands out the room, so that nobody else gets
 * the same: LVM a group's to its volumes (32 letters for each of the two),
 * kpartx a device's to its partitions.
 */
static int push_volume(struct target *target, const char *dir,
		       const char *name, struct target_range range)
{
	_cleanup_free_ char *uuid = NULL;
	int part, end = 0;

	if (sysfs_read_text(target->context, dir, "dm/uuid", &uuid))
		return 0;
	if (!strncmp(uuid, "LVM-", 4) && strlen(uuid) >= 4 + 64) {
		uuid[4 + 32] = '\0';
		return target_push_place(target, uuid, name, range);
	}
	if (sscanf(uuid, "part%d-%n", &part, &end) == 1 && end)
		return target_push_place(target, uuid + end, name, range);
	return 0;
}

/* Takes the range that was left for this device into @range. */
static int push_places(struct target *target, const char *dir,
		       const char *name, struct target_range *range)
{
	_cleanup_free_ char *identity = read_identity(target, dir, name);
	int rc;

	*range = target->next;
	target->next = (struct target_range){ 0 };
	if (!identity)
		return -ENOMEM;
	rc = target_push_place(target, identity, NULL, *range);
	return rc ? rc : push_volume(target, dir, name, *range);
}

static int walk_disk(struct target *target, const char *dir, const char *name,
		     struct target_range range, unsigned depth)
{
	int rc;

	if (has(target, dir, "md"))
		return walk_md(target, dir, name, depth);
	if (has(target, dir, "dm"))
		return walk_dm(target, dir, name, depth);
	if (!strncmp(name, "nvme", 4))
		return walk_nvme(target, dir, name);
	rc = walk_other(target, dir, name);
	return rc ? rc : walk_loop(target, dir, range);
}

static int walk(struct target *target, const char *name, unsigned depth)
{
	const size_t places = target->chain_count;
	const size_t ways = target->public.way_count;
	struct target_range range;
	char dir[DIR_SIZE];
	int rc;

	if (depth >= DEPTH_MAX)
		return -ELOOP;
	depth++;
	name_dir(dir, name);
	if (has(target, dir, "partition"))
		return walk_partition(target, dir, name, depth);
	rc = push_places(target, dir, name, &range);
	if (!rc)
		rc = walk_disk(target, dir, name, range, depth);
	if (!rc && target->public.way_count == ways)
		rc = target_add_way(target);
	target->chain_count = places;
	return rc;
}

int block_walk(struct target *target, const char *name)
{
	return walk(target, name, 0);
}

/* -------------------------------------------------------------------------
 * Sizes, limits, holders
 */

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

	t->lba_bytes = (uint32_t)read_or_zero(target, dir,
					      "queue/logical_block_size");
	t->max_io_bytes = (uint32_t)(read_or_zero(target, dir,
						  "queue/max_sectors_kb") *
				     KIB);
	t->has_poll_queues = read_io_poll(target, dir);
	t->max_peer_io_bytes =
		limit_peer_io(target, t->max_io_bytes,
			      read_or_zero(target, dir,
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
		char part[DIR_SIZE];

		name_dir(part, entries.names[i]);
		if (has(target, part, "partition"))
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
		read_or_zero(target, dir, "size") * SECTOR_BYTES;
	target->public.start_bytes =
		read_or_zero(target, dir, "start") * SECTOR_BYTES;
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
	uint64_t start = read_or_zero(target, dir, "start") * SECTOR_BYTES;
	uint64_t size = read_or_zero(target, dir, "size") * SECTOR_BYTES;

	return t->start_bytes < start + size &&
	       start < t->start_bytes + t->size_bytes;
}

static int add_aliases_of(struct target *target, const char *disk)
{
	_cleanup_names_ struct sysfs_names entries = { 0 };
	char dir[DIR_SIZE];
	int rc;

	name_dir(dir, disk);
	rc = add_alias(target, dir, disk);
	if (rc || sysfs_list(target->context, dir, NULL, &entries))
		return rc;
	for (size_t i = 0; !rc && i < entries.count; i++) {
		name_dir(dir, entries.names[i]);
		if (has(target, dir, "partition") && has_bytes_of(target, dir))
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
	char dir[DIR_SIZE];

	name_dir(dir, name);
	return strcmp(name, target->public.disk) &&
	       !drive_path_parse(name, &path) &&
	       !has(target, dir, "partition") &&
	       !sysfs_read_text(target->context, dir, "wwid", &here) &&
	       !strcmp(here, identity);
}

static int add_aliases(struct target *target, const char *disk_dir)
{
	_cleanup_names_ struct sysfs_names all = { 0 };
	_cleanup_free_ char *identity = NULL;
	int rc = 0;

	if (sysfs_read_text(target->context, disk_dir, "wwid", &identity) ||
	    !*identity || sysfs_list(target->context, CLASS_BLOCK, NULL, &all))
		return 0;
	for (size_t i = 0; !rc && i < all.count; i++)
		if (is_other_name(target, all.names[i], identity))
			rc = add_aliases_of(target, all.names[i]);
	return rc;
}

int block_describe(struct target *target, const char *name)
{
	_cleanup_free_ char *disk = NULL;
	char dir[DIR_SIZE], disk_dir[DIR_SIZE];
	int rc = 0;

	name_dir(dir, name);
	if (!has(target, dir, "size"))
		return -ENOENT;
	if (has(target, dir, "partition"))
		rc = find_disk(target, dir, &disk);
	if (rc)
		return rc;
	target->public.device = arena_strdup(&target->arena, name);
	target->public.disk = arena_strdup(&target->arena, disk ? disk : name);
	if (!target->public.device || !target->public.disk)
		return -ENOMEM;
	target->public.kind = disk ? P2PDMA_TARGET_PARTITION :
				     P2PDMA_TARGET_BLOCK;
	name_dir(disk_dir, target->public.disk);
	read_numbers(target, dir);
	read_limits(target, disk_dir);
	return 0;
}

int block_find_sharers(struct target *target)
{
	char dir[DIR_SIZE];
	int rc;

	name_dir(dir, target->public.device);
	rc = add_all_holders(target, dir);
	name_dir(dir, target->public.disk);
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
	char dir[DIR_SIZE];

	if ((t->device_major == major && t->device_minor == minor) ||
	    is_alias(target, major, minor))
		return true;
	snprintf(dir, sizeof(dir), "sys/dev/block/%u:%u", major, minor);
	return t->kind == P2PDMA_TARGET_BLOCK &&
	       has(target, dir, "partition") &&
	       !find_disk(target, dir, &disk) && !strcmp(disk, t->device);
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

	rc = sysfs_list(context, CLASS_BLOCK, NULL, &all);
	if (rc)
		return rc;
	for (size_t i = 0; i < all.count; i++) {
		_cleanup_free_ char *here = NULL;
		char dir[DIR_SIZE];

		name_dir(dir, all.names[i]);
		if (sysfs_read_text(context, dir, "dm/name", &here) ||
		    strcmp(here, dm_name))
			continue;
		*name = strdup(all.names[i]);
		return *name ? 0 : -ENOMEM;
	}
	return -ENOENT;
}
