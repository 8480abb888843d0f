/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "cli/help.h"
#include "unit/unit.h"

struct args {
	uint64_t block_bytes, depth, warmup_ns;
	int workload, verify;
	bool is_forced;
	const char *provider;
	struct cli_list also;
	int shard;
};

static int parse_shard(const char *text, void *value)
{
	if (strcmp(text, "1/2"))
		return -EINVAL;
	*(int *)value = 12;
	return 0;
}

static const struct cli_choice workloads[] = {
	{ "read", 1, "from first to last" }, { "write", 2, NULL }, { 0 }
};
static const struct cli_choice verifies[] = {
	{ "read", 1, NULL }, { "compare", 2, NULL }, { 0 }
};
static const struct cli_choice formats[] = {
	{ "text", 7, "for people" }, { "json", 8, "one object" }, { 0 }
};

#define AT(member) .offset = offsetof(struct args, member)

static const struct cli_option options[] = {
	{ .help = "Transfers" },
	{ .name = "block-size", .letter = 'b', .argument = "BYTES",
	  .help = "bytes a transfer", .kind = CLI_SIZE, AT(block_bytes),
	  .least = 512, .most = 1 << 30, .aliases = { "bs" } },
	{ .name = "depth", .letter = 'd', .argument = "N", .help = "in flight",
	  .kind = CLI_NUMBER, AT(depth), .least = 1, .aliases = { "iodepth" } },
	{ .name = "warmup", .argument = "DURATION", .help = "before it counts",
	  .kind = CLI_DURATION, AT(warmup_ns), .aliases = { "ramp-time" } },
	{ .name = "workload", .letter = 'w', .argument = "read|write",
	  .help = "what to do", .kind = CLI_CHOICE, AT(workload),
	  .choices = workloads, .aliases = { "rw" } },
	{ .name = "verify", .argument = "[=read|compare]",
	  .help = "look again", .kind = CLI_CHOICE, AT(verify),
	  .choices = verifies, .preset = "read" },
	{ .name = "force", .letter = 'f', .help = "really",
	  .kind = CLI_FLAG, AT(is_forced) },
	{ .name = "provider", .letter = 'p', .argument = "FUNCTION",
	  .help = "where", .kind = CLI_TEXT, AT(provider) },
	{ .name = "also", .argument = "DEST", .help = "one more",
	  .kind = CLI_LIST, AT(also) },
	{ .name = "shard", .argument = "K/N", .help = "a part",
	  .kind = CLI_PARSED, AT(shard), .parse = parse_shard },
};

static const struct cli_program program = {
	.name = "p2pcopy",
	.usage = "[OPTION]... SOURCE... DEST",
	.summary = "Copy.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
};

static struct args args;
static struct cli_common common;
static char error[1024];

/* A writable copy of the words, as main() gets them. */
static int scan(const char *const *words)
{
	static char copies[16][64], *argv[17];
	int argc = 1;

	argv[0] = strcpy(copies[0], "p2pcopy");
	for (; *words; words++, argc++) {
		ck_assert_uint_lt(strlen(*words), sizeof(copies[argc]));
		argv[argc] = strcpy(copies[argc], *words);
	}
	argv[argc] = NULL;
	args = (struct args){ 0 };
	error[0] = 0;
	return cli_scan(&program, argc, argv, &common, &args, error,
			sizeof(error));
}

#define SCAN(...)	scan((const char *const[]){ __VA_ARGS__, NULL })

static void assert_blames(int rc, const char *sentence)
{
	ck_assert_int_eq(rc, -EINVAL);
	ck_assert_str_eq(error, sentence);
}

START_TEST(every_kind_of_option_reaches_its_value)
{
	ck_assert_int_eq(SCAN("--block-size=64K", "--depth", "8",
			      "--warmup=500ms", "-w", "write", "--force",
			      "-p03:00.0", "--shard=1/2"), 0);
	ck_assert_uint_eq(args.block_bytes, 65536);
	ck_assert_uint_eq(args.depth, 8);
	ck_assert_uint_eq(args.warmup_ns, 500000000);
	ck_assert_int_eq(args.workload, 2);
	ck_assert(args.is_forced);
	ck_assert_str_eq(args.provider, "03:00.0");
	ck_assert_int_eq(args.shard, 12);
}
END_TEST

START_TEST(words_of_fio_and_underscores_are_understood)
{
	ck_assert_int_eq(SCAN("--bs=4k", "--iodepth=2", "--ramp_time=1s",
			      "--rw=read"), 0);
	ck_assert_uint_eq(args.block_bytes, 4096);
	ck_assert_uint_eq(args.depth, 2);
	ck_assert_uint_eq(args.warmup_ns, 1000000000);
	ck_assert_int_eq(args.workload, 1);
	ck_assert_int_eq(SCAN("--block_size=8k"), 0);
	ck_assert_uint_eq(args.block_bytes, 8192);
}
END_TEST

START_TEST(options_may_follow_operands_until_two_dashes)
{
	ck_assert_int_eq(SCAN("a", "-q", "b", "-", "-d", "3", "--", "-v"), 0);
	ck_assert_uint_eq(common.operand_count, 4);
	ck_assert_str_eq(common.operands[0], "a");
	ck_assert_str_eq(common.operands[1], "b");
	ck_assert_str_eq(common.operands[2], "-");
	ck_assert_str_eq(common.operands[3], "-v");
	ck_assert_ptr_null(common.operands[4]);
	ck_assert(common.is_quiet);
	ck_assert(!common.is_verbose);
	ck_assert_uint_eq(args.depth, 3);
}
END_TEST

START_TEST(short_flags_can_be_bundled_before_an_argument)
{
	ck_assert_int_eq(SCAN("-qvfb64K", "-fd", "4"), 0);
	ck_assert(common.is_quiet && common.is_verbose && args.is_forced);
	ck_assert_uint_eq(args.block_bytes, 65536);
	ck_assert_uint_eq(args.depth, 4);
}
END_TEST

START_TEST(an_optional_argument_has_a_preset)
{
	ck_assert_int_eq(SCAN("--verify", "compare"), 0);
	ck_assert_int_eq(args.verify, 1);
	ck_assert_uint_eq(common.operand_count, 1);
	ck_assert_int_eq(SCAN("--verify=compare"), 0);
	ck_assert_int_eq(args.verify, 2);
}
END_TEST

START_TEST(a_list_keeps_every_argument)
{
	ck_assert_int_eq(SCAN("--also=a", "--also", "b"), 0);
	ck_assert_uint_eq(args.also.count, 2);
	ck_assert_str_eq(args.also.items[0], "a");
	ck_assert_str_eq(args.also.items[1], "b");
	free(args.also.items);
}
END_TEST

START_TEST(the_last_of_several_formats_wins)
{
	ck_assert_int_eq(SCAN("-q"), 0);
	ck_assert_int_eq(common.format, 7);
	ck_assert_int_eq(SCAN("-J"), 0);
	ck_assert_int_eq(common.format, 8);
	ck_assert_int_eq(SCAN("-J", "-Ftext"), 0);
	ck_assert_int_eq(common.format, 7);
}
END_TEST

START_TEST(a_beginning_that_no_other_option_has_is_enough)
{
	ck_assert_int_eq(SCAN("--bl=512", "--prov=host", "--iod=2"), 0);
	ck_assert_uint_eq(args.block_bytes, 512);
	ck_assert_str_eq(args.provider, "host");
	ck_assert_uint_eq(args.depth, 2);
	assert_blames(SCAN("--ver"), "--ver: could be any of --verify, "
		      "--verbose, --version (write one in full)");
}
END_TEST

START_TEST(what_is_wrong_is_said_with_what_to_do)
{
	assert_blames(SCAN("--bs=rubbish"), "--bs=rubbish: not a size "
		      "(write 4096, 64K, 4M or 1G)");
	assert_blames(SCAN("-b", "-1"), "-b -1: not a size "
		      "(write 4096, 64K, 4M or 1G)");
	assert_blames(SCAN("--bs=99999999999T"),
		      "--bs=99999999999T: too large to count");
	assert_blames(SCAN("--bs=511"),
		      "--bs=511: too small (at least 512 B)");
	assert_blames(SCAN("--bs=2G"), "--bs=2G: too large (at most 1 GiB)");
	assert_blames(SCAN("-d0"), "-d 0: too small (at least 1)");
	assert_blames(SCAN("--depth=4K"),
		      "--depth=4K: not a number (write digits only)");
	assert_blames(SCAN("--warmup=soon"), "--warmup=soon: not a duration "
		      "(write 500ms, 10s or 2m)");
	assert_blames(SCAN("--rw=dance"),
		      "--rw=dance: no such word (known: read, write)");
	assert_blames(SCAN("--shard=0/0"), "--shard=0/0: not K/N");
	assert_blames(SCAN("--format=xml"),
		      "--format=xml: no such word (known: text, json)");
}
END_TEST

START_TEST(what_is_missing_unknown_or_too_much_is_said)
{
	assert_blames(SCAN("--depth"),
		      "--depth: needs an argument (write --depth=N)");
	assert_blames(SCAN("-d"), "-d: needs an argument (write -d N)");
	assert_blames(SCAN("--force=1"),
		      "--force=1: takes no argument (write --force)");
	assert_blames(SCAN("--nonsense"), "--nonsense: no such option "
		      "(p2pcopy --help lists them)");
	assert_blames(SCAN("-qX"), "-X: no such option "
		      "(p2pcopy --help lists them)");
	assert_blames(SCAN("--sysroot=/tmp"), "--sysroot: no such option "
		      "(p2pcopy --help lists them)");
}
END_TEST

START_TEST(help_ends_the_scan_before_later_mistakes)
{
	ck_assert_int_eq(SCAN("--help", "--nonsense"), 0);
	ck_assert_int_eq(common.shown->kind, CLI_HELP);
	ck_assert_int_eq(SCAN("-V"), 0);
	ck_assert_int_eq(common.shown->kind, CLI_VERSION);
	ck_assert_int_eq(SCAN("--rw=help"), 0);
	ck_assert_str_eq(common.shown->name, "workload");
}
END_TEST

START_TEST(help_shows_every_row_of_the_table)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	help_print(&program, file);
	fclose(file);
	ck_assert_ptr_nonnull(strstr(text, "Usage: p2pcopy [OPTION]... "
				     "SOURCE... DEST\nCopy.\n\nTransfers:\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n  -b, --block-size=BYTES      "
				     "bytes a transfer; also --bs\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n      --verify[=read|compare]"
				     "\n                              "
				     "look again\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n  -J, --json    "));
	ck_assert_ptr_null(strstr(text, "--sysroot"));
	free(text);
}
END_TEST

START_TEST(the_worst_exit_code_wins)
{
	static const int worst_first[] = { 2, 5, 4, 1, 143, 130, 6, 3, 0 };

	for (size_t a = 0; a < ARRAY_SIZE(worst_first); a++)
		for (size_t b = a; b < ARRAY_SIZE(worst_first); b++) {
			ck_assert_int_eq(exit_worst(worst_first[a],
						    worst_first[b]),
					 worst_first[a]);
			ck_assert_int_eq(exit_worst(worst_first[b],
						    worst_first[a]),
					 worst_first[a]);
		}
}
END_TEST

UNIT_SUITE("cli",
	   every_kind_of_option_reaches_its_value,
	   words_of_fio_and_underscores_are_understood,
	   options_may_follow_operands_until_two_dashes,
	   short_flags_can_be_bundled_before_an_argument,
	   an_optional_argument_has_a_preset,
	   a_list_keeps_every_argument,
	   the_last_of_several_formats_wins,
	   a_beginning_that_no_other_option_has_is_enough,
	   what_is_wrong_is_said_with_what_to_do,
	   what_is_missing_unknown_or_too_much_is_said,
	   help_ends_the_scan_before_later_mistakes,
	   help_shows_every_row_of_the_table,
	   the_worst_exit_code_wins);
