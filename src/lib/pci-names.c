// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/pci-names.h"

#include <pci/pci.h>
#include <stdlib.h>

#include "base/arena.h"
#include "lib/topology.h"

struct pci_names {
	struct pci_access *access;
	struct arena arena;
};

static void say_nothing(char *format, ...)
{
}

/* libpci knows no way back from its own lack of memory. */
static void __attribute__((noreturn)) give_up(char *format, ...)
{
	abort();
}

/* pci_init() would set these, but it also looks at this machine. */
struct pci_names *pci_names_open(void)
{
	struct pci_names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	names->access = pci_alloc();
	names->access->error = give_up;
	names->access->warning = say_nothing;
	names->access->debug = say_nothing;
	return names;
}

void pci_names_close(struct pci_names *names)
{
	if (!names)
		return;
	pci_free_name_list(names->access);
	pci_cleanup(names->access);
	arena_fini(&names->arena);
	free(names);
}

const char *pci_names_find(struct pci_names *names, uint16_t vendor,
			   uint16_t device)
{
	char text[256];

	return arena_strdup(&names->arena,
			    pci_lookup_name(names->access, text, sizeof(text),
					    PCI_LOOKUP_VENDOR |
					    PCI_LOOKUP_DEVICE |
					    PCI_LOOKUP_NO_NUMBERS |
					    PCI_LOOKUP_NO_HWDB,
					    vendor, device));
}

const char *p2pdma_topology_get_name(const struct p2pdma_topology *topology,
				     const struct p2pdma_function *function)
{
	return pci_names_find(topology->names, function->vendor,
			      function->device);
}
