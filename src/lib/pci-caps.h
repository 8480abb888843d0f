/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows what the bytes of PCI configuration space mean; must not know where
 * they came from. Pure. What lies beyond the given bytes is unknown.
 */
#ifndef P2PDMA_LIB_PCI_CAPS_H
#define P2PDMA_LIB_PCI_CAPS_H

#include "lib/p2pdma.h"

/* What an ordinary user may read; all of PCI Express. */
#define PCI_CONFIG_HEADER	64
#define PCI_CONFIG_EXTENDED	4096

#define PCI_BARS		6

struct pci_caps {
	bool is_readable;		/* beyond the header */
	bool is_bridge;			/* header type 1 */
	bool is_express;
	enum p2pdma_answer is_multifunction;
	enum p2pdma_port port;
	enum p2pdma_answer has_acs;
	enum p2pdma_answer acs_redirects;
	uint16_t acs_capability;
	uint16_t acs_control;
	unsigned max_payload_bytes;	/* as set; 0 unknown */
	unsigned max_read_request_bytes; /* as set; 0 unknown */
	bool has_bar[PCI_BARS];
	uint64_t bar_bus_address[PCI_BARS];
};

/*
 * Configuration space as somebody else reads it: @read puts the four bytes at
 * @at, a multiple of 4, into @bytes; false: they are not to be had.
 */
struct pci_config {
	bool (*read)(const struct pci_config *config, size_t at,
		     uint8_t bytes[4]);
	const void *data;
};

/* Reads what it needs and no more: some registers do not like to be read. */
void pci_caps_parse(const struct pci_config *config, struct pci_caps *caps);

#endif
