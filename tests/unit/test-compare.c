/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/compare.h"
#include "engine/endpoint-null.h"
#include "unit/unit.h"

/* What a drive answers is for the lab; here is what is no such drive. */

START_TEST(what_is_no_drive_is_told_and_nothing_else_happens)
{
	const struct endpoint_faults faults = { 0 };
	struct compare_result result = { .is_peer = true };
	struct endpoint *zeros, *sink;
	struct ring *ring;

	ck_assert_int_eq(ring_open_with(4, RING_COMMANDS, &ring), 0);
	ck_assert_int_eq(endpoint_null_open(NULL, ENDPOINT_READ, &faults,
					    &zeros), 0);
	ck_assert_int_eq(endpoint_null_open(NULL, ENDPOINT_WRITE, &faults,
					    &sink), 0);
	sink->range.lba_shift = 9;

	const struct verify_plan read = {
		.source = zeros,
		.destination = sink,
		.size_bytes = 8192,
		.ring = ring,
		.block_bytes = 4096,
		.depth = 1,
	};
	const struct compare_plan plan = { .read = &read, .drive = sink };

	ck_assert_int_eq(compare_run(&plan, &result), 0);
	ck_assert_str_eq(result.why_not, "the drive does not say what it can");
	ck_assert_uint_eq(result.verified.compared_bytes, 0);
	ck_assert(!result.is_peer);
	ck_assert_uint_eq(ring_get_submits(ring), 0);
	endpoint_close(zeros);
	endpoint_close(sink);
	ring_close(ring);
}
END_TEST

UNIT_SUITE("compare",
	   what_is_no_drive_is_told_and_nothing_else_happens);
