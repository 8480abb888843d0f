/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/zipf.h"
#include "unit/unit.h"

#include <math.h>

#define LIMIT	1000u
#define DRAWS	50000u

/* Shares follow 1/k^theta; five deviations of chance are allowed. */
static void must_follow(double theta)
{
	unsigned counts[LIMIT] = { 0 };
	struct random random;
	struct zipf zipf;
	double sum = 0;

	random_init(&random, 1, 0);
	zipf_init(&zipf, theta, LIMIT, 1);
	for (unsigned i = 0; i < DRAWS; i++)
		counts[zipf_draw_rank(&zipf, &random)]++;
	for (unsigned k = 1; k <= LIMIT; k++)
		sum += pow(k, -theta);
	for (unsigned k = 1; k <= LIMIT; k *= 3) {
		double want = DRAWS * pow(k, -theta) / sum;

		ck_assert_double_lt(fabs(counts[k - 1] - want),
				    5 * sqrt(want) + 2);
	}
}

START_TEST(shares_follow_the_law)
{
	must_follow(0.5);
	must_follow(0.99);
	must_follow(1);
	must_follow(1.2);
	must_follow(3);
}
END_TEST

START_TEST(every_rank_has_a_number_of_its_own)
{
	static const uint64_t limits[] = { 1, 2, 3, 64, 65, 999, LIMIT };

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		unsigned char seen[LIMIT] = { 0 };
		struct zipf zipf;

		zipf_init(&zipf, 1.1, limits[i], 7);
		for (uint64_t rank = 0; rank < limits[i]; rank++) {
			uint64_t number = zipf_scatter(&zipf, rank);

			ck_assert_uint_lt(number, limits[i]);
			ck_assert_uint_eq(seen[number]++, 0);
		}
	}
}
END_TEST

START_TEST(a_range_without_end_is_no_more_effort)
{
	struct random random;
	struct zipf zipf;

	random_init(&random, 1, 0);
	zipf_init(&zipf, 1.1, UINT64_C(1) << 50, 1);
	for (unsigned i = 0; i < DRAWS; i++)
		ck_assert_uint_lt(zipf_draw(&zipf, &random),
				  UINT64_C(1) << 50);
}
END_TEST

START_TEST(another_seed_scatters_in_another_way)
{
	struct zipf a, b;
	unsigned same = 0;

	zipf_init(&a, 1.1, LIMIT, 1);
	zipf_init(&b, 1.1, LIMIT, 2);
	for (uint64_t rank = 0; rank < LIMIT; rank++)
		same += zipf_scatter(&a, rank) == zipf_scatter(&b, rank);
	ck_assert_uint_lt(same, LIMIT / 20);
}
END_TEST

UNIT_SUITE("zipf",
	   shares_follow_the_law,
	   every_rank_has_a_number_of_its_own,
	   a_range_without_end_is_no_more_effort,
	   another_seed_scatters_in_another_way);
