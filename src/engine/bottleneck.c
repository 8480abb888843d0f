// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/bottleneck.h"

#include "base/macro.h"

void bottleneck_merge(struct bottleneck *into, const struct bottleneck *from)
{
	if (!from->bytes_per_sec)
		return;
	if (!into->bytes_per_sec || from->bytes_per_sec < into->bytes_per_sec)
		*into = *from;
}

/* The least payload on the way counts for all of it. */
static unsigned find_payload(const struct p2pdma_function *function)
{
	unsigned least = 0;

	for (; function; function = function->parent) {
		unsigned payload = function->max_payload_bytes;

		if (payload)
			least = least ? MIN(least, payload) : payload;
	}
	return least;
}

static void climb(const struct p2pdma_function *function,
		  struct bottleneck *bottleneck)
{
	unsigned payload = find_payload(function);

	for (; function; function = function->parent) {
		struct bottleneck here = { .at = function };
		struct p2pdma_uplink uplink;

		if (!p2pdma_function_get_uplink(function, &uplink))
			continue;
		here.bytes_per_sec =
			p2pdma_link_get_payload_rate(&uplink.now, payload);
		bottleneck_merge(bottleneck, &here);
	}
}

void bottleneck_find(const struct p2pdma_topology *topology,
		     const struct p2pdma_function *provider,
		     const struct p2pdma_target *target, unsigned direction,
		     struct bottleneck *bottleneck)
{
	struct p2pdma_verdict verdict;

	*bottleneck = (struct bottleneck){ 0 };
	if (provider) {
		p2pdma_verdict_judge_target(topology, provider, target,
					    direction, &verdict);
		bottleneck->bytes_per_sec = verdict.payload_bytes_per_sec;
		bottleneck->at = verdict.bottleneck_at;
		return;
	}
	for (size_t i = 0; i < target->client_count; i++)
		climb(target->clients[i], bottleneck);
}
