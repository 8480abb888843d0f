/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/copy-one.h"
#include "unit/scratch.h"
#include "unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "report/progress.h"

static char top[] = "/var/tmp/test-copy-one-XXXXXX";
static struct p2pdma_context *context;
static struct p2pdma_topology *topology;
static volatile sig_atomic_t stop, asked, is_excused;
static char report[8192], sums[256];

static void begin(void)
{
	scratch_make(top);
	ck_assert_int_eq(chdir(top), 0);
	ck_assert_int_eq(p2pdma_context_create(NULL, &context), 0);
	ck_assert_int_eq(p2pdma_topology_scan(context, &topology), 0);
	ck_assert_int_eq(system("seq 100000 >a"), 0);
	stop = 0;
}

static void end(void)
{
	p2pdma_topology_destroy(topology);
	p2pdma_context_destroy(context);
	scratch_remove(top, "/var/tmp/test-copy-one-");
}

static void read_file(const char *path, char *text, size_t size)
{
	_cleanup_file_ FILE *file = fopen(path, "r");

	*text = '\0';
	if (file)
		text[fread(text, 1, size - 1, file)] = '\0';
}

static struct copy_options options;

static int copy(const char *from, const char *to)
{
	char *operands[] = { (char *)(uintptr_t)from, (char *)(uintptr_t)to,
			     NULL };
	const struct cli_common common = {
		.program = &copy_program, .format = 1, .operands = operands,
		.operand_count = 2, .progress = PROGRESS_NEVER,
	};
	struct output output, summed;
	const struct copy_one wish = {
		.common = &common, .options = &options, .context = context,
		.topology = topology, .output = &output, .sums = &summed,
		.stop = &stop, .asked = &asked, .is_excused = &is_excused,
	};
	bool is_silent = false;
	int code;

	options.provider = "host";
	ck_assert_int_eq(output_open(&output, "report"), 0);
	ck_assert_int_eq(output_open(&summed, "sums"), 0);
	code = copy_one(&wish, &is_silent);
	ck_assert(!is_silent);
	ck_assert(!is_excused);
	output_discard(&output);
	output_discard(&summed);
	read_file("report", report, sizeof(report));
	read_file("sums", sums, sizeof(sums));
	return code;
}

START_TEST(a_file_is_copied_verified_and_summed)
{
	begin();
	copy_options_init(&options);
	options.verify = 1;
	options.sum = (struct sum_wish){ "md5", "sums" };
	ck_assert_int_eq(copy("a", "b"), EXIT_DONE);
	ck_assert_int_eq(system("cmp a b && md5sum -c --quiet sums"), 0);
	ck_assert_ptr_nonnull(strstr(report, "\"ok\": true"));
	end();
}
END_TEST

START_TEST(a_plan_writes_nothing)
{
	begin();
	copy_options_init(&options);
	options.is_dry_run = true;
	ck_assert_int_eq(copy("a", "b"), EXIT_DONE);
	ck_assert_ptr_nonnull(strstr(report, "\"guards\""));
	ck_assert_int_ne(access("b", F_OK), 0);
	end();
}
END_TEST

START_TEST(each_kind_of_no_has_its_code)
{
	begin();
	copy_options_init(&options);
	ck_assert_int_eq(copy("none", "b"), EXIT_FAILED);
	ck_assert_ptr_nonnull(strstr(report, "\"why\": \"read none: "));
	ck_assert_int_eq(copy("a", "a"), EXIT_REFUSED);
	ck_assert_ptr_nonnull(strstr(report, "\"why\": \"a and a share "));
	options.skip_bytes = 1 << 30;
	ck_assert_int_eq(copy("a", "b"), EXIT_USAGE);
	ck_assert_ptr_nonnull(strstr(report, "\"why\": \"a ends at "));
	options.skip_bytes = 0;
	stop = SIGTERM;
	ck_assert_int_eq(copy("a", "b"), 128 + SIGTERM);
	ck_assert_int_ne(access("b", F_OK), 0);
	end();
}
END_TEST

UNIT_SUITE("copy-one", a_file_is_copied_verified_and_summed,
	   a_plan_writes_nothing, each_kind_of_no_has_its_code);
