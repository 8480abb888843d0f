// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows text for people: tables as lsblk's, fields as "title  value", a
 * heading above and an empty line between sections. Names that come from
 * devices and paths cannot move the terminal's cursor.
 */
#include <ctype.h>
#include <errno.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/macro.h"
#include "report/writer.h"

static void cleanup_table(struct libscols_table **table)
{
	scols_unref_table(*table);
}

static void defuse(char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			*text = '?';
}

static int add_column(struct libscols_table *table,
		      const struct column *column)
{
	int flags = column->form == FORM_TEXT || column->form == FORM_BOOL ?
			    0 : SCOLS_FL_RIGHT;

	return scols_table_new_column(table, column->title, 0, flags) ?
		       0 : -ENOMEM;
}

static int add_line(struct libscols_table *table,
		    const struct section *section, struct json_object *row)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	size_t shown = 0;
	int rc = 0;

	if (!line)
		return -ENOMEM;
	for (size_t i = 0; i < section->column_count && !rc; i++) {
		char *text;

		if (!section->columns[i].title)
			continue;
		text = column_format(&section->columns[i], row);
		defuse(text);
		rc = scols_line_refer_data(line, shown++, text);
	}
	return rc;
}

static int fill_table(struct libscols_table *table,
		      const struct section *section)
{
	size_t count = json_object_array_length(section->rows);
	int rc = 0;

	for (size_t i = 0; i < section->column_count && !rc; i++)
		if (section->columns[i].title)
			rc = add_column(table, &section->columns[i]);
	for (size_t i = 0; i < count && !rc; i++)
		rc = add_line(table, section,
			      json_object_array_get_idx(section->rows, i));
	return rc;
}

static int print_table(const struct section *section, FILE *file)
{
	_cleanup_(cleanup_table) struct libscols_table *table =
		scols_new_table();
	int rc;

	if (!table)
		return -ENOMEM;
	scols_table_set_stream(table, file);
	rc = fill_table(table, section);
	return rc ? rc : scols_print_table(table);
}

static int get_title_width(const struct section *section)
{
	size_t width = 0;

	for (size_t i = 0; i < section->column_count; i++)
		if (section->columns[i].title)
			width = MAX(width, strlen(section->columns[i].title));
	return (int)width;
}

static int print_fields(const struct section *section, FILE *file)
{
	int width = get_title_width(section);

	for (size_t i = 0; i < section->column_count; i++) {
		const struct column *column = &section->columns[i];
		_cleanup_free_ char *text = NULL;

		if (!column->title)
			continue;
		if (column->is_optional && !column_find(column, section->rows))
			continue;
		text = column_format(column, section->rows);
		defuse(text);
		fprintf(file, "%-*s  %s\n", width, column->title, text);
	}
	return 0;
}

/* A table without titles is for CSV only. */
static bool is_shown(const struct section *section)
{
	return section->kind != SECTION_TABLE || get_title_width(section);
}

static int print_section(const struct section *section, FILE *file)
{
	if (section->heading)
		fprintf(file, "%s\n", section->heading);
	switch (section->kind) {
	case SECTION_TABLE:
		return print_table(section, file);
	case SECTION_FIELDS:
		return print_fields(section, file);
	case SECTION_TEXT:
		fprintf(file, "%s\n", section->text);
		return 0;
	}
	return 0;
}

int writer_text(const struct report *report, FILE *file)
{
	bool is_first = true;
	int rc = 0;

	for (size_t i = 0; i < report->section_count && !rc; i++) {
		if (!is_shown(&report->sections[i]))
			continue;
		if (!is_first)
			fputc('\n', file);
		is_first = false;
		rc = print_section(&report->sections[i], file);
	}
	return rc;
}
