/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit/fixture.h"
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

static struct fixture machine;
static struct p2pdma_verdict verdict;

#define SWITCH	"sys/devices/pci0000:00/0000:00:03.0/0000:01:00.0/"
#define CMB	SWITCH "0000:02:00.0/0000:03:00.0/"

static void judge(const char *provider, const char *client)
{
	p2pdma_verdict_judge(machine.topology,
			     fixture_find(&machine, provider),
			     fixture_find(&machine, client), &verdict);
}

/* @reasons: "id@address id@-", in order. */
static void expect(enum p2pdma_reach reach, int distance, const char *reasons)
{
	char got[512] = "";

	for (size_t i = 0; i < verdict.reason_count; i++) {
		const struct p2pdma_reason *r = &verdict.reasons[i];
		size_t used = strlen(got);

		snprintf(got + used, sizeof(got) - used, "%s%s@%s",
			 i ? " " : "", r->id, r->at ? r->at->address : "-");
		ck_assert_msg(r->advice[0], "%s has no advice", r->id);
	}
	ck_assert_str_eq(got, reasons);
	ck_assert_str_eq(p2pdma_reach_get_name(verdict.reach),
			 p2pdma_reach_get_name(reach));
	ck_assert_int_eq(verdict.distance, distance);
}

START_TEST(below_one_switch_without_acs_it_is_direct)
{
	fixture_load(&machine, "one-switch", NULL);
	judge("03:00.0", "04:00.0");
	expect(P2PDMA_REACH_DIRECT, 4, "");
	ck_assert_uint_eq(verdict.links, 2);
	ck_assert_uint_eq(verdict.bottleneck_bytes_per_sec, 250000000);
	ck_assert_str_eq(verdict.bottleneck_at->address, "0000:03:00.0");
	fixture_close(&machine);
}
END_TEST

START_TEST(a_drive_reaches_its_own_memory)
{
	fixture_load(&machine, "two-root-ports", NULL);
	judge("01:00.0", "01:00.0");
	expect(P2PDMA_REACH_DIRECT, 0, "");
	ck_assert_uint_eq(verdict.links, 0);
	ck_assert_uint_eq(verdict.bottleneck_bytes_per_sec, 0);
	ck_assert_ptr_null(verdict.bottleneck_at);
	fixture_close(&machine);
}
END_TEST

START_TEST(through_two_switches_it_is_direct_and_further)
{
	fixture_load(&machine, "nested-switches", NULL);
	judge("03:00.0", "08:00.0");
	expect(P2PDMA_REACH_DIRECT, 6, "");
	ck_assert_uint_eq(verdict.links, 3);
	judge("07:00.0", "08:00.0");
	expect(P2PDMA_REACH_DIRECT, 4, "");
	fixture_close(&machine);
}
END_TEST

START_TEST(two_root_ports_of_an_unlisted_host_bridge_are_refused)
{
	fixture_load(&machine, "two-root-ports", NULL);
	judge("01:00.0", "02:00.0");
	expect(P2PDMA_REACH_REFUSED, 4,
	       "no-common-upstream@- "
	       "host-bridge-not-listed@0000:00:00.0");
	fixture_close(&machine);
}
END_TEST

START_TEST(a_zen_processor_lets_peers_talk_through_the_host)
{
	fixture_load(&machine, "zen-root-ports", NULL);
	judge("01:00.0", "02:00.0");
	expect(P2PDMA_REACH_VIA_HOST, 4, "");
	ck_assert_uint_eq(verdict.links, 2);
	fixture_close(&machine);
}
END_TEST

START_TEST(neither_an_older_amd_nor_hygon_is_zen)
{
	fixture_load(&machine, "zen-root-ports",
		     "file proc/cpuinfo vendor_id : AuthenticAMD\\n"
		     "cpu family : 22");
	judge("01:00.0", "02:00.0");
	ck_assert_int_eq(verdict.reach, P2PDMA_REACH_REFUSED);
	fixture_add(&machine, "file proc/cpuinfo vendor_id : HygonGenuine\\n"
			      "cpu family : 24");
	fixture_scan(&machine);
	judge("01:00.0", "02:00.0");
	ck_assert_int_eq(verdict.reach, P2PDMA_REACH_REFUSED);
	fixture_close(&machine);
}
END_TEST

START_TEST(without_proc_a_host_bridge_is_unknown)
{
	fixture_load(&machine, "two-root-ports",
		     "link proc/cpuinfo none\n"
		     "link proc/sys/kernel/osrelease none");
	judge("01:00.0", "02:00.0");
	ck_assert_int_eq(verdict.reach, P2PDMA_REACH_UNKNOWN);
	ck_assert_uint_ge(verdict.reason_count, 1);
	ck_assert_str_eq(verdict.reasons[0].id, "config-unreadable");
	fixture_close(&machine);
}
END_TEST

START_TEST(acs_sends_peers_up_to_a_host_bridge_that_refuses)
{
	fixture_load(&machine, "acs", NULL);
	judge("03:00.0", "04:00.0");
	expect(P2PDMA_REACH_REFUSED, 4,
	       "acs-redirect@0000:02:00.0 "
	       "host-bridge-not-listed@0000:00:00.0");
	ck_assert_str_eq(verdict.reasons[0].advice,
			 "boot with the kernel parameter \"pci="
			 "disable_acs_redir=0000:02:00.0;0000:02:01.0\"");
	fixture_close(&machine);
}
END_TEST

START_TEST(acs_on_a_zen_processor_goes_through_the_host)
{
	fixture_load(&machine, "acs",
		     "file proc/cpuinfo vendor_id : AuthenticAMD\\n"
		     "cpu family : 23");
	judge("03:00.0", "04:00.0");
	expect(P2PDMA_REACH_VIA_HOST, 4, "acs-redirect@0000:02:00.0");
	ck_assert_uint_eq(verdict.links, 4);
	fixture_close(&machine);
}
END_TEST

START_TEST(acs_of_the_common_root_port_does_not_count_above_a_switch)
{
	fixture_load(&machine, "iommu", NULL);
	judge("03:00.0", "04:00.0");
	ck_assert_int_eq(verdict.reach, P2PDMA_REACH_DIRECT);
	fixture_close(&machine);
}
END_TEST

START_TEST(acs_of_the_common_bridge_itself_counts)
{
	fixture_load(&machine, "iommu", NULL);
	judge("03:00.0", "00:03.0");
	expect(P2PDMA_REACH_REFUSED, 3,
	       "acs-redirect@0000:00:03.0 "
	       "host-bridge-not-listed@0000:00:00.0");
	fixture_close(&machine);
}
END_TEST

START_TEST(a_translating_iommu_is_a_warning)
{
	fixture_load(&machine, "iommu", NULL);
	judge("03:00.0", "04:00.0");
	expect(P2PDMA_REACH_DIRECT, 4, "iommu-translates@0000:04:00.0");
	fixture_close(&machine);
}
END_TEST

START_TEST(an_identity_domain_is_none)
{
	fixture_load(&machine, "iommu",
		     "file sys/kernel/iommu_groups/8/type identity");
	ck_assert_int_eq(fixture_find(&machine, "04:00.0")->iommu_group, 8);
	judge("03:00.0", "04:00.0");
	expect(P2PDMA_REACH_DIRECT, 4, "");
	fixture_close(&machine);
}
END_TEST

START_TEST(an_ordinary_user_does_not_know_the_acs_of_bridges)
{
	fixture_load(&machine, "config-unreadable", NULL);
	judge("03:00.0", "04:00.0");
	expect(P2PDMA_REACH_UNKNOWN, 4, "config-unreadable@0000:02:00.0");
	fixture_close(&machine);
}
END_TEST

START_TEST(an_ordinary_user_knows_that_a_plain_drive_has_no_acs)
{
	fixture_load(&machine, "config-unreadable", NULL);
	judge("03:00.0", "03:00.0");
	expect(P2PDMA_REACH_DIRECT, 0, "");
	fixture_close(&machine);
}
END_TEST

START_TEST(an_ordinary_user_knows_where_no_bridge_is_shared)
{
	fixture_load(&machine, "two-root-ports",
		     "hex sys/bus/pci/devices/0000:00:03.0/config 36 1b @40\n"
		     "hex sys/bus/pci/devices/0000:00:04.0/config 36 1b @40");
	judge("01:00.0", "02:00.0");
	ck_assert_int_eq(verdict.reach, P2PDMA_REACH_REFUSED);
	fixture_close(&machine);
}
END_TEST

START_TEST(one_known_redirection_is_enough)
{
	fixture_load(&machine, "acs",
		     "hex " SWITCH "config 4c 10 32 82 @40");
	judge("03:00.0", "04:00.0");
	ck_assert_int_eq(verdict.reach, P2PDMA_REACH_REFUSED);
	fixture_close(&machine);
}
END_TEST

START_TEST(two_host_bridges_must_both_be_listed)
{
	fixture_load(&machine, "two-host-bridges", NULL);
	judge("01:00.0", "41:00.0");
	expect(P2PDMA_REACH_REFUSED, 4,
	       "no-common-upstream@- "
	       "different-host-bridges@- "
	       "host-bridge-not-listed@0000:00:00.0");
	fixture_add(&machine,
		    "file sys/bus/pci/devices/0000:00:00.0/device 0x09a2");
	fixture_scan(&machine);
	judge("01:00.0", "41:00.0");
	expect(P2PDMA_REACH_REFUSED, 4,
	       "no-common-upstream@- "
	       "different-host-bridges@- "
	       "host-bridge-not-listed@0000:40:00.0");
	fixture_add(&machine,
		    "file sys/bus/pci/devices/0000:40:00.0/vendor 0x8086\n"
		    "file sys/bus/pci/devices/0000:40:00.0/device 0x2030");
	fixture_scan(&machine);
	judge("01:00.0", "41:00.0");
	expect(P2PDMA_REACH_VIA_HOST, 4, "");
	fixture_close(&machine);
}
END_TEST

START_TEST(some_host_bridges_are_listed_only_within_themselves)
{
	fixture_load(&machine, "two-host-bridges",
		     "file sys/bus/pci/devices/0000:00:00.0/device 0x3c00\n"
		     "file sys/bus/pci/devices/0000:40:00.0/vendor 0x8086\n"
		     "file sys/bus/pci/devices/0000:40:00.0/device 0x3c01");
	judge("01:00.0", "41:00.0");
	expect(P2PDMA_REACH_REFUSED, 4,
	       "no-common-upstream@- "
	       "different-host-bridges@-");
	fixture_close(&machine);
	fixture_load(&machine, "two-root-ports",
		     "file sys/bus/pci/devices/0000:00:00.0/device 0x3c00");
	judge("01:00.0", "02:00.0");
	expect(P2PDMA_REACH_VIA_HOST, 4, "");
	fixture_close(&machine);
}
END_TEST

START_TEST(a_row_of_the_list_counts_from_the_kernel_that_has_it)
{
	static const struct {
		const char *release;
		enum p2pdma_reach reach;
		const char *reasons;
	} kernels[] = {
		{ "6.1.192", P2PDMA_REACH_REFUSED,
		  "no-common-upstream@- host-bridge-not-listed@0000:00:00.0" },
		{ "6.12.117", P2PDMA_REACH_REFUSED,
		  "no-common-upstream@- host-bridge-not-listed@0000:00:00.0" },
		{ "6.18.44", P2PDMA_REACH_UNKNOWN,
		  "config-unreadable@- no-common-upstream@-" },
		{ "7.1.3", P2PDMA_REACH_VIA_HOST, "" },
		{ "7.3.4", P2PDMA_REACH_VIA_HOST, "" },
	};

	fixture_load(&machine, "two-root-ports",
		     "file sys/bus/pci/devices/0000:00:00.0/device 0x0b25");
	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		char line[128];

		snprintf(line, sizeof(line),
			 "file proc/sys/kernel/osrelease %s",
			 kernels[i].release);
		fixture_add(&machine, line);
		fixture_scan(&machine);
		judge("01:00.0", "02:00.0");
		expect(kernels[i].reach, 4, kernels[i].reasons);
		if (verdict.reach == P2PDMA_REACH_REFUSED)
			ck_assert_ptr_nonnull(strstr(verdict.reasons[1].advice,
						     "Linux 7.1.3 or later"));
	}
	fixture_close(&machine);
}
END_TEST

START_TEST(a_host_bridge_without_a_first_device_is_not_listed)
{
	fixture_load(&machine, "two-host-bridges",
		     "file sys/bus/pci/devices/0000:40:00.0/vendor 0x8086\n"
		     "file sys/bus/pci/devices/0000:40:00.0/device 0x2030\n"
		     "link sys/bus/pci/devices/0000:00:00.0 nowhere\n"
		     "file sys/bus/pci/devices/0000:00:03.0/vendor 0x8086\n"
		     "file sys/bus/pci/devices/0000:00:03.0/device 0x2030");
	judge("01:00.0", "41:00.0");
	expect(P2PDMA_REACH_VIA_HOST, 4, "");
	fixture_add(&machine,
		    "hex sys/bus/pci/devices/0000:00:03.0/config "
		    "36 1b 0c 00 06 04 10 00 @100");
	fixture_scan(&machine);
	judge("01:00.0", "41:00.0");
	ck_assert_int_eq(verdict.reach, P2PDMA_REACH_VIA_HOST);
	fixture_close(&machine);
}
END_TEST

START_TEST(a_virtual_function_is_judged_by_its_place)
{
	fixture_load(&machine, "sr-iov", NULL);
	judge("03:00.0", "04:00.1");
	expect(P2PDMA_REACH_DIRECT, 4, "");
	fixture_close(&machine);
}
END_TEST

START_TEST(a_function_without_memory_is_no_provider)
{
	fixture_load(&machine, "no-provider", NULL);
	judge("03:00.0", "04:00.0");
	expect(P2PDMA_REACH_REFUSED, 4, "no-p2pmem@0000:03:00.0");
	fixture_close(&machine);
}
END_TEST

START_TEST(a_kernel_without_p2pdma_registers_nothing)
{
	fixture_load(&machine, "old-kernel", NULL);
	judge("03:00.0", "04:00.0");
	expect(P2PDMA_REACH_REFUSED, 4, "kernel-without-p2pdma@-");
	judge("04:00.0", "03:00.0");
	expect(P2PDMA_REACH_REFUSED, 4, "kernel-without-p2pdma@-");
	fixture_close(&machine);
}
END_TEST

START_TEST(memory_that_is_not_published_is_not_taken)
{
	fixture_load(&machine, "one-switch",
		     "file " CMB "p2pmem/published 0");
	judge("03:00.0", "04:00.0");
	expect(P2PDMA_REACH_REFUSED, 4, "not-published@0000:03:00.0");
	fixture_close(&machine);
}
END_TEST

START_TEST(a_kernel_before_6_2_cannot_hand_memory_out)
{
	fixture_load(&machine, "one-switch",
		     "link " CMB "p2pmem/allocate nowhere");
	judge("03:00.0", "04:00.0");
	expect(P2PDMA_REACH_REFUSED, 4, "kernel-without-allocate@-");
	fixture_close(&machine);
}
END_TEST

START_TEST(a_client_must_address_memory_behind_the_host_bridge)
{
	fixture_load(&machine, "zen-root-ports",
		     "file sys/bus/pci/devices/0000:02:00.0/dma_mask_bits 32");
	judge("01:00.0", "02:00.0");
	expect(P2PDMA_REACH_REFUSED, 4, "dma-mask@0000:02:00.0");
	fixture_close(&machine);
}
END_TEST

START_TEST(a_link_below_what_both_ends_can_do_is_told)
{
	fixture_load(&machine, "one-switch",
		     "file " SWITCH
		     "0000:02:01.0/max_link_speed 8.0 GT/s PCIe\n"
		     "file " SWITCH "0000:02:01.0/max_link_width 4\n"
		     "file " SWITCH "0000:02:01.0/0000:04:00.0/max_link_speed "
		     "16.0 GT/s PCIe\n"
		     "file " SWITCH "0000:02:01.0/0000:04:00.0/max_link_width "
		     "4");
	judge("03:00.0", "04:00.0");
	expect(P2PDMA_REACH_DIRECT, 4, "link-degraded@0000:04:00.0");
	judge("03:00.0", "05:00.0");
	expect(P2PDMA_REACH_DIRECT, 4, "");
	fixture_close(&machine);
}
END_TEST

UNIT_SUITE("verdict",
	   below_one_switch_without_acs_it_is_direct,
	   a_drive_reaches_its_own_memory,
	   through_two_switches_it_is_direct_and_further,
	   two_root_ports_of_an_unlisted_host_bridge_are_refused,
	   a_zen_processor_lets_peers_talk_through_the_host,
	   neither_an_older_amd_nor_hygon_is_zen,
	   without_proc_a_host_bridge_is_unknown,
	   acs_sends_peers_up_to_a_host_bridge_that_refuses,
	   acs_on_a_zen_processor_goes_through_the_host,
	   acs_of_the_common_root_port_does_not_count_above_a_switch,
	   acs_of_the_common_bridge_itself_counts,
	   a_translating_iommu_is_a_warning,
	   an_identity_domain_is_none,
	   an_ordinary_user_does_not_know_the_acs_of_bridges,
	   an_ordinary_user_knows_that_a_plain_drive_has_no_acs,
	   an_ordinary_user_knows_where_no_bridge_is_shared,
	   one_known_redirection_is_enough,
	   two_host_bridges_must_both_be_listed,
	   some_host_bridges_are_listed_only_within_themselves,
	   a_row_of_the_list_counts_from_the_kernel_that_has_it,
	   a_host_bridge_without_a_first_device_is_not_listed,
	   a_virtual_function_is_judged_by_its_place,
	   a_function_without_memory_is_no_provider,
	   a_kernel_without_p2pdma_registers_nothing,
	   memory_that_is_not_published_is_not_taken,
	   a_kernel_before_6_2_cannot_hand_memory_out,
	   a_client_must_address_memory_behind_the_host_bridge,
	   a_link_below_what_both_ends_can_do_is_told);
