// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/cmb.h"

#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "lib/sysfs.h"

#define LOCATION_BAR	0x7
#define SIZE_RDS	(1u << 3)	/* data of reads */
#define SIZE_WDS	(1u << 4)	/* data of writes */

/* Linux up to 6.12 leaves out the "0" of "0x". */
static uint32_t parse_register(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	unsigned value;

	at = at ? strchr(at, 'x') : NULL;
	return at && sscanf(at, "x%8x", &value) == 1 ? value : 0;
}

void cmb_parse(const char *text, struct cmb *cmb)
{
	cmb->location = parse_register(text, "cmbloc");
	cmb->size = parse_register(text, "cmbsz");
}

void cmb_read(const struct p2pdma_context *context, const char *dir,
	      struct cmb *cmb)
{
	_cleanup_free_ char *text = NULL;
	uint64_t location, size;

	*cmb = (struct cmb){ 0 };
	if (!sysfs_read_u64(context, dir, "cmbloc", &location) &&
	    !sysfs_read_u64(context, dir, "cmbsz", &size)) {
		cmb->location = (uint32_t)location;
		cmb->size = (uint32_t)size;
	} else if (!sysfs_read_text(context, dir, "cmb", &text)) {
		cmb_parse(text, cmb);
	}
}

/* SZ units of 4 KiB times 16 to the SZU. */
uint64_t cmb_get_bytes(const struct cmb *cmb)
{
	unsigned unit = cmb->size >> 8 & 0xf;

	return (uint64_t)(cmb->size >> 12) << (12 + 4 * MIN(unit, 8u));
}

int cmb_get_bar(const struct cmb *cmb)
{
	return cmb->size ? (int)(cmb->location & LOCATION_BAR) : -1;
}

bool cmb_takes_data(const struct cmb *cmb)
{
	return cmb->size & SIZE_RDS && cmb->size & SIZE_WDS;
}
