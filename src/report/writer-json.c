// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows JSON: the tree as it is, as json-c prints it in one piece. It is
 * printed in many, because of large trees the text is larger than the tree.
 */
#include <string.h>

#include "report/writer.h"

#define INDENT	2	/* of each level */

/* @value and what is below it; @level tells how deep it lies. */
static void print_whole(struct json_object *value, int level, FILE *file)
{
	const int flags = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
			  JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *text = tree_must((char *)
		json_object_to_json_string_ext(value, flags));
	const char *end;

	/* In JSON no string has a newline. */
	for (; (end = strchr(text, '\n')); text = end + 1)
		fprintf(file, "%.*s\n%*s", (int)(end - text), text,
			level * INDENT, "");
	fputs(text, file);
}

/* True when @array, one level down, had anything to print. */
static bool print_rows(struct json_object *array, FILE *file)
{
	size_t count = tree_count_rows(array);
	bool is_any = false;

	for (size_t i = 0; i < count; i++) {
		struct json_object *row = tree_take_row(array, i);

		if (row) {
			fprintf(file, "%s\n%*s", is_any ? "," : "[",
				2 * INDENT, "");
			print_whole(row, 2, file);
			is_any = true;
		}
		json_object_put(row);
	}
	if (is_any)
		fprintf(file, "\n%*s]", INDENT, "");
	return is_any;
}

static void print_member(struct json_object *value, FILE *file)
{
	if (!json_object_is_type(value, json_type_array) ||
	    !print_rows(value, file))
		print_whole(value, 1, file);
}

int writer_json(const struct report *report, FILE *file)
{
	const char *before = "{";

	json_object_object_foreach(report->tree, key, value) {
		fprintf(file, "%s\n%*s\"%s\": ", before, INDENT, "", key);
		print_member(value, file);
		before = ",";
	}
	fputs("\n}\n", file);
	return 0;
}
