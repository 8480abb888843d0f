/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "engine/probe.h"
#include "unit/fixture.h"
#include "unit/unit.h"

/* What must be found out before the kernel is asked. */
static struct fixture tree;
static struct prober *prober;
static struct probe_pair pair;

static void ask(const char *name, const char *lines, const char *provider,
		const char *client)
{
	struct p2pdma_target *device = NULL;

	fixture_load(&tree, name, lines);
	pair = (struct probe_pair){
		.provider = fixture_find(&tree, provider),
		.client = fixture_find(&tree, client),
	};
	ck_assert_int_eq(p2pdma_target_resolve(tree.context, tree.topology,
					       client, -1, &device), 0);
	pair.device = device;
	ck_assert_int_eq(prober_open(tree.context, tree.topology, NS_PER_SEC,
				     &prober), 0);
	ck_assert_int_eq(prober_ask(prober, &pair), 0);
	prober_close(prober);
	p2pdma_target_destroy(device);
}

START_TEST(memory_that_is_not_published_is_not_asked_for)
{
	ask("one-switch", "file sys/bus/pci/devices/0000:03:00.0/p2pmem/"
	    "published 0", "0000:03:00.0", "0000:04:00.0");
	ck_assert_int_eq(pair.answer, PROBE_NONE);
	ck_assert_ptr_null(pair.why.id);
	ck_assert_str_eq(pair.verdict.reasons[0].id, "not-published");
	ck_assert_int_eq(pair.agrees, P2PDMA_UNKNOWN);
	fixture_close(&tree);
}
END_TEST

START_TEST(a_client_that_cannot_address_the_memory_is_not_asked)
{
	ask("zen-root-ports", "file sys/devices/pci0000:00/0000:00:04.0/"
	    "0000:02:00.0/dma_mask_bits 32", "0000:01:00.0", "0000:02:00.0");
	ck_assert_int_eq(pair.answer, PROBE_NONE);
	ck_assert_str_eq(pair.why.id, "dma-mask");
	fixture_close(&tree);
}
END_TEST

START_TEST(bus_addresses_need_no_mask)
{
	ask("one-switch", "file sys/devices/pci0000:00/0000:00:03.0/"
	    "0000:01:00.0/0000:02:01.0/0000:04:00.0/dma_mask_bits 32",
	    "0000:03:00.0", "0000:04:00.0");
	ck_assert_int_eq(pair.answer, PROBE_NONE);
	ck_assert_str_eq(pair.why.id, "no-p2pmem");
	fixture_close(&tree);
}
END_TEST

static void look_at_link(uint32_t mtps, enum p2pdma_answer is_degraded,
			 struct p2pdma_reason *reason)
{
	const struct p2pdma_uplink uplink = {
		.now = { mtps, 4, 0 }, .is_degraded = is_degraded,
	};

	pair = (struct probe_pair){ 0 };
	strcpy(reason->advice, "as it was");
	probe_judge_link(&pair, reason, &uplink);
}

START_TEST(a_link_that_trains_up_under_load_is_no_fault)
{
	struct p2pdma_reason reason = { .id = "link-degraded" };

	look_at_link(16000, P2PDMA_NO, &reason);
	ck_assert_int_eq(pair.trains_up, P2PDMA_YES);
	ck_assert_ptr_nonnull(strstr(reason.advice, "16.0 GT/s x4 under "
				     "load, as it should"));
	look_at_link(2500, P2PDMA_YES, &reason);
	ck_assert_int_eq(pair.trains_up, P2PDMA_NO);
	ck_assert_ptr_nonnull(strstr(reason.advice, "2.5 GT/s x4 under load, "
				     "too"));
	look_at_link(0, P2PDMA_UNKNOWN, &reason);
	ck_assert_int_eq(pair.trains_up, P2PDMA_UNKNOWN);
	ck_assert_str_eq(reason.advice, "as it was");
}
END_TEST

UNIT_SUITE("probe",
	   memory_that_is_not_published_is_not_asked_for,
	   a_client_that_cannot_address_the_memory_is_not_asked,
	   bus_addresses_need_no_mask,
	   a_link_that_trains_up_under_load_is_no_fault);
