// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/topology.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
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

static const struct topology_function *
get_private(const struct p2pdma_function *f)
{
	return (const struct topology_function *)f;
}

static int compare_keys(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

int topology_compare(const struct p2pdma_function *a,
		     const struct p2pdma_function *b)
{
	return compare_keys(get_private(a)->key, get_private(b)->key);
}

static int compare_functions(const void *a, const void *b)
{
	const struct p2pdma_function *const *x = a, *const *y = b;

	return topology_compare(*x, *y);
}

static int compare_to_key(const void *key, const void *member)
{
	const struct topology_function *const *f = member;

	return compare_keys(*(const uint64_t *)key, (*f)->key);
}

void topology_sort(struct p2pdma_topology *topology)
{
	for (size_t i = 0; i < topology->function_count; i++) {
		struct topology_function *f =
			(struct topology_function *)topology->functions[i];
		struct pci_address address = { 0 };

		pci_address_parse(f->facts.address, &address);
		f->key = pci_address_get_key(&address);
	}
	if (topology->function_count)
		qsort(topology->functions, topology->function_count,
		      sizeof(*topology->functions), compare_functions);
}

/* Most often the last one. Machines have some ten. */
static struct topology_bridge *find_bridge(struct topology_bridge **bridges,
					   size_t count, const char *name)
{
	while (count--)
		if (!strcmp(bridges[count]->name, name))
			return bridges[count];
	return NULL;
}

static struct topology_bridge *add_bridge(struct p2pdma_topology *topology,
					  struct topology_bridge ***bridges,
					  size_t *count, const char *name)
{
	struct topology_bridge **slot = array_add(*bridges, *count);

	if (!slot)
		return NULL;
	*slot = arena_alloc(&topology->arena, sizeof(**slot));
	if (*slot)
		(*slot)->name = name;
	return *slot;
}

/*
 * Device 0 function 0, by the key, or a root port. Virtual functions come
 * later than the kernel's first look at a bus.
 */
static void take_first(struct topology_bridge *bridge,
		       const struct p2pdma_function *f)
{
	if (bridge->has_first || f->parent || f->physfn)
		return;
	bridge->has_first = true;
	if (!(get_private(f)->key & 0xff) || f->port == P2PDMA_PORT_ROOT)
		bridge->device = f;
}

int topology_find_bridges(struct p2pdma_topology *topology)
{
	_cleanup_free_ struct topology_bridge **bridges = NULL;
	size_t count = 0;

	for (size_t i = 0; i < topology->function_count; i++) {
		struct topology_function *f =
			(struct topology_function *)topology->functions[i];
		struct topology_bridge *bridge;

		if (!f->facts.root_bus)
			continue;
		bridge = find_bridge(bridges, count, f->facts.root_bus);
		if (!bridge)
			bridge = add_bridge(topology, &bridges, &count,
					    f->facts.root_bus);
		if (!bridge)
			return -ENOMEM;
		take_first(bridge, &f->facts);
		f->bridge = bridge;
	}
	return 0;
}

const struct p2pdma_function *
topology_root_device(const struct p2pdma_function *f)
{
	const struct topology_bridge *bridge = get_private(f)->bridge;

	return bridge ? bridge->device : NULL;
}

bool topology_shares_host_bridge(const struct p2pdma_function *a,
				 const struct p2pdma_function *b)
{
	return get_private(a)->bridge &&
	       get_private(a)->bridge == get_private(b)->bridge;
}

/* -------------------------------------------------------------------------
 * The public view
 */

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
	uint64_t key;

	if (pci_address_parse(address, &wanted) || !topology->function_count)
		return NULL;
	key = pci_address_get_key(&wanted);
	found = bsearch(&key, topology->functions, topology->function_count,
			sizeof(*topology->functions), compare_to_key);
	return found ? *found : NULL;
}

const struct p2pdma_drive *
p2pdma_topology_find_drive(const struct p2pdma_topology *topology
				__attribute__((unused)),
			   const struct p2pdma_function *function)
{
	return get_private(function)->drive;
}
