// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Knows the words for enum values; must not know how they came about.
 */
#include "base/macro.h"
#include "lib/p2pdma.h"

static const struct {
	const char *name;
	const char *map_type;
} reaches[] = {
	[P2PDMA_REACH_UNKNOWN] = { "unknown", NULL },
	[P2PDMA_REACH_REFUSED] = { "refused", "NOT_SUPPORTED" },
	[P2PDMA_REACH_VIA_HOST] = { "via-host", "THRU_HOST_BRIDGE" },
	[P2PDMA_REACH_DIRECT] = { "direct", "BUS_ADDR" },
};

const char *p2pdma_reach_get_name(enum p2pdma_reach reach)
{
	return reaches[reach < ARRAY_SIZE(reaches) ? reach : 0].name;
}

const char *p2pdma_reach_get_map_type(enum p2pdma_reach reach)
{
	return reaches[reach < ARRAY_SIZE(reaches) ? reach : 0].map_type;
}
