/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how one fact becomes a key of a json-c object; must not know which
 * facts there are. What is unknown is null. Running out of memory ends the
 * program with exit code 1 and a sentence: no caller could report it.
 */
#ifndef P2PDMA_REPORT_TREE_H
#define P2PDMA_REPORT_TREE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/* @p, unless it is NULL, which is the end of the program. */
void *tree_must(void *p);

/* NULL is null. Bytes that are no UTF-8 become U+FFFD, one each. */
void tree_add_text(struct json_object *object, const char *key,
		   const char *text);

void tree_add_int(struct json_object *object, const char *key, int64_t n);
void tree_add_count(struct json_object *object, const char *key, uint64_t n);

/* A count for which 0 means that it is not known. */
void tree_add_known(struct json_object *object, const char *key, uint64_t n);

/* An int for which -1 means that it is not known. */
void tree_add_index(struct json_object *object, const char *key, int n);

/* A ratio; what is no finite number is null. */
void tree_add_real(struct json_object *object, const char *key, double x);

void tree_add_bool(struct json_object *object, const char *key, bool is_so);
void tree_add_null(struct json_object *object, const char *key);

/* A new member below @object, borrowed from it. */
struct json_object *tree_add_object(struct json_object *object,
				    const char *key);
struct json_object *tree_add_array(struct json_object *object,
				   const char *key);

/*
 * An array of objects that are made while they are written, one at a time: for
 * more of them than anybody wants in memory. As long as the tree lives, data
 * does; whoever looks at the array itself finds it empty.
 */
struct tree_rows {
	size_t count;
	/* The one at @index, the caller's own; NULL: it is left out. */
	struct json_object *(*make)(void *data, size_t index);
	void (*fini)(void *data);
	void *data;
};

struct json_object *tree_add_rows(struct json_object *object, const char *key,
				  const struct tree_rows *rows);

/* Of any array. A row is the caller's own; NULL: it is left out. */
size_t tree_count_rows(struct json_object *array);
struct json_object *tree_take_row(struct json_object *array, size_t index);

/* @element, unless it is NULL, is @array's at its end. */
void tree_append(struct json_object *array, struct json_object *element);

/* A new object at the end of @array, borrowed from it. */
struct json_object *tree_append_object(struct json_object *array);
void tree_append_text(struct json_object *array, const char *text);

/* @to gets every key that @from has; the values are shared. */
void tree_copy(struct json_object *to, struct json_object *from);
void tree_copy_key(struct json_object *to, struct json_object *from,
		   const char *key);

/* A new object or array of the caller's own, for json_object_put(). */
struct json_object *tree_new_object(void);
struct json_object *tree_new_array(void);

/* What a picture or a table of the same tree reads; NULL, false: not there. */
const char *tree_get_text(struct json_object *object, const char *key);
bool tree_is_true(struct json_object *object, const char *key);
uint64_t tree_get_count(struct json_object *object, const char *key);

/* "16.0 GT/s x4" of a link; "?" where not known. */
void tree_format_link(struct json_object *link, char *text, size_t size);

#endif
