/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/memory-parts.h"
#include "unit/unit.h"

#include "base/macro.h"

static struct p2pdma_target drive;
static struct memory memory;

static void make(uint64_t size_bytes)
{
	drive = (struct p2pdma_target){ .lba_bytes = 512 };
	memory = (struct memory){
		.wish = { .size_bytes = size_bytes },
		.place = { .source = &drive, .destination = &drive },
	};
}

static void expect(uint32_t block_bytes, unsigned depth)
{
	ck_assert_uint_eq(memory.block_bytes, block_bytes);
	ck_assert_uint_eq(memory.depth, depth);
}

START_TEST(no_limit_is_wider_than_any)
{
	ck_assert_uint_eq(memory_tighter(0, 0), 0);
	ck_assert_uint_eq(memory_tighter(0, 7), 7);
	ck_assert_uint_eq(memory_tighter(7, 0), 7);
	ck_assert_uint_eq(memory_tighter(7, 3), 3);
}
END_TEST

START_TEST(a_large_copy_by_host_memory_has_large_blocks)
{
	static const struct {
		uint64_t size_bytes;
		uint32_t block_bytes;
		unsigned depth;
	} cases[] = {
		{ 0, 4 * KIB, 1 },
		{ 1, 4 * KIB, 1 },
		{ 256 * MIB, MIB, 16 },
		{ 512 * MIB, 2 * MIB, 8 },
		{ 4 * GIB, 4 * MIB, 4 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		make(cases[i].size_bytes);
		memory_choose_host_sizes(&memory);
		expect(cases[i].block_bytes, cases[i].depth);
	}
}
END_TEST

START_TEST(what_a_drive_takes_at_once_is_a_block)
{
	make(4 * GIB);
	drive.max_io_bytes = 512 * KIB;
	memory_choose_host_sizes(&memory);
	expect(512 * KIB, 32);
	/* Who asks for more gets it: the kernel cuts it. */
	memory.wish.block_bytes = MIB;
	memory_choose_host_sizes(&memory);
	expect(MIB, 16);
	ck_assert(!memory.is_block_changed);
	memory.wish.is_uncut = true;
	memory_choose_host_sizes(&memory);
	expect(512 * KIB, 32);
	ck_assert(memory.is_block_changed);
}
END_TEST

START_TEST(a_block_is_no_smaller_than_a_drives)
{
	make(MIB);
	drive.lba_bytes = 16 * KIB;
	memory.wish.block_bytes = 4 * KIB;
	memory_choose_host_sizes(&memory);
	expect(16 * KIB, 64);
}
END_TEST

START_TEST(a_small_provider_has_small_blocks)
{
	struct p2pdma_memory provided = { .available_bytes = MIB };
	const struct p2pdma_function function = { .memory = &provided };

	make(GIB);
	memory.function = &function;
	memory_choose_peer_sizes(&memory);
	expect(256 * KIB, 32);
	drive.max_peer_io_bytes = 128 * KIB;
	memory_choose_peer_sizes(&memory);
	expect(128 * KIB, 64);
	provided.available_bytes = 4 * KIB;
	memory_choose_peer_sizes(&memory);
	expect(64 * KIB, 64);
}
END_TEST

UNIT_SUITE("memory-sizes", no_limit_is_wider_than_any,
	   a_large_copy_by_host_memory_has_large_blocks,
	   what_a_drive_takes_at_once_is_a_block,
	   a_block_is_no_smaller_than_a_drives,
	   a_small_provider_has_small_blocks);
