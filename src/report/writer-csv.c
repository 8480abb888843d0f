// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows CSV as in RFC 4180, with a line of keys first. The keys bear the
 * units; several tables follow each other after an empty line.
 */
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "report/defuse.h"
#include "report/writer.h"

/* Every byte is kept, but a terminal would obey some. */
static void print_char(FILE *file, char c)
{
	bool is_kept = c == defuse_char(c) || c == '\n' ||
		       !isatty(fileno(file));

	fputc(is_kept ? c : '?', file);
}

static void print_text(FILE *file, const char *text)
{
	for (; *text; text++)
		print_char(file, *text);
}

static void print_cell(FILE *file, const char *text, bool is_last)
{
	if (text[strcspn(text, "\",\r\n")]) {
		fputc('"', file);
		for (; *text; text++) {
			if (*text == '"')
				fputc('"', file);
			print_char(file, *text);
		}
		fputc('"', file);
	} else {
		print_text(file, text);
	}
	fputs(is_last ? "\r\n" : ",", file);
}

/* "link.width" is a path in the tree; as the name of a column, link_width. */
static void print_titles(const struct section *section, FILE *file)
{
	for (size_t i = 0; i < section->column_count; i++) {
		_cleanup_free_ char *key =
			tree_must(strdup(section->columns[i].key));

		for (char *c = key; (c = strchr(c, '.')); )
			*c = '_';
		print_cell(file, key, i + 1 == section->column_count);
	}
}

static void print_row(const struct section *section,
		      struct json_object *row, FILE *file)
{
	for (size_t i = 0; i < section->column_count; i++) {
		_cleanup_free_ char *text =
			column_format_bare(&section->columns[i], row);

		print_cell(file, text, i + 1 == section->column_count);
	}
}

static void print_section(const struct section *section, FILE *file)
{
	size_t count;

	print_titles(section, file);
	if (section->kind == SECTION_FIELDS) {
		print_row(section, section->rows, file);
		return;
	}
	count = tree_count_rows(section->rows);
	for (size_t i = 0; i < count; i++) {
		struct json_object *row = tree_take_row(section->rows, i);

		if (row)
			print_row(section, row, file);
		json_object_put(row);
	}
}

int writer_csv(const struct report *report, FILE *file)
{
	bool is_first = true;

	for (size_t i = 0; i < report->section_count; i++) {
		if (!report->sections[i].is_csv)
			continue;
		if (!is_first)
			fputs("\r\n", file);
		print_section(&report->sections[i], file);
		is_first = false;
	}
	return 0;
}
