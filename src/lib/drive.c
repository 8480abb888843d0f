// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/drive.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "lib/cmb.h"
#include "lib/pci.h"
#include "lib/sysfs.h"

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

static uint64_t read_or_zero(struct reading *r, const char *dir,
			     const char *name)
{
	uint64_t number = 0;

	sysfs_read_u64(r->context, dir, name, &number);
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

static int add_namespace(struct reading *r, const char *entry,
			 struct p2pdma_namespace **namespaces, size_t *count)
{
	struct p2pdma_namespace *ns;
	char name[64], dir[128];
	bool is_head;

	if (!name_block(entry, name, sizeof(name), &is_head))
		return 0;
	snprintf(dir, sizeof(dir), CLASS_BLOCK "/%s", name);
	if (!sysfs_exists(r->context, dir, "size"))
		return 0;
	ns = array_add(*namespaces, *count);
	if (!ns)
		return -ENOMEM;
	ns->name = arena_strdup(&r->topology->arena, name);
	if (!ns->name)
		return -ENOMEM;
	ns->size_bytes = read_or_zero(r, dir, "size") * SECTOR_BYTES;
	ns->lba_bytes =
		(uint32_t)read_or_zero(r, dir, "queue/logical_block_size");
	ns->metadata_bytes =
		(uint32_t)read_or_zero(r, dir, "metadata_bytes");
	ns->is_multipath = is_head ? P2PDMA_YES : P2PDMA_NO;
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

/* NULL for controllers that are not on PCI, and for those just gone. */
static const struct p2pdma_function *find_function(struct reading *r)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ char *address = NULL;

	if (sysfs_canonical(r->context, r->dir, NULL, &path))
		return NULL;
	address = pci_address_of_path(path);
	return address ? p2pdma_topology_find(r->topology, address) : NULL;
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
	return add_namespaces(r, drive);
}

static int compare_drives(const void *a, const void *b)
{
	struct pci_address x = { 0 }, y = { 0 };

	pci_address_parse((*(const struct p2pdma_drive *const *)a)
				  ->function->address, &x);
	pci_address_parse((*(const struct p2pdma_drive *const *)b)
				  ->function->address, &y);
	return pci_address_compare(&x, &y);
}

int drive_scan(const struct p2pdma_context *context,
	       struct p2pdma_topology *topology)
{
	_cleanup_names_ struct sysfs_names controllers = { 0 };
	struct reading r = { context, topology, "" };

	if (sysfs_list(context, CLASS_NVME, NULL, &controllers))
		return 0;
	for (size_t i = 0; i < controllers.count; i++) {
		const struct p2pdma_function *function;
		int rc;

		snprintf(r.dir, sizeof(r.dir), CLASS_NVME "/%s",
			 controllers.names[i]);
		function = find_function(&r);
		if (!function)
			continue;
		rc = add_drive(&r, controllers.names[i], function);
		if (rc)
			return rc;
	}
	if (topology->drive_count)
		qsort(topology->drives, topology->drive_count,
		      sizeof(*topology->drives), compare_drives);
	return 0;
}
