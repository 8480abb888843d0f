/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/bottleneck.h"
#include "unit/fixture.h"
#include "unit/unit.h"

static struct fixture tree;

/* From the memory of @provider (NULL: the host's) to the drive at @client. */
static struct bottleneck find(const char *provider, const char *client)
{
	struct p2pdma_target *target;
	struct bottleneck found;

	fixture_load(&tree, "dual-socket", NULL);
	ck_assert_int_eq(p2pdma_target_resolve(tree.context, tree.topology,
					       client, -1, &target), 0);
	bottleneck_find(tree.topology,
			provider ? fixture_find(&tree, provider) : NULL,
			target, P2PDMA_READ, &found);
	p2pdma_target_destroy(target);
	return found;
}

/* 16 GT/s x4, and 8 GT/s x4 where it trained down, with packets of 256. */
START_TEST(the_slowest_link_between_drive_and_memory_counts)
{
	struct bottleneck b = find("0000:36:00.0", "0000:33:00.0");

	ck_assert_uint_eq(b.bytes_per_sec, 7201758240);
	fixture_close(&tree);
	b = find("0000:36:00.0", "0000:39:00.0");
	ck_assert_uint_eq(b.bytes_per_sec, 3600879120);
	ck_assert_str_eq(b.at->address, "0000:39:00.0");
	fixture_close(&tree);
}
END_TEST

START_TEST(to_the_hosts_memory_it_is_the_way_up)
{
	struct bottleneck b = find(NULL, "0000:39:00.0");

	ck_assert_uint_eq(b.bytes_per_sec, 3600879120);
	ck_assert_str_eq(b.at->address, "0000:39:00.0");
	fixture_close(&tree);
	b = find(NULL, "0000:01:00.0");
	ck_assert_uint_eq(b.bytes_per_sec, 1800439560);
	fixture_close(&tree);
}
END_TEST

START_TEST(inside_one_function_there_is_no_link)
{
	struct bottleneck b = find("0000:36:00.0", "0000:36:00.0");

	ck_assert_uint_eq(b.bytes_per_sec, 0);
	ck_assert_ptr_null(b.at);
	fixture_close(&tree);
}
END_TEST

START_TEST(of_two_ways_the_slower_one_counts_and_unknown_ones_do_not)
{
	struct bottleneck into = { 0 }, fast = { .bytes_per_sec = 7 };
	const struct bottleneck slow = { .bytes_per_sec = 3 }, unknown = { 0 };

	bottleneck_merge(&into, &fast);
	bottleneck_merge(&into, &unknown);
	ck_assert_uint_eq(into.bytes_per_sec, 7);
	bottleneck_merge(&into, &slow);
	bottleneck_merge(&into, &fast);
	ck_assert_uint_eq(into.bytes_per_sec, 3);
}
END_TEST

UNIT_SUITE("bottleneck",
	   the_slowest_link_between_drive_and_memory_counts,
	   to_the_hosts_memory_it_is_the_way_up,
	   inside_one_function_there_is_no_link,
	   of_two_ways_the_slower_one_counts_and_unknown_ones_do_not);
