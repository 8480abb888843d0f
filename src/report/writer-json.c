// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows JSON: the tree as it is.
 */
#include "report/writer.h"

int writer_json(const struct report *report, FILE *file)
{
	const int flags = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
			  JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *text;

	text = tree_must((char *)json_object_to_json_string_ext(report->tree,
								flags));
	fprintf(file, "%s\n", text);
	return 0;
}
