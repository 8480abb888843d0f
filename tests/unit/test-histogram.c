/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/histogram.h"
#include "unit/unit.h"

#include <math.h>

static struct histogram h, other;

START_TEST(an_empty_histogram_has_seen_nothing)
{
	histogram_init(&h);
	ck_assert_uint_eq(h.count, 0);
	ck_assert_uint_eq(histogram_least(&h), 0);
	ck_assert_uint_eq(histogram_most(&h), 0);
	ck_assert_double_eq(histogram_mean(&h), 0);
	ck_assert_double_eq(histogram_deviation(&h), 0);
	ck_assert_uint_eq(histogram_quantile(&h, 5000), 0);
}
END_TEST

START_TEST(amounts_below_1024_have_a_bucket_each)
{
	for (uint64_t n = 0; n < 1024; n++)
		ck_assert_uint_eq(histogram_bucket(n), n);
	ck_assert_uint_eq(histogram_bucket(1024), 1024);
	ck_assert_uint_eq(histogram_bucket(1025), 1024);
	ck_assert_uint_eq(histogram_bucket(1026), 1025);
	ck_assert_uint_eq(histogram_bucket(2047), 1535);
	ck_assert_uint_eq(histogram_bucket(2048), 1536);
	ck_assert_uint_eq(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}
END_TEST

START_TEST(quantiles_of_one_to_a_hundred_are_exact)
{
	histogram_init(&h);
	for (uint64_t n = 100; n; n--)
		histogram_record(&h, n);
	ck_assert_uint_eq(h.count, 100);
	ck_assert_uint_eq(histogram_least(&h), 1);
	ck_assert_uint_eq(histogram_most(&h), 100);
	ck_assert_double_eq(histogram_mean(&h), 50.5);
	ck_assert_double_eq_tol(histogram_deviation(&h), 28.866070047722118,
				1e-12);
	ck_assert_uint_eq(histogram_quantile(&h, 0), 1);
	ck_assert_uint_eq(histogram_quantile(&h, 5000), 50);
	ck_assert_uint_eq(histogram_quantile(&h, 9000), 90);
	ck_assert_uint_eq(histogram_quantile(&h, 9900), 99);
	ck_assert_uint_eq(histogram_quantile(&h, 9901), 100);
	ck_assert_uint_eq(histogram_quantile(&h, 9999), 100);
	ck_assert_uint_eq(histogram_quantile(&h, 10000), 100);
}
END_TEST

START_TEST(a_quantile_is_off_by_half_a_bucket_at_most)
{
	for (uint64_t n = 1; n < UINT64_MAX / 3; n += n / 3 + 1) {
		double got;

		histogram_init(&h);
		histogram_record(&h, 0);
		histogram_record(&h, n);
		histogram_record(&h, UINT64_MAX);
		got = (double)histogram_quantile(&h, 5000);
		ck_assert_msg(fabs(got - (double)n) <=
				      HISTOGRAM_ERROR * (double)n,
			      "%llu came back as %.0f", (unsigned long long)n,
			      got);
	}
}
END_TEST

START_TEST(one_amount_is_its_own_quantile_without_error)
{
	histogram_init(&h);
	histogram_record(&h, 1234567);
	ck_assert_uint_eq(histogram_quantile(&h, 5000), 1234567);
	ck_assert_double_eq(histogram_mean(&h), 1234567);
	ck_assert_double_eq(histogram_deviation(&h), 0);
}
END_TEST

START_TEST(a_small_deviation_beside_a_large_mean_is_kept)
{
	histogram_init(&h);
	for (int i = 0; i < 1000; i++) {
		histogram_record(&h, 1000000000 - 1);
		histogram_record(&h, 1000000000 + 1);
	}
	ck_assert_double_eq(histogram_mean(&h), 1e9);
	ck_assert_double_eq_tol(histogram_deviation(&h), 1, 1e-12);
}
END_TEST

START_TEST(merging_is_the_same_as_having_seen_both)
{
	histogram_init(&h);
	histogram_init(&other);
	for (uint64_t n = 1; n <= 50; n++)
		histogram_record(&h, n);
	for (uint64_t n = 51; n <= 100; n++)
		histogram_record(&other, n);
	histogram_merge(&h, &other);
	ck_assert_uint_eq(h.count, 100);
	ck_assert_uint_eq(histogram_least(&h), 1);
	ck_assert_uint_eq(histogram_most(&h), 100);
	ck_assert_double_eq(histogram_mean(&h), 50.5);
	ck_assert_uint_eq(histogram_quantile(&h, 9000), 90);
}
END_TEST

START_TEST(merging_with_an_empty_one_changes_nothing)
{
	histogram_init(&h);
	histogram_init(&other);
	histogram_record(&h, 7);
	histogram_merge(&h, &other);
	ck_assert_uint_eq(h.count, 1);
	ck_assert_uint_eq(histogram_least(&h), 7);
	ck_assert_uint_eq(histogram_most(&h), 7);
}
END_TEST

UNIT_SUITE("histogram",
	   an_empty_histogram_has_seen_nothing,
	   amounts_below_1024_have_a_bucket_each,
	   quantiles_of_one_to_a_hundred_are_exact,
	   a_quantile_is_off_by_half_a_bucket_at_most,
	   one_amount_is_its_own_quantile_without_error,
	   a_small_deviation_beside_a_large_mean_is_kept,
	   merging_is_the_same_as_having_seen_both,
	   merging_with_an_empty_one_changes_nothing);
