/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/shard.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/random.h"

#define FILES	200

static uint64_t sizes[FILES];

static void draw_sizes(uint64_t seed)
{
	struct random random;

	random_init(&random, seed, 0);
	for (unsigned i = 0; i < FILES; i++)
		sizes[i] = random_below(&random, i % 10 ? 100 * KIB :
							  3 * GIB + 1);
	sizes[0] = 0;
	sizes[1] = SHARD_RANGE;
	sizes[2] = 2 * SHARD_RANGE - 1;
	sizes[3] = 2 * SHARD_RANGE;
}

/* Nobody else has it, and it is where it belongs. */
static bool is_right(uint64_t before, const struct shard_range *range,
		     bool is_last)
{
	return before == UINT64_MAX &&
	       (is_last || !((range->offset_bytes + range->length_bytes) %
			     SHARD_BLOCK));
}

/*
 * One node's way: its ranges of each file, in @found and @owned. Check writes a
 * file at each assertion, so that here they are few.
 */
static void deal_all(unsigned index, unsigned count,
		     uint64_t begins[FILES][64], unsigned *found,
		     uint64_t *owned)
{
	struct shard *shard;
	struct shard_range range;

	ck_assert_int_eq(shard_create(index, count, &shard), 0);
	for (unsigned f = 0; f < FILES; f++) {
		unsigned parts = shard_count_parts(shard, sizes[f]);

		if (parts > 64)
			ck_abort_msg("file %u: %u ranges", f, parts);
		for (unsigned p = 0; p < parts; p++) {
			if (!shard_deal(shard, sizes[f], parts, p, &range))
				continue;
			if (!is_right(begins[f][p], &range, p + 1 == parts))
				ck_abort_msg("file %u: range %u of %u", f, p,
					     parts);
			begins[f][p] = range.offset_bytes;
			*owned += range.length_bytes;
			found[f]++;
		}
	}
	shard_destroy(shard);
}

static void check_all(unsigned count)
{
	static uint64_t begins[FILES][64];
	unsigned found[FILES] = { 0 };
	uint64_t total = 0, most = 0, least = UINT64_MAX;

	memset(begins, 0xff, sizeof(begins));
	for (unsigned i = 0; i < count; i++) {
		uint64_t owned = 0;

		deal_all(i, count, begins, found, &owned);
		total += owned;
		most = MAX(most, owned);
		least = MIN(least, owned);
	}
	for (unsigned f = 0; f < FILES; f++) {
		ck_assert_uint_ge(found[f], 1);
		for (unsigned p = 0; p < found[f]; p++)
			if (begins[f][p] == UINT64_MAX ||
			    (p && begins[f][p] <= begins[f][p - 1]))
				ck_abort_msg("file %u: range %u is nobody's",
					     f, p);
		ck_assert_uint_eq(begins[f][0], 0);
		total -= sizes[f];
	}
	/* Every byte once: all that was dealt is all that there was. */
	ck_assert_uint_eq(total, 0);
	/* A file is in so many ranges that none is larger than this. */
	ck_assert_msg(most - least <= 3 * GIB / count + 2 * SHARD_RANGE,
		      "%u nodes: from %llu to %llu", count,
		      (unsigned long long)least, (unsigned long long)most);
}

START_TEST(every_byte_falls_to_one_node)
{
	for (unsigned count = 1; count <= 64; count++) {
		draw_sizes(count);
		check_all(count);
	}
}
END_TEST

START_TEST(a_node_that_is_none_is_refused)
{
	struct shard *shard = NULL;

	ck_assert_int_eq(shard_create(0, 0, &shard), -EINVAL);
	ck_assert_int_eq(shard_create(3, 3, &shard), -EINVAL);
	ck_assert_int_eq(shard_create(0, SHARD_NODES_MOST + 1, &shard),
			 -EINVAL);
	ck_assert_ptr_null(shard);
	shard_destroy(NULL);
}
END_TEST

START_TEST(one_large_file_is_dealt_to_all)
{
	struct shard_range range, whole = { 0 };
	struct shard *shard;

	ck_assert_int_eq(shard_create(2, 3, &shard), 0);
	ck_assert_uint_eq(shard_count_parts(shard, 3 * GIB + 5), 3);
	ck_assert(!shard_deal(shard, 3 * GIB + 5, 3, 0, &range));
	ck_assert(!shard_deal(shard, 3 * GIB + 5, 3, 1, &range));
	ck_assert(shard_deal(shard, 3 * GIB + 5, 3, 2, &whole));
	ck_assert_uint_eq(whole.offset_bytes, 2 * GIB);
	ck_assert_uint_eq(whole.length_bytes, GIB + 5);
	/* Of equals, the first; files without data go round, too. */
	ck_assert(!shard_deal(shard, 0, 1, 0, &range));
	ck_assert(!shard_deal(shard, 0, 1, 0, &range));
	ck_assert(shard_deal(shard, 0, 1, 0, &range));
	shard_destroy(shard);
}
END_TEST

UNIT_SUITE("shard",
	   every_byte_falls_to_one_node,
	   a_node_that_is_none_is_refused,
	   one_large_file_is_dealt_to_all);
