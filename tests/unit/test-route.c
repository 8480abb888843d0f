/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/route.h"

#include "unit/unit.h"

/*
 * root (x16) - up (x16) - down1 (x4) - a (x4)
 *                       - down2 (x8) - b (x8)
 * other root (x2) - c (x2)
 */
static struct p2pdma_function root, up, down1, down2, a, b, other, c;

static void connect_to(struct p2pdma_function *function,
		       const struct p2pdma_function *parent, uint32_t width)
{
	function->parent = parent;
	function->link.bytes_per_sec = width * UINT64_C(1000);
}

static void build(void)
{
	connect_to(&root, NULL, 16);
	connect_to(&up, &root, 16);
	connect_to(&down1, &up, 4);
	connect_to(&a, &down1, 4);
	connect_to(&down2, &up, 8);
	connect_to(&b, &down2, 8);
	connect_to(&other, NULL, 2);
	connect_to(&c, &other, 2);
}

START_TEST(the_slowest_link_below_the_common_bridge_counts)
{
	struct bottleneck found;

	build();
	route_find_bottleneck(&a, &b, &found);
	ck_assert_uint_eq(found.bytes_per_sec, 4000);
	ck_assert_ptr_eq(found.at, &a);
	route_find_bottleneck(&b, &a, &found);
	ck_assert_uint_eq(found.bytes_per_sec, 4000);
	ck_assert_ptr_eq(found.at, &a);
}
END_TEST

START_TEST(the_link_above_the_common_bridge_does_not_count)
{
	struct bottleneck found;

	build();
	connect_to(&up, &root, 1);
	route_find_bottleneck(&a, &b, &found);
	ck_assert_uint_eq(found.bytes_per_sec, 4000);
}
END_TEST

START_TEST(without_a_common_bridge_everything_up_to_the_root_counts)
{
	struct bottleneck found;

	build();
	route_find_bottleneck(&a, &c, &found);
	ck_assert_uint_eq(found.bytes_per_sec, 2000);
	ck_assert_ptr_eq(found.at, &c);
}
END_TEST

START_TEST(a_function_reaches_itself_over_no_link)
{
	struct bottleneck found;

	build();
	route_find_bottleneck(&a, &a, &found);
	ck_assert_uint_eq(found.bytes_per_sec, 0);
	ck_assert_ptr_null(found.at);
}
END_TEST

START_TEST(one_unknown_link_makes_the_answer_unknown)
{
	struct bottleneck found;

	build();
	connect_to(&down2, &up, 0);
	route_find_bottleneck(&a, &b, &found);
	ck_assert_uint_eq(found.bytes_per_sec, 0);
	ck_assert_ptr_null(found.at);
}
END_TEST

UNIT_SUITE("route",
	   the_slowest_link_below_the_common_bridge_counts,
	   the_link_above_the_common_bridge_does_not_count,
	   without_a_common_bridge_everything_up_to_the_root_counts,
	   a_function_reaches_itself_over_no_link,
	   one_unknown_link_makes_the_answer_unknown);
