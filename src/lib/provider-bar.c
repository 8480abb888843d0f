// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Knows a PCI function's BAR as the CPU reaches it: its resource file, named
 * "pci:ADDRESS/barN". No drive can be pointed at it: its pages are no pages
 * of the kernel's. Must not know whether touching it is wise.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "lib/pci.h"
#include "lib/provider.h"
#include "lib/sysfs.h"

#define PREFIX		"pci:"
#define BAR_WORD	"/bar"
#define DIR_SIZE	64

/* Of the configuration space. */
#define COMMAND		4
#define COMMAND_MEMORY	2

static bool bar_matches(const char *name)
{
	return !strncmp(name, PREFIX, strlen(PREFIX));
}

/* "pci:0000:03:00.0/bar2": the folder below /sys and the resource file. */
static int find_file(const char *name, char dir[DIR_SIZE], char file[16])
{
	_cleanup_free_ char *address = strdup(name + strlen(PREFIX));
	struct pci_address a;
	char *word;

	if (!address)
		return -ENOMEM;
	word = strstr(address, BAR_WORD);
	if (!word || strlen(word) != strlen(BAR_WORD) + 1)
		return -ENXIO;
	*word = '\0';
	word += strlen(BAR_WORD);
	if (*word < '0' || *word > '5' || pci_address_parse(address, &a))
		return -ENXIO;
	snprintf(dir, DIR_SIZE, SYSFS_PCI_DEVICES "/%04x:%02x:%02x.%x",
		 a.domain, a.bus, a.device, a.function);
	snprintf(file, 16, "resource%c", *word);
	return 0;
}

/* Without it, stores go nowhere and loads are all ones. */
static bool is_decoding(const struct p2pdma_context *context, const char *dir)
{
	_cleanup_fd_ int fd = sysfs_open(context, dir, "config", O_RDONLY);
	uint8_t low = 0;

	return fd < 0 || pread(fd, &low, 1, COMMAND) != 1 ||
	       low & COMMAND_MEMORY;
}

static int bar_open(struct p2pdma_provider *provider, const char *name,
		    struct p2pdma_reason *why)
{
	char dir[DIR_SIZE], file[16];
	int rc = find_file(name, dir, file);

	if (rc)
		return provider_refuse(why, rc, "no-bar", "\"%.128s\" is no "
				       "pci:FUNCTION/barN", name);
	if (!provider->context->is_live)
		return provider_refuse(why, -ENODEV, "no-bar", "a BAR can be "
				       "had only on the machine itself");
	if (!is_decoding(provider->context, dir))
		return provider_refuse(why, -ENODEV, "no-bar", "the function "
				       "does not answer at its BARs (echo 1 >"
				       "%s/enable)", dir);
	provider->name = strdup(name);
	if (!provider->name)
		return -ENOMEM;
	provider->fd = sysfs_open(provider->context, dir, file, O_RDWR);
	if (provider->fd >= 0)
		return 0;
	rc = provider->fd;
	return provider_refuse(why, rc, "no-bar", "%s/%s does not open: %s%s",
			       dir, file, strerror(-rc),
			       rc == -EACCES ? " (run it as root)" : "");
}

const struct provider_ops provider_bar_ops = {
	.is_peer = false,
	.matches = bar_matches,
	.open = bar_open,
	.map = provider_map_fd,
};
