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
	for (size_t i = 0; target && i < target->client_count; i++)
		if (target->clients[i] == f)
			return true;
	return false;
}

/* The narrower of two rates; no links at all is no limit. */
static uint64_t narrower(const struct p2pdma_verdict *a,
			 const struct p2pdma_verdict *b)
{
	if (!a->links)
		return b->bottleneck_bytes_per_sec;
	if (!b->links)
		return a->bottleneck_bytes_per_sec;
	return MIN(a->bottleneck_bytes_per_sec, b->bottleneck_bytes_per_sec);
}

static void judge(const struct p2pdma_topology *topology,
		  const struct p2pdma_function *provider,
		  const struct p2pdma_target *target, unsigned direction,
		  struct p2pdma_verdict *verdict)
{
	if (target)
		p2pdma_verdict_judge_target(topology, provider, target,
					    direction, verdict);
	else
		*verdict = (struct p2pdma_verdict){
			.reach = P2PDMA_REACH_DIRECT
		};
}

static void weigh(const struct p2pdma_topology *topology,
		  const struct p2pdma_function *provider,
		  const struct p2pdma_target *source,
		  const struct p2pdma_target *destination,
		  struct candidate *candidate)
{
	struct p2pdma_choice *c = &candidate->choice;

	c->provider = provider;
	judge(topology, provider, source, P2PDMA_READ, &c->source);
	judge(topology, provider, destination, P2PDMA_WRITE,
	      &c->destination);
	c->reach = verdict_worse(c->source.reach, c->destination.reach);
	c->crossings = c->source.links + c->destination.links;
	c->bottleneck_bytes_per_sec = narrower(&c->source, &c->destination);
	candidate->is_own = has_client(source, provider) ||
			    has_client(destination, provider);
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

int p2pdma_choices_rank(const struct p2pdma_topology *topology,
			const struct p2pdma_target *source,
			const struct p2pdma_target *destination,
			struct p2pdma_choice **choices, size_t *count)
{
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
		weigh(topology, topology->providers[i], source, destination,
		      &candidates[i]);
	qsort(candidates, n, sizeof(*candidates), compare);
	ranked = take_choices(candidates, n);
	free(candidates);
	if (!ranked)
		return -ENOMEM;
	*choices = ranked;
	*count = n;
	return 0;
}
