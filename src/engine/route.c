// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/route.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/macro.h"

/* Every alignment that a drive may have divides it. */
#define BLOCK_LEAST	4096
#define BLOCK_MOST	(256 * MIB)
/* What Linux 7 keeps in one piece of peer memory, and a good host size. */
#define BLOCK_USUAL	MIB
/* A block much smaller than this costs more than it hides. */
#define BLOCK_SMALL	(64 * KIB)
#define FLIGHT_BYTES	(16 * MIB)
#define DEPTH_LEAST	4

/* --- block and depth ---------------------------------------------------- */

/* Smaller of two limits of which 0 is none. */
static uint64_t tighter(uint64_t a, uint64_t b)
{
	return a && b ? MIN(a, b) : MAX(a, b);
}

/* Large blocks, but some of them must fit into small peer memory. */
static uint64_t fit_room(uint64_t block, uint64_t room)
{
	while (block > BLOCK_SMALL && block > room / DEPTH_LEAST)
		block /= 2;
	return block;
}

/* What limits a block, and how strictly. 0: nothing does. */
struct limits {
	uint64_t most;		/* peer memory goes no further */
	uint64_t best;		/* beyond it the kernel cuts, slowly */
	uint64_t room;		/* of the provider */
};

static uint32_t choose_block(const struct route_wish *wish,
			     const struct limits *limits)
{
	uint64_t block = wish->block_bytes;

	if (!block)
		block = tighter(BLOCK_USUAL, limits->best);
	if (!wish->block_bytes && limits->room)
		block = fit_room(block, limits->room);
	block = MIN(block, tighter(BLOCK_MOST, limits->most));
	if (wish->size_bytes < block)
		block = round_up(wish->size_bytes, BLOCK_LEAST);
	return (uint32_t)MAX(round_down(block, BLOCK_LEAST), BLOCK_LEAST);
}

static unsigned choose_depth(const struct route_wish *wish, uint32_t block)
{
	uint64_t blocks = MAX((wish->size_bytes + block - 1) / block, 1);
	uint64_t depth = wish->depth;

	if (!depth)
		depth = MIN(MAX(FLIGHT_BYTES / block, DEPTH_LEAST),
			    ROUTE_DEPTH_MOST);
	return (unsigned)MIN(depth, blocks);
}

static void choose_sizes(struct route *route, const struct route_wish *wish,
			 const struct limits *limits)
{
	route->block_bytes = choose_block(wish, limits);
	route->depth = choose_depth(wish, route->block_bytes);
	route->is_block_changed = wish->block_bytes &&
				  wish->block_bytes <= wish->size_bytes &&
				  wish->block_bytes != route->block_bytes;
}

/* --- provider ----------------------------------------------------------- */

static void note(struct p2pdma_reason *reason, const char *id,
		 const char *advice)
{
	reason->id = id;
	reason->at = NULL;
	snprintf(reason->advice, sizeof(reason->advice), "%s", advice);
}

static const struct p2pdma_verdict *
find_refusal(const struct p2pdma_choice *choice)
{
	if (choice->source.reach == P2PDMA_REACH_REFUSED)
		return &choice->source;
	if (choice->destination.reach == P2PDMA_REACH_REFUSED)
		return &choice->destination;
	return NULL;
}

static void remember(struct route *route, const struct p2pdma_reason *why)
{
	if (!route->fallback.id)
		route->fallback = *why;
}

/* 0 when @choice is taken; 1 when it is not to be had, and why is noted. */
static int take(struct p2pdma_context *context, struct route *route,
		const struct p2pdma_choice *choice)
{
	const struct p2pdma_verdict *refusal = find_refusal(choice);
	struct p2pdma_reason why = { 0 };
	int rc;

	if (refusal) {
		note(&why, "not-pci", "neither end is on PCI");
		remember(route, refusal->reason_count ? &refusal->reasons[0] :
							&why);
		return 1;
	}
	rc = p2pdma_provider_open(context, choice->provider->address, &why,
				  &route->provider);
	if (rc == -ENOMEM)
		return rc;
	if (rc) {
		if (why.id)
			remember(route, &why);
		return 1;
	}
	route->function = choice->provider;
	route->reach_source = choice->source.reach;
	route->reach_destination = choice->destination.reach;
	route->bottleneck_bytes_per_sec = choice->bottleneck_bytes_per_sec;
	return 0;
}

static int take_best(struct p2pdma_context *context, struct route *route,
		     const struct p2pdma_choice *choices, size_t count,
		     const struct p2pdma_function *only)
{
	int rc = 1;

	for (size_t i = 0; i < count && rc > 0; i++)
		if (!only || choices[i].provider == only)
			rc = take(context, route, &choices[i]);
	return rc;
}

static bool is_allocate_path(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash && !strcmp(slash, "/allocate");
}

/* Through the library, which alone knows how such a path is made up. */
static const struct p2pdma_function *
find_by_allocate(struct p2pdma_context *context,
		 const struct p2pdma_topology *topology, const char *path)
{
	const struct p2pdma_function *f;
	struct p2pdma_provider *provider;

	if (p2pdma_provider_open(context, path, NULL, &provider))
		return NULL;
	f = p2pdma_topology_find(topology, p2pdma_provider_get_name(provider));
	p2pdma_provider_close(provider);
	return f;
}

/* "0000:03:00.0", "03:00.0", an allocate file, /dev/nvme0, a file there. */
static const struct p2pdma_function *
find_function(struct p2pdma_context *context,
	      const struct p2pdma_topology *topology, const char *name)
{
	const struct p2pdma_function *f = p2pdma_topology_find(topology, name);
	struct p2pdma_target *target;

	if (f)
		return f;
	if (is_allocate_path(name))
		return find_by_allocate(context, topology, name);
	if (p2pdma_target_resolve(context, topology, name, -1, &target))
		return NULL;
	f = target->client_count ? target->clients[0] : NULL;
	p2pdma_target_destroy(target);
	return f;
}

static bool is_host(const char *name)
{
	return name && (!strcmp(name, "host") || !strcmp(name, "none"));
}

static bool is_auto(const char *name)
{
	return !name || !strcmp(name, "auto");
}

/* Nothing was taken; if nobody said why, there was nobody to ask. */
static void explain(struct p2pdma_context *context, struct route *route,
		    const struct p2pdma_function *only)
{
	struct p2pdma_provider *provider;
	struct p2pdma_reason why = { 0 };

	if (route->fallback.id)
		return;
	note(&why, "no-p2pmem", "no driver offers memory to its peers here; "
				"p2ptopo doctor tells what is missing");
	if (only && !p2pdma_provider_open(context, only->address, &why,
					  &provider))
		p2pdma_provider_close(provider);
	route->fallback = why;
}

static void choose_peer_sizes(struct route *route,
			      const struct route_wish *wish,
			      const struct p2pdma_target *source,
			      const struct p2pdma_target *destination)
{
	uint64_t most = tighter(source->max_peer_io_bytes,
				destination->max_peer_io_bytes);
	const struct limits limits = {
		.most = most,
		.best = most,
		.room = route->function->memory->available_bytes,
	};

	choose_sizes(route, wish, &limits);
}

static int find_provider(struct p2pdma_context *context,
			 const struct p2pdma_topology *topology,
			 const struct p2pdma_target *source,
			 const struct p2pdma_target *destination,
			 const struct p2pdma_function *only,
			 struct route *route)
{
	_cleanup_free_ struct p2pdma_choice *choices = NULL;
	size_t count;
	int rc;

	rc = p2pdma_choices_rank(topology, source, destination, &choices,
				 &count);
	if (!rc)
		rc = take_best(context, route, choices, count, only);
	return rc;
}

int route_choose(struct p2pdma_context *context,
		 const struct p2pdma_topology *topology,
		 const struct p2pdma_target *source,
		 const struct p2pdma_target *destination,
		 const struct route_wish *wish, struct route *route)
{
	const struct p2pdma_function *only = NULL;
	int rc;

	*route = (struct route){
		.host_limit_bytes =
			(uint32_t)tighter(source->max_io_bytes,
					  destination->max_io_bytes),
	};
	if (is_host(wish->provider)) {
		route_give_up(route, wish, NULL);
		return 0;
	}
	if (!is_auto(wish->provider)) {
		only = find_function(context, topology, wish->provider);
		if (!only)
			return -ENXIO;
	}
	rc = find_provider(context, topology, source, destination, only, route);
	if (rc < 0)
		return rc;
	if (rc) {
		explain(context, route, only);
		route_give_up(route, wish, &route->fallback);
		return 0;
	}
	route->fallback = (struct p2pdma_reason){ 0 };
	choose_peer_sizes(route, wish, source, destination);
	return 0;
}

void route_give_up(struct route *route, const struct route_wish *wish,
		   const struct p2pdma_reason *reason)
{
	const struct limits limits = { .best = route->host_limit_bytes };

	p2pdma_provider_close(route->provider);
	route->provider = NULL;
	route->function = NULL;
	route->reach_source = route->reach_destination = P2PDMA_REACH_UNKNOWN;
	if (reason && reason != &route->fallback)
		route->fallback = *reason;
	choose_sizes(route, wish, &limits);
}

void route_fini(struct route *route)
{
	p2pdma_provider_close(route->provider);
	route->provider = NULL;
}
