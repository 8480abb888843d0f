// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows which points --sweep and --ramp ask for, and what a point is without
 * them; must not know how one is measured.
 */
#include "base/macro.h"
#include "cli/bench.h"

#define DEPTH	32

/* Depth runs fastest, then blocks: a curve is ready before the next one. */
static const enum bench_axis order[AXES] = {
	AXIS_DEPTH, AXIS_BLOCK, AXIS_JOBS,
};

bool bench_grid_get(const struct session *session, unsigned index,
		    struct bench_point *point)
{
	const struct bench_options *o = &session->options;
	uint64_t at[AXES] = {
		[AXIS_BLOCK] = o->block_bytes,
		[AXIS_DEPTH] = o->depth ? o->depth : DEPTH,
		[AXIS_JOBS] = o->jobs,
	};

	for (unsigned i = 0; i < AXES; i++) {
		unsigned count = o->sweep.counts[order[i]];

		if (!count)
			continue;
		at[order[i]] = o->sweep.values[order[i]][index % count];
		index /= count;
	}
	*point = (struct bench_point){
		.block_bytes = (uint32_t)at[AXIS_BLOCK],
		.depth = (unsigned)at[AXIS_DEPTH],
		.is_depth_fixed = o->depth || o->sweep.counts[AXIS_DEPTH],
		.jobs = (unsigned)at[AXIS_JOBS],
	};
	return !index;
}
