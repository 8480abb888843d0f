// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Knows in which order facts are read and tied together; what they mean is
 * the business of topology.c and verdict.c.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "lib/drive.h"
#include "lib/machine.h"
#include "lib/pci.h"
#include "lib/sysfs.h"
#include "lib/topology.h"

static struct p2pdma_function *find(struct p2pdma_topology *topology,
				    const char *address)
{
	return (struct p2pdma_function *)p2pdma_topology_find(topology,
							      address);
}

/* A function and the addresses of its relatives, until all are there. */
struct relative {
	struct p2pdma_function *function;
	struct pci_place place;
};

struct scan {
	const struct p2pdma_context *context;
	struct p2pdma_topology *topology;
	struct relative *relatives;
	size_t relative_count;
};

static int add_function(struct scan *scan, const char *address)
{
	struct p2pdma_topology *topology = scan->topology;
	struct p2pdma_function **slot;
	struct topology_function *f;
	struct relative *relative;
	struct pci_address number;
	struct pci_place place;
	int rc;

	if (pci_address_parse(address, &number))
		return 0;
	f = arena_alloc(&topology->arena, sizeof(*f));
	if (!f)
		return -ENOMEM;
	rc = pci_read(scan->context, &topology->arena, address,
		      &f->facts, &place);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	slot = array_add(topology->functions, topology->function_count);
	relative = slot ? array_add(scan->relatives, scan->relative_count) :
			  NULL;
	if (!relative)
		return -ENOMEM;
	*slot = &f->facts;
	*relative = (struct relative){ &f->facts, place };
	return 0;
}

/*
 * What an ordinary user cannot read: which port of a switch a bridge is. Ports
 * of links lie below each other in turns; a bridge to conventional PCI is not
 * told from an upstream port, and has a link above it as that has.
 */
static void infer_port(struct p2pdma_function *f)
{
	if (f->port || !f->parent || f->class_code >> 8 != PCI_CLASS_BRIDGE ||
	    !f->link_max.speed_mtps)
		return;
	if (f->parent->port == P2PDMA_PORT_UPSTREAM)
		f->port = P2PDMA_PORT_DOWNSTREAM;
	else if (f->parent->port == P2PDMA_PORT_ROOT ||
		 f->parent->port == P2PDMA_PORT_DOWNSTREAM)
		f->port = P2PDMA_PORT_UPSTREAM;
}

/* Those of a virtual function are reserved; the physical one's count. */
static void take_from_physical(struct p2pdma_function *f)
{
	if (!f->physfn)
		return;
	f->max_payload_bytes = f->physfn->max_payload_bytes;
	f->max_read_request_bytes = f->physfn->max_read_request_bytes;
}

/*
 * A bridge passes on buses of higher numbers than its own, so that what is
 * above comes first. In a tree that somebody made up it may not, and who walks
 * up must arrive somewhere.
 */
static void tie_to_parent(struct scan *scan, const struct relative *r)
{
	const struct p2pdma_function *parent =
		find(scan->topology, r->place.parent);

	if (parent && topology_compare(parent, r->function) < 0)
		r->function->parent = parent;
}

/* Nothing is a virtual function of itself. */
static void tie_to_physical(struct scan *scan, const struct relative *r)
{
	const struct p2pdma_function *physfn =
		find(scan->topology, r->place.physfn);

	if (physfn != r->function)
		r->function->physfn = physfn;
}

/*
 * The kernel goes up from a virtual function by way of the physical one, and
 * sysfs shows both below the same bridge, so that parent serves both.
 */
static void tie(struct scan *scan)
{
	for (size_t i = 0; i < scan->relative_count; i++) {
		struct relative *r = &scan->relatives[i];

		if (r->place.parent[0])
			tie_to_parent(scan, r);
		if (r->place.physfn[0])
			tie_to_physical(scan, r);
		take_from_physical(r->function);
	}
	/* They are sorted, and what is above comes first. */
	for (size_t i = 0; i < scan->topology->function_count; i++)
		infer_port(scan->topology->functions[i]);
}

static int scan_functions(struct scan *scan)
{
	_cleanup_names_ struct sysfs_names addresses = { 0 };
	struct p2pdma_topology *topology = scan->topology;
	int rc;

	rc = sysfs_list(scan->context, SYSFS_PCI_DEVICES, NULL, &addresses);
	if (rc == -ENOENT)
		return 0;
	for (size_t i = 0; !rc && i < addresses.count; i++)
		rc = add_function(scan, addresses.names[i]);
	if (rc)
		return rc;
	topology_sort(topology);
	tie(scan);
	return topology_find_bridges(topology);
}

static int collect_providers(struct p2pdma_topology *topology)
{
	for (size_t i = 0; i < topology->function_count; i++) {
		const struct p2pdma_function **slot;

		if (!topology->functions[i]->memory)
			continue;
		slot = array_add(topology->providers,
				 topology->provider_count);
		if (!slot)
			return -ENOMEM;
		*slot = topology->functions[i];
	}
	return 0;
}

static int fill(struct scan *scan)
{
	struct p2pdma_topology *topology = scan->topology;
	int rc;

	machine_read(scan->context, &topology->arena, &topology->machine);
	rc = scan_functions(scan);
	if (!rc)
		rc = drive_scan(scan->context, topology);
	return rc ? rc : collect_providers(topology);
}

int p2pdma_topology_scan(struct p2pdma_context *context,
			 struct p2pdma_topology **topology)
{
	struct scan scan = { .context = context };
	int rc = -ENOMEM;

	scan.topology = calloc(1, sizeof(*scan.topology));
	if (scan.topology) {
		scan.topology->context = context;
		scan.topology->names = pci_names_open();
	}
	context_begin(context);
	if (scan.topology && scan.topology->names)
		rc = context_end(context, &scan.topology->arena, fill(&scan));
	free(scan.relatives);
	if (rc) {
		p2pdma_topology_destroy(scan.topology);
		return rc;
	}
	*topology = scan.topology;
	return 0;
}

/* A kernel's symbols are megabytes: only for who asks. */
const struct p2pdma_machine *
p2pdma_topology_get_machine(const struct p2pdma_topology *topology)
{
	struct p2pdma_machine *machine =
		(struct p2pdma_machine *)&topology->machine;

	if (topology->provider_count)
		machine->has_p2pdma = P2PDMA_YES;
	else if (!machine->has_p2pdma)
		machine->has_p2pdma = machine_find_p2pdma(
			topology->context, machine->kernel_release);
	return machine;
}

void p2pdma_topology_destroy(struct p2pdma_topology *topology)
{
	if (!topology)
		return;
	pci_names_close(topology->names);
	arena_fini(&topology->arena);
	free(topology->functions);
	free(topology->providers);
	free(topology->drives);
	free(topology);
}
