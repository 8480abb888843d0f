// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Knows the way from a block device down to PCI functions, through partitions,
 * dm, md and multipath heads; must not know what else is told of a device.
 */
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "lib/block-parts.h"
#include "lib/drive.h"
#include "lib/layer.h"
#include "lib/pci.h"
#include "lib/sysfs.h"
#include "lib/topology.h"

#define CLASS_NVME	"sys/class/nvme"
#define DEPTH_MAX	16	/* the kernel stacks fewer */

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

static int walk_partition(struct target *target, const char *dir,
			  const char *name, unsigned depth)
{
	_cleanup_free_ char *disk = NULL;
	uint64_t start = block_read_bytes(target, dir, "start");
	uint64_t size = block_read_bytes(target, dir, "size");
	int rc;

	target->next.start = start;
	target->next.end = size ? start + size : 0;

	rc = target_add_layer(target, "partition", name);
	if (!rc)
		rc = block_find_disk(target, dir, &disk);
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
	char dir[BLOCK_DIR_SIZE];

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
		char dir[BLOCK_DIR_SIZE];

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
	uint64_t offset = block_read_number(target, dir, "loop/offset");

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

	if (block_has(target, dir, "md"))
		return walk_md(target, dir, name, depth);
	if (block_has(target, dir, "dm"))
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
	char dir[BLOCK_DIR_SIZE];
	int rc;

	if (depth >= DEPTH_MAX)
		return -ELOOP;
	depth++;
	block_name_dir(dir, name);
	if (block_has(target, dir, "partition"))
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
