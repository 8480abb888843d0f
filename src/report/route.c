// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/route.h"

static bool is_above(const struct p2pdma_function *bridge,
		     const struct p2pdma_function *function)
{
	for (; function; function = function->parent)
		if (function == bridge)
			return true;
	return false;
}

/*
 * Each function below the meeting point has its link on the way: an endpoint
 * and an upstream port the one above, a downstream port the one below it.
 */
static bool narrow(const struct p2pdma_function *from,
		   const struct p2pdma_function *to,
		   struct bottleneck *bottleneck)
{
	for (; from && !is_above(from, to); from = from->parent) {
		uint64_t rate = from->link.bytes_per_sec;

		if (!rate)
			return false;
		if (bottleneck->at && bottleneck->bytes_per_sec <= rate)
			continue;
		bottleneck->at = from;
		bottleneck->bytes_per_sec = rate;
	}
	return true;
}

void route_find_bottleneck(const struct p2pdma_function *a,
			   const struct p2pdma_function *b,
			   struct bottleneck *bottleneck)
{
	struct bottleneck found = { 0 };

	*bottleneck = found;
	if (narrow(a, b, &found) && narrow(b, a, &found))
		*bottleneck = found;
}
