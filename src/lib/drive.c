// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/drive.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "lib/cmb.h"
#include "lib/pci.h"
#include "lib/sysfs.h"
#include "lib/topology.h"

#define CLASS_NVME	"sys/class/nvme"
#define CLASS_BLOCK	"sys/class/block"
#define SECTOR_BYTES	512

struct reading {
	const struct p2pdma_context *context;
	struct p2pdma_topology *topology;
	char dir[128];
};

bool drive_path_parse(const char *name, struct drive_path *path)
{
	int end = -1;

	return sscanf(name, "nvme%dc%dn%d%n", &path->subsystem,
		      &path->controller, &path->head, &end) == 3 &&
	       end > 0 && !name[end];
}

/* "nvme0n1", and nothing after it. */
static bool is_namespace(const char *name)
{
	int controller, id, end = -1;

	return sscanf(name, "nvme%dn%d%n", &controller, &id, &end) == 2 &&
	       end > 0 && !name[end];
}

static const char *keep_text(struct reading *r, const char *name)
{
	_cleanup_free_ char *text = NULL;

	if (sysfs_read_text(r->context, r->dir, name, &text))
		return NULL;
	return arena_strdup(&r->topology->arena, text);
}

static uint64_t read_or_zero(struct reading *r, const char *name)
{
	uint64_t number = 0;

	sysfs_read_u64(r->context, r->dir, name, &number);
	return number;
}

/* The block device's name: of a hidden path, that of its head. */
static bool name_block(const char *entry, char *name, size_t size,
		       bool *is_head)
{
	struct drive_path path;

	*is_head = drive_path_parse(entry, &path);
	if (*is_head)
		snprintf(name, size, "nvme%dn%d", path.subsystem, path.head);
	else
		snprintf(name, size, "%s", entry);
	return *is_head || is_namespace(entry);
}

/* -ENOENT: a namespace without a block device, or it is gone. */
static int read_namespace(struct reading *r, struct p2pdma_namespace *ns)
{
	uint64_t sectors = 0;

	if (sysfs_read_u64(r->context, r->dir, "size", &sectors) == -ENOENT)
		return -ENOENT;
	ns->size_bytes = sectors * SECTOR_BYTES;
	ns->lba_bytes =
		(uint32_t)read_or_zero(r, "queue/logical_block_size");
	ns->metadata_bytes = (uint32_t)read_or_zero(r, "metadata_bytes");
	return 0;
}

static int enter_namespace(struct reading *r, const char *name,
			   struct p2pdma_namespace *ns)
{
	struct p2pdma_context here;
	struct reading block = { &here, r->topology, "" };
	int rc;

	snprintf(block.dir, sizeof(block.dir), CLASS_BLOCK "/%s", name);
	if (sysfs_enter(r->context, block.dir, &here))
		return -ENOENT;
	rc = read_namespace(&block, ns);
	sysfs_leave(&here);
	return rc;
}

static int add_namespace(struct reading *r, const char *entry,
			 struct p2pdma_namespace **namespaces, size_t *count)
{
	struct p2pdma_namespace found = { 0 }, *ns;
	char name[64];
	bool is_head;

	if (!name_block(entry, name, sizeof(name), &is_head) ||
	    enter_namespace(r, name, &found))
		return 0;
	found.is_multipath = is_head ? P2PDMA_YES : P2PDMA_NO;
	found.name = arena_strdup(&r->topology->arena, name);
	ns = found.name ? array_add(*namespaces, *count) : NULL;
	if (!ns)
		return -ENOMEM;
	*ns = found;
	return 0;
}

static int add_namespaces(struct reading *r, struct p2pdma_drive *drive)
{
	_cleanup_names_ struct sysfs_names entries = { 0 };
	_cleanup_free_ struct p2pdma_namespace *found = NULL;
	struct p2pdma_namespace *kept;
	size_t count = 0;

	if (sysfs_list(r->context, r->dir, NULL, &entries))
		return 0;
	for (size_t i = 0; i < entries.count; i++) {
		int rc = add_namespace(r, entries.names[i], &found, &count);

		if (rc)
			return rc;
	}
	if (!count)
		return 0;
	kept = arena_alloc(&r->topology->arena, count * sizeof(*kept));
	if (!kept)
		return -ENOMEM;
	memcpy(kept, found, count * sizeof(*kept));
	drive->namespaces = kept;
	drive->namespace_count = count;
	return 0;
}

/* NULL for controllers that are not on PCI. */
static const struct p2pdma_function *find_function(struct reading *r)
{
	_cleanup_free_ char *path = NULL;
	char address[PCI_ADDRESS_SIZE];

	if (sysfs_canonical(r->context, r->dir, NULL, &path) ||
	    !pci_address_of_path(path, address))
		return NULL;
	return p2pdma_topology_find(r->topology, address);
}

static int add_drive(struct reading *r, const char *controller,
		     const struct p2pdma_function *function)
{
	const struct p2pdma_drive **slot;
	struct p2pdma_drive *drive;
	struct cmb cmb;

	drive = arena_alloc(&r->topology->arena, sizeof(*drive));
	if (!drive)
		return -ENOMEM;
	drive->function = function;
	drive->controller = arena_strdup(&r->topology->arena, controller);
	if (!drive->controller)
		return -ENOMEM;
	drive->model = keep_text(r, "model");
	drive->serial = keep_text(r, "serial");
	drive->firmware = keep_text(r, "firmware_rev");
	cmb_read(r->context, r->dir, &cmb);
	drive->cmb_bytes = cmb_get_bytes(&cmb);
	drive->cmb_size_register = cmb.size;
	slot = array_add(r->topology->drives, r->topology->drive_count);
	if (!slot)
		return -ENOMEM;
	*slot = drive;
	if (!p2pdma_topology_find_drive(r->topology, function))
		((struct topology_function *)function)->drive = drive;
	return add_namespaces(r, drive);
}

static int compare_drives(const void *a, const void *b)
{
	const struct p2pdma_drive *const *x = a, *const *y = b;

	return topology_compare((*x)->function, (*y)->function);
}

/* What is gone meanwhile, or not on PCI, is left out. */
static int enter_drive(const struct p2pdma_context *context,
		       struct p2pdma_topology *topology,
		       const char *controller)
{
	struct p2pdma_context here;
	struct reading r = { &here, topology, "" };
	const struct p2pdma_function *function;
	int rc = 0;

	snprintf(r.dir, sizeof(r.dir), CLASS_NVME "/%.64s", controller);
	if (sysfs_enter(context, r.dir, &here))
		return 0;
	function = find_function(&r);
	if (function)
		rc = add_drive(&r, controller, function);
	sysfs_leave(&here);
	return rc;
}

int drive_scan(const struct p2pdma_context *context,
	       struct p2pdma_topology *topology)
{
	_cleanup_names_ struct sysfs_names controllers = { 0 };

	if (sysfs_list(context, CLASS_NVME, NULL, &controllers))
		return 0;
	for (size_t i = 0; i < controllers.count; i++) {
		int rc = enter_drive(context, topology, controllers.names[i]);

		if (rc)
			return rc;
	}
	if (topology->drive_count)
		qsort(topology->drives, topology->drive_count,
		      sizeof(*topology->drives), compare_drives);
	return 0;
}
