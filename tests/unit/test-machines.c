/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts on machines as people have them; each table in tests/fixtures says
 * what it is modelled on and what is right. */
#include "unit/fixture.h"
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

static struct fixture machine;

struct pair {
	const char *provider, *client;
	const char *answer;	/* "REACH DISTANCE REASON@ADDRESS..." */
};

static void describe(const struct pair *pair, char *text, size_t size)
{
	struct p2pdma_verdict v;
	size_t used;

	p2pdma_verdict_judge(machine.topology,
			     fixture_find(&machine, pair->provider),
			     fixture_find(&machine, pair->client), &v);
	used = (size_t)snprintf(text, size, "%s %d",
				p2pdma_reach_get_name(v.reach), v.distance);
	for (size_t i = 0; i < v.reason_count; i++)
		used += (size_t)snprintf(text + used, size - used, " %s@%s",
					 v.reasons[i].id,
					 v.reasons[i].at ?
						 v.reasons[i].at->address :
						 "-");
}

static void expect(const char *name, const struct pair *pairs, size_t count)
{
	char got[512];

	fixture_load(&machine, name, NULL);
	for (size_t i = 0; i < count; i++) {
		describe(&pairs[i], got, sizeof(got));
		ck_assert_msg(!strcmp(got, pairs[i].answer),
			      "%s from %s: got \"%s\", wanted \"%s\"",
			      pairs[i].provider, pairs[i].client, got,
			      pairs[i].answer);
	}
	fixture_close(&machine);
}

#define EXPECT(name, ...)						\
	do {								\
		static const struct pair pairs[] = { __VA_ARGS__ };	\
									\
		expect(name, pairs, sizeof(pairs) / sizeof(pairs[0]));	\
	} while (0)

START_TEST(a_dual_socket_server_is_direct_below_each_switch)
{
	EXPECT("dual-socket",
	       { "36:00.0", "37:00.0", "direct 4" },
	       { "3c:00.0", "36:00.0", "direct 4" },
	       { "36:00.0", "36:00.0", "direct 0" },
	       { "36:00.0", "39:00.0",
		 "direct 4 link-degraded@0000:39:00.0" },
	       { "36:00.0", "b6:00.0", "via-host 8" },
	       { "36:00.0", "01:00.0", "via-host 6" },
	       { "37:00.0", "36:00.0", "refused 4 no-p2pmem@0000:37:00.0" });
}
END_TEST

START_TEST(an_epyc_server_goes_through_the_host_everywhere)
{
	EXPECT("epyc-server",
	       { "01:00.0", "02:00.0",
		 "via-host 4 iommu-translates@0000:02:00.0" },
	       { "01:00.0", "c1:00.0",
		 "via-host 4 iommu-translates@0000:c1:00.0" },
	       { "01:00.0", "04:00.0",
		 "via-host 4 iommu-translates@0000:04:00.0" },
	       { "81:00.0", "81:00.0",
		 "direct 0 iommu-translates@0000:81:00.0" });
}
END_TEST

START_TEST(acs_in_an_accelerator_box_takes_the_way_through_the_host)
{
	EXPECT("accelerator",
	       { "06:00.0", "05:00.0",
		 "via-host 4 acs-redirect@0000:02:0c.0" },
	       { "06:00.0", "03:00.0",
		 "via-host 4 acs-redirect@0000:02:0c.0" },
	       { "06:00.0", "08:00.0",
		 "via-host 4 acs-redirect@0000:02:0c.0" },
	       { "06:00.0", "06:00.0", "direct 0" },
	       { "06:00.0", "45:00.0", "via-host 8" },
	       { "06:00.0", "c5:00.0", "via-host 8" },
	       { "07:00.0", "05:00.0",
		 "refused 4 not-published@0000:07:00.0 "
		 "acs-redirect@0000:02:10.0" });
}
END_TEST

START_TEST(domains_of_volume_management_devices_have_host_bridges)
{
	EXPECT("vmd",
	       { "10000:03:00.0", "10000:04:00.0", "direct 4" },
	       { "10000:03:00.0", "10000:06:00.0", "via-host 6" },
	       { "10000:03:00.0", "10001:01:00.0", "via-host 6" },
	       { "17:00.0", "10000:04:00.0", "via-host 6" },
	       { "17:00.0", "10000:06:00.0", "via-host 4" },
	       { "17:00.0", "10001:01:00.0", "via-host 4" });
}
END_TEST

START_TEST(virtual_functions_count_from_their_physical_one)
{
	EXPECT("sr-iov-server",
	       { "98:00.0", "98:00.1",
		 "via-host 2 acs-redirect@0000:97:02.0 "
		 "iommu-translates@0000:98:00.1" },
	       { "98:00.0", "98:00.0",
		 "direct 0 iommu-translates@0000:98:00.0" },
	       { "98:00.0", "99:00.0",
		 "via-host 4 iommu-translates@0000:99:00.0" },
	       { "98:00.0", "99:00.2",
		 "via-host 4 iommu-translates@0000:99:00.2" },
	       { "99:00.0", "99:00.0",
		 "via-host 0 acs-redirect@0000:99:00.0 "
		 "iommu-translates@0000:99:00.0" });
}
END_TEST

START_TEST(a_virtual_function_reads_as_nobody_and_is_there)
{
	const struct p2pdma_function *f;

	fixture_load(&machine, "sr-iov-server", NULL);
	f = fixture_find(&machine, "99:00.1");
	ck_assert_str_eq(f->physfn->address, "0000:99:00.0");
	ck_assert_uint_eq(f->vendor, 0x144d);
	ck_assert(f->is_config_readable);
	ck_assert_int_eq(f->has_acs, P2PDMA_YES);
	ck_assert_int_eq(f->acs_redirects, P2PDMA_YES);
	fixture_close(&machine);
}
END_TEST

START_TEST(on_a_laptop_nothing_works_and_it_says_why)
{
	EXPECT("laptop",
	       { "01:00.0", "aa:00.0",
		 "refused 4 kernel-without-p2pdma@- "
		 "no-common-upstream@- "
		 "host-bridge-not-listed@0000:00:00.0" },
	       { "01:00.0", "01:00.0",
		 "refused 0 kernel-without-p2pdma@- "
		 "iommu-translates@0000:01:00.0" });
}
END_TEST

static size_t count_of(const char *name, size_t *providers, size_t *drives)
{
	size_t functions;

	fixture_load(&machine, name, NULL);
	p2pdma_topology_get_functions(machine.topology, &functions);
	p2pdma_topology_get_providers(machine.topology, providers);
	p2pdma_topology_get_drives(machine.topology, drives);
	fixture_close(&machine);
	return functions;
}

START_TEST(every_function_of_the_tables_is_found)
{
	size_t providers, drives;

	ck_assert_uint_eq(count_of("dual-socket", &providers, &drives), 57);
	ck_assert_uint_eq(providers, 4);
	ck_assert_uint_eq(drives, 25);
	ck_assert_uint_eq(count_of("accelerator", &providers, &drives), 64);
	ck_assert_uint_eq(providers, 5);
	ck_assert_uint_eq(drives, 8);
	ck_assert_uint_eq(count_of("laptop", &providers, &drives), 8);
	ck_assert_uint_eq(providers, 0);
	ck_assert_uint_eq(drives, 2);
}
END_TEST

UNIT_SUITE("machines", a_dual_socket_server_is_direct_below_each_switch,
	   an_epyc_server_goes_through_the_host_everywhere,
	   acs_in_an_accelerator_box_takes_the_way_through_the_host,
	   domains_of_volume_management_devices_have_host_bridges,
	   virtual_functions_count_from_their_physical_one,
	   a_virtual_function_reads_as_nobody_and_is_there,
	   on_a_laptop_nothing_works_and_it_says_why,
	   every_function_of_the_tables_is_found);
