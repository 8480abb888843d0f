// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/link.h"

#include "base/macro.h"

/* Speed by speed: encoding, bytes around a packet's data, FLITs. */
struct generation {
	uint32_t speed_mtps;
	uint32_t payload, line;		/* bits in, bits on the wire */
	uint32_t packet_bytes;		/* beside the data */
	uint32_t flit_carried, flit_bytes;
};

static const struct generation generations[] = {
	{ 2500, 8, 10, 24, 1, 1 },     { 5000, 8, 10, 24, 1, 1 },
	{ 8000, 128, 130, 24, 1, 1 },  { 16000, 128, 130, 24, 1, 1 },
	{ 32000, 128, 130, 24, 1, 1 }, { 64000, 1, 1, 16, 236, 256 },
};

static const struct generation *find_generation(uint32_t speed_mtps)
{
	for (size_t i = 0; i < ARRAY_SIZE(generations); i++)
		if (generations[i].speed_mtps == speed_mtps)
			return &generations[i];
	return NULL;
}

uint64_t link_get_rate(uint32_t speed_mtps, uint32_t width)
{
	const struct generation *g = find_generation(speed_mtps);

	return g ? (uint64_t)speed_mtps * 1000000 * width * g->payload /
			   g->line / 8 : 0;
}

uint64_t p2pdma_link_get_payload_rate(const struct p2pdma_link *link,
				      unsigned max_payload_bytes)
{
	const struct generation *g = find_generation(link->speed_mtps);
	uint64_t rate = link->bytes_per_sec;

	if (!g || !max_payload_bytes)
		return 0;
	rate = rate * g->flit_carried / g->flit_bytes;
	return rate * max_payload_bytes /
	       (max_payload_bytes + g->packet_bytes);
}

/* What one end does not tell, the other one may. */
static uint32_t lesser_known(uint32_t a, uint32_t b)
{
	return a && b ? MIN(a, b) : MAX(a, b);
}

/* Speed and width by themselves: 16 GT/s x4 and 8 GT/s x8 make 8 x4. */
static struct p2pdma_link join(const struct p2pdma_link *a,
			       const struct p2pdma_link *b)
{
	struct p2pdma_link link = {
		.speed_mtps = lesser_known(a->speed_mtps, b->speed_mtps),
		.width = lesser_known(a->width, b->width),
	};

	link.bytes_per_sec = link_get_rate(link.speed_mtps, link.width);
	return link;
}

/* A verdict about a link needs the word of both ends. */
static enum p2pdma_answer judge(const struct p2pdma_uplink *uplink,
				const struct p2pdma_link *lower,
				const struct p2pdma_link *upper)
{
	if (!uplink->now.bytes_per_sec || !lower->bytes_per_sec ||
	    !upper->bytes_per_sec)
		return P2PDMA_UNKNOWN;
	return uplink->now.bytes_per_sec < uplink->best.bytes_per_sec ?
		       P2PDMA_YES : P2PDMA_NO;
}

bool p2pdma_function_get_uplink(const struct p2pdma_function *function,
				struct p2pdma_uplink *uplink)
{
	const struct p2pdma_function *lower, *upper = function->parent;

	/* From a downstream port to its upstream port it is one chip. */
	if (!upper || function->port == P2PDMA_PORT_DOWNSTREAM)
		return false;
	lower = function->physfn ? function->physfn : function;
	uplink->now = join(&lower->link, &upper->link);
	uplink->best = join(&lower->link_max, &upper->link_max);
	uplink->is_degraded = judge(uplink, &lower->link_max,
				    &upper->link_max);
	return true;
}
