/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/routes.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"

static char source[] = "/var/tmp/test-routes-XXXXXX";
static struct p2pdma_context *context;
static struct p2pdma_topology *topology;
static struct ring *ring;
static struct batch *batch;
static struct routes routes;

static void done(void *data, const struct batch_answer *answer)
{
}

static void begin(struct routes_wish wish)
{
	const struct batch_plan plan = { .done = done };
	struct batch_plan own = plan;

	strcpy(strrchr(source, '-'), "-XXXXXX");
	close(mkstemp(source));
	ck_assert_int_eq(p2pdma_context_create(NULL, &context), 0);
	ck_assert_int_eq(p2pdma_topology_scan(context, &topology), 0);
	ck_assert_int_eq(ring_open(BATCH_RING_DEPTH, &ring), 0);
	own.ring = ring;
	ck_assert_int_eq(batch_create(&own, &batch), 0);
	wish.context = context;
	wish.topology = topology;
	ck_assert_int_eq(routes_init(&routes, &wish, ring, batch), 0);
}

static void end(void)
{
	ring_close(routes.ring);
	ck_assert_int_eq(routes_fini(&routes), 0);
	batch_destroy(batch);
	p2pdma_topology_destroy(topology);
	p2pdma_context_destroy(context);
	unlink(source);
}

static const struct routes_ends ends = {
	.source_device = 1, .source = source,
	.places = { { 2, "/var/tmp" }, { 3, "/tmp" } }, .place_count = 1,
};

static struct route_plan *find(dev_t source_device, dev_t device)
{
	struct routes_ends wanted = ends;

	wanted.source_device = source_device;
	wanted.places[0].device = device;
	return routes_find(&routes, &wanted);
}

START_TEST(host_memory_is_there_from_the_start)
{
	begin((struct routes_wish){ .provider = "host" });
	ck_assert(routes.is_host_only);
	ck_assert_uint_eq(routes.count, 0);
	ck_assert_uint_ge(routes.host.block_bytes, 256 * KIB);
	end();
}
END_TEST

START_TEST(a_block_has_room_for_two_pieces_to_be_compared)
{
	begin((struct routes_wish){ .provider = "none", .block_bytes = 512,
				    .depth = 1 });
	ck_assert(routes.is_host_only);
	ck_assert_uint_eq(routes.host.block_bytes, 8192);
	end();
}
END_TEST

/* There is no peer memory here, or none that these reach. */
START_TEST(a_way_is_planned_once_for_each_pair)
{
	struct route_plan *plan = NULL;

	begin((struct routes_wish){ 0 });
	ck_assert(!routes.is_host_only);
	ck_assert_ptr_null(find(1, 2));
	ck_assert_int_eq(routes_predict(&routes, &ends, &plan), 0);
	if (routes_needs_proof(plan))
		ck_assert_int_eq(routes_prove(&routes, plan, &ends), 0);
	ck_assert(!routes_needs_proof(plan));
	ck_assert_ptr_eq(find(1, 2), plan);
	ck_assert_ptr_null(find(2, 1));
	if (!plan->is_peer) {
		ck_assert_uint_eq(plan->number, routes.host_number);
		ck_assert_ptr_nonnull(plan->memory.why.id);
	}
	end();
}
END_TEST

START_TEST(a_provider_that_is_not_there_is_an_error)
{
	struct route_plan *plan = NULL;

	begin((struct routes_wish){ .provider = "ffff:1f.7" });
	ck_assert_int_eq(routes_predict(&routes, &ends, &plan), -ENXIO);
	ck_assert_ptr_null(plan);
	ck_assert_uint_eq(routes.count, 0);
	end();
}
END_TEST

START_TEST(what_the_kernel_refuses_goes_through_host_memory)
{
	begin((struct routes_wish){ 0 });
	routes.plans[0] = (struct route_plan){
		.source_device = 1, .devices = { 2 }, .number = 7,
		.is_tried = true, .is_peer = true,
	};
	routes.count = 1;
	routes_give_up(&routes, 6, "x", -EREMOTEIO);
	ck_assert(routes.plans[0].is_peer);
	routes_give_up(&routes, 7, "x", -EREMOTEIO);
	ck_assert(!routes.plans[0].is_peer);
	ck_assert_uint_eq(routes.plans[0].number, routes.host_number);
	ck_assert_str_eq(routes.plans[0].memory.why.id, "probe-refused");
	ck_assert_ptr_nonnull(strstr(routes.plans[0].memory.why.advice,
				     "for x: Remote I/O error"));
	end();
}
END_TEST

START_TEST(other_places_are_another_plan)
{
	struct routes_ends both = ends;
	struct route_plan *plan = NULL, *one = NULL;

	begin((struct routes_wish){ .provider = "auto" });
	both.place_count = 2;
	ck_assert_int_eq(routes_predict(&routes, &ends, &one), 0);
	ck_assert_ptr_null(routes_find(&routes, &both));
	ck_assert_int_eq(routes_predict(&routes, &both, &plan), 0);
	ck_assert_ptr_eq(routes_find(&routes, &both), plan);
	ck_assert_ptr_eq(routes_find(&routes, &ends), one);
	ck_assert_uint_eq(plan->memory.place.also_count, 1);
	both.places[1].device = 2;
	ck_assert_ptr_null(routes_find(&routes, &both));
	end();
}
END_TEST

/* What can be planned anew goes first; memory that is taken stays. */
START_TEST(the_oldest_of_too_many_plans_is_forgotten)
{
	struct routes_ends others = ends;
	struct route_plan *plan = NULL;
	struct p2pdma_pool *pool;

	begin((struct routes_wish){ .provider = "auto" });
	pool = routes.host.pool;
	for (dev_t i = 0; i < PLANS_MOST; i++) {
		others.source_device = 100 + i;
		ck_assert_int_eq(routes_predict(&routes, &others, &plan), 0);
	}
	ck_assert(routes_is_full(&routes));
	routes.plans[0].memory.pool = pool;
	ck_assert_int_eq(routes_predict(&routes, &ends, &plan), 0);
	routes.plans[0].memory.pool = NULL;
	ck_assert(routes_is_full(&routes));
	ck_assert_ptr_eq(find(1, 2), plan);
	ck_assert_ptr_nonnull(find(100, 2));
	ck_assert_ptr_null(find(101, 2));
	ck_assert_ptr_nonnull(find(102, 2));
	end();
}
END_TEST

START_TEST(a_plan_needs_no_batch)
{
	const struct routes_wish wish = { .provider = "host", .depth = 9999 };
	struct routes plans;

	ck_assert_int_eq(routes_init(&plans, &wish, NULL, NULL), 0);
	ck_assert_ptr_null(plans.host.pool);
	ck_assert_uint_eq(plans.host.depth, BATCH_LANES_MOST);
	ck_assert_int_eq(routes_fini(&plans), 0);
}
END_TEST

START_TEST(memory_that_a_drive_may_write_to_is_left_and_told)
{
	begin((struct routes_wish){ .is_scrubbed = true });
	routes.plans[0].memory.provider = routes.host.host;
	routes.count = 1;
	routes.is_silent = true;
	ck_assert_int_eq(routes_fini(&routes), -ETIMEDOUT);
	routes.plans[0].memory.provider = NULL;
	ck_assert_int_eq(routes_fini(&routes), 0);
	routes.count = 0;
	routes.is_silent = false;
	end();
}
END_TEST

UNIT_SUITE("routes", host_memory_is_there_from_the_start,
	   a_block_has_room_for_two_pieces_to_be_compared,
	   a_way_is_planned_once_for_each_pair,
	   a_provider_that_is_not_there_is_an_error,
	   what_the_kernel_refuses_goes_through_host_memory,
	   other_places_are_another_plan,
	   the_oldest_of_too_many_plans_is_forgotten, a_plan_needs_no_batch,
	   memory_that_a_drive_may_write_to_is_left_and_told);
