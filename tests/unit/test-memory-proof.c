/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is taken for ends of all kinds; with providers, see test-memory.c. */
#include "engine/memory.h"
#include "unit/unit.h"

#include "base/macro.h"

static struct p2pdma_context *context;
static struct p2pdma_topology *topology;
static struct memory memory;

static void take(const struct memory_wish *wish, struct endpoint *source,
		 struct endpoint *also)
{
	const struct memory_place place = {
		.context = context, .topology = topology,
	};
	const struct memory_trial trial = {
		.source = source, .also = &also, .also_count = also ? 1 : 0,
	};

	ck_assert_int_eq(p2pdma_context_create(NULL, &context), 0);
	ck_assert_int_eq(p2pdma_topology_scan(context, &topology), 0);
	ck_assert_int_eq(memory_plan(&memory, &place, wish), 0);
	ck_assert_int_eq(memory_take(&memory, &trial), 0);
	ck_assert_ptr_nonnull(memory.pool);
	ck_assert_ptr_null(memory.failed);
}

static void give_back(void)
{
	memory_release(&memory);
	ck_assert_ptr_null(memory.pool);
	p2pdma_topology_destroy(topology);
	p2pdma_context_destroy(context);
}

static const struct memory_wish wish = {
	.provider = "host", .size_bytes = 64 * MIB, .depth = 3,
};

START_TEST(a_block_is_no_larger_than_an_end_takes)
{
	struct endpoint drive = { .offset_align = 512 };
	struct endpoint small = {
		.offset_align = 4096, .max_io_bytes = 130 * KIB,
	};

	take(&wish, &drive, &small);
	ck_assert_uint_eq(memory.block_bytes, 128 * KIB);
	ck_assert_uint_eq(p2pdma_pool_get_slot_bytes(memory.pool), 128 * KIB);
	ck_assert_uint_eq(p2pdma_pool_get_slots(memory.pool), 3);
	give_back();
}
END_TEST

START_TEST(a_block_is_no_smaller_than_a_file_system_asks_for)
{
	const struct memory_wish little = {
		.provider = "host", .size_bytes = 64 * MIB, .depth = 1,
		.block_bytes = 4 * KIB,
	};
	struct endpoint file = { .offset_align = 64 * KIB };

	take(&little, &file, NULL);
	ck_assert_uint_eq(memory.block_bytes, 64 * KIB);
	give_back();
}
END_TEST

START_TEST(a_block_that_is_fixed_stays)
{
	const struct memory_wish fixed = {
		.provider = "host", .size_bytes = 64 * MIB, .depth = 1,
		.block_bytes = 12 * KIB, .is_block_fixed = true,
	};
	struct endpoint file = { .offset_align = 64 * KIB };

	take(&fixed, &file, NULL);
	ck_assert_uint_eq(memory.block_bytes, 12 * KIB);
	give_back();
}
END_TEST

UNIT_SUITE("memory-proof", a_block_is_no_larger_than_an_end_takes,
	   a_block_is_no_smaller_than_a_file_system_asks_for,
	   a_block_that_is_fixed_stays);
