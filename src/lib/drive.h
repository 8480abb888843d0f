/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows what sysfs tells of NVMe controllers and their namespaces; must not
 * know how to talk to them.
 */
#ifndef P2PDMA_LIB_DRIVE_H
#define P2PDMA_LIB_DRIVE_H

#include "lib/context.h"
#include "lib/topology.h"

/* "nvme0c1n2", the hidden path of a controller to the head "nvme0n2". */
struct drive_path {
	int subsystem;
	int controller;
	int head;
};

/* True when @name is such a path. */
bool drive_path_parse(const char *name, struct drive_path *path);

/* Adds every drive on a PCI function of @topology. 0, -ENOMEM. */
int drive_scan(const struct p2pdma_context *context,
	       struct p2pdma_topology *topology);

#endif
