// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "lib/layer.h"
#include "lib/topology.h"

int target_add_client(struct target *target,
		      const struct p2pdma_function *client)
{
	const struct p2pdma_function **slot;

	if (target->is_below_loop)
		return 0;
	for (size_t i = 0; i < target->public.client_count; i++)
		if (target->clients[i] == client)
			return 0;
	slot = array_add(target->clients, target->public.client_count);
	if (!slot)
		return -ENOMEM;
	*slot = client;
	return 0;
}

int target_add_layer(struct target *target, const char *kind,
		     const char *name)
{
	const char *kept_kind = arena_strdup(&target->arena, kind);
	const char *kept_name = arena_strdup(&target->arena, name);
	struct p2pdma_layer *layer;

	if (target->is_below_loop)
		return 0;
	if (!kept_kind || (name && !kept_name))
		return -ENOMEM;
	layer = array_add(target->layers, target->public.layer_count);
	if (!layer)
		return -ENOMEM;
	*layer = layer_make(target->topology->machine.kernel_version,
			    kept_kind, kept_name);
	return 0;
}

int target_add_holder(struct target *target, const char *name)
{
	const char *kept = arena_strdup(&target->arena, name);
	const char **slot;

	slot = kept ? array_add(target->holders,
				target->public.holder_count) : NULL;
	if (!slot)
		return -ENOMEM;
	*slot = kept;
	return 0;
}

int target_push_place(struct target *target, const char *container,
		      const char *member, struct target_range range)
{
	struct p2pdma_place *place;

	if (target->chain_count == PLACES_MAX)
		return -ELOOP;
	place = &target->chain[target->chain_count];
	place->container = arena_strdup(&target->arena, container);
	place->member = arena_strdup(&target->arena, member);
	if (!place->container || (member && !place->member))
		return -ENOMEM;
	place->start_bytes = range.start;
	place->end_bytes = range.end ? range.end : UINT64_MAX;
	place->is_linear = range.is_linear;
	target->chain_count++;
	return 0;
}

int target_add_way(struct target *target)
{
	size_t size = target->chain_count * sizeof(target->chain[0]);
	struct p2pdma_place *kept = arena_alloc(&target->arena, size);
	struct p2pdma_way *way;

	way = kept ? array_add(target->ways, target->public.way_count) : NULL;
	if (!way)
		return -ENOMEM;
	memcpy(kept, target->chain, size);
	way->places = kept;
	way->place_count = target->chain_count;
	return 0;
}

/* The worst of the layers, and why. */
int target_conclude(struct target *target)
{
	struct p2pdma_target *t = &target->public;

	t->passes_reads = P2PDMA_YES;
	t->passes_writes = P2PDMA_YES;
	for (size_t i = 0; i < t->layer_count; i++) {
		const struct p2pdma_layer *layer = &target->layers[i];
		struct p2pdma_reason *reason;

		t->passes_reads =
			layer_worse(t->passes_reads, layer->passes_reads);
		t->passes_writes =
			layer_worse(t->passes_writes, layer->passes_writes);
		if (layer_passes(layer, P2PDMA_READ | P2PDMA_WRITE) ==
		    P2PDMA_YES)
			continue;
		reason = array_add(target->reasons, t->reason_count);
		if (!reason)
			return -ENOMEM;
		layer_explain(layer, reason);
	}
	t->clients = target->clients;
	t->layers = target->layers;
	t->holders = target->holders;
	t->ways = target->ways;
	t->aliases = target->aliases;
	t->reasons = target->reasons;
	return 0;
}

void p2pdma_target_destroy(struct p2pdma_target *target)
{
	struct target *t = (struct target *)target;

	if (!t)
		return;
	arena_fini(&t->arena);
	free(t->clients);
	free(t->layers);
	free(t->holders);
	free(t->reasons);
	free(t->ways);
	free(t->aliases);
	free(t);
}
