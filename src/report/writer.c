// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/writer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/macro.h"

static int (*const writers[])(const struct report *report, FILE *file) = {
	[WRITER_TEXT] = writer_text,
	[WRITER_JSON] = writer_json,
	[WRITER_CSV] = writer_csv,
	[WRITER_DOT] = writer_dot,
	[WRITER_SVG] = writer_svg,
};

void report_init(struct report *report, const char *command)
{
	*report = (struct report){ .tree = tree_new_object() };
	tree_add_text(report->tree, "schema", "p2pdma-utils/1");
	tree_add_text(report->tree, "command", command);
}

static void section_fini(struct section *section)
{
	for (size_t i = 0; i < section->column_count; i++) {
		free((char *)section->columns[i].title);
		free((char *)section->columns[i].key);
		free((char *)section->columns[i].colour_key);
	}
	free(section->columns);
	free(section->heading);
	free(section->text);
	json_object_put(section->rows);
}

void report_fini(struct report *report)
{
	for (size_t i = 0; i < report->section_count; i++)
		section_fini(&report->sections[i]);
	free(report->sections);
	json_object_put(report->tree);
	*report = (struct report){ 0 };
}

static char *copy(const char *text)
{
	return text ? tree_must(strdup(text)) : NULL;
}

static struct section *add_section(struct report *report,
				   enum section_kind kind, const char *heading)
{
	struct section *section;

	report->sections = tree_must(reallocarray(report->sections,
						  report->section_count + 1,
						  sizeof(*section)));
	section = &report->sections[report->section_count++];
	*section = (struct section){ .kind = kind, .heading = copy(heading) };
	return section;
}

static void set_columns(struct section *section, struct json_object *rows,
			const struct column *columns, size_t count)
{
	section->rows = json_object_get(rows);
	section->columns = tree_must(calloc(count, sizeof(*columns)));
	section->column_count = count;
	for (size_t i = 0; i < count; i++) {
		section->columns[i] = columns[i];
		section->columns[i].title = copy(columns[i].title);
		section->columns[i].key = copy(columns[i].key);
		section->columns[i].colour_key = copy(columns[i].colour_key);
	}
}

void report_add_table(struct report *report, const char *heading,
		      struct json_object *rows, const struct column *columns,
		      size_t count, bool is_csv)
{
	struct section *section = add_section(report, SECTION_TABLE, heading);

	section->is_csv = is_csv;
	set_columns(section, rows, columns, count);
}

void report_add_fields(struct report *report, const char *heading,
		       struct json_object *object,
		       const struct column *columns, size_t count)
{
	struct section *section = add_section(report, SECTION_FIELDS, heading);

	section->is_csv = true;
	set_columns(section, object, columns, count);
}

void report_add_tree(struct report *report, struct json_object *rows,
		     const struct column *columns, size_t count)
{
	set_columns(add_section(report, SECTION_TREE, NULL), rows, columns,
		    count);
}

void report_add_text(struct report *report, const char *format, ...)
{
	struct section *section = add_section(report, SECTION_TEXT, NULL);
	va_list args;

	va_start(args, format);
	if (vasprintf(&section->text, format, args) < 0)
		section->text = tree_must(NULL);
	va_end(args);
}

int report_write(const struct report *report, enum writer_format format,
		 FILE *file)
{
	int rc;

	if (format >= ARRAY_SIZE(writers))
		return -EINVAL;
	json_c_set_serialization_double_format("%.9g", JSON_C_OPTION_THREAD);
	rc = writers[format](report, file);
	if (rc)
		return rc;
	return ferror(file) ? -EIO : 0;
}

/* --- values ------------------------------------------------------------- */

/* The member called by the first word of @key; *rest follows the dot. */
static struct json_object *step(struct json_object *object, const char *key,
				const char **rest)
{
	size_t length = strcspn(key, ".");
	_cleanup_free_ char *name = NULL;

	*rest = key + length + (key[length] == '.');
	if (!key[length])
		return json_object_object_get(object, key);
	name = tree_must(strndup(key, length));
	return json_object_object_get(object, name);
}

static struct json_object *find(struct json_object *object, const char *key)
{
	while (*key && json_object_is_type(object, json_type_object))
		object = step(object, key, &key);
	return *key && !json_object_is_type(object, json_type_array) ? NULL :
								       object;
}

struct json_object *column_find(const struct column *column,
				struct json_object *object)
{
	return find(object, column->key);
}

/* What follows the array in a key that goes through one: "id". */
static const char *get_element_key(struct json_object *object, const char *key)
{
	while (*key && json_object_is_type(object, json_type_object))
		object = step(object, key, &key);
	return key;
}

static char *join_elements(const struct column *column,
			   struct json_object *object, const char *separator)
{
	const char *key = get_element_key(object, column->key);
	struct json_object *array = find(object, column->key);
	size_t count = json_object_array_length(array), size = 0;
	char *text = NULL;
	FILE *file = tree_must(open_memstream(&text, &size));

	for (size_t i = 0; i < count; i++) {
		struct json_object *element =
			find(json_object_array_get_idx(array, i), key);

		fprintf(file, "%s%s", i ? separator : "",
			element ? json_object_get_string(element) : "");
	}
	if (fclose(file))
		tree_must(NULL);
	return text;
}

static void format_value(enum form form, struct json_object *value, char *text,
			 size_t size)
{
	switch (form) {
	case FORM_TEXT:
	case FORM_INT:
		snprintf(text, size, "%s", json_object_get_string(value));
		break;
	case FORM_REAL:
		snprintf(text, size, "%.2f", json_object_get_double(value));
		break;
	case FORM_RATIO:
		snprintf(text, size, "%.3f", json_object_get_double(value));
		break;
	case FORM_PERCENT:
		snprintf(text, size, "%.1f %%",
			 json_object_get_double(value) * 100);
		break;
	case FORM_BYTES:
		bytes_format(json_object_get_uint64(value), text, size);
		break;
	case FORM_RATE:
		bytes_format_rate(json_object_get_uint64(value), text, size);
		break;
	case FORM_DURATION:
		clock_format_duration(json_object_get_uint64(value), text,
				      size);
		break;
	case FORM_BOOL:
		snprintf(text, size, "%s",
			 json_object_get_boolean(value) ? "yes" : "no");
		break;
	}
}

char *column_format(const struct column *column, struct json_object *object)
{
	struct json_object *value = column_find(column, object);
	char text[128];

	if (!value)
		return copy("-");
	if (json_object_is_type(value, json_type_array))
		return join_elements(column, object, ", ");
	if (json_object_is_type(value, json_type_string))
		return copy(json_object_get_string(value));
	format_value(column->form, value, text, sizeof(text));
	return copy(text);
}

char *column_format_bare(const struct column *column,
			 struct json_object *object)
{
	struct json_object *value = column_find(column, object);

	if (!value)
		return copy("");
	if (json_object_is_type(value, json_type_array))
		return join_elements(column, object, ";");
	return copy(json_object_get_string(value));
}
