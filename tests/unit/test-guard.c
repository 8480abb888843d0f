/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/guard.h"
#include "unit/unit.h"

#include <string.h>

static const struct p2pdma_layer on_disk[] = { { "nvme", "nvme0n1" } };
static const struct p2pdma_layer on_md[] = {
	{ "md-raid0", "md0" }, { "nvme", "nvme0n1" },
};

/* Device numbers that no device has; paths that are not there. */
#define TARGET(k, p, d, minor, s, n)					\
	{ .kind = (k), .path = (p), .disk = (d), .start_bytes = (s),	\
	  .size_bytes = (n), .device_major = 4000,			\
	  .device_minor = (minor),					\
	  .layers = on_disk, .layer_count = 1 }

static const struct p2pdma_target disk =
	TARGET(P2PDMA_TARGET_BLOCK, "/none/nvme0n1", "nvme0n1", 0, 0, 1000);
static const struct p2pdma_target first =
	TARGET(P2PDMA_TARGET_PARTITION, "/none/nvme0n1p1", "nvme0n1", 1,
	       100, 400);
static const struct p2pdma_target second =
	TARGET(P2PDMA_TARGET_PARTITION, "/none/nvme0n1p2", "nvme0n1", 2,
	       500, 500);
static const struct p2pdma_target file =
	TARGET(P2PDMA_TARGET_FILE, "/none/file", "nvme0n1", 1, 100, 50);
static const struct p2pdma_target other_file =
	TARGET(P2PDMA_TARGET_FILE, "/none/other", "nvme0n1", 1, 100, 50);
static const struct p2pdma_target array = {
	.kind = P2PDMA_TARGET_BLOCK, .path = "/none/md0", .disk = "md0",
	.size_bytes = 2000, .device_major = 4000,
	.layers = on_md, .layer_count = 2,
};
static const char *const holders[] = { "md0" };
static const struct p2pdma_target held = {
	.kind = P2PDMA_TARGET_BLOCK, .path = "/none/nvme1n1",
	.disk = "nvme1n1", .size_bytes = 1000, .device_major = 4000,
	.holders = holders, .holder_count = 1,
};

static struct guard_answer answers[GUARDS_MAX];

static const char *ask(const struct p2pdma_target *source, uint64_t skip,
		       const struct p2pdma_target *destination, uint64_t seek,
		       uint64_t size, bool is_forced)
{
	const struct guard_question question = {
		.source = source, .destination = destination,
		.source_offset_bytes = skip, .destination_offset_bytes = seek,
		.size_bytes = size,
	};
	const struct guard_answer *refusal;
	unsigned count = guard_ask_all(&question, answers);

	ck_assert_uint_le(count, GUARDS_MAX);
	refusal = guard_find_refusal(answers, count, is_forced);
	if (!refusal)
		return "";
	ck_assert_str_ne(refusal->why, "");
	return refusal->guard->id;
}

static const struct {
	const char *what;
	const struct p2pdma_target *source;
	uint64_t skip;
	const struct p2pdma_target *destination;
	uint64_t seek, size;
	const char *refusal;
} overlaps[] = {
	{ "a disk onto itself", &disk, 0, &disk, 0, 100, "overlap" },
	{ "halves of a disk", &disk, 0, &disk, 500, 500, "" },
	{ "halves that meet", &disk, 0, &disk, 499, 500, "overlap" },
	{ "two partitions", &first, 0, &second, 0, 400, "" },
	{ "a disk into its partition", &disk, 0, &second, 0, 500, "" },
	{ "a partition below itself", &disk, 450, &second, 0, 100,
	  "overlap" },
	{ "a file onto its disk", &file, 0, &disk, 0, 50, "" },
	{ "a file onto its file system", &file, 0, &disk, 100, 50, "overlap" },
	{ "a file onto another partition", &file, 0, &second, 0, 50, "" },
	{ "a file onto its own partition", &file, 0, &first, 200, 50,
	  "overlap" },
	{ "a partition into its own file", &first, 0, &file, 0, 50,
	  "overlap" },
	{ "two files", &file, 0, &other_file, 0, 50, "" },
	{ "a member into its array", &disk, 0, &array, 0, 10, "overlap" },
	{ "an array into its member", &array, 0, &second, 0, 10, "overlap" },
	{ "nothing", &disk, 0, &disk, 0, 0, "" },
};

START_TEST(what_overlaps_is_refused_and_cannot_be_forced)
{
	for (size_t i = 0; i < sizeof(overlaps) / sizeof(overlaps[0]); i++) {
		const char *got = ask(overlaps[i].source, overlaps[i].skip,
				      overlaps[i].destination,
				      overlaps[i].seek, overlaps[i].size,
				      true);

		ck_assert_msg(!strcmp(got, overlaps[i].refusal), "%s: \"%s\"",
			      overlaps[i].what, got);
	}
}
END_TEST

START_TEST(a_destination_that_is_too_small_cannot_be_forced)
{
	ck_assert_str_eq(ask(NULL, 0, &second, 0, 500, true), "");
	ck_assert_str_eq(ask(NULL, 0, &second, 0, 501, true), "too-small");
	ck_assert_str_eq(ask(NULL, 0, &second, 1, 500, true), "too-small");
	ck_assert_str_eq(ask(NULL, 0, &second, UINT64_MAX, 1, true),
			 "too-small");
	ck_assert_str_eq(ask(NULL, 0, &file, 0, 5000, true), "");
}
END_TEST

START_TEST(a_part_of_an_array_is_in_use_and_can_be_forced)
{
	ck_assert_str_eq(ask(NULL, 0, &held, 0, 10, false), "in-use");
	ck_assert_str_eq(ask(NULL, 0, &held, 0, 10, true), "");
}
END_TEST

START_TEST(guards_that_cannot_be_forced_come_first)
{
	bool has_forcible = false;
	unsigned count;
	const struct guard_question question = { .destination = &held };

	count = guard_ask_all(&question, answers);
	ck_assert_uint_gt(count, 0);
	for (unsigned i = 0; i < count; i++) {
		has_forcible |= answers[i].guard->can_be_forced;
		ck_assert_msg(answers[i].guard->can_be_forced == has_forcible,
			      "%s", answers[i].guard->id);
	}
}
END_TEST

UNIT_SUITE("guard",
	   what_overlaps_is_refused_and_cannot_be_forced,
	   a_destination_that_is_too_small_cannot_be_forced,
	   a_part_of_an_array_is_in_use_and_can_be_forced,
	   guards_that_cannot_be_forced_come_first);
