// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/topology.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "lib/pci.h"

/* Hops from @from up to @to; -1 when @to is not above it. */
static int count_hops(const struct p2pdma_function *from,
		      const struct p2pdma_function *to)
{
	int hops = 0;

	for (; from; from = from->parent, hops++)
		if (from == to)
			return hops;
	return -1;
}

static int count_chain(const struct p2pdma_function *f)
{
	int nodes = 0;

	for (; f; f = f->parent)
		nodes++;
	return nodes;
}

struct topology_path topology_measure(const struct p2pdma_function *a,
				      const struct p2pdma_function *b)
{
	const struct p2pdma_function *above = a;

	for (int hops = 0; above; above = above->parent, hops++) {
		int others = count_hops(b, above);

		if (others >= 0)
			return (struct topology_path){ above, hops + others };
	}
	return (struct topology_path){ NULL,
				       count_chain(a) + count_chain(b) };
}

static bool is_first_device(const struct p2pdma_function *f)
{
	const char *dot = strchr(f->address, '.');

	return dot && !strcmp(dot - 3, ":00.0");
}

/* The functions are sorted by their addresses. */
static int compare_address(const void *key, const void *member)
{
	const struct p2pdma_function *const *f = member;
	struct pci_address here = { 0 };

	pci_address_parse((*f)->address, &here);
	return pci_address_compare(key, &here);
}

/* Where "pci0000:16" begins among the sorted functions; 0 by another name. */
static size_t find_bus(const struct p2pdma_topology *topology,
		       const char *root_bus)
{
	size_t low = 0, high = topology->function_count;
	struct pci_address wanted = { 0 };
	unsigned bus;

	if (sscanf(root_bus, "pci%8x:%2x", &wanted.domain, &bus) != 2)
		return 0;
	wanted.bus = (uint8_t)bus;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_address(&wanted,
				    &topology->functions[middle]) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct p2pdma_function *
topology_root_device(const struct p2pdma_topology *topology,
		     const char *root_bus)
{
	for (size_t i = find_bus(topology, root_bus);
	     i < topology->function_count; i++) {
		const struct p2pdma_function *f = topology->functions[i];

		if (f->parent || f->physfn || !f->root_bus ||
		    strcmp(f->root_bus, root_bus))
			continue;
		return is_first_device(f) || f->port == P2PDMA_PORT_ROOT ?
			       f : NULL;
	}
	return NULL;
}

bool topology_shares_host_bridge(const struct p2pdma_function *a,
				 const struct p2pdma_function *b)
{
	return a->root_bus && b->root_bus &&
	       !strcmp(a->root_bus, b->root_bus);
}

/* -------------------------------------------------------------------------
 * The public view
 */

const struct p2pdma_machine *
p2pdma_topology_get_machine(const struct p2pdma_topology *topology)
{
	return &topology->machine;
}

const struct p2pdma_function *const *
p2pdma_topology_get_functions(const struct p2pdma_topology *topology,
			      size_t *count)
{
	*count = topology->function_count;
	return (const struct p2pdma_function *const *)topology->functions;
}

const struct p2pdma_function *const *
p2pdma_topology_get_providers(const struct p2pdma_topology *topology,
			      size_t *count)
{
	*count = topology->provider_count;
	return topology->providers;
}

const struct p2pdma_drive *const *
p2pdma_topology_get_drives(const struct p2pdma_topology *topology,
			   size_t *count)
{
	*count = topology->drive_count;
	return topology->drives;
}

const struct p2pdma_function *
p2pdma_topology_find(const struct p2pdma_topology *topology,
		     const char *address)
{
	struct p2pdma_function **found;
	struct pci_address wanted;

	if (pci_address_parse(address, &wanted) || !topology->function_count)
		return NULL;
	found = bsearch(&wanted, topology->functions,
			topology->function_count,
			sizeof(*topology->functions), compare_address);
	return found ? *found : NULL;
}

const struct p2pdma_drive *
p2pdma_topology_find_drive(const struct p2pdma_topology *topology,
			   const struct p2pdma_function *function)
{
	for (size_t i = 0; i < topology->drive_count; i++)
		if (topology->drives[i]->function == function)
			return topology->drives[i];
	return NULL;
}
