/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/copy-options.h"
#include "unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macro.h"
#include "engine/copy-job.h"

#define ARGUMENTS_MOST	16
#define OF(...)		(const char *[]){ "p2pcopy", __VA_ARGS__, NULL }

static struct cli_common common;
static struct copy_options o;
static char said[4096];

/* What it says goes to a file, and then to @said. The code of both steps. */
static int parse(const char **words)
{
	static char *argv[ARGUMENTS_MOST + 1];
	char path[] = "/tmp/test-copy-options-XXXXXX";
	int fd = mkstemp(path), before = dup(STDERR_FILENO), argc = 0, code;
	ssize_t n;

	for (; words[argc]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc];
	argv[argc] = NULL;
	free(o.also.items);
	copy_options_init(&o);
	dup2(fd, STDERR_FILENO);
	code = cli_parse(&copy_program, argc, argv, &common, &o);
	if (code == CLI_GO_ON)
		code = copy_options_check(&common, &o);
	dup2(before, STDERR_FILENO);
	n = pread(fd, said, sizeof(said) - 1, 0);
	said[MAX(n, 0)] = '\0';
	close(before);
	close(fd);
	unlink(path);
	return code;
}

static void is_wrong(const char **words, const char *why)
{
	ck_assert_int_eq(parse(words), EXIT_USAGE);
	ck_assert_msg(strstr(said, why) != NULL, "%s: %s", why, said);
}

START_TEST(what_is_not_given_is_as_the_contract_says)
{
	ck_assert_int_eq(parse(OF("a", "b")), CLI_GO_ON);
	ck_assert_uint_eq(o.io_timeout_ns, 60 * NS_PER_SEC);
	ck_assert_uint_eq(o.seek_bytes, SEEK_NONE);
	ck_assert_uint_eq(o.size_bytes, COPY_SIZE_REST);
	ck_assert_uint_eq(o.block_bytes, 0);
	ck_assert_int_eq(o.verify, COPY_VERIFY_NONE);
	ck_assert_int_eq(o.sparse, SPARSE_AUTO);
	ck_assert_int_eq(o.on_error, ON_ERROR_STOP);
	ck_assert(!o.is_unsynced);
	ck_assert(!copy_options_are_many(&common, &o));
}
END_TEST

START_TEST(an_optional_argument_has_the_usual_one)
{
	ck_assert_int_eq(parse(OF("--verify", "a", "b")), CLI_GO_ON);
	ck_assert_int_eq(o.verify, COPY_VERIFY_READ);
	ck_assert_int_eq(parse(OF("--verify=compare", "a", "b")), CLI_GO_ON);
	ck_assert_int_eq(o.verify, COPY_VERIFY_COMPARE);
}
END_TEST

START_TEST(a_checksum_may_have_a_file)
{
	ck_assert_int_eq(parse(OF("--checksum=sha256", "a", "b")), CLI_GO_ON);
	ck_assert_str_eq(o.sum.name, "sha256");
	ck_assert_ptr_null(o.sum.file);
	ck_assert_int_eq(parse(OF("--checksum=xxh128:to:here", "a", "b")),
			 CLI_GO_ON);
	ck_assert_str_eq(o.sum.name, "xxh128");
	ck_assert_str_eq(o.sum.file, "to:here");
	is_wrong(OF("--checksum=crc7", "a", "b"), "crc7");
	is_wrong(OF("--checksum=md5:", "a", "b"), "md5:");
}
END_TEST

START_TEST(a_shard_is_one_of_so_many)
{
	ck_assert_int_eq(parse(OF("--shard=2/3", "a", "b")), CLI_GO_ON);
	ck_assert_uint_eq(o.shard.count, 3);
	ck_assert(copy_options_are_many(&common, &o));
	is_wrong(OF("--shard=4/3", "a", "b"), "4/3");
	is_wrong(OF("--shard=0/3", "a", "b"), "0/3");
}
END_TEST

START_TEST(several_destinations_are_a_list)
{
	ck_assert_int_eq(parse(OF("--also=c", "a", "--also=d", "b")),
			 CLI_GO_ON);
	ck_assert_uint_eq(o.also.count, 2);
	ck_assert_str_eq(o.also.items[1], "d");
}
END_TEST

START_TEST(trees_lists_and_several_sources_are_many)
{
	static const char *const one[] = {
		"-r", "--preserve", "--manifest=x", "--shard=1/1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(one); i++) {
		parse(OF(one[i], "a", "b"));
		ck_assert(copy_options_are_many(&common, &o));
	}
	ck_assert_int_eq(parse(OF("a", "b", "c")), CLI_GO_ON);
	ck_assert(copy_options_are_many(&common, &o));
}
END_TEST

START_TEST(what_is_for_one_file_is_refused_for_many_with_the_reason)
{
	static const char *const singles[][2] = {
		{ "--skip=4K", "copied from its start" },
		{ "--seek=0", "copied to its start" },
		{ "--size=4K", "copied to its end" },
		{ "--engine=passthrough", "whole drives" },
		{ "--engine=offload", "whole drives" },
		{ "--iopoll", "cannot be polled" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(singles); i++)
		is_wrong(OF("-r", singles[i][0], "a", "b"), singles[i][1]);
	ck_assert_int_eq(parse(OF("-r", "--engine=rw", "a", "b")), CLI_GO_ON);
	ck_assert_int_eq(parse(OF("-r", "--also=c", "--verify=compare", "a",
				  "b")), CLI_GO_ON);
	ck_assert_int_eq(parse(OF("--manifest=x", "--engine=passthrough",
				  "--iopoll", "--destinations=16")),
			 CLI_GO_ON);
}
END_TEST

START_TEST(what_contradicts_itself_is_told)
{
	is_wrong(OF("--require-peer", "--provider=host", "a", "b"),
		 "contradicts --provider=host");
	is_wrong(OF("--require-peer", "--provider=none", "a", "b"),
		 "contradicts --provider=none");
	is_wrong(OF("--resume", "a", "b"), "needs --journal=FILE");
	is_wrong(OF("-0", "a", "b"), "is for --manifest");
	is_wrong(OF("--destinations=2", "a", "b"), "is for --manifest");
	is_wrong(OF("--manifest=x", "--also=c"), "is for operands");
	is_wrong(OF("--manifest=x", "a"), "takes the place of operands");
	is_wrong(OF("a"), "needs SOURCE and DEST, not 1 operand");
	is_wrong(OF("-r", "a"), "needs SOURCE... and DEST");
}
END_TEST

/* What is said of a copy from ./a to ./b must not go where they are. */
START_TEST(what_only_tells_never_takes_the_place_of_data)
{
	is_wrong(OF("--checksum=md5:a", "a", "b"), "an operand as well");
	is_wrong(OF("--checksum=md5:./b", "a", "b"), "an operand as well");
	is_wrong(OF("--journal=a", "a", "b"), "an operand as well");
	is_wrong(OF("-r", "--journal=b", "a", "b"), "an operand as well");
	is_wrong(OF("--output=c", "--also=c", "a", "b"), "a destination");
	is_wrong(OF("--journal=/tmp/a", "--also=/tmp", "a", "b"),
		 "a destination");
	is_wrong(OF("--output=m", "--manifest=m"), "the manifest");
	is_wrong(OF("--output=c", "--checksum=md5:c", "a", "b"), "--output");
	is_wrong(OF("--checksum=md5:c", "--journal=./c", "a", "b"),
		 "--checksum");
	is_wrong(OF("--journal=", "a", "b"), "no name");
	ck_assert_int_eq(parse(OF("--output=-", "--manifest=-")), CLI_GO_ON);
	ck_assert_int_eq(parse(OF("--output=c", "--checksum=md5:d",
				  "--journal=e", "--also=f", "a", "b")),
			 CLI_GO_ON);
}
END_TEST

UNIT_SUITE("copy-options", what_is_not_given_is_as_the_contract_says,
	   an_optional_argument_has_the_usual_one, a_checksum_may_have_a_file,
	   a_shard_is_one_of_so_many, several_destinations_are_a_list,
	   trees_lists_and_several_sources_are_many,
	   what_is_for_one_file_is_refused_for_many_with_the_reason,
	   what_contradicts_itself_is_told,
	   what_only_tells_never_takes_the_place_of_data);
