/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/figures.h"
#include "unit/unit.h"

#include <string.h>

START_TEST(a_tail_needs_ten_that_took_longer)
{
	static struct histogram h;

	histogram_init(&h);
	for (int i = 0; i < 99; i++)
		histogram_record(&h, 1000);
	ck_assert(figures_have(&h, 0));
	ck_assert(!figures_have(&h, 1));
	histogram_record(&h, 1000);
	ck_assert_str_eq(figures_quantiles[1].key, "p90_ns");
	ck_assert(figures_have(&h, 1));
	ck_assert(!figures_have(&h, 2));
}
END_TEST

START_TEST(rates_of_nothing_are_none)
{
	struct bench_result r = { .ios = 3 };

	ck_assert(!figures_have_rate(&r));
	ck_assert(figures_iops(&r) == 0);
	ck_assert_uint_eq(figures_cpu_per_gib(&r), 0);
	r.duration_ns = 500000000;
	r.bytes = 1 << 29;
	r.cpu_user_ns = 2;
	r.cpu_system_ns = 3;
	ck_assert(figures_iops(&r) == 6);
	ck_assert_uint_eq(figures_cpu_per_gib(&r), 10);
	ck_assert_uint_eq(figures_round(0.5), 1);
}
END_TEST

START_TEST(what_was_read_again_counts_with_what_was_read)
{
	static struct bench_result run, again;
	struct report_bench b = { .result = &run };
	struct bench_verification sum;

	run.verification.checked = 10;
	run.verification.faults[PATTERN_GOOD] = 10;
	again.verification.checked = 5;
	again.verification.faults[PATTERN_GOOD] = 4;
	again.verification.faults[PATTERN_TORN] = 1;
	again.verification.first.offset = 4096;
	ck_assert_uint_eq(figures_sum_verification(&b).checked, 10);
	b.check = &again;
	sum = figures_sum_verification(&b);
	ck_assert_uint_eq(sum.checked, 15);
	ck_assert_uint_eq(sum.faults[PATTERN_GOOD], 14);
	ck_assert_uint_eq(sum.faults[PATTERN_TORN], 1);
	ck_assert_uint_eq(sum.first.offset, 4096);
}
END_TEST

START_TEST(an_error_has_a_place_and_a_deed)
{
	static struct bench_result r;
	const struct report_bench b = {
		.targets = { "a", "b" }, .result = &r,
	};

	r.first_error = (struct bench_error){
		.target = 1, .direction = P2PDMA_WRITE,
	};
	ck_assert_str_eq(figures_where(&b), "b");
	ck_assert_str_eq(figures_deed(&r.first_error), "write");
	r.first_error.direction = P2PDMA_READ;
	ck_assert_str_eq(figures_deed(&r.first_error), "read");
	ck_assert_str_eq(figures_ends[BENCH_SILENT].word, "silent");
}
END_TEST

UNIT_SUITE("figures", a_tail_needs_ten_that_took_longer,
	   rates_of_nothing_are_none,
	   what_was_read_again_counts_with_what_was_read,
	   an_error_has_a_place_and_a_deed);
