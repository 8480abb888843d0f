// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "lib/block.h"
#include "lib/layer.h"
#include "lib/mount.h"
#include "lib/pci.h"
#include "lib/sysfs.h"
#include "lib/topology.h"

#define CLASS_NVME	"sys/class/nvme"
#define BTRFS		"sys/fs/btrfs"
/* No row of layer.c has this: whether it passes is unknown. */
#define OVERLAY_OF_SEVERAL	"overlay of several"

/* -------------------------------------------------------------------------
 * Putting it together
 */

int target_add_client(struct target *target,
		      const struct p2pdma_function *client)
{
	const struct p2pdma_function **slot;

	if (target->is_below_loop)
		return 0;
	for (size_t i = 0; i < target->public.client_count; i++)
		if (target->clients[i] == client)
			return 0;
	slot = array_add(target->clients, target->public.client_count);
	if (!slot)
		return -ENOMEM;
	*slot = client;
	return 0;
}

int target_add_layer(struct target *target, const char *kind,
		     const char *name)
{
	const char *kept_kind = arena_strdup(&target->arena, kind);
	const char *kept_name = arena_strdup(&target->arena, name);
	struct p2pdma_layer *layer;

	if (target->is_below_loop)
		return 0;
	if (!kept_kind || (name && !kept_name))
		return -ENOMEM;
	layer = array_add(target->layers, target->public.layer_count);
	if (!layer)
		return -ENOMEM;
	*layer = layer_make(target->topology->machine.kernel_version,
			    kept_kind, kept_name);
	return 0;
}

int target_add_holder(struct target *target, const char *name)
{
	const char *kept = arena_strdup(&target->arena, name);
	const char **slot;

	slot = kept ? array_add(target->holders,
				target->public.holder_count) : NULL;
	if (!slot)
		return -ENOMEM;
	*slot = kept;
	return 0;
}

int target_push_place(struct target *target, const char *container,
		      const char *member, struct target_range range)
{
	struct p2pdma_place *place;

	if (target->chain_count == PLACES_MAX)
		return -ELOOP;
	place = &target->chain[target->chain_count];
	place->container = arena_strdup(&target->arena, container);
	place->member = arena_strdup(&target->arena, member);
	if (!place->container || (member && !place->member))
		return -ENOMEM;
	place->start_bytes = range.start;
	place->end_bytes = range.end ? range.end : UINT64_MAX;
	place->is_linear = range.is_linear;
	target->chain_count++;
	return 0;
}

int target_add_way(struct target *target)
{
	size_t size = target->chain_count * sizeof(target->chain[0]);
	struct p2pdma_place *kept = arena_alloc(&target->arena, size);
	struct p2pdma_way *way;

	way = kept ? array_add(target->ways, target->public.way_count) : NULL;
	if (!way)
		return -ENOMEM;
	memcpy(kept, target->chain, size);
	way->places = kept;
	way->place_count = target->chain_count;
	return 0;
}

/* The worst of the layers, and why. */
int target_conclude(struct target *target)
{
	struct p2pdma_target *t = &target->public;

	t->passes_reads = P2PDMA_YES;
	t->passes_writes = P2PDMA_YES;
	for (size_t i = 0; i < t->layer_count; i++) {
		const struct p2pdma_layer *layer = &target->layers[i];
		struct p2pdma_reason *reason;

		t->passes_reads =
			layer_worse(t->passes_reads, layer->passes_reads);
		t->passes_writes =
			layer_worse(t->passes_writes, layer->passes_writes);
		if (layer_passes(layer, P2PDMA_READ | P2PDMA_WRITE) ==
		    P2PDMA_YES)
			continue;
		reason = array_add(target->reasons, t->reason_count);
		if (!reason)
			return -ENOMEM;
		layer_explain(layer, reason);
	}
	t->clients = target->clients;
	t->layers = target->layers;
	t->holders = target->holders;
	t->ways = target->ways;
	t->aliases = target->aliases;
	t->reasons = target->reasons;
	return 0;
}

/* -------------------------------------------------------------------------
 * Devices
 */

static int resolve_block(struct target *target, const char *name)
{
	int rc = block_describe(target, name);

	target->next = (struct target_range){ .is_linear = true };
	return rc ? rc : block_walk(target, name);
}

/* "nvme0" is the controller itself, "ng0n1" another way to "nvme0n1". */
static int resolve_character(struct target *target, const char *name)
{
	_cleanup_free_ char *path = NULL;
	const struct p2pdma_function *function = NULL;
	char address[PCI_ADDRESS_SIZE], block[64];

	if (!strncmp(name, "ng", 2)) {
		snprintf(block, sizeof(block), "nvme%s", name + 2);
		return resolve_block(target, block);
	}
	if (!sysfs_canonical(target->context, CLASS_NVME, name, &path) &&
	    pci_address_of_path(path, address))
		function = p2pdma_topology_find(target->topology, address);
	if (!function)
		return 0;
	target->public.kind = P2PDMA_TARGET_FUNCTION;
	return target_add_client(target, function);
}

static int resolve_address(struct target *target, const char *address)
{
	const struct p2pdma_function *function =
		p2pdma_topology_find(target->topology, address);

	if (!function)
		return -ENXIO;
	target->public.kind = P2PDMA_TARGET_FUNCTION;
	return target_add_client(target, function);
}

/* -------------------------------------------------------------------------
 * Files and directories
 */

/* What the options change about peer pages becomes part of the kind. */
static const struct {
	const char *type;
	const char *option;
	const char *kind;
} variants[] = {
	{ "ext4", "data=journal", "ext4 data=journal" },
	{ "btrfs", "nodatasum", "btrfs nodatasum" },
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
	return target_walk_mount(target, &below);
}

int target_walk_mount(struct target *target, const struct mount *mount)
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
	int rc = mount ? target_walk_mount(target, mount) : 0;

	return rc || target->public.way_count > ways ? rc :
						       target_add_way(target);
}

int target_walk_backing(struct target *target, const char *path,
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
	return rc ? rc : target_walk_mount(target, &mount);
}

static int resolve_file(struct target *target, int fd,
			const struct stat *status)
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

/* -------------------------------------------------------------------------
 * Any path
 */

static int resolve_fd(struct target *target, int fd)
{
	_cleanup_free_ char *name = NULL;
	struct stat status;
	const char *type;

	if (fstat(fd, &status))
		return -errno;
	if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))
		return resolve_file(target, fd, &status);
	if (!S_ISBLK(status.st_mode) && !S_ISCHR(status.st_mode))
		return 0;
	type = S_ISBLK(status.st_mode) ? "block" : "char";
	if (block_find_name(target->context, type, major(status.st_rdev),
			    minor(status.st_rdev), &name))
		return S_ISBLK(status.st_mode) ? -ENODEV : 0;
	return S_ISBLK(status.st_mode) ? resolve_block(target, name) :
					 resolve_character(target, name);
}

/* Another machine's /dev is not there: its names must do. */
static int resolve_name(struct target *target, const char *path)
{
	_cleanup_free_ char *dm = NULL;
	const char *name = path;

	if (!strncmp(path, "/dev/mapper/", 12)) {
		int rc = block_find_dm(target->context, path + 12, &dm);

		return rc ? rc : resolve_block(target, dm);
	}
	if (!strncmp(path, "/dev/", 5))
		name = path + 5;
	if (!*name || *name == '.' || strchr(name, '/'))
		return -ENOENT;
	if (!strncmp(name, "ng", 2) ||
	    sysfs_exists(target->context, CLASS_NVME, name))
		return resolve_character(target, name);
	return resolve_block(target, name);
}

static int resolve(struct target *target, const char *path, int given_fd)
{
	struct pci_address address;
	_cleanup_fd_ int fd = -1;

	if (given_fd >= 0)
		return resolve_fd(target, given_fd);
	if (!pci_address_parse(path, &address))
		return resolve_address(target, path);
	if (!target->context->is_live)
		return resolve_name(target, path);
	fd = open(path, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : resolve_fd(target, fd);
}

int p2pdma_target_resolve(struct p2pdma_context *context,
			  const struct p2pdma_topology *topology,
			  const char *path, int fd,
			  struct p2pdma_target **target)
{
	struct target *t = calloc(1, sizeof(*t));
	int rc = -ENOMEM;

	if (!t)
		return rc;
	context_begin(context);
	t->context = context;
	t->topology = topology;
	t->public.path = arena_strdup(&t->arena, path);
	if (t->public.path)
		rc = resolve(t, path, fd);
	if (!rc)
		rc = target_conclude(t);
	rc = context_end(context, &t->arena, rc);
	if (rc) {
		p2pdma_target_destroy(&t->public);
		return rc;
	}
	*target = &t->public;
	return 0;
}

void p2pdma_target_destroy(struct p2pdma_target *target)
{
	struct target *t = (struct target *)target;

	if (!t)
		return;
	arena_fini(&t->arena);
	free(t->clients);
	free(t->layers);
	free(t->holders);
	free(t->reasons);
	free(t->ways);
	free(t->aliases);
	free(t);
}
