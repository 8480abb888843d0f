/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/guard.h"
#include "unit/unit.h"

#include <stdint.h>
#include <string.h>

#define PLACE(container, member, start, end, is_linear)	\
	{ (container), (member), (start), (end), (is_linear) }
#define DISK(start, end)	PLACE("nvme0n1", NULL, start, end, true)
#define IN_DISK(start, end)	PLACE("nvme0n1", NULL, start, end, false)
#define END			UINT64_MAX

#define FREE	.is_mounted = P2PDMA_NO, .is_swap = P2PDMA_NO

/* Device numbers that no device has; paths that are not there. */
#define TARGET(name, k, n, ...)						\
	static const struct p2pdma_place name##_places[] = {		\
		__VA_ARGS__						\
	};								\
	static const struct p2pdma_way name##_way = {			\
		name##_places,						\
		sizeof(name##_places) / sizeof(name##_places[0]),	\
	};								\
	static const struct p2pdma_target name = {			\
		.kind = P2PDMA_TARGET_##k, .path = "/none/" #name,	\
		.size_bytes = (n), .device_major = 4000,		\
		.ways = &name##_way, .way_count = 1, FREE,		\
	}

TARGET(disk, BLOCK, 1000, DISK(0, END));
TARGET(first, PARTITION, 400, DISK(100, 500));
TARGET(second, PARTITION, 500, DISK(500, 1000));
TARGET(file, FILE, 50, PLACE("1:1", "7", 0, END, true),
       IN_DISK(100, 500));
TARGET(other_file, FILE, 50, PLACE("1:1", "8", 0, END, true),
       IN_DISK(100, 500));
TARGET(file_on_disk, FILE, 50, PLACE("1:0", "7", 0, END, true),
       IN_DISK(0, END));
TARGET(loop, BLOCK, 50, PLACE("loop0", NULL, 0, END, true),
       PLACE("1:1", "7", 0, END, true), IN_DISK(100, 500));
TARGET(same_loop, BLOCK, 30, PLACE("loop1", NULL, 0, END, true),
       PLACE("1:1", "7", 20, END, true), IN_DISK(100, 500));
TARGET(other_loop, BLOCK, 50, PLACE("loop2", NULL, 0, END, true),
       PLACE("1:1", "8", 0, END, true), IN_DISK(100, 500));
TARGET(file_in_loop, FILE, 5, PLACE("7:0", "7", 0, END, true),
       PLACE("loop0", NULL, 0, END, false), PLACE("1:1", "7", 0, END, false),
       IN_DISK(100, 500));
TARGET(file_beside_it, FILE, 5, PLACE("7:0", "8", 0, END, true),
       PLACE("loop0", NULL, 0, END, false), PLACE("1:1", "7", 0, END, false),
       IN_DISK(100, 500));
TARGET(linear, BLOCK, 50, PLACE("dm-0", NULL, 0, END, true), IN_DISK(0, END));
TARGET(also_linear, BLOCK, 50, PLACE("dm-1", NULL, 0, END, true),
       IN_DISK(0, END));
TARGET(volume, BLOCK, 50, PLACE("dm-2", NULL, 0, END, true),
       PLACE("LVM-a", "dm-2", 0, END, true), IN_DISK(100, 500));
TARGET(other_volume, BLOCK, 50, PLACE("dm-3", NULL, 0, END, true),
       PLACE("LVM-a", "dm-3", 0, END, true), IN_DISK(100, 500));
TARGET(thin_volume, BLOCK, 50, PLACE("dm-4", NULL, 0, END, true),
       PLACE("LVM-a", "dm-4", 0, END, true),
       PLACE("dm-3", NULL, 0, END, false),
       PLACE("LVM-a", "dm-3", 0, END, false), IN_DISK(100, 500));
TARGET(file_on_volume, FILE, 50, PLACE("2:0", "7", 0, END, true),
       PLACE("dm-2", NULL, 0, END, false),
       PLACE("LVM-a", "dm-2", 0, END, false), IN_DISK(100, 500));
TARGET(array_start, PARTITION, 50, PLACE("md0", NULL, 10, 60, true),
       IN_DISK(0, END));
TARGET(array_end, PARTITION, 50, PLACE("md0", NULL, 60, 110, true),
       IN_DISK(0, END));
TARGET(apart, BLOCK, 1000, PLACE("nvme1n1", NULL, 0, END, true));

/* The second of two members. */
static const struct p2pdma_place one_member[] = {
	PLACE("md0", NULL, 0, END, true),
	PLACE("nvme1n1", NULL, 0, END, false),
};
static const struct p2pdma_place two_member[] = {
	PLACE("md0", NULL, 0, END, true), IN_DISK(0, END),
};
static const struct p2pdma_way members[] = {
	{ one_member, 2 }, { two_member, 2 },
};
static const struct p2pdma_target array = {
	.kind = P2PDMA_TARGET_BLOCK, .path = "/none/md0",
	.size_bytes = 2000, .device_major = 4000,
	.ways = members, .way_count = 2, FREE,
};
static const char *const holders[] = { "md0" };
static const struct p2pdma_target held = {
	.kind = P2PDMA_TARGET_BLOCK, .path = "/none/nvme1n1",
	.size_bytes = 1000, .device_major = 4000,
	.holders = holders, .holder_count = 1, FREE,
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
	{ "an array into its other member", &array, 0, &apart, 0, 10,
	  "overlap" },
	{ "partitions of an array", &array_start, 0, &array_end, 0, 50, "" },
	{ "partitions of an array that meet", &array_start, 0, &array_end, 0,
	  51, "overlap" },
	{ "a file system on the disk into a partition of it", &file_on_disk,
	  0, &second, 0, 50, "overlap" },
	{ "a file onto its loop device", &file, 0, &loop, 0, 50, "overlap" },
	{ "a loop device into its file", &loop, 0, &file, 0, 50, "overlap" },
	{ "a file beside its loop device's", &file, 0, &loop, 25, 25, "" },
	{ "two loop devices of a file", &loop, 0, &same_loop, 0, 30,
	  "overlap" },
	{ "two that are apart by their offset", &loop, 0, &same_loop, 0, 20,
	  "" },
	{ "loop devices of two files", &loop, 0, &other_loop, 0, 50, "" },
	{ "a loop device onto the partition below", &loop, 0, &first, 0, 50,
	  "overlap" },
	{ "a loop device onto the partition beside", &loop, 0, &second, 0,
	  50, "" },
	{ "two files in a loop device", &file_in_loop, 0, &file_beside_it, 0,
	  5, "" },
	{ "a file in a loop device onto that", &file_in_loop, 0, &loop, 0, 5,
	  "overlap" },
	{ "a file in a loop device into its file", &file_in_loop, 0, &file,
	  0, 5, "overlap" },
	{ "two linear devices", &linear, 0, &also_linear, 0, 10, "overlap" },
	{ "two volumes of a group", &volume, 0, &other_volume, 0, 50, "" },
	{ "a thin volume onto its pool", &thin_volume, 0, &other_volume, 0,
	  50, "overlap" },
	{ "a thin volume onto another one", &thin_volume, 0, &volume, 0, 50,
	  "" },
	{ "a file onto its volume", &file_on_volume, 0, &volume, 0, 50,
	  "overlap" },
	{ "a file on a volume onto the partition beside", &file_on_volume, 0,
	  &second, 0, 50, "" },
	{ "a file on a volume onto its partition", &file_on_volume, 0,
	  &first, 0, 50, "overlap" },
	{ "offsets beyond all", &disk, 0, &disk, UINT64_MAX - 1, 100,
	  "too-small" },
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

START_TEST(what_is_mounted_or_swap_can_be_forced)
{
	struct p2pdma_target used = second;

	used.is_mounted = P2PDMA_YES;
	used.mount_point = "/srv";
	ck_assert_str_eq(ask(NULL, 0, &used, 0, 500, false), "mounted");
	ck_assert_str_eq(ask(NULL, 0, &used, 0, 500, true), "");
	used.is_mounted = P2PDMA_UNKNOWN;
	ck_assert_str_eq(ask(NULL, 0, &used, 0, 500, false), "mounted");
	used.is_mounted = P2PDMA_NO;
	used.is_swap = P2PDMA_YES;
	ck_assert_str_eq(ask(NULL, 0, &used, 0, 500, false), "swap");
	used.is_swap = P2PDMA_UNKNOWN;
	ck_assert_str_eq(ask(NULL, 0, &used, 0, 500, false), "swap");
	ck_assert_str_eq(ask(NULL, 0, &used, 0, 500, true), "");
}
END_TEST

START_TEST(a_part_of_an_array_is_in_use_and_can_be_forced)
{
	ck_assert_str_eq(ask(NULL, 0, &held, 0, 10, false), "in-use");
	ck_assert_str_eq(ask(NULL, 0, &held, 0, 10, true), "");
}
END_TEST

START_TEST(what_cannot_be_told_is_refused_and_can_be_forced)
{
	bool is_told = true;

	ck_assert_str_eq(ask(NULL, 0, &second, 0, 500, false), "in-use");
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (!answers[i].guard)
			continue;
		ck_assert_int_eq(answers[i].is_refusing,
				 answers[i].answer != P2PDMA_NO);
		is_told &= answers[i].answer != P2PDMA_UNKNOWN;
		if (!strcmp(answers[i].guard->id, "signature"))
			ck_assert_str_eq(answers[i].why,
					 "it could not be told whether "
					 "/none/second bears a signature: No "
					 "such file or directory: make sure "
					 "of it");
	}
	ck_assert(!is_told);
	ck_assert_str_eq(ask(NULL, 0, &second, 0, 500, true), "");
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

START_TEST(an_overlap_that_was_found_elsewhere_is_told_the_same)
{
	struct guard_answer answer;

	guard_refuse_overlap("a", "b", &answer);
	ck_assert_str_eq(answer.guard->id, "overlap");
	ck_assert(!answer.guard->can_be_forced);
	ck_assert(answer.is_refusing);
	ck_assert_int_eq(answer.answer, P2PDMA_YES);
	ck_assert_str_eq(answer.why, "a and b share the same bytes: choose "
			 "another destination");
}
END_TEST

UNIT_SUITE("guard",
	   what_overlaps_is_refused_and_cannot_be_forced,
	   a_destination_that_is_too_small_cannot_be_forced,
	   what_is_mounted_or_swap_can_be_forced,
	   a_part_of_an_array_is_in_use_and_can_be_forced,
	   what_cannot_be_told_is_refused_and_can_be_forced,
	   guards_that_cannot_be_forced_come_first,
	   an_overlap_that_was_found_elsewhere_is_told_the_same);
