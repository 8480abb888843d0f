/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit/fixture.h"
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fixture machine;
static struct p2pdma_choice *choices;
static size_t count;

static struct p2pdma_target *resolve(const char *path)
{
	struct p2pdma_target *target = NULL;

	if (path)
		ck_assert_int_eq(p2pdma_target_resolve(machine.context,
						       machine.topology, path,
						       -1, &target), 0);
	return target;
}

/* @wanted: addresses in order. */
static void rank(const char *source, const char *destination,
		 const char *wanted)
{
	struct p2pdma_target *from = resolve(source);
	struct p2pdma_target *to = resolve(destination);
	char got[256] = "";

	free(choices);
	ck_assert_int_eq(p2pdma_choices_rank(machine.topology, from, to,
					     &choices, &count), 0);
	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(got);

		snprintf(got + used, sizeof(got) - used, "%s%s", i ? " " : "",
			 choices[i].provider->address);
	}
	ck_assert_str_eq(got, wanted);
	p2pdma_target_destroy(from);
	p2pdma_target_destroy(to);
}

static void finish(void)
{
	free(choices);
	choices = NULL;
	fixture_close(&machine);
}

START_TEST(the_only_provider_is_the_best)
{
	fixture_load(&machine, "one-switch", NULL);
	rank("nvme1n1", "nvme2n1", "0000:03:00.0");
	ck_assert_int_eq(choices[0].reach, P2PDMA_REACH_DIRECT);
	ck_assert_uint_eq(choices[0].crossings, 4);
	ck_assert_uint_eq(choices[0].bottleneck_bytes_per_sec, 250000000);
	ck_assert_int_eq(choices[0].source.distance, 4);
	ck_assert_int_eq(choices[0].destination.distance, 4);
	finish();
}
END_TEST

/* Ranks for @source and @destinations, which are @n. */
static void rank_all(const char *source, const char *const *destinations,
		     size_t n, const char *best)
{
	struct p2pdma_target *from = resolve(source), *to[4] = { 0 };

	for (size_t i = 0; i < n; i++)
		to[i] = resolve(destinations[i]);
	free(choices);
	ck_assert_int_eq(p2pdma_choices_rank_all(
				 machine.topology, from,
				 (const struct p2pdma_target *const *)to, n,
				 &choices, &count), 0);
	ck_assert_str_eq(choices[0].provider->address, best);
	p2pdma_target_destroy(from);
	for (size_t i = 0; i < n; i++)
		p2pdma_target_destroy(to[i]);
}

START_TEST(every_destination_counts)
{
	static const char *const far[] = { "nvme1n1", "nvme2n1", "nvme3n1" };
	static const char *const head[] = { "04:00.0", "05:00.0" };

	fixture_load(&machine, "nested-switches", NULL);
	rank_all("nvme1n1", far, 1, "0000:03:00.0");
	rank_all("nvme1n1", far + 1, 2, "0000:07:00.0");
	ck_assert_int_eq(choices[0].reach, P2PDMA_REACH_DIRECT);
	finish();
	/* The second one is refused, the first is not. */
	fixture_load(&machine, "multipath", NULL);
	rank_all("04:00.0", head, 1, "0000:03:00.0");
	ck_assert_int_eq(choices[0].destination.reach, P2PDMA_REACH_DIRECT);
	rank_all("04:00.0", head, 2, "0000:03:00.0");
	ck_assert_int_eq(choices[0].source.reach, P2PDMA_REACH_DIRECT);
	ck_assert_int_eq(choices[0].destination.reach, P2PDMA_REACH_REFUSED);
	ck_assert_int_eq(choices[0].reach, P2PDMA_REACH_REFUSED);
	finish();
}
END_TEST

START_TEST(an_ends_own_memory_saves_a_transfer)
{
	fixture_load(&machine, "nested-switches", NULL);
	rank("nvme0n1", "nvme1n1", "0000:03:00.0 0000:07:00.0");
	ck_assert_uint_eq(choices[0].crossings, 2);
	ck_assert_uint_eq(choices[0].bottleneck_bytes_per_sec, 250000000);
	rank("nvme3n1", "nvme2n1", "0000:07:00.0 0000:03:00.0");
	finish();
}
END_TEST

START_TEST(the_nearer_provider_comes_first)
{
	fixture_load(&machine, "nested-switches", NULL);
	rank("nvme1n1", "nvme1n1", "0000:03:00.0 0000:07:00.0");
	ck_assert_uint_eq(choices[0].crossings, 4);
	ck_assert_uint_eq(choices[1].crossings, 6);
	rank("nvme3n1", NULL, "0000:07:00.0 0000:03:00.0");
	ck_assert_uint_eq(choices[0].crossings, 2);
	ck_assert_int_eq(choices[0].reach, P2PDMA_REACH_DIRECT);
	finish();
}
END_TEST

START_TEST(among_equals_the_wider_then_the_larger_then_the_lower)
{
	static const char second[] =
		"file sys/bus/pci/devices/0000:05:00.0/p2pmem/size 67108864\n"
		"file sys/bus/pci/devices/0000:05:00.0/p2pmem/published 1\n"
		"file sys/bus/pci/devices/0000:05:00.0/p2pmem/allocate\n"
		"file sys/bus/pci/devices/0000:05:00.0/p2pmem/available ";
	char lines[1024];

	snprintf(lines, sizeof(lines), "%s66977792", second);
	fixture_load(&machine, "one-switch", lines);
	rank("nvme1n1", NULL, "0000:03:00.0 0000:05:00.0");
	snprintf(lines, sizeof(lines), "%s66977793", second);
	fixture_add(&machine, lines);
	fixture_scan(&machine);
	rank("nvme1n1", NULL, "0000:05:00.0 0000:03:00.0");
	fixture_add(&machine,
		    "file sys/bus/pci/devices/0000:02:00.0/"
		    "current_link_speed 16.0 GT/s PCIe\n"
		    "file sys/bus/pci/devices/0000:03:00.0/"
		    "current_link_speed 16.0 GT/s PCIe\n"
		    "file sys/bus/pci/devices/0000:02:01.0/"
		    "current_link_speed 16.0 GT/s PCIe\n"
		    "file sys/bus/pci/devices/0000:04:00.0/"
		    "current_link_speed 16.0 GT/s PCIe");
	fixture_scan(&machine);
	rank("nvme1n1", NULL, "0000:03:00.0 0000:05:00.0");
	ck_assert_uint_eq(choices[0].bottleneck_bytes_per_sec, 1969230769);
	finish();
}
END_TEST

START_TEST(a_refused_provider_comes_last_with_its_reasons)
{
	fixture_load(&machine, "two-root-ports", NULL);
	rank("nvme0n1", "nvme1n1", "0000:01:00.0");
	ck_assert_int_eq(choices[0].source.reach, P2PDMA_REACH_DIRECT);
	ck_assert_int_eq(choices[0].destination.reach, P2PDMA_REACH_REFUSED);
	ck_assert_int_eq(choices[0].reach, P2PDMA_REACH_REFUSED);
	ck_assert_uint_gt(choices[0].destination.reason_count, 0);
	finish();
}
END_TEST

START_TEST(an_unknown_one_stands_between)
{
	fixture_load(&machine, "nested-switches",
		     "hex sys/bus/pci/devices/0000:05:00.0/config 4c 10 @40");
	rank("nvme1n1", NULL, "0000:03:00.0 0000:07:00.0");
	ck_assert_int_eq(choices[0].reach, P2PDMA_REACH_DIRECT);
	ck_assert_int_eq(choices[1].reach, P2PDMA_REACH_UNKNOWN);
	fixture_add(&machine,
		    "file sys/bus/pci/devices/0000:03:00.0/p2pmem/published "
		    "0");
	fixture_scan(&machine);
	rank("nvme1n1", NULL, "0000:07:00.0 0000:03:00.0");
	ck_assert_int_eq(choices[1].reach, P2PDMA_REACH_REFUSED);
	finish();
}
END_TEST

START_TEST(without_providers_there_is_no_choice)
{
	fixture_load(&machine, "no-provider", NULL);
	rank("nvme0n1", "nvme1n1", "");
	ck_assert_ptr_null(choices);
	finish();
}
END_TEST

UNIT_SUITE("select",
	   the_only_provider_is_the_best,
	   every_destination_counts,
	   an_ends_own_memory_saves_a_transfer,
	   the_nearer_provider_comes_first,
	   among_equals_the_wider_then_the_larger_then_the_lower,
	   a_refused_provider_comes_last_with_its_reasons,
	   an_unknown_one_stands_between,
	   without_providers_there_is_no_choice);
