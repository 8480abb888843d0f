// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/option.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/macro.h"
#include "report/progress.h"

#define NAME_SIZE	64

static const struct cli_choice progress_choices[] = {
	{ "auto", PROGRESS_AUTO, "a live line where that is a terminal" },
	{ "always", PROGRESS_ALWAYS, "also elsewhere, a line a second" },
	{ "never", PROGRESS_NEVER, "nothing" },
	{ "json", PROGRESS_JSON, "one object a line" },
	{ 0 }
};

static const struct cli_option common_rows[] = {
	{ .help = "Common options" },
	{ .name = "sysroot", .argument = "DIR", .needs = CLI_HAS_SYSROOT,
	  .help = "read DIR/sys and DIR/proc, another machine's, instead of /",
	  .kind = CLI_TEXT, .offset = offsetof(struct cli_common, sysroot) },
	{ .name = "format", .letter = 'F', .argument = "NAME",
	  .help = "form of the report; the word help lists them",
	  .kind = CLI_CHOICE, .offset = offsetof(struct cli_common, format) },
	{ .name = "json", .letter = 'J', .help = "same as --format=json",
	  .kind = CLI_CHOICE, .offset = offsetof(struct cli_common, format),
	  .preset = "json" },
	{ .name = "output", .letter = 'o', .argument = "FILE",
	  .help = "report into FILE, written whole or not at all",
	  .kind = CLI_TEXT, .offset = offsetof(struct cli_common, output) },
	{ .name = "progress", .argument = "auto|always|never|json",
	  .needs = CLI_HAS_PROGRESS,
	  .help = "how far it is, on standard error; auto: on a terminal",
	  .kind = CLI_CHOICE, .choices = progress_choices,
	  .offset = offsetof(struct cli_common, progress) },
	{ .name = "quiet", .letter = 'q', .help = "results and errors only",
	  .kind = CLI_FLAG, .offset = offsetof(struct cli_common, is_quiet) },
	{ .name = "verbose", .letter = 'v', .help = "say more",
	  .kind = CLI_FLAG, .offset = offsetof(struct cli_common, is_verbose) },
	{ .name = "help", .letter = 'h', .help = "print this, and exit",
	  .kind = CLI_HELP },
	{ .name = "version", .letter = 'V',
	  .help = "print the version, and exit", .kind = CLI_VERSION },
};

/* One walk over the arguments. */
struct scan {
	const struct cli_program *program;
	struct cli_common *common;
	void *args;
	char **next;		/* the argument after the current one */
	char **kept;		/* where the next operand goes */
	char spelled[NAME_SIZE];/* the option as it was typed */
	char join;		/* between it and its argument */
	char *error;
	size_t error_size;
};

static bool is_common(const struct cli_option *row)
{
	return row >= common_rows &&
	       row < common_rows + ARRAY_SIZE(common_rows);
}

const struct cli_option *cli_row(const struct cli_program *program,
				 size_t index)
{
	if (index < program->option_count)
		return &program->options[index];
	index -= program->option_count;
	for (size_t i = 0; i < ARRAY_SIZE(common_rows); i++) {
		if (common_rows[i].needs & ~program->has)
			continue;
		if (!index--)
			return &common_rows[i];
	}
	return NULL;
}

/* The sentence for whoever typed it: "--bs=rubbish: not a size (…)". */
static int __attribute__((format(printf, 3, 4)))
blame(struct scan *s, const char *text, const char *format, ...)
{
	char why[512];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	if (text)
		snprintf(s->error, s->error_size, "%s%c%s: %s", s->spelled,
			 s->join, text, why);
	else
		snprintf(s->error, s->error_size, "%s: %s", s->spelled, why);
	return -EINVAL;
}

/* --- text to value ------------------------------------------------------ */

static const struct {
	int (*parse)(const char *text, uint64_t *number);
	const char *expected;
} amounts[] = {
	[CLI_SIZE] = { bytes_parse, "a size (write 4096, 64K, 4M or 1G)" },
	[CLI_DURATION] = { clock_parse_duration,
			   "a duration (write 500ms, 10s or 2m)" },
	[CLI_NUMBER] = { NULL, "a number (write digits only)" },
};

static int parse_number(const char *text, uint64_t *number)
{
	const char *rest;
	uint64_t n;
	int rc = bytes_parse_number(text, &n, &rest);

	if (rc)
		return rc;
	if (*rest)
		return -EINVAL;
	*number = n;
	return 0;
}

/* A bound in the words of its kind: "4 KiB", "10.00 s", "64". */
static const char *format_bound(enum cli_kind kind, uint64_t bound, char *text,
				size_t size)
{
	if (kind == CLI_SIZE)
		return bytes_format(bound, text, size);
	if (kind == CLI_DURATION)
		return clock_format_duration(bound, text, size);
	snprintf(text, size, "%llu", (unsigned long long)bound);
	return text;
}

static int set_amount(struct scan *s, const struct cli_option *row,
		      const char *text, void *value)
{
	char bound[64];
	uint64_t n = 0;
	int rc;

	rc = row->kind == CLI_NUMBER ? parse_number(text, &n) :
				       amounts[row->kind].parse(text, &n);
	if (rc == -ERANGE)
		return blame(s, text, "too large to count");
	if (rc)
		return blame(s, text, "not %s", amounts[row->kind].expected);
	if (n < row->least)
		return blame(s, text, "too small (at least %s)",
			     format_bound(row->kind, row->least, bound,
					  sizeof(bound)));
	if (row->most && n > row->most)
		return blame(s, text, "too large (at most %s)",
			     format_bound(row->kind, row->most, bound,
					  sizeof(bound)));
	*(uint64_t *)value = n;
	return 0;
}

static const struct cli_choice *get_choices(const struct scan *s,
					    const struct cli_option *row)
{
	return row->choices ? row->choices : s->program->formats;
}

static int blame_choice(struct scan *s, const struct cli_choice *choice,
			const char *text)
{
	char words[256] = "";
	size_t used = 0;

	for (; choice->name && used < sizeof(words); choice++)
		used += (size_t)snprintf(words + used, sizeof(words) - used,
					 "%s%s", used ? ", " : "",
					 choice->name);
	return blame(s, text, "no such word (known: %s)", words);
}

static int set_choice(struct scan *s, const struct cli_option *row,
		      const char *text, void *value)
{
	const struct cli_choice *choices = get_choices(s, row);

	for (const struct cli_choice *c = choices; c->name; c++) {
		if (strcmp(c->name, text))
			continue;
		*(int *)value = c->value;
		return 0;
	}
	if (!strcmp(text, "help")) {
		s->common->shown = row;
		return 0;
	}
	return blame_choice(s, choices, text);
}

static int set_list(struct scan *s, const char *text, struct cli_list *list)
{
	const char **items;

	items = reallocarray(list->items, list->count + 1, sizeof(*items));
	if (!items)
		return blame(s, text, "%s", strerror(ENOMEM));
	list->items = items;
	list->items[list->count++] = text;
	return 0;
}

static int set_parsed(struct scan *s, const struct cli_option *row,
		      const char *text, void *value)
{
	int rc = row->parse(text, value);

	if (rc == -ERANGE)
		return blame(s, text, "out of range (write %s)",
			     row->argument);
	if (rc == -ENOENT)
		return blame(s, text, "no launcher has left it in the "
			     "environment (write %s)", row->argument);
	return rc ? blame(s, text, "not %s", row->argument) : 0;
}

static int set_value(struct scan *s, const struct cli_option *row,
		     const char *text)
{
	void *value = (char *)(is_common(row) ? s->common : s->args) +
		      row->offset;

	switch (row->kind) {
	case CLI_FLAG:
		*(bool *)value = true;
		return 0;
	case CLI_TEXT:
		*(const char **)value = text;
		return 0;
	case CLI_LIST:
		return set_list(s, text, value);
	case CLI_SIZE:
	case CLI_DURATION:
	case CLI_NUMBER:
		return set_amount(s, row, text, value);
	case CLI_CHOICE:
		return set_choice(s, row, text, value);
	case CLI_PARSED:
		return set_parsed(s, row, text, value);
	case CLI_HELP:
	case CLI_VERSION:
		s->common->shown = row;
		return 0;
	}
	return 0;
}

/* --- arguments to rows -------------------------------------------------- */

static bool takes_argument(const struct cli_option *row)
{
	return row->argument && *row->argument != '[';
}

/* 0 no, 1 @typed begins it, 2 the very name. */
static int match_name(const char *name, const char *typed)
{
	size_t length = strlen(typed);

	if (!name || strncmp(name, typed, length))
		return 0;
	return name[length] ? 1 : 2;
}

static int match_row(const struct cli_option *row, const char *typed)
{
	int best = match_name(row->name, typed);

	for (size_t i = 0; i < CLI_ALIASES_MAX; i++)
		best = MAX(best, match_name(row->aliases[i], typed));
	return best;
}

static int blame_ambiguous(struct scan *s, const char *typed)
{
	const struct cli_option *row;
	char names[256] = "";
	size_t used = 0;

	for (size_t i = 0; (row = cli_row(s->program, i)); i++)
		if (match_row(row, typed) && used < sizeof(names))
			used += (size_t)snprintf(names + used,
						 sizeof(names) - used,
						 "%s--%s", used ? ", " : "",
						 row->name);
	return blame(s, NULL, "could be any of %s (write one in full)", names);
}

/* The row that @typed names, in full or by a beginning that no other has. */
static int find_long(struct scan *s, const char *typed,
		     const struct cli_option **found)
{
	const struct cli_option *row, *begun = NULL;
	unsigned begun_count = 0;

	for (size_t i = 0; (row = cli_row(s->program, i)); i++) {
		int match = match_row(row, typed);

		if (match == 2) {
			*found = row;
			return 0;
		}
		if (match) {
			begun = row;
			begun_count++;
		}
	}
	if (begun_count > 1)
		return blame_ambiguous(s, typed);
	if (!begun)
		return blame(s, NULL, "no such option (%s --help lists them)",
			     s->program->name);
	*found = begun;
	return 0;
}

static int find_letter(struct scan *s, char letter,
		       const struct cli_option **found)
{
	const struct cli_option *row;

	for (size_t i = 0; (row = cli_row(s->program, i)); i++)
		if (row->letter == letter) {
			*found = row;
			return 0;
		}
	return blame(s, NULL, "no such option (%s --help lists them)",
		     s->program->name);
}

/* @text: the argument that came with the option; NULL: take the next one. */
static int scan_value(struct scan *s, const struct cli_option *row,
		      const char *text)
{
	if (!text && takes_argument(row))
		text = *s->next ? *s->next++ : NULL;
	if (!text && takes_argument(row))
		return blame(s, NULL, "needs an argument (write %s%c%s)",
			     s->spelled, s->join, row->argument);
	return set_value(s, row, text ? text : row->preset);
}

static int scan_long(struct scan *s, const char *arg)
{
	const struct cli_option *row = NULL;
	char typed[NAME_SIZE];
	const char *text = strchr(arg, '=');
	size_t length = text ? (size_t)(text - arg) : strlen(arg);
	int rc;

	s->join = '=';
	snprintf(s->spelled, sizeof(s->spelled), "%.*s", (int)length, arg);
	snprintf(typed, sizeof(typed), "%s", s->spelled + 2);
	for (char *c = typed; *c; c++)
		if (*c == '_')
			*c = '-';
	rc = find_long(s, typed, &row);
	if (rc)
		return rc;
	if (text && !row->argument)
		return blame(s, text + 1, "takes no argument (write %s)",
			     s->spelled);
	return scan_value(s, row, text ? text + 1 : NULL);
}

/* "-qv", "-b64K", "-qb 64K". */
static int scan_letters(struct scan *s, const char *arg)
{
	s->join = ' ';
	while (*++arg && !s->common->shown) {
		const struct cli_option *row = NULL;
		const char *text = NULL;
		int rc;

		snprintf(s->spelled, sizeof(s->spelled), "-%c", *arg);
		rc = find_letter(s, *arg, &row);
		if (rc)
			return rc;
		if (takes_argument(row) && arg[1])
			text = arg + 1;
		rc = scan_value(s, row, text);
		if (rc || text)
			return rc;
	}
	return 0;
}

static int scan_arguments(struct scan *s)
{
	bool is_over = false;
	int rc = 0;

	while (!rc && *s->next && !s->common->shown) {
		char *arg = *s->next++;

		if (is_over || arg[0] != '-' || !arg[1])
			*s->kept++ = arg;
		else if (!strcmp(arg, "--"))
			is_over = true;
		else
			rc = arg[1] == '-' ? scan_long(s, arg) :
					     scan_letters(s, arg);
	}
	return rc;
}

int cli_scan(const struct cli_program *program, int argc, char **argv,
	     struct cli_common *common, void *args, char *error, size_t size)
{
	char **first = argv + (argc > 0);
	struct scan s = {
		.program = program,
		.common = common,
		.args = args,
		.next = first,
		.kept = first,
		.error = error,
		.error_size = size,
	};
	int rc;

	*common = (struct cli_common){ .program = program };
	common->format = program->formats[0].value;
	rc = scan_arguments(&s);
	if (rc)
		return rc;
	common->operands = first;
	common->operand_count = (size_t)(s.kept - first);
	*s.kept = NULL;
	return 0;
}
