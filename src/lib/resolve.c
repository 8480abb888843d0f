// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Knows what a word on the command line may be: a device, a controller, an
 * address, a file; must not know what lies below any of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "lib/block.h"
#include "lib/file.h"
#include "lib/pci.h"
#include "lib/sysfs.h"
#include "lib/target.h"
#include "lib/topology.h"
#include "lib/use.h"

#define CLASS_NVME	"sys/class/nvme"

static int resolve_block(struct target *target, const char *name)
{
	int rc = block_describe(target, name);

	target->next = (struct target_range){ .is_linear = true };
	if (!rc)
		rc = block_find_sharers(target);
	if (!rc)
		rc = block_walk(target, name);
	if (!rc)
		use_read(target);
	return rc;
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

static int resolve_fd(struct target *target, int fd)
{
	_cleanup_free_ char *name = NULL;
	struct stat status;
	const char *type;

	if (fstat(fd, &status))
		return -errno;
	if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))
		return file_resolve(target, fd, &status);
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
	t->walk_backing = file_walk_backing;
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
