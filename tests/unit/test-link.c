/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/link.h"
#include "unit/fixture.h"
#include "unit/unit.h"

static uint64_t get_payload_rate(uint32_t speed_mtps, uint32_t width,
				 unsigned max_payload_bytes)
{
	struct p2pdma_link link = { speed_mtps, width,
				    link_get_rate(speed_mtps, width) };

	return p2pdma_link_get_payload_rate(&link, max_payload_bytes);
}

START_TEST(a_link_carries_what_its_encoding_leaves)
{
	ck_assert_uint_eq(link_get_rate(2500, 1), 250000000);
	ck_assert_uint_eq(link_get_rate(5000, 4), 2000000000);
	ck_assert_uint_eq(link_get_rate(8000, 4), 3938461538);
	ck_assert_uint_eq(link_get_rate(16000, 4), 7876923076);
	ck_assert_uint_eq(link_get_rate(32000, 16), 63015384615);
	ck_assert_uint_eq(link_get_rate(64000, 4), 32000000000);
	ck_assert_uint_eq(link_get_rate(0, 4), 0);
	ck_assert_uint_eq(link_get_rate(8000, 0), 0);
}
END_TEST

START_TEST(a_packet_has_24_bytes_beside_its_data)
{
	/* 250000000 * 128 / 152; 7876923076 * 256 / 280, 512 / 536 */
	ck_assert_uint_eq(get_payload_rate(2500, 1, 128), 210526315);
	ck_assert_uint_eq(get_payload_rate(16000, 4, 256), 7201758240);
	ck_assert_uint_eq(get_payload_rate(16000, 4, 512), 7524225027);
}
END_TEST

START_TEST(flits_hold_236_bytes_of_packets_in_256)
{
	/* 32000000000 * 236 / 256 = 29500000000, * 256 / 272 */
	ck_assert_uint_eq(get_payload_rate(64000, 4, 256), 27764705882);
}
END_TEST

START_TEST(without_the_payload_or_the_speed_nothing_is_guessed)
{
	ck_assert_uint_eq(get_payload_rate(16000, 4, 0), 0);
	ck_assert_uint_eq(get_payload_rate(0, 4, 256), 0);
	ck_assert_uint_eq(get_payload_rate(16000, 0, 256), 0);
}
END_TEST

static struct p2pdma_function upper, lower, physical;

static void set(struct p2pdma_link *link, uint32_t speed_mtps, uint32_t width)
{
	*link = (struct p2pdma_link){ speed_mtps, width,
				      link_get_rate(speed_mtps, width) };
}

static void build(void)
{
	upper = lower = physical = (struct p2pdma_function){ 0 };
	lower.parent = &upper;
	upper.port = P2PDMA_PORT_DOWNSTREAM;
	lower.port = P2PDMA_PORT_ENDPOINT;
	set(&upper.link, 16000, 4);
	set(&upper.link_max, 32000, 4);
	set(&lower.link, 16000, 4);
	set(&lower.link_max, 16000, 8);
}

START_TEST(a_link_is_what_both_of_its_ends_can_do)
{
	struct p2pdma_uplink uplink;

	build();
	ck_assert(p2pdma_function_get_uplink(&lower, &uplink));
	ck_assert_uint_eq(uplink.now.bytes_per_sec, 7876923076);
	ck_assert_uint_eq(uplink.best.speed_mtps, 16000);
	ck_assert_uint_eq(uplink.best.width, 4);
	ck_assert_int_eq(uplink.is_degraded, P2PDMA_NO);
	set(&upper.link, 8000, 4);
	set(&lower.link, 8000, 4);
	ck_assert(p2pdma_function_get_uplink(&lower, &uplink));
	ck_assert_int_eq(uplink.is_degraded, P2PDMA_YES);
	set(&lower.link, 8000, 2);
	ck_assert(p2pdma_function_get_uplink(&lower, &uplink));
	ck_assert_uint_eq(uplink.now.width, 2);
}
END_TEST

START_TEST(an_end_that_does_not_tell_leaves_it_to_the_other)
{
	struct p2pdma_uplink uplink;

	build();
	set(&upper.link, 0, 0);
	set(&upper.link_max, 0, 0);
	ck_assert(p2pdma_function_get_uplink(&lower, &uplink));
	ck_assert_uint_eq(uplink.now.bytes_per_sec, 7876923076);
	ck_assert_uint_eq(uplink.best.width, 8);
	ck_assert_int_eq(uplink.is_degraded, P2PDMA_UNKNOWN);
}
END_TEST

START_TEST(the_inside_of_a_switch_is_no_link)
{
	struct p2pdma_uplink uplink;

	build();
	lower.port = P2PDMA_PORT_DOWNSTREAM;
	ck_assert(!p2pdma_function_get_uplink(&lower, &uplink));
	ck_assert(!p2pdma_function_get_uplink(&upper, &uplink));
}
END_TEST

START_TEST(a_virtual_function_has_the_link_of_its_physical_one)
{
	struct p2pdma_uplink uplink;

	build();
	physical = lower;
	lower.physfn = &physical;
	set(&lower.link, 0, 0);
	set(&lower.link_max, 0, 0);
	ck_assert(p2pdma_function_get_uplink(&lower, &uplink));
	ck_assert_uint_eq(uplink.now.bytes_per_sec, 7876923076);
	ck_assert_int_eq(uplink.is_degraded, P2PDMA_NO);
}
END_TEST

START_TEST(an_ordinary_user_is_told_the_same_links)
{
	const struct p2pdma_function *function;
	struct p2pdma_uplink uplink;
	struct fixture machine;

	fixture_load(&machine, "config-unreadable", NULL);
	function = fixture_find(&machine, "02:00.0");
	ck_assert_int_eq(function->port, P2PDMA_PORT_DOWNSTREAM);
	ck_assert(!p2pdma_function_get_uplink(function, &uplink));
	function = fixture_find(&machine, "01:00.0");
	ck_assert_int_eq(function->port, P2PDMA_PORT_UPSTREAM);
	ck_assert(p2pdma_function_get_uplink(function, &uplink));
	fixture_close(&machine);
}
END_TEST

#define PORT	"sys/devices/pci0000:00/0000:00:03.0/0000:01:00.0/0000:02:01.0/"
#define DRIVE	"0000:04:00.0/"

START_TEST(a_link_is_read_again_as_it_is_now)
{
	struct p2pdma_uplink uplink;
	struct fixture machine;

	fixture_load(&machine, "one-switch",
		     "file " PORT "max_link_speed 16.0 GT/s PCIe\n"
		     "file " PORT DRIVE "max_link_speed 16.0 GT/s PCIe");
	ck_assert(p2pdma_function_get_uplink(fixture_find(&machine, "04:00.0"),
					     &uplink));
	ck_assert_int_eq(uplink.is_degraded, P2PDMA_YES);
	fixture_add(&machine,
		    "file " PORT "current_link_speed 16.0 GT/s PCIe\n"
		    "file " PORT DRIVE "current_link_speed 16.0 GT/s PCIe");
	ck_assert(p2pdma_function_read_uplink(machine.context,
					      fixture_find(&machine,
							   "04:00.0"),
					      &uplink));
	ck_assert_int_eq(uplink.is_degraded, P2PDMA_NO);
	ck_assert_uint_eq(uplink.now.speed_mtps, 16000);
	ck_assert(!p2pdma_function_read_uplink(machine.context,
					       fixture_find(&machine,
							    "00:00.0"),
					       &uplink));
	fixture_close(&machine);
}
END_TEST

UNIT_SUITE("link",
	   a_link_is_read_again_as_it_is_now,
	   a_link_carries_what_its_encoding_leaves,
	   a_packet_has_24_bytes_beside_its_data,
	   flits_hold_236_bytes_of_packets_in_256,
	   without_the_payload_or_the_speed_nothing_is_guessed,
	   a_link_is_what_both_of_its_ends_can_do,
	   an_end_that_does_not_tell_leaves_it_to_the_other,
	   the_inside_of_a_switch_is_no_link,
	   a_virtual_function_has_the_link_of_its_physical_one,
	   an_ordinary_user_is_told_the_same_links);
