// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how the rates of every provider with every drive are told; must not
 * know how they were taken.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report-bench.h"

static void add_ratio(struct json_object *object,
		      const struct report_cell *cell)
{
	if (cell->is_measured && cell->predicted_bytes_per_sec)
		tree_add_real(object, "measured_ratio",
			      (double)cell->bytes_per_sec /
			      (double)cell->predicted_bytes_per_sec);
	else
		tree_add_null(object, "measured_ratio");
}

static void add_cell(struct json_object *object,
		     const struct report_matrix *matrix, unsigned row,
		     unsigned column)
{
	const struct report_cell *cell =
		&matrix->cells[row * matrix->target_count + column];

	tree_add_text(object, "provider", matrix->providers[row]);
	tree_add_text(object, "target", matrix->targets[column]);
	tree_add_text(object, "reach", cell->reach);
	if (cell->is_measured)
		tree_add_count(object, "rate_bytes_per_sec",
			       cell->bytes_per_sec);
	else
		tree_add_null(object, "rate_bytes_per_sec");
	tree_add_text(object, "reason", cell->reason);
	tree_add_known(object, "predicted_bytes_per_sec",
		       cell->predicted_bytes_per_sec);
	add_ratio(object, cell);
}

static void add_tree(struct json_object *object,
		     const struct report_matrix *matrix)
{
	struct json_object *cells;

	cells = tree_add_array(object, "providers");
	for (unsigned i = 0; i < matrix->provider_count; i++)
		tree_append_text(cells, matrix->providers[i]);
	cells = tree_add_array(object, "targets");
	for (unsigned i = 0; i < matrix->target_count; i++)
		tree_append_text(cells, matrix->targets[i]);
	cells = tree_add_array(object, "cells");
	for (unsigned row = 0; row < matrix->provider_count; row++)
		for (unsigned i = 0; i < matrix->target_count; i++)
			add_cell(tree_append_object(cells), matrix, row, i);
}

/* --- tables for people --------------------------------------------------- */

static void format_rate(const struct report_cell *cell, char *text,
			size_t size)
{
	if (cell->is_measured)
		snprintf(text, size, "%.2f",
			 (double)cell->bytes_per_sec / 1e9);
	else
		snprintf(text, size, "%s", cell->reason ? cell->reason : "-");
}

static void format_share(const struct report_cell *cell, char *text,
			 size_t size)
{
	if (cell->is_measured && cell->predicted_bytes_per_sec)
		snprintf(text, size, "%.0f of %.2f",
			 100 * (double)cell->bytes_per_sec /
				 (double)cell->predicted_bytes_per_sec,
			 (double)cell->predicted_bytes_per_sec / 1e9);
	else
		snprintf(text, size, "-");
}

static const char *shorten(const char *path)
{
	return !strncmp(path, "/dev/", 5) ? path + 5 : path;
}

/* Row by row; the members are called after their place. */
static struct json_object *
make_rows(const struct report_matrix *matrix,
	  void (*format)(const struct report_cell *cell, char *text,
			 size_t size))
{
	struct json_object *rows = tree_new_array();
	char key[16], text[64];

	for (unsigned row = 0; row < matrix->provider_count; row++) {
		struct json_object *object = tree_append_object(rows);

		tree_add_text(object, "provider", matrix->providers[row]);
		for (unsigned i = 0; i < matrix->target_count; i++) {
			snprintf(key, sizeof(key), "t%u", i);
			format(&matrix->cells[row * matrix->target_count + i],
			       text, sizeof(text));
			tree_add_text(object, key, text);
		}
	}
	return rows;
}

static void add_table(struct report *report, const char *heading,
		      const struct report_matrix *matrix,
		      void (*format)(const struct report_cell *cell,
				     char *text, size_t size))
{
	unsigned count = matrix->target_count + 1;
	struct column *columns = tree_must(calloc(count, sizeof(*columns)));
	char (*keys)[16] = tree_must(calloc(count, sizeof(*keys)));
	struct json_object *rows = make_rows(matrix, format);

	columns[0] = (struct column){ "Memory", "provider", FORM_TEXT };
	for (unsigned i = 1; i < count; i++) {
		snprintf(keys[i], sizeof(keys[i]), "t%u", i - 1);
		columns[i] = (struct column){
			.title = shorten(matrix->targets[i - 1]),
			.key = keys[i],
			.form = FORM_INT,
		};
	}
	report_add_table(report, heading, rows, columns, count, false);
	json_object_put(rows);
	free(keys);
	free(columns);
}

static bool is_any_predicted(const struct report_matrix *matrix)
{
	for (unsigned i = 0;
	     i < matrix->provider_count * matrix->target_count; i++)
		if (matrix->cells[i].predicted_bytes_per_sec &&
		    matrix->cells[i].is_measured)
			return true;
	return false;
}

void report_add_matrix(struct report *report,
		       const struct report_matrix *matrix)
{
	add_tree(tree_add_object(report->tree, "matrix"), matrix);
	add_table(report, "GB/s between memory (rows) and drives (columns)",
		  matrix, format_rate);
	if (is_any_predicted(matrix))
		add_table(report, "Per cent of what the slowest link takes, "
			  "in GB/s", matrix, format_share);
}
