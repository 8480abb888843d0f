/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how a report is put on paper; must not know what it is about.
 *
 * A report is one json-c tree (all that JSON prints) and sections, which are
 * views of it for the formats that have rows and lines. Facts go into the
 * tree once; a column says where its value is and how people read it:
 *
 *	static const struct column copy_fields[] = {
 *		{ "Copied", "copied_bytes", FORM_BYTES },
 *		{ "Memory", "memory.kind", FORM_TEXT },
 *		{ "Verify", "verify.method", FORM_TEXT, .is_optional = true },
 *	};
 *
 *	report_init(&report, "p2pcopy");
 *	tree_add_count(report.tree, "copied_bytes", result->copied_bytes);
 *	…
 *	report_add_fields(&report, NULL, report.tree, copy_fields,
 *			  ARRAY_SIZE(copy_fields));
 *	rc = report_write(&report, common->format, output.file);
 *	report_fini(&report);
 *
 * Memory that runs out ends the program, as in report/tree.h.
 */
#ifndef P2PDMA_REPORT_WRITER_H
#define P2PDMA_REPORT_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "report/tree.h"

enum writer_format {
	WRITER_TEXT,
	WRITER_JSON,
	WRITER_CSV,
	WRITER_DOT,
	WRITER_SVG,
};

/* How people read a value. CSV has the bare value, unknown is empty. */
enum form {
	FORM_TEXT,	/* as it is */
	FORM_INT,	/* 42 */
	FORM_REAL,	/* 0.97 */
	FORM_RATIO,	/* 0.973 */
	FORM_PERCENT,	/* 97.0 %, from a ratio */
	FORM_BYTES,	/* 64 KiB */
	FORM_RATE,	/* 6.21 GiB/s (6.67 GB/s) */
	FORM_DURATION,	/* 1.25 s, from nanoseconds */
	FORM_BOOL,	/* yes, no */
};

struct column {
	const char *title;	/* for text; NULL: in CSV only */
	const char *key;	/* "size_bytes", "link.width"; through an
				 * array, "reasons.id", every element's */
	enum form form;
	bool is_optional;	/* no line, or column, where all is null */
	const char *colour_key;	/* where the row has "yellow" for this cell;
				 * NULL: never has */
};

enum section_kind {
	SECTION_TABLE,
	SECTION_FIELDS,
	SECTION_TEXT,
	SECTION_TREE,
};

struct section {
	enum section_kind kind;
	char *heading;			/* NULL: none */
	struct json_object *rows;	/* array, FIELDS: one object; TREE: rows
					 * have "children" */
	struct column *columns;
	size_t column_count;
	bool is_csv;			/* a table that CSV has, too */
	char *text;
};

struct report {
	struct json_object *tree;
	struct section *sections;
	size_t section_count;
	bool is_text;			/* the sections are all that is read,
					 * so that the tree may lack what is
					 * large and in none of them */
	bool has_colour;		/* text: for a terminal */
};

/* A tree with "schema" and "command", and no sections. */
void report_init(struct report *report, const char *command);
void report_fini(struct report *report);

/*
 * A table of @rows (an array; the report takes a reference of its own). In
 * text below @heading (NULL: none), unless no column has a title. CSV prints
 * the tables that it is told to, titles once for each; columns are copied with
 * their strings.
 */
void report_add_table(struct report *report, const char *heading,
		      struct json_object *rows, const struct column *columns,
		      size_t count, bool is_csv);

/* Lines of "title  value" from one object. CSV has them as one row. */
void report_add_fields(struct report *report, const char *heading,
		       struct json_object *object,
		       const struct column *columns, size_t count);

/* A table whose first column is a tree: a row's "children" are rows, too. */
void report_add_tree(struct report *report, struct json_object *rows,
		     const struct column *columns, size_t count);

/* Lines of free text; a newline is added. Only in text. */
void report_add_text(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* 0, -EINVAL (no such writer), -errno of what could not be written. */
int report_write(const struct report *report, enum writer_format format,
		 FILE *file);

/* --- for the writers ---------------------------------------------------- */

/* The value below @object, borrowed; NULL: null or not there. */
struct json_object *column_find(const struct column *column,
				struct json_object *object);

/* For people; "-" is unknown. Heap. */
char *column_format(const struct column *column, struct json_object *object);

/* For programs; "" is unknown. Heap. */
char *column_format_bare(const struct column *column,
			 struct json_object *object);

int writer_text(const struct report *report, FILE *file);
int writer_json(const struct report *report, FILE *file);
int writer_csv(const struct report *report, FILE *file);
int writer_dot(const struct report *report, FILE *file);
int writer_svg(const struct report *report, FILE *file);

#endif
