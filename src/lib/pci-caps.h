/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows what the bytes of PCI configuration space mean; must not know where
 * they came from. Pure. What lies beyond the given bytes is unknown.
 */
#ifndef P2PDMA_LIB_PCI_CAPS_H
#define P2PDMA_LIB_PCI_CAPS_H

#include "lib/p2pdma.h"

/* What an ordinary user may read, all of PCI, all of PCI Express. */
#define PCI_CONFIG_HEADER	64
#define PCI_CONFIG_SIZE		256
#define PCI_CONFIG_EXTENDED	4096

#define PCI_BARS		6

struct pci_caps {
	bool is_readable;		/* beyond the header */
	bool is_bridge;			/* header type 1 */
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

/* @config: @size bytes from offset 0, as the config file of sysfs gave them. */
void pci_caps_parse(const uint8_t *config, size_t size,
		    struct pci_caps *caps);

#endif
