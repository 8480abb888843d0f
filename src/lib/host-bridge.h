/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows through which host bridges the kernel lets peers talk
 * (pci_p2pdma_whitelist and cpu_supports_p2pdma() in drivers/pci/p2pdma.c).
 * Pure.
 */
#ifndef P2PDMA_LIB_HOST_BRIDGE_H
#define P2PDMA_LIB_HOST_BRIDGE_H

#include "lib/topology.h"

/* The processor alone decides it: AMD Zen and later. */
enum p2pdma_answer host_bridge_has_cpu(const struct p2pdma_machine *machine);

/*
 * Is the host bridge behind @root_device in the kernel's list? @is_same: both
 * ends are below it. NULL: a host bridge that the kernel cannot name.
 */
enum p2pdma_answer host_bridge_is_listed(const struct p2pdma_machine *machine,
					 const struct p2pdma_function *
						 root_device,
					 bool is_same);

/* The first kernel that has it for sure, as 0x070200; 0: none has. */
unsigned host_bridge_listed_since(const struct p2pdma_function *root_device);

/* May @a and @b talk through their host bridges? */
enum p2pdma_answer host_bridge_allows(const struct p2pdma_topology *topology,
				      const struct p2pdma_function *a,
				      const struct p2pdma_function *b);

#endif
