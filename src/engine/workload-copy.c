// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows that a copy has two ends; how it is made is copy.h's.
 */
#include "engine/workload.h"

const struct workload workload_copy = {
	.name = "copy",
	.summary = "read from SOURCE and write to DEST, block by block",
	.targets = 2,
	.directions = { P2PDMA_READ, P2PDMA_WRITE },
};
