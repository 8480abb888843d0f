// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The input is a command line, an argument a line; the first one is p2pcopy's
 * or p2pbench's, as its first byte is even or odd. Options are understood, or
 * there is a sentence that says why not; no argument is read beyond its end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/cpulist.h"
#include "cli/bench.h"
#include "cli/copy-options.h"
#include "cli/launcher.h"
#include "engine/copy-bar.h"
#include "fuzz/fuzz.h"

#define ARGUMENTS_MOST	64

static void must(bool is_so)
{
	if (!is_so)
		abort();
}

/* Each in memory of its own, so that nothing is read behind it. */
static int split(const uint8_t *data, size_t size, char **argv)
{
	const char *text = (const char *)data, *end = text + size;
	int argc = 0;

	argv[argc++] = strdup("fuzz");
	while (text < end && argc < ARGUMENTS_MOST) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));

		stop = stop ? stop : end;
		argv[argc++] = strndup(text, (size_t)(stop - text));
		text = stop + 1;
	}
	argv[argc] = NULL;
	return argc;
}

static void parse_as_value(const char *text)
{
	struct launcher_place place;
	struct bar_name name;
	uint64_t value;
	cpu_set_t set;
	int rc;

	rc = bytes_parse(text, &value);
	must(!rc || rc == -EINVAL || rc == -ERANGE);
	rc = clock_parse_duration(text, &value);
	must(!rc || rc == -EINVAL || rc == -ERANGE);
	rc = cpulist_parse(text, &set);
	must(!rc || rc == -EINVAL || rc == -ERANGE);
	rc = launcher_parse(text, &place);
	must(rc || (place.count && place.index < place.count));
	bar_parse(text, &name);
}

static void understand(const struct cli_program *table, int argc, char **argv,
		 void *args)
{
	struct cli_common common = { 0 };
	char error[256] = "";
	int rc;

	rc = cli_scan(table, argc, argv, &common, args, error, sizeof(error));
	must(!rc || rc == -EINVAL);
	must(!rc == !*error);
	must(common.operand_count < (size_t)argc);
}

/* The table gets its words only once. */
static struct bench_options get_bench_options(void)
{
	static struct bench_options start;
	static bool is_ready;

	if (!is_ready)
		bench_options_init(&start);
	is_ready = true;
	return start;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *argv[ARGUMENTS_MOST + 1], *all[ARGUMENTS_MOST + 1];
	struct copy_options copy = { 0 };
	struct bench_options bench = get_bench_options();
	int argc;

	if (!size)
		return 0;
	argc = split(data + 1, size - 1, argv);
	memcpy(all, argv, sizeof(all));
	for (int i = 1; i < argc; i++)
		parse_as_value(argv[i]);
	if (*data & 1)
		understand(&bench_program, argc, argv, &bench);
	else
		understand(&copy_program, argc, argv, &copy);
	free(copy.also.items);
	for (int i = 0; i < argc; i++)
		free(all[i]);
	return 0;
}
