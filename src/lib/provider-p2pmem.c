// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Knows how the kernel hands out a PCI function's memory:
 * /sys/bus/pci/devices/BDF/p2pmem/. Every mmap(2) of its allocate file is a
 * new allocation in one piece (MAP_SHARED, offset 0), which lives until it is
 * unmapped. Never asks mlock, mprotect or MADV_DONTNEED of such memory: they
 * fail, hang, and free it behind our back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "lib/pci.h"
#include "lib/provider.h"
#include "lib/sysfs.h"

#define ADDRESS_SIZE	32
#define ALLOCATE	"/p2pmem/allocate"

static bool is_allocate_path(const char *name)
{
	size_t length = strlen(name), suffix = strlen(ALLOCATE);

	return *name == '/' && length > suffix &&
	       !strcmp(name + length - suffix, ALLOCATE);
}

static bool p2pmem_matches(const char *name)
{
	struct pci_address address;

	return is_allocate_path(name) || !pci_address_parse(name, &address);
}

/* "03:00.0" and ".../0000:03:00.0/p2pmem/allocate" as "0000:03:00.0". */
static int normalise(const char *name, char *text, size_t size)
{
	char of_path[PCI_ADDRESS_SIZE] = "";
	struct pci_address a;

	if (is_allocate_path(name)) {
		pci_address_of_path(name, of_path);
		name = of_path;
	}
	if (pci_address_parse(name, &a))
		return -ENXIO;
	snprintf(text, size, "%04x:%02x:%02x.%x", a.domain, a.bus, a.device,
		 a.function);
	return 0;
}

/*
 * What must be so before anything is opened. A provider that is not published
 * still has an allocate file, and the kernel serves it, but its memory may be
 * in use by its driver.
 */
static int check_facts(const struct p2pdma_context *context, const char *dir,
		       const char *address, struct p2pdma_reason *why)
{
	uint64_t is_published = 0;

	if (!sysfs_exists(context, dir, NULL))
		return provider_refuse(why, -ENXIO, "no-p2pmem",
				       "there is no PCI function %s; see "
				       "p2ptopo list", address);
	if (!sysfs_exists(context, dir, "p2pmem"))
		return provider_refuse(why, -ENODEV, "no-p2pmem",
				       "no driver offers memory of %s to its "
				       "peers; p2ptopo list shows which do",
				       address);
	if (sysfs_read_u64(context, dir, "p2pmem/published", &is_published) ||
	    is_published != 1)
		return provider_refuse(why, -EBUSY, "not-published",
				       "the driver of %s keeps its memory for "
				       "itself; choose another provider",
				       address);
	if (!sysfs_exists(context, dir, "p2pmem/allocate"))
		return provider_refuse(why, -EOPNOTSUPP,
				       "kernel-without-allocate",
				       "this kernel does not hand out peer "
				       "memory; Linux 6.2 and later do");
	if (!context->is_live)
		return provider_refuse(why, -ENODEV, "no-p2pmem",
				       "memory can be had only on the machine "
				       "itself, not from its description");
	return 0;
}

static int open_allocate(struct p2pdma_provider *provider, const char *dir,
			 struct p2pdma_reason *why)
{
	int fd = sysfs_open(provider->context, dir, "p2pmem/allocate", O_RDWR);

	if (fd == -EACCES || fd == -EPERM)
		return provider_refuse(why, -EACCES, "allocate-not-permitted",
				       "run as root, or let a udev rule give "
				       "%s/p2pmem/allocate to a group of yours",
				       provider->name);
	if (fd < 0)
		return provider_refuse(why, fd, "no-p2pmem",
				       "%s/p2pmem/allocate does not open: %s",
				       provider->name, strerror(-fd));
	provider->fd = fd;
	return 0;
}

static int p2pmem_open(struct p2pdma_provider *provider, const char *name,
		       struct p2pdma_reason *why)
{
	char address[ADDRESS_SIZE], dir[ADDRESS_SIZE + 32];
	int rc;

	rc = normalise(name, address, sizeof(address));
	if (rc)
		return provider_refuse(why, rc, "no-p2pmem",
				       "no PCI address in \"%.128s\"", name);
	snprintf(dir, sizeof(dir), SYSFS_PCI_DEVICES "/%s", address);
	rc = check_facts(provider->context, dir, address, why);
	if (rc)
		return rc;
	provider->name = strdup(address);
	return provider->name ? open_allocate(provider, dir, why) : -ENOMEM;
}

const struct provider_ops provider_p2pmem_ops = {
	.is_peer = true,
	.matches = p2pmem_matches,
	.open = p2pmem_open,
	.map = provider_map_fd,
};
