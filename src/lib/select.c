// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Knows in which order providers are good for a copy. Pure: judges with the
 * rules of verdict.c and compares.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/macro.h"
#include "lib/topology.h"
#include "lib/verdict.h"

/* A choice, and what it is compared by beyond what callers see. */
struct candidate {
	struct p2pdma_choice choice;
	bool is_own;		/* the memory of one of the ends */
};

static bool has_client(const struct p2pdma_target *target,
		       const struct p2pdma_function *f)
{
	for (size_t i = 0; i < target->client_count; i++)
		if (target->clients[i] == f)
			return true;
	return false;
}

/* Where the bytes of a copy come from and go to. */
struct route {
	const struct p2pdma_topology *topology;
	const struct p2pdma_target *source;
	const struct p2pdma_target *const *destinations;
	size_t destination_count;
};

/* One more transfer of each byte. No links at all are no limit. */
static void add_cost(struct p2pdma_choice *c, const struct p2pdma_verdict *leg)
{
	uint64_t rate = leg->bottleneck_bytes_per_sec;

	if (!leg->links)
		return;
	c->bottleneck_bytes_per_sec =
		c->crossings ? MIN(c->bottleneck_bytes_per_sec, rate) : rate;
	c->crossings += leg->links;
}

static void judge(const struct route *route, struct candidate *candidate,
		  const struct p2pdma_target *target, unsigned direction,
		  struct p2pdma_verdict *verdict)
{
	struct p2pdma_choice *c = &candidate->choice;

	p2pdma_verdict_judge_target(route->topology, c->provider, target,
				    direction, verdict);
	c->reach = verdict_worse(c->reach, verdict->reach);
	add_cost(c, verdict);
	candidate->is_own |= has_client(target, c->provider);
}

static void weigh(const struct route *route,
		  const struct p2pdma_function *provider,
		  struct candidate *candidate)
{
	struct p2pdma_choice *c = &candidate->choice;

	c->provider = provider;
	c->reach = P2PDMA_REACH_DIRECT;
	c->source.reach = c->destination.reach = P2PDMA_REACH_DIRECT;
	if (route->source)
		judge(route, candidate, route->source, P2PDMA_READ,
		      &c->source);
	for (size_t i = 0; i < route->destination_count; i++) {
		struct p2pdma_verdict verdict;

		judge(route, candidate, route->destinations[i], P2PDMA_WRITE,
		      &verdict);
		if (!i || verdict_is_worse(verdict.reach,
					   c->destination.reach))
			c->destination = verdict;
	}
}

/* Any route is a route: which of the two it is shows in the crossings. */
static unsigned rank_reach(enum p2pdma_reach reach)
{
	if (reach == P2PDMA_REACH_REFUSED)
		return 2;
	return reach == P2PDMA_REACH_UNKNOWN;
}

static int smaller_first(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	const struct p2pdma_choice *c = &x->choice, *d = &y->choice;
	int order;

	order = smaller_first(rank_reach(c->reach), rank_reach(d->reach));
	if (!order)
		order = smaller_first(!x->is_own, !y->is_own);
	if (!order)
		order = smaller_first(c->crossings, d->crossings);
	if (!order)
		order = smaller_first(d->bottleneck_bytes_per_sec,
				      c->bottleneck_bytes_per_sec);
	if (!order)
		order = smaller_first(d->provider->memory->available_bytes,
				      c->provider->memory->available_bytes);
	return order ? order : topology_compare(c->provider, d->provider);
}

/* What callers see, in order. */
static struct p2pdma_choice *take_choices(struct candidate *candidates,
					  size_t count)
{
	struct p2pdma_choice *choices = calloc(count, sizeof(*choices));

	for (size_t i = 0; choices && i < count; i++)
		choices[i] = candidates[i].choice;
	return choices;
}

int p2pdma_choices_rank_all(const struct p2pdma_topology *topology,
			    const struct p2pdma_target *source,
			    const struct p2pdma_target *const *destinations,
			    size_t destination_count,
			    struct p2pdma_choice **choices, size_t *count)
{
	const struct route route = { topology, source, destinations,
				     destination_count };
	struct candidate *candidates;
	struct p2pdma_choice *ranked;
	size_t n = topology->provider_count;

	if (!n) {
		*choices = NULL;
		*count = 0;
		return 0;
	}
	candidates = calloc(n, sizeof(*candidates));
	if (!candidates)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		weigh(&route, topology->providers[i], &candidates[i]);
	qsort(candidates, n, sizeof(*candidates), compare);
	ranked = take_choices(candidates, n);
	free(candidates);
	if (!ranked)
		return -ENOMEM;
	*choices = ranked;
	*count = n;
	return 0;
}

int p2pdma_choices_rank(const struct p2pdma_topology *topology,
			const struct p2pdma_target *source,
			const struct p2pdma_target *destination,
			struct p2pdma_choice **choices, size_t *count)
{
	return p2pdma_choices_rank_all(topology, source, &destination,
				       destination ? 1 : 0, choices, count);
}
