// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/help.h"

#include <string.h>

#define TEXT_COLUMN	30
#define LAST_COLUMN	79

/* Words of @text from @column on, broken before LAST_COLUMN. */
static void print_wrapped(FILE *file, int column, const char *text)
{
	int at = column;

	while (*text) {
		int length = (int)strcspn(text, " ");

		if (at > column && at + 1 + length > LAST_COLUMN) {
			fprintf(file, "\n%*s", column, "");
			at = column;
		}
		at += fprintf(file, "%s%.*s", at > column ? " " : "", length,
			      text);
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', file);
}

static void print_entry(FILE *file, const char *left, const char *text)
{
	int length = fprintf(file, "%s", left);

	if (length + 2 > TEXT_COLUMN)
		fprintf(file, "\n%*s", TEXT_COLUMN, "");
	else
		fprintf(file, "%*s", TEXT_COLUMN - length, "");
	print_wrapped(file, TEXT_COLUMN, text);
}

/* "  -b, --block-size=BYTES"; an optional argument brings its own "[=". */
static void format_option(const struct cli_option *row, char *text,
			  size_t size)
{
	const char *argument = row->argument ? row->argument : "";
	const char *join = *argument && *argument != '[' ? "=" : "";

	if (row->letter)
		snprintf(text, size, "  -%c, --%s%s%s", row->letter, row->name,
			 join, argument);
	else
		snprintf(text, size, "      --%s%s%s", row->name, join,
			 argument);
}

static void print_option(FILE *file, const struct cli_option *row)
{
	char left[128], text[512];
	int used;

	format_option(row, left, sizeof(left));
	used = snprintf(text, sizeof(text), "%s", row->help);
	for (size_t i = 0; i < CLI_ALIASES_MAX && row->aliases[i]; i++)
		used += snprintf(text + used, sizeof(text) - (size_t)used,
				 "%s --%s", i ? "," : "; also",
				 row->aliases[i]);
	print_entry(file, left, text);
}

static void print_words(FILE *file, const struct cli_choice *word)
{
	char left[64];

	fputs("\nWords:\n", file);
	for (; word->name; word++) {
		snprintf(left, sizeof(left), "  %s", word->name);
		print_entry(file, left, word->help);
	}
}

void help_print(const struct cli_program *program, FILE *file)
{
	const struct cli_option *row;

	fprintf(file, "Usage: %s %s\n%s\n", program->name, program->usage,
		program->summary);
	if (program->words)
		print_words(file, program->words);
	for (size_t i = 0; (row = cli_row(program, i)); i++)
		if (row->name)
			print_option(file, row);
		else
			fprintf(file, "\n%s:\n", row->help);
	if (program->epilog)
		fprintf(file, "\n%s\n", program->epilog);
}

void help_print_version(const struct cli_program *program, FILE *file)
{
	fprintf(file,
		"%s (%s) %s\n"
		"License GPL-2.0-or-later. "
		"There is no warranty, as far as the law permits.\n",
		program->name, PACKAGE_NAME, PACKAGE_VERSION);
}

void help_print_choices(const struct cli_choice *choice, FILE *file)
{
	for (; choice->name; choice++)
		if (choice->help)
			fprintf(file, "%-12s %s\n", choice->name,
				choice->help);
		else
			fprintf(file, "%s\n", choice->name);
}
