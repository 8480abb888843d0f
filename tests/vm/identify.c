// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints what the drive called SERIAL says of itself, as libp2pdma tells it:
 * the largest transfer in bytes, whether it compares, copies, has a volatile
 * cache. Knows only the installed interface.
 *
 *   identify SERIAL
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/p2pdma.h"

static const struct p2pdma_drive *
find(const struct p2pdma_topology *topology, const char *serial)
{
	size_t count;
	const struct p2pdma_drive *const *drives =
		p2pdma_topology_get_drives(topology, &count);

	for (size_t i = 0; i < count; i++)
		if (drives[i]->serial && !strcmp(drives[i]->serial, serial))
			return drives[i];
	return NULL;
}

static int identify(struct p2pdma_context *context,
		    const struct p2pdma_drive *drive)
{
	struct p2pdma_identity told;
	int rc = p2pdma_drive_identify(context, drive, &told);

	if (rc) {
		fprintf(stderr, "identify: %s\n", strerror(-rc));
		return 1;
	}
	printf("%" PRIu64 " %d %d %d\n", told.max_transfer_bytes,
	       told.can_compare == P2PDMA_YES, told.can_copy == P2PDMA_YES,
	       told.has_volatile_cache == P2PDMA_YES);
	return 0;
}

int main(int argc, char **argv)
{
	struct p2pdma_context *context;
	struct p2pdma_topology *topology;
	const struct p2pdma_drive *drive;
	int rc = 1;

	if (argc != 2 || p2pdma_context_create(NULL, &context))
		return 2;
	if (!p2pdma_topology_scan(context, &topology)) {
		drive = find(topology, argv[1]);
		rc = drive ? identify(context, drive) : 3;
		p2pdma_topology_destroy(topology);
	}
	p2pdma_context_destroy(context);
	return rc;
}
