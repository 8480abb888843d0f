// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/tree.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/macro.h"

void *tree_must(void *p)
{
	if (!p) {
		fputs("out of memory\n", stderr);
		exit(EXIT_FAILURE);
	}
	return p;
}

static void add(struct json_object *object, const char *key,
		struct json_object *value)
{
	if (json_object_object_add(object, key, value))
		tree_must(NULL);
}

/* Lead bytes, and what may follow the first of them (RFC 3629). */
static const struct {
	unsigned char first, last, low, high;
	size_t length;
} utf8_forms[] = {
	{ 0x01, 0x7f, 0x00, 0xff, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

/* Length of the UTF-8 sequence at @s, 0 when there is none. */
static size_t utf8_length(const unsigned char *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(utf8_forms); i++) {
		size_t length = utf8_forms[i].length;

		if (*s < utf8_forms[i].first || *s > utf8_forms[i].last)
			continue;
		if (length > 1 && (s[1] < utf8_forms[i].low ||
				   s[1] > utf8_forms[i].high))
			return 0;
		for (size_t n = 2; n < length; n++)
			if ((s[n] & 0xc0) != 0x80)
				return 0;
		return length;
	}
	return 0;
}

static struct json_object *new_text(const char *text)
{
	_cleanup_free_ char *valid = tree_must(malloc(strlen(text) * 3 + 1));
	const unsigned char *from = (const unsigned char *)text;
	char *to = valid;

	while (*from) {
		size_t length = utf8_length(from);

		memcpy(to, length ? (const char *)from : "\xef\xbf\xbd",
		       length ? length : 3);
		to += length ? length : 3;
		from += length ? length : 1;
	}
	return tree_must(json_object_new_string_len(valid, (int)(to - valid)));
}

void tree_add_text(struct json_object *object, const char *key,
		   const char *text)
{
	add(object, key, text ? new_text(text) : NULL);
}

void tree_add_int(struct json_object *object, const char *key, int64_t n)
{
	add(object, key, tree_must(json_object_new_int64(n)));
}

void tree_add_count(struct json_object *object, const char *key, uint64_t n)
{
	add(object, key, tree_must(json_object_new_uint64(n)));
}

void tree_add_known(struct json_object *object, const char *key, uint64_t n)
{
	if (n)
		tree_add_count(object, key, n);
	else
		tree_add_null(object, key);
}

void tree_add_index(struct json_object *object, const char *key, int n)
{
	if (n >= 0)
		tree_add_int(object, key, n);
	else
		tree_add_null(object, key);
}

void tree_add_real(struct json_object *object, const char *key, double x)
{
	add(object, key,
	    isfinite(x) ? tree_must(json_object_new_double(x)) : NULL);
}

void tree_add_bool(struct json_object *object, const char *key, bool is_so)
{
	add(object, key, tree_must(json_object_new_boolean(is_so)));
}

void tree_add_null(struct json_object *object, const char *key)
{
	add(object, key, NULL);
}

struct json_object *tree_add_object(struct json_object *object,
				    const char *key)
{
	struct json_object *member = tree_new_object();

	add(object, key, member);
	return member;
}

struct json_object *tree_add_array(struct json_object *object, const char *key)
{
	struct json_object *member = tree_new_array();

	add(object, key, member);
	return member;
}

static void fini_rows(struct json_object *array __attribute__((unused)),
		      void *data)
{
	struct tree_rows *rows = data;

	rows->fini(rows->data);
	free(rows);
}

struct json_object *tree_add_rows(struct json_object *object, const char *key,
				  const struct tree_rows *rows)
{
	struct json_object *array = tree_add_array(object, key);
	struct tree_rows *kept = tree_must(malloc(sizeof(*kept)));

	*kept = *rows;
	json_object_set_userdata(array, kept, fini_rows);
	return array;
}

size_t tree_count_rows(struct json_object *array)
{
	const struct tree_rows *rows = json_object_get_userdata(array);

	return rows ? rows->count : json_object_array_length(array);
}

struct json_object *tree_take_row(struct json_object *array, size_t index)
{
	const struct tree_rows *rows = json_object_get_userdata(array);

	return rows ? rows->make(rows->data, index) :
		      json_object_get(json_object_array_get_idx(array, index));
}

void tree_append(struct json_object *array, struct json_object *element)
{
	if (element && json_object_array_add(array, element))
		tree_must(NULL);
}

struct json_object *tree_append_object(struct json_object *array)
{
	struct json_object *element = tree_new_object();

	tree_append(array, element);
	return element;
}

void tree_append_text(struct json_object *array, const char *text)
{
	tree_append(array, new_text(text));
}

void tree_copy_key(struct json_object *to, struct json_object *from,
		   const char *key)
{
	add(to, key, json_object_get(json_object_object_get(from, key)));
}

void tree_copy(struct json_object *to, struct json_object *from)
{
	json_object_object_foreach(from, key, value)
		add(to, key, json_object_get(value));
}

struct json_object *tree_new_object(void)
{
	return tree_must(json_object_new_object());
}

struct json_object *tree_new_array(void)
{
	return tree_must(json_object_new_array());
}

const char *tree_get_text(struct json_object *object, const char *key)
{
	struct json_object *value = json_object_object_get(object, key);

	return value ? json_object_get_string(value) : NULL;
}

bool tree_is_true(struct json_object *object, const char *key)
{
	return json_object_get_boolean(json_object_object_get(object, key));
}

uint64_t tree_get_count(struct json_object *object, const char *key)
{
	return json_object_get_uint64(json_object_object_get(object, key));
}

void tree_format_link(struct json_object *link, char *text, size_t size)
{
	double speed = json_object_get_double(
		json_object_object_get(link, "speed_gtps"));
	unsigned width = (unsigned)tree_get_count(link, "width");

	if (speed > 0 && width)
		snprintf(text, size, "%.1f GT/s x%u", speed, width);
	else
		snprintf(text, size, "?");
}
