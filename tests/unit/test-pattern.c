/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/pattern.h"
#include "unit/unit.h"

#include <string.h>

#define BYTES	4096u
#define WORDS	(PATTERN_SECTOR / 8)

static uint64_t block[BYTES / 8], other[BYTES / 8];
static const struct pattern wanted = {
	.offset = 1 << 20, .seed = 7, .generation = 3,
};
static struct pattern_finding finding;

static enum pattern_fault check(void)
{
	return pattern_check(block, BYTES, &wanted, &finding);
}

/* The block as it should be, but for what @change says. */
static void fill(uint64_t *words, const struct pattern *change)
{
	pattern_fill(words, BYTES, change ? change : &wanted);
}

START_TEST(a_block_that_was_filled_is_good)
{
	struct pattern any = wanted;

	fill(block, NULL);
	ck_assert_int_eq(check(), PATTERN_GOOD);
	any.generation = 0;
	ck_assert_int_eq(pattern_check(block, BYTES, &any, &finding),
			 PATTERN_GOOD);
}
END_TEST

START_TEST(zeros_are_zeroed)
{
	memset(block, 0, sizeof(block));
	ck_assert_int_eq(check(), PATTERN_ZEROED);
	ck_assert_uint_eq(finding.offset, wanted.offset);
}
END_TEST

START_TEST(another_offset_is_misplaced_and_named)
{
	struct pattern elsewhere = wanted;

	elsewhere.offset = 8192;
	fill(block, &elsewhere);
	ck_assert_int_eq(check(), PATTERN_MISPLACED);
	ck_assert_uint_eq(finding.found.offset, 8192);
}
END_TEST

START_TEST(another_seed_or_generation_is_stale)
{
	struct pattern old = wanted;

	old.generation = 2;
	fill(block, &old);
	ck_assert_int_eq(check(), PATTERN_STALE);
	ck_assert_uint_eq(finding.found.generation, 2);
	old = wanted;
	old.seed = 1;
	fill(block, &old);
	ck_assert_int_eq(check(), PATTERN_STALE);
	ck_assert_uint_eq(finding.found.seed, 1);
}
END_TEST

START_TEST(half_of_one_and_half_of_another_is_torn)
{
	struct pattern old = wanted, any = wanted;

	fill(block, NULL);
	old.generation = 2;
	fill(other, &old);
	memcpy(block + 5 * WORDS, other + 5 * WORDS, 3 * PATTERN_SECTOR);
	ck_assert_int_eq(check(), PATTERN_TORN);
	ck_assert_int_eq(finding.fault, PATTERN_TORN);
	ck_assert_int_eq(finding.sector_fault, PATTERN_STALE);
	ck_assert_uint_eq(finding.offset,
			  wanted.offset + 5 * PATTERN_SECTOR);
	any.generation = 0;
	ck_assert_int_eq(pattern_check(block, BYTES, &any, &finding),
			 PATTERN_TORN);
	fill(block, NULL);
	memset(block + WORDS, 0, PATTERN_SECTOR);
	ck_assert_int_eq(check(), PATTERN_TORN);
	ck_assert_int_eq(finding.sector_fault, PATTERN_ZEROED);
}
END_TEST

START_TEST(a_single_wrong_bit_is_found_wherever_it_is)
{
	for (unsigned bit = 0; bit < PATTERN_SECTOR * 8; bit++) {
		pattern_fill(block, PATTERN_SECTOR, &wanted);
		block[bit / 64] ^= UINT64_C(1) << bit % 64;
		ck_assert_int_eq(pattern_check(block, PATTERN_SECTOR, &wanted,
					       &finding), PATTERN_FOREIGN);
	}
}
END_TEST

START_TEST(every_fault_has_a_name)
{
	for (unsigned i = 0; i < PATTERN_FAULTS; i++)
		ck_assert_ptr_nonnull(pattern_get_fault_name(i));
	ck_assert_str_eq(pattern_get_fault_name(PATTERN_TORN), "torn");
}
END_TEST

UNIT_SUITE("pattern",
	   a_block_that_was_filled_is_good,
	   zeros_are_zeroed,
	   another_offset_is_misplaced_and_named,
	   another_seed_or_generation_is_stale,
	   half_of_one_and_half_of_another_is_torn,
	   a_single_wrong_bit_is_found_wherever_it_is,
	   every_fault_has_a_name);
