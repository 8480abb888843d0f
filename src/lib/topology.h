/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows the tree of PCI functions: what is above what, and how far apart two
 * of them are. No I/O; scan.c reads the facts.
 */
#ifndef P2PDMA_LIB_TOPOLOGY_H
#define P2PDMA_LIB_TOPOLOGY_H

#include "base/arena.h"
#include "lib/p2pdma.h"
#include "lib/pci-names.h"

/* A root bus, "pci0000:00", as the kernel's rules see it. */
struct topology_bridge {
	const char *name;
	bool has_first;		/* the first function has been seen */
	const struct p2pdma_function *device;	/* topology_root_device() */
};

/* Every function of a topology is one, so that no pair searches for it. */
struct topology_function {
	struct p2pdma_function facts;	/* first */
	uint64_t key;			/* pci_address_get_key() */
	const struct p2pdma_drive *drive;	/* NULL: none */
	const struct topology_bridge *bridge;	/* NULL: not known */
};

struct p2pdma_topology {
	struct arena arena;		/* every string and object below */
	struct p2pdma_machine machine;	/* p2pdma_topology_get_machine() */
	const struct p2pdma_context *context;	/* for what is read later */
	struct p2pdma_function **functions;
	size_t function_count;
	const struct p2pdma_function **providers;
	size_t provider_count;
	const struct p2pdma_drive **drives;
	size_t drive_count;
	struct pci_names *names;		/* read when asked for */
};

/* Where two chains of bridges meet. */
struct topology_path {
	const struct p2pdma_function *common;	/* NULL: nowhere */
	int distance;				/* the kernel's own */
};

/* As calc_map_type_and_dist() counts; @a == @b is 0. */
struct topology_path topology_measure(const struct p2pdma_function *a,
				      const struct p2pdma_function *b);

/* Sorts the functions by their addresses: the first thing to do with them. */
void topology_sort(struct p2pdma_topology *topology);

/* Which comes first, as strcmp(). */
int topology_compare(const struct p2pdma_function *a,
		     const struct p2pdma_function *b);

/* Finds the host bridge of each, once parents and ports are known. */
int topology_find_bridges(struct p2pdma_topology *topology);

/*
 * The device by which the kernel knows the host bridge of @f: the first
 * function on its root bus, if that is device 0 function 0 or a root port;
 * else NULL. As pci_host_bridge_dev().
 */
const struct p2pdma_function *
topology_root_device(const struct p2pdma_function *f);

/* True when both lie below one host bridge, and it is known which. */
bool topology_shares_host_bridge(const struct p2pdma_function *a,
				 const struct p2pdma_function *b);

#endif
