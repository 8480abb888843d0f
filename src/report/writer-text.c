// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows text for people: tables as lsblk's, fields as "title  value", a
 * heading above and an empty line between sections. Names that come from
 * devices and paths cannot move the terminal's cursor.
 */
#include <errno.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/macro.h"
#include "report/defuse.h"
#include "report/writer.h"

static void cleanup_table(struct libscols_table **table)
{
	scols_unref_table(*table);
}

static bool is_said(struct json_object *value)
{
	return value && (!json_object_is_type(value, json_type_string) ||
			 json_object_get_string_len(value));
}

/* Whether a column says anything in @rows, or below them. */
static bool has_values(const struct column *column, struct json_object *rows)
{
	size_t count = rows ? json_object_array_length(rows) : 0;

	for (size_t i = 0; i < count; i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		if (is_said(column_find(column, row)) ||
		    has_values(column, json_object_object_get(row,
							      "children")))
			return true;
	}
	return false;
}

/* --- tables and trees --------------------------------------------------- */

struct grid {
	struct libscols_table *table;
	const struct section *section;
	const struct column **columns;	/* those that are shown */
	size_t column_count;
};

static bool is_column_shown(const struct section *section,
			    const struct column *column)
{
	return column->title &&
	       (!column->is_optional || has_values(column, section->rows));
}

static int add_column(struct grid *grid, const struct column *column)
{
	int flags = column->form == FORM_TEXT || column->form == FORM_BOOL ?
			    0 : SCOLS_FL_RIGHT;

	if (grid->section->kind == SECTION_TREE && !grid->column_count)
		flags |= SCOLS_FL_TREE;
	grid->columns[grid->column_count++] = column;
	return scols_table_new_column(grid->table, column->title, 0, flags) ?
		       0 : -ENOMEM;
}

/* In a tree most rows have nothing to say about most columns. */
static char *format_cell(const struct grid *grid, const struct column *column,
			 struct json_object *row)
{
	if (grid->section->kind == SECTION_TREE && !column_find(column, row))
		return tree_must(strdup(""));
	return column_format(column, row);
}

static int add_cell(const struct grid *grid, struct libscols_line *line,
		    size_t index, struct json_object *row)
{
	const struct column *column = grid->columns[index];
	char *text = format_cell(grid, column, row);
	struct json_object *colour = NULL;
	int rc;

	defuse_text(text);
	rc = scols_line_refer_data(line, index, text);
	if (column->colour_key)
		colour = json_object_object_get(row, column->colour_key);
	if (rc || !colour)
		return rc;
	return scols_cell_set_color(scols_line_get_cell(line, index),
				    json_object_get_string(colour));
}

static int add_lines(struct grid *grid, struct json_object *rows,
		     struct libscols_line *parent)
{
	size_t count = rows ? json_object_array_length(rows) : 0;
	int rc = 0;

	for (size_t i = 0; i < count && !rc; i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		struct libscols_line *line =
			scols_table_new_line(grid->table, parent);

		if (!line)
			return -ENOMEM;
		for (size_t j = 0; j < grid->column_count && !rc; j++)
			rc = add_cell(grid, line, j, row);
		if (!rc && grid->section->kind == SECTION_TREE)
			rc = add_lines(grid, json_object_object_get(
						     row, "children"), line);
	}
	return rc;
}

static int fill_table(struct grid *grid)
{
	const struct section *section = grid->section;
	int rc = 0;

	for (size_t i = 0; i < section->column_count && !rc; i++)
		if (is_column_shown(section, &section->columns[i]))
			rc = add_column(grid, &section->columns[i]);
	return rc ? rc : add_lines(grid, section->rows, NULL);
}

static int print_table(const struct section *section, bool has_colour,
		       FILE *file)
{
	_cleanup_(cleanup_table) struct libscols_table *table =
		scols_new_table();
	_cleanup_free_ const struct column **columns =
		tree_must(calloc(section->column_count, sizeof(*columns)));
	struct grid grid = { table, section, columns };
	int rc;

	if (!table)
		return -ENOMEM;
	scols_table_set_stream(table, file);
	scols_table_enable_colors(table, has_colour);
	rc = fill_table(&grid);
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
		defuse_text(text);
		fprintf(file, "%-*s  %s\n", width, column->title, text);
	}
	return 0;
}

/* A table without titles is for CSV only. */
static bool is_shown(const struct section *section)
{
	return section->kind != SECTION_TABLE || get_title_width(section);
}

static int print_section(const struct section *section, bool has_colour,
			 FILE *file)
{
	if (section->heading)
		fprintf(file, "%s\n", section->heading);
	switch (section->kind) {
	case SECTION_TABLE:
	case SECTION_TREE:
		return print_table(section, has_colour, file);
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
		rc = print_section(&report->sections[i], report->has_colour,
				   file);
	}
	return rc;
}
