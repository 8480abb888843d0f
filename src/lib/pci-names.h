/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows what vendors call their functions, by the database that lspci uses.
 * It is large, and read when the first name is asked for, not before.
 */
#ifndef P2PDMA_LIB_PCI_NAMES_H
#define P2PDMA_LIB_PCI_NAMES_H

#include <stdint.h>

struct pci_names;

/* NULL: no memory. */
struct pci_names *pci_names_open(void);
void pci_names_close(struct pci_names *names);

/* Lives as long as @names; NULL: not known, or no memory. */
const char *pci_names_find(struct pci_names *names, uint16_t vendor,
			   uint16_t device);

#endif
