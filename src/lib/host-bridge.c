// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/host-bridge.h"

#include <string.h>

#include "base/macro.h"
#include "lib/machine.h"

#define ANY_DEVICE	0xffff
#define AMD_ZEN		0x17

/*
 * A kernel up to @absent does not have the row, one from @present on has it;
 * in between it depends on whose kernel it is.
 */
struct row {
	uint16_t vendor, device;
	unsigned absent, present;
	bool needs_same;	/* REQ_SAME_HOST_BRIDGE */
};

#define SINCE_7_1	KERNEL(6, 12, 117), KERNEL(7, 1, 3)
#define SINCE_7_2	KERNEL(6, 12, 117), KERNEL(7, 2, 0)
#define SINCE_7_3	KERNEL(7, 2, 12), KERNEL(7, 3, 0)

static const struct row rows[] = {
	/* Intel Xeon E5/Core i7, E7 v3 */
	{ 0x8086, 0x3c00, 0, 0, true },
	{ 0x8086, 0x3c01, 0, 0, true },
	{ 0x8086, 0x2f00, 0, 0, true },
	{ 0x8086, 0x2f01, 0, 0, true },
	/* Intel SkyLake-E and Ice Lake */
	{ 0x8086, 0x2030, 0, 0, false },
	{ 0x8086, 0x2031, 0, 0, false },
	{ 0x8086, 0x2032, 0, 0, false },
	{ 0x8086, 0x2033, 0, 0, false },
	{ 0x8086, 0x2020, 0, 0, false },
	{ 0x8086, 0x09a2, 0, 0, false },
	/* Intel accelerators that come first on their root bus */
	{ 0x8086, 0x0b25, SINCE_7_1, false },
	{ 0x8086, 0x0cfe, SINCE_7_1, false },
	{ 0x8086, 0x11fb, SINCE_7_1, false },
	{ 0x8086, 0x1212, SINCE_7_1, false },
	{ 0x8086, 0x1216, SINCE_7_1, false },
	{ 0x8086, 0x4940, SINCE_7_1, false },
	{ 0x8086, 0x4942, SINCE_7_1, false },
	{ 0x8086, 0x4944, SINCE_7_1, false },
	{ 0x8086, 0x4946, SINCE_7_1, false },
	{ 0x8086, 0x4948, SINCE_7_1, false },
	/* Google */
	{ 0x1ae0, ANY_DEVICE, SINCE_7_2, false },
	/* NVIDIA processors */
	{ 0x10de, 0x2f95, SINCE_7_3, false },
	{ 0x10de, 0x2f96, SINCE_7_3, false },
	{ 0x10de, 0x2f97, SINCE_7_3, false },
	{ 0x10de, 0x2f98, SINCE_7_3, false },
};

static enum p2pdma_answer has_row(unsigned kernel, const struct row *row)
{
	if (!row->present || kernel >= row->present)
		return P2PDMA_YES;
	if (!kernel || kernel > row->absent)
		return P2PDMA_UNKNOWN;
	return P2PDMA_NO;
}

static bool matches(const struct row *row, const struct p2pdma_function *f)
{
	return row->vendor == f->vendor &&
	       (row->device == f->device || row->device == ANY_DEVICE);
}

enum p2pdma_answer host_bridge_is_listed(const struct p2pdma_machine *machine,
					 const struct p2pdma_function *
						 root_device,
					 bool is_same)
{
	if (!root_device)
		return P2PDMA_NO;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!matches(&rows[i], root_device))
			continue;
		if (rows[i].needs_same && !is_same)
			return P2PDMA_NO;
		return has_row(machine->kernel_version, &rows[i]);
	}
	return P2PDMA_NO;
}

unsigned host_bridge_listed_since(const struct p2pdma_function *root_device)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (matches(&rows[i], root_device))
			return rows[i].present;
	return 0;
}

enum p2pdma_answer host_bridge_has_cpu(const struct p2pdma_machine *machine)
{
	/* Without /proc nothing is known; without a vendor it is no x86. */
	if (!machine->cpu_vendor)
		return machine->kernel_release ? P2PDMA_NO : P2PDMA_UNKNOWN;
	if (strcmp(machine->cpu_vendor, "AuthenticAMD"))
		return P2PDMA_NO;
	if (!machine->cpu_family)
		return P2PDMA_UNKNOWN;
	return machine->cpu_family >= AMD_ZEN ? P2PDMA_YES : P2PDMA_NO;
}

static enum p2pdma_answer is_listed(const struct p2pdma_topology *topology,
				    const struct p2pdma_function *f,
				    bool is_same)
{
	if (!f->root_bus)
		return P2PDMA_UNKNOWN;
	return host_bridge_is_listed(&topology->machine,
				     topology_root_device(f), is_same);
}

static enum p2pdma_answer both(enum p2pdma_answer a, enum p2pdma_answer b)
{
	if (a == P2PDMA_NO || b == P2PDMA_NO)
		return P2PDMA_NO;
	return MIN(a, b);
}

static enum p2pdma_answer either(enum p2pdma_answer a, enum p2pdma_answer b)
{
	if (a == P2PDMA_YES || b == P2PDMA_YES)
		return P2PDMA_YES;
	return MIN(a, b);
}

enum p2pdma_answer host_bridge_allows(const struct p2pdma_topology *topology,
				      const struct p2pdma_function *a,
				      const struct p2pdma_function *b)
{
	bool is_same = topology_shares_host_bridge(a, b);
	enum p2pdma_answer listed = is_listed(topology, a, is_same);

	if (!is_same)
		listed = both(listed, is_listed(topology, b, is_same));
	return either(host_bridge_has_cpu(&topology->machine), listed);
}
