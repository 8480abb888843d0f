// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Knows how many transfers a block device has ended, of whoever asked for
 * them; must not know what becomes of that.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/macro.h"
#include "lib/p2pdma.h"
#include "lib/sysfs.h"

/* Where "stat" of a block device counts reads, writes, discards, flushes. */
static const unsigned fields[] = { 0, 4, 11, 15 };

static bool is_counted(unsigned field)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i] == field)
			return true;
	return false;
}

int p2pdma_activity_read(struct p2pdma_context *context, dev_t device,
			 uint64_t *ended)
{
	_cleanup_free_ char *text = NULL;
	uint64_t sum = 0;
	const char *at;
	char dir[64];
	int rc;

	snprintf(dir, sizeof(dir), "sys/dev/block/%u:%u", major(device),
		 minor(device));
	rc = sysfs_read_text(context, dir, "stat", &text);
	if (rc)
		return rc;
	at = text;
	for (unsigned i = 0; *at; i++) {
		char *end;
		uint64_t number = strtoumax(at, &end, 10);

		if (end == at)
			return -EINVAL;
		sum += is_counted(i) ? number : 0;
		at = end;
	}
	*ended = sum;
	return 0;
}
