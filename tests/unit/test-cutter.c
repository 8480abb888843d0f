/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/cutter.h"
#include "unit/unit.h"

static struct extents map;
static struct cutter cutter;

static void set_up(uint64_t size, uint64_t skip, uint64_t seek)
{
	extents_init(&map, size, EXTENT_WANTED);
	cutter = (struct cutter){
		.extents = &map,
		.source = { 512, skip },
		.destination = { 4096, seek },
	};
}

static struct piece take(void)
{
	struct piece piece;

	ck_assert(cutter_peek(&cutter, &piece));
	cutter_take(&cutter, &piece);
	return piece;
}

static void check(uint64_t start, uint32_t size, bool is_edge)
{
	struct piece piece = take();

	ck_assert_uint_eq(piece.start_bytes, start);
	ck_assert_uint_eq(piece.size_bytes, size);
	ck_assert_int_eq(piece.is_edge, is_edge);
	ck_assert_int_eq(piece.is_destination_direct, !is_edge);
}

static void check_end(void)
{
	struct piece piece;

	ck_assert(!cutter_peek(&cutter, &piece));
	extents_fini(&map);
}

START_TEST(a_range_is_cut_into_a_head_pieces_and_a_tail)
{
	set_up(100000, 1024, 1024);
	cutter_begin(&cutter, EXTENT_WANTED, 65536);
	check(0, 3072, true);
	check(3072, 65536, false);
	check(68608, 28672, false);
	check(97280, 2720, true);
	check_end();
}
END_TEST

START_TEST(looking_does_not_take)
{
	struct piece piece;

	set_up(8192, 0, 0);
	cutter_begin(&cutter, EXTENT_WANTED, 4096);
	ck_assert(cutter_peek(&cutter, &piece));
	ck_assert(cutter_peek(&cutter, &piece));
	ck_assert_uint_eq(piece.start_bytes, 0);
	check(0, 4096, false);
	check(4096, 4096, false);
	check_end();
}
END_TEST

START_TEST(only_what_is_in_the_state_is_cut)
{
	set_up(65536, 0, 0);
	extents_mark(&map, 8192, 16384, EXTENT_HOLE);
	extents_mark(&map, 32768, 65536, EXTENT_DONE);
	cutter_begin(&cutter, EXTENT_WANTED, 65536);
	check(0, 8192, false);
	check(16384, 16384, false);
	check_end();
}
END_TEST

START_TEST(what_changes_behind_the_last_piece_is_not_cut_again)
{
	set_up(16384, 0, 0);
	cutter_begin(&cutter, EXTENT_WANTED, 8192);
	check(0, 8192, false);
	extents_mark(&map, 0, 4096, EXTENT_DONE);
	check(8192, 8192, false);
	check_end();
}
END_TEST

START_TEST(the_last_block_may_be_rounded_up_and_no_other_one)
{
	set_up(20000, 0, 0);
	extents_mark(&map, 5000, 8192, EXTENT_DONE);
	cutter.is_cut = true;
	cutter_begin(&cutter, EXTENT_WANTED, 8192);
	check(0, 4096, false);
	check(4096, 904, true);
	check(8192, 8192, false);
	check(16384, 3616, false);
	check_end();
}
END_TEST

START_TEST(pieces_that_may_share_a_page_are_apart)
{
	const struct piece body = { .is_destination_direct = true };
	const struct piece edge = { .is_edge = true };
	const struct piece cached = { .is_source_direct = true };

	ck_assert(!piece_is_apart(&body, &body));
	ck_assert(piece_is_apart(&body, &edge));
	ck_assert(piece_is_apart(&edge, &body));
	ck_assert(piece_is_apart(&body, &cached));
}
END_TEST

UNIT_SUITE("cutter", a_range_is_cut_into_a_head_pieces_and_a_tail,
	   looking_does_not_take, only_what_is_in_the_state_is_cut,
	   what_changes_behind_the_last_piece_is_not_cut_again,
	   the_last_block_may_be_rounded_up_and_no_other_one,
	   pieces_that_may_share_a_page_are_apart);
