/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows the facts of one PCI function, as sysfs tells them; must not know
 * what follows from them.
 */
#ifndef P2PDMA_LIB_PCI_H
#define P2PDMA_LIB_PCI_H

#include "base/arena.h"
#include "lib/context.h"

#define PCI_CLASS_BRIDGE	0x0604	/* to PCI, of class_code >> 8 */

/* A PCI address as numbers, to compare and to find. */
struct pci_address {
	uint32_t domain;
	uint8_t bus, device, function;
};

/* "0000:03:00.0" or "03:00.0" and nothing after it; 0 or -EINVAL. */
int pci_address_parse(const char *text, struct pci_address *address);

/* A number in whose order addresses are sorted. */
uint64_t pci_address_get_key(const struct pci_address *address);

/* The last component of @path that is a full address; false: none is. */
#define PCI_ADDRESS_SIZE	24
bool pci_address_of_path(const char *path, char text[PCI_ADDRESS_SIZE]);

/* What ties a function to others, still by name. Empty: there is none. */
struct pci_place {
	char parent[32];
	char physfn[32];
};

/*
 * Fills @f, whose strings are kept in @arena; parent and physfn stay NULL
 * and their addresses go to @place. What cannot be read stays unknown.
 * 0, -ENOENT when @address is gone, -ENOMEM.
 */
int pci_read(const struct p2pdma_context *context, struct arena *arena,
	     const char *address,
	     struct p2pdma_function *f, struct pci_place *place);

#endif
