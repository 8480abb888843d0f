// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "lib/block.h"
#include "lib/layer.h"
#include "lib/machine.h"
#include "lib/mount.h"
#include "lib/sysfs.h"
#include "lib/topology.h"

#define BTRFS		"sys/fs/btrfs"
/* No row of layer.c has this: whether it passes is unknown. */
#define OVERLAY_OF_SEVERAL	"overlay of several"

/* What the options, whatever their values, change about peer pages becomes
 * part of the kind: the first that is there. */
static const struct {
	const char *type;
	const char *option;
	const char *kind;
} variants[] = {
	{ "ext4", "data=journal", "ext4 data=journal" },
	{ "btrfs", "nodatasum", "btrfs nodatasum" },
	{ "btrfs", "compress", "btrfs compress" },
	{ "btrfs", "compress-force", "btrfs compress" },
};

static const char *name_filesystem(const struct mount *mount)
{
	/* "fuse.sshfs" is a fuse. */
	if (!strncmp(mount->type, "fuse.", 5))
		return "fuse";
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++)
		if (!strcmp(mount->type, variants[i].type) &&
		    mount_has_option(mount, variants[i].option))
			return variants[i].kind;
	return mount->type;
}

/* The device that the source names; file systems without one have none. */
static int find_source(struct target *target, const struct mount *mount,
		       char **name)
{
	struct stat status;

	if (mount->major)
		return block_find_name(target->context, "block",
				       mount->major, mount->minor, name);
	if (mount->source[0] != '/' || !target->context->is_live ||
	    stat(mount->source, &status) || !S_ISBLK(status.st_mode))
		return -ENOENT;
	return block_find_name(target->context, "block",
			       major(status.st_rdev), minor(status.st_rdev),
			       name);
}

/* The directory of the btrfs that has @device, and what else it has. */
static bool find_btrfs(struct target *target, const char *device, char *dir,
		       size_t size, struct sysfs_names *devices)
{
	_cleanup_names_ struct sysfs_names volumes = { 0 };

	if (sysfs_list(target->context, BTRFS, NULL, &volumes))
		return false;
	for (size_t i = 0; i < volumes.count; i++) {
		char list[PATH_MAX];

		snprintf(dir, size, BTRFS "/%.64s", volumes.names[i]);
		snprintf(list, sizeof(list), "%.128s/devices", dir);
		if (sysfs_exists(target->context, list, device))
			return !sysfs_list(target->context, list, NULL,
					   devices);
	}
	return false;
}

/*
 * btrfs spreads over several devices; any of them may do the I/O. On mirrors
 * it is not better than md's, and "dup" is a mirror on one device.
 */
static int walk_btrfs(struct target *target, const char *device)
{
	_cleanup_names_ struct sysfs_names devices = { 0 };
	char dir[128];
	int rc = 0;

	if (!find_btrfs(target, device, dir, sizeof(dir), &devices)) {
		rc = target_add_layer(target, LAYER_BTRFS_COPIES, NULL);
		return rc ? rc : block_walk(target, device);
	}
	if (devices.count != 1 ||
	    !sysfs_exists(target->context, dir, "allocation/data/single") ||
	    sysfs_exists(target->context, dir, "allocation/data/dup"))
		rc = target_add_layer(target, LAYER_BTRFS_COPIES, NULL);
	for (size_t i = 0; !rc && i < devices.count; i++)
		rc = block_walk(target, devices.names[i]);
	return rc;
}

/*
 * Files of an overlay lie in one of several directories; all of them must be
 * on one file system for us to know which.
 */
static int resolve_overlay(struct target *target, const struct mount *overlay)
{
	const char *upper, *lower;
	struct mount below, other;

	upper = mount_get_option(overlay, &target->arena, "upperdir");
	lower = mount_get_option(overlay, &target->arena, "lowerdir");
	if (!lower || lower[0] != '/' || strchr(lower, ':') ||
	    mount_find_path(target->context, &target->arena, lower, &below))
		return target_add_layer(target, OVERLAY_OF_SEVERAL, NULL);
	if (upper && (mount_find_path(target->context, &target->arena, upper,
				      &other) ||
		      other.id != below.id))
		return target_add_layer(target, OVERLAY_OF_SEVERAL, NULL);
	if (!strcmp(below.type, "overlay"))
		return target_add_layer(target, OVERLAY_OF_SEVERAL, NULL);
	return file_walk_mount(target, &below);
}

/* Linux 7.2 copies them and 6.12 does not; what is between is not known. */
static int add_stable_pages(struct target *target, const struct mount *mount)
{
	unsigned kernel = target->topology->machine.kernel_version;

	if (strcmp(mount->type, "xfs") || target->is_below_loop ||
	    (kernel && kernel < KERNEL(6, 13, 0)) ||
	    !block_needs_stable_pages(target))
		return 0;
	return target_add_layer(target, LAYER_XFS_STABLE, NULL);
}

int file_walk_mount(struct target *target, const struct mount *mount)
{
	_cleanup_free_ char *name = NULL;
	int rc;

	rc = target_add_layer(target, name_filesystem(mount), NULL);
	if (rc)
		return rc;
	if (!strcmp(mount->type, "overlay"))
		return resolve_overlay(target, mount);
	if (find_source(target, mount, &name))
		return 0;
	rc = target->is_below_loop ? 0 : block_describe(target, name);
	if (!rc)
		rc = add_stable_pages(target, mount);
	if (rc)
		return rc;
	return strcmp(mount->type, "btrfs") ? block_walk(target, name) :
					      walk_btrfs(target, name);
}

/* The mount id tells more than st_dev, which is anonymous for btrfs. */
static int find_mount(struct target *target, int fd, struct mount *mount)
{
	struct statx status;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &status))
		return -errno;
	if (!(status.stx_mask & STATX_MNT_ID))
		return -ENOENT;
	return mount_find(target->context, &target->arena,
			  (int)status.stx_mnt_id, mount);
}

/* Before Linux 5.8, and where /proc is not to be seen. */
static int resolve_device_of_file(struct target *target,
				  const struct stat *status)
{
	_cleanup_free_ char *name = NULL;
	int rc;

	rc = target_add_layer(target, "unknown file system", NULL);
	if (rc || block_find_name(target->context, "block",
				  major(status->st_dev),
				  minor(status->st_dev), &name))
		return rc;
	rc = block_describe(target, name);
	return rc ? rc : block_walk(target, name);
}

/* A file by its inode, or by its name where that cannot be asked for. */
static int push_file(struct target *target, const struct mount *mount,
		     const struct stat *status, const char *path,
		     struct target_range range)
{
	char container[32] = "files", member[48];

	if (mount)
		snprintf(container, sizeof(container), "%u:%u", mount->major,
			 mount->minor);
	else if (status)
		snprintf(container, sizeof(container), "%u:%u",
			 major(status->st_dev), minor(status->st_dev));
	if (status)
		snprintf(member, sizeof(member), "%ju:%ju",
			 (uintmax_t)status->st_dev, (uintmax_t)status->st_ino);
	return target_push_place(target, container, status ? member : path,
				 range);
}

/* A file whose file system has no device is a way of its own. */
static int walk_backing(struct target *target, const struct mount *mount)
{
	size_t ways = target->public.way_count;
	int rc = mount ? file_walk_mount(target, mount) : 0;

	return rc || target->public.way_count > ways ? rc :
						       target_add_way(target);
}

int file_walk_backing(struct target *target, const char *path,
		      struct target_range range)
{
	const bool was_below_loop = target->is_below_loop;
	struct stat status;
	struct mount mount;
	bool has_status, has_mount;
	int rc;

	has_status = target->context->is_live && !stat(path, &status);
	has_mount = !mount_find_path(target->context, &target->arena, path,
				     &mount);
	rc = push_file(target, has_mount ? &mount : NULL,
		       has_status ? &status : NULL, path, range);
	target->is_below_loop = true;
	if (!rc)
		rc = walk_backing(target, has_mount ? &mount : NULL);
	target->is_below_loop = was_below_loop;
	return rc;
}

static int walk_file(struct target *target, int fd, const struct stat *status)
{
	const struct target_range range = { .is_linear = true };
	struct mount mount;
	int rc;

	rc = find_mount(target, fd, &mount);
	if (rc) {
		rc = push_file(target, NULL, status, NULL, range);
		return rc ? rc : resolve_device_of_file(target, status);
	}
	rc = push_file(target, &mount, status, NULL, range);
	return rc ? rc : file_walk_mount(target, &mount);
}

int file_resolve(struct target *target, int fd, const struct stat *status)
{
	int rc = walk_file(target, fd, status);

	if (!rc && !target->public.way_count)
		rc = target_add_way(target);
	target->public.kind = S_ISDIR(status->st_mode) ?
				      P2PDMA_TARGET_DIRECTORY :
				      P2PDMA_TARGET_FILE;
	target->public.size_bytes =
		S_ISREG(status->st_mode) ? (uint64_t)status->st_size : 0;
	return rc;
}
