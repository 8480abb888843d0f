// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/mount.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/sysfs.h"

void mount_decode(char *text)
{
	char *out = text;

	for (; *text; out++) {
		unsigned code;

		if (*text == '\\' && sscanf(text, "\\%3o", &code) == 1) {
			*out = (char)code;
			text += 4;
		} else {
			*out = *text++;
		}
	}
	*out = '\0';
}

/* A table can be long, and sscanf(3) is for what is rare. */
static bool parse_number(const char *text, unsigned *number, char end,
			 const char **rest)
{
	char *stop;

	*number = (unsigned)strtoul(text, &stop, 10);
	*rest = stop + 1;
	return stop != text && *stop == end;
}

static bool parse_numbers(const char *id, const char *device,
			  struct mount *mount)
{
	const char *minor, *rest;
	unsigned number;

	if (!parse_number(id, &number, '\0', &rest))
		return false;
	mount->id = (int)number;
	return parse_number(device, &mount->major, ':', &minor) &&
	       parse_number(minor, &mount->minor, '\0', &rest);
}

/* ID PARENT MAJOR:MINOR ROOT POINT OPTIONS TAGS... - TYPE SOURCE OPTIONS */
bool mount_parse(char *line, struct mount *mount)
{
	char *rest = line, *fields[6], *separator;
	char *type, *source, *options;

	for (int i = 0; i < 6; i++) {
		fields[i] = strsep(&rest, " ");
		if (!rest)
			return false;
	}
	separator = *rest == '-' ? rest : strstr(rest, " - ");
	if (!separator)
		return false;
	rest = strchr(separator, '-') + 1;
	rest += *rest == ' ';
	type = strsep(&rest, " ");
	source = strsep(&rest, " ");
	options = rest;
	if (!options || !parse_numbers(fields[0], fields[2], mount))
		return false;
	mount_decode(fields[4]);
	mount_decode(source);
	mount->point = fields[4];
	mount->type = type;
	mount->source = source;
	mount->options = options;
	mount->flags = fields[5];
	return true;
}

static bool has_word(const char *at, const char *option)
{
	size_t length = strlen(option);

	while (at && *at) {
		size_t here = strcspn(at, ",");

		if (!strncmp(at, option, length) &&
		    (here == length || at[length] == '='))
			return true;
		at += here + (at[here] == ',');
	}
	return false;
}

bool mount_has_option(const struct mount *mount, const char *option)
{
	return has_word(mount->options, option);
}

bool mount_is_read_only(const struct mount *mount)
{
	return has_word(mount->options, "ro") || has_word(mount->flags, "ro");
}

const char *mount_get_option(const struct mount *mount, struct arena *arena,
			     const char *option)
{
	size_t length = strlen(option);
	const char *at = mount->options;
	char *value;

	while (at && (strncmp(at, option, length) || at[length] != '=')) {
		at = strchr(at, ',');
		if (at)
			at++;
	}
	if (!at)
		return NULL;
	value = arena_strdup(arena, at + length + 1);
	if (value)
		value[strcspn(value, ",")] = '\0';
	return value;
}

/* Later lines lie on top of earlier ones, so the last match counts. */
typedef size_t (*score_fn)(const struct mount *mount, const void *wanted);

static int find_best(const struct p2pdma_context *context,
		     struct arena *arena, score_fn score, const void *wanted,
		     struct mount *best)
{
	_cleanup_free_ char *text = NULL;
	char *rest, *line;
	size_t highest = 0;
	int rc;

	rc = sysfs_read_text(context, "proc", "self/mountinfo", &text);
	if (rc)
		return rc;
	rest = arena_strdup(arena, text);
	if (!rest)
		return -ENOMEM;
	while ((line = strsep(&rest, "\n"))) {
		struct mount mount;
		size_t points;

		if (!mount_parse(line, &mount))
			continue;
		points = score(&mount, wanted);
		if (points && points >= highest) {
			highest = points;
			*best = mount;
		}
	}
	return highest ? 0 : -ENOENT;
}

static size_t score_id(const struct mount *mount, const void *wanted)
{
	return mount->id == *(const int *)wanted;
}

static size_t score_path(const struct mount *mount, const void *wanted)
{
	const char *path = wanted;
	size_t length = strlen(mount->point);

	if (!strcmp(mount->point, "/"))
		return 1;
	if (strncmp(mount->point, path, length) || !strchr("/", path[length]))
		return 0;
	return length;
}

int mount_find(const struct p2pdma_context *context, struct arena *arena,
	       int id, struct mount *mount)
{
	return find_best(context, arena, score_id, &id, mount);
}

int mount_find_path(const struct p2pdma_context *context,
		    struct arena *arena, const char *path,
		    struct mount *mount)
{
	return find_best(context, arena, score_path, path, mount);
}
