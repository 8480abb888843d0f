// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/routes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/macro.h"

/* Small files are whole in one block; large ones have many in flight. */
#define BLOCK_USUAL	(256 * KIB)
#define LANES_USUAL	64
/* Two pieces to be compared, each as direct I/O wants it. */
#define BLOCK_LEAST	(2 * ALIGN_USUAL)
/* Of direct I/O through host memory; where it is not enough, none is used. */
#define ALIGN_USUAL	4096

static struct memory_wish make_wish(const struct routes *r)
{
	return (struct memory_wish){
		.provider = r->wish.provider,
		.block_bytes = r->wish.block_bytes ?
				       MAX(r->wish.block_bytes, BLOCK_LEAST) :
				       BLOCK_USUAL,
		.depth = r->wish.depth ? MIN(r->wish.depth, BATCH_LANES_MOST) :
					 LANES_USUAL,
		.size_bytes = INT64_MAX,
		.is_scrubbed = r->wish.is_scrubbed,
	};
}

static bool is_host(const char *provider)
{
	return provider && (!strcmp(provider, "host") ||
			    !strcmp(provider, "none"));
}

static int take_host(struct routes *r)
{
	const struct memory_place place = {
		.context = r->wish.context,
		.topology = r->wish.topology,
	};
	struct memory_wish wish = make_wish(r);
	const struct memory_trial trial = { .ring = &r->ring };
	int rc;

	wish.provider = "host";
	rc = memory_plan(&r->host, &place, &wish);
	if (!rc && !r->batch)
		return 0;
	if (!rc)
		rc = memory_take(&r->host, &trial);
	if (rc)
		return rc;
	return batch_add_route(r->batch, r->host.pool, r->host.block_bytes,
			       ALIGN_USUAL, &r->host_number);
}

int routes_init(struct routes *routes, const struct routes_wish *wish,
		struct ring *ring, struct batch *batch)
{
	*routes = (struct routes){
		.wish = *wish,
		.ring = ring,
		.batch = batch,
		.is_host_only = is_host(wish->provider),
	};
	return take_host(routes);
}

static void drop_plan(struct routes *r, struct route_plan *plan)
{
	memory_release(&plan->memory);
	if (plan->memory.scrub_error)
		r->scrub_error = plan->memory.scrub_error;
	p2pdma_target_destroy(plan->source);
	for (unsigned i = 0; i < plan->place_count; i++)
		p2pdma_target_destroy(plan->destinations[i]);
}

/* A drive may still write to what is left as it is. */
static int leave_plans(const struct routes *routes)
{
	for (unsigned i = 0; i < routes->count; i++)
		if (routes->wish.is_scrubbed &&
		    routes->plans[i].memory.provider)
			return -ETIMEDOUT;
	return routes->scrub_error;
}

int routes_fini(struct routes *routes)
{
	if (routes->is_silent)
		return leave_plans(routes);
	for (unsigned i = 0; i < routes->count; i++)
		drop_plan(routes, &routes->plans[i]);
	memory_release(&routes->host);
	return routes->scrub_error;
}

static bool is_for(const struct route_plan *plan,
		   const struct routes_ends *ends)
{
	if (plan->source_device != ends->source_device ||
	    plan->place_count != ends->place_count)
		return false;
	for (unsigned i = 0; i < ends->place_count; i++)
		if (plan->devices[i] != ends->places[i].device)
			return false;
	return true;
}

struct route_plan *routes_find(struct routes *routes,
			       const struct routes_ends *ends)
{
	for (unsigned i = 0; i < routes->count; i++)
		if (is_for(&routes->plans[i], ends))
			return &routes->plans[i];
	return NULL;
}

/* What a plan is tried with. */
struct trial_files {
	struct endpoint *from, *to[BATCH_PLACES_MOST];
};

/* Files without a name there, which go with their descriptors. */
static int open_there(const char *directory, struct endpoint **to)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s%s.p2pcopy.%ld", directory,
		     *directory ? "/" : "", (long)getpid()) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return endpoint_open_new(path, ENDPOINT_WRITE | ENDPOINT_REPLACE, 0600,
				 to);
}

static int open_trial(const struct routes_ends *ends,
		      struct trial_files *files)
{
	int rc = endpoint_open(ends->source, ENDPOINT_READ, &files->from);

	for (unsigned i = 0; i < ends->place_count && !rc; i++)
		rc = open_there(ends->places[i].directory, &files->to[i]);
	return rc;
}

static void close_trial(struct trial_files *files)
{
	endpoint_close(files->from);
	for (unsigned i = 0; i < BATCH_PLACES_MOST; i++)
		endpoint_close(files->to[i]);
}

/* Of all; one that is NULL is the last. */
static uint32_t find_align(const struct trial_files *files)
{
	uint32_t align = MAX(files->from->offset_align, ALIGN_USUAL);

	for (unsigned i = 0; i < BATCH_PLACES_MOST && files->to[i]; i++)
		align = MAX(align, files->to[i]->offset_align);
	return align;
}

static const struct endpoint *find_undirect(const struct trial_files *files)
{
	if (files->from->direct_fd < 0)
		return files->from;
	for (unsigned i = 0; i < BATCH_PLACES_MOST && files->to[i]; i++)
		if (files->to[i]->direct_fd < 0)
			return files->to[i];
	return NULL;
}

static void give_up_undirect(struct memory *m, const struct trial_files *files)
{
	const struct endpoint *undirect = find_undirect(files);
	struct p2pdma_reason why = { .id = "filesystem" };

	if (!undirect)
		return;
	snprintf(why.advice, sizeof(why.advice), "%s has no direct I/O: use "
		 "ext4 or xfs on NVMe", undirect->path);
	memory_give_up_peer(m, &why);
}

/* Its lanes are used up by those before it. */
static void give_up_crowded(struct memory *m)
{
	static const struct p2pdma_reason why = {
		.id = "too-many-paths",
		.advice = "files go from so many file systems to so many at "
			  "once that there is no room for one more path: run "
			  "p2pcopy for some of them at a time",
	};

	memory_give_up_peer(m, &why);
}

static int prove(struct routes *r, struct route_plan *plan,
		 const struct trial_files *files)
{
	const struct memory_trial trial = {
		.source = files->from,
		.destination = files->to[0],
		.also = files->to + 1,
		.also_count = plan->place_count - 1,
		.ring = &r->ring,
		.io_timeout_ns = r->wish.io_timeout_ns,
	};
	int rc;

	/* The plan may have moved since it was made. */
	plan->memory.place.also = (const struct p2pdma_target *const *)
					  &plan->destinations[1];
	give_up_undirect(&plan->memory, files);
	rc = memory_take(&plan->memory, &trial);
	r->is_silent = rc == -ETIMEDOUT || plan->memory.silent;
	if (!rc)
		rc = batch_regain_ring(r->batch, r->ring);
	if (!rc && !plan->memory.provider)
		memory_release(&plan->memory);	/* there is some already */
	if (rc || !plan->memory.provider)
		return rc;
	rc = batch_add_route(r->batch, plan->memory.pool,
			     plan->memory.block_bytes, find_align(files),
			     &plan->number);
	if (rc == -ENOSPC)
		give_up_crowded(&plan->memory);
	plan->is_peer = !rc;
	return rc == -ENOSPC ? 0 : rc;
}

static int try_peer(struct routes *r, struct route_plan *plan,
		    const struct routes_ends *ends)
{
	struct trial_files files = { 0 };
	int rc;

	rc = open_trial(ends, &files);
	if (!rc)
		rc = prove(r, plan, &files);
	if (!r->is_silent)
		close_trial(&files);
	return rc;
}

static int resolve_places(struct routes *r, struct route_plan *plan,
			  const struct routes_ends *ends)
{
	int rc = 0;

	for (unsigned i = 0; i < ends->place_count && !rc; i++) {
		const char *directory = ends->places[i].directory;

		rc = p2pdma_target_resolve(r->wish.context, r->wish.topology,
					   *directory ? directory : ".", -1,
					   &plan->destinations[i]);
	}
	return rc;
}

static int plan_memory(struct routes *r, struct route_plan *plan,
		       const struct routes_ends *ends)
{
	const struct memory_wish wish = make_wish(r);
	struct memory_place place = {
		.context = r->wish.context,
		.topology = r->wish.topology,
	};
	int rc;

	rc = p2pdma_target_resolve(place.context, place.topology,
				   ends->source, -1, &plan->source);
	if (!rc)
		rc = resolve_places(r, plan, ends);
	if (rc)
		return rc;
	place.source = plan->source;
	place.destination = plan->destinations[0];
	place.also = (const struct p2pdma_target *const *)
			     &plan->destinations[1];
	place.also_count = plan->place_count - 1;
	return memory_plan(&plan->memory, &place, &wish);
}

bool routes_is_full(const struct routes *routes)
{
	return routes->count == PLANS_MOST;
}

static void forget(struct routes *r, struct route_plan *plan)
{
	drop_plan(r, plan);
	r->count--;
	memmove(plan, plan + 1, (size_t)(&r->plans[r->count] - plan) *
				sizeof(*plan));
}

/* The batch has fewer pools than there are plans. */
static void forget_oldest(struct routes *r)
{
	struct route_plan *plan = r->plans;

	while (plan->memory.pool)
		plan++;
	forget(r, plan);
}

int routes_predict(struct routes *routes, const struct routes_ends *ends,
		   struct route_plan **plan)
{
	struct route_plan *p;
	int rc;

	if (routes_is_full(routes))
		forget_oldest(routes);
	p = &routes->plans[routes->count];
	*p = (struct route_plan){
		.source_device = ends->source_device,
		.place_count = ends->place_count,
		.number = routes->host_number,
	};
	for (unsigned i = 0; i < ends->place_count; i++)
		p->devices[i] = ends->places[i].device;
	rc = plan_memory(routes, p, ends);
	if (rc) {
		drop_plan(routes, p);
		return rc;
	}
	routes->count++;
	*plan = p;
	return 0;
}

bool routes_needs_proof(const struct route_plan *plan)
{
	return plan->memory.provider && !plan->is_tried;
}

int routes_prove(struct routes *routes, struct route_plan *plan,
		 const struct routes_ends *ends)
{
	int rc;

	plan->is_tried = true;
	rc = try_peer(routes, plan, ends);
	if (rc && !routes->is_silent)
		forget(routes, plan);
	return rc;
}

void routes_give_up(struct routes *routes, unsigned number, const char *path,
		    int error)
{
	for (unsigned i = 0; i < routes->count; i++) {
		struct route_plan *plan = &routes->plans[i];

		if (!plan->is_peer || plan->number != number)
			continue;
		plan->is_peer = false;
		plan->number = routes->host_number;
		memory_explain_refusal(&plan->memory.why, path, error);
	}
}
