/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit/fixture.h"

#include <check.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Every directory above the last component, and nothing in its place. */
static void make_room(char *path)
{
	char *last = strrchr(path, '/');
	bool is_there;

	/* Most files of a large machine are beside the one before. */
	*last = '\0';
	is_there = !access(path, F_OK);
	*last = '/';
	for (char *slash = strchr(path + 1, '/'); slash && !is_there;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		ck_assert_msg(!mkdir(path, 0755) || errno == EEXIST,
			      "mkdir %s: %s", path, strerror(errno));
		*slash = '/';
	}
	unlink(path);
}

static void put_file(const char *path, const char *value)
{
	FILE *file = fopen(path, "w");

	ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
	for (; *value; value++) {
		bool is_newline = value[0] == '\\' && value[1] == 'n';

		fputc(is_newline ? '\n' : *value, file);
		value += is_newline;
	}
	fputc('\n', file);
	ck_assert_int_eq(fclose(file), 0);
}

static void put_zeros(FILE *file, long end)
{
	if (ftell(file) >= end)
		return;
	ck_assert_int_eq(fseek(file, end - 1, SEEK_SET), 0);
	fputc(0, file);
}

static void put_hex(const char *path, const char *bytes)
{
	FILE *file = fopen(path, "w");
	unsigned value;
	int used;

	ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
	for (; *bytes; bytes += used) {
		used = 0;
		if (sscanf(bytes, " @%x%n", &value, &used) == 1 && used)
			put_zeros(file, (long)value);
		else if (sscanf(bytes, " %2x%n", &value, &used) == 1 && used)
			fputc((int)value, file);
		else
			ck_abort_msg("%s: no bytes: %s", path, bytes);
	}
	ck_assert_int_eq(fclose(file), 0);
}

static void put_line(struct fixture *fixture, const char *line)
{
	char kind[8], name[512], path[PATH_MAX];
	const char *value;
	int used = 0;

	if (!*line || *line == '#')
		return;
	ck_assert_msg(sscanf(line, "%7s %511s%n", kind, name, &used) == 2,
		      "not a line of a fixture: %s", line);
	value = line + used + (line[used] == ' ');
	snprintf(path, sizeof(path), "%s/%s", fixture->root, name);
	make_room(path);
	if (!strcmp(kind, "file"))
		put_file(path, value);
	else if (!strcmp(kind, "link"))
		ck_assert_int_eq(symlink(value, path), 0);
	else if (!strcmp(kind, "hex"))
		put_hex(path, value);
	else if (!strcmp(kind, "dir"))
		ck_assert(!mkdir(path, 0755) || errno == EEXIST);
	else
		ck_abort_msg("not a line of a fixture: %s", line);
}

void fixture_add(struct fixture *fixture, const char *lines)
{
	char *copy = strdup(lines), *rest = copy, *line;

	ck_assert_ptr_nonnull(copy);
	while ((line = strsep(&rest, "\n")))
		put_line(fixture, line);
	free(copy);
}

static FILE *open_below(const char *variable, const char *name)
{
	const char *top = getenv(variable);
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/tests/fixtures/%s.txt",
		 top ? top : ".", name);
	return fopen(path, "r");
}

/* As somebody wrote it, or as it was made from a table. */
static void add_file(struct fixture *fixture, const char *name)
{
	FILE *file = open_below("top_srcdir", name);
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	if (!file)
		file = open_below("top_builddir", name);
	ck_assert_msg(file != NULL, "%s: no such fixture", name);
	while ((length = getline(&line, &size, file)) > 0) {
		line[length - (line[length - 1] == '\n')] = '\0';
		put_line(fixture, line);
	}
	free(line);
	fclose(file);
}

/* Thousands of small files: in memory where there is such a place. */
static const char *find_room(void)
{
	const char *wanted = getenv("TMPDIR");

	if (wanted)
		return wanted;
	return access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
}

void fixture_open(struct fixture *fixture, const char *name)
{
	memset(fixture, 0, sizeof(*fixture));
	snprintf(fixture->root, sizeof(fixture->root), "%.40s/fixture-XXXXXX",
		 find_room());
	ck_assert_ptr_nonnull(mkdtemp(fixture->root));
	if (name)
		add_file(fixture, name);
	ck_assert_int_eq(p2pdma_context_create(fixture->root,
					       &fixture->context), 0);
}

void fixture_scan(struct fixture *fixture)
{
	p2pdma_topology_destroy(fixture->topology);
	fixture->topology = NULL;
	ck_assert_int_eq(p2pdma_topology_scan(fixture->context,
					      &fixture->topology), 0);
}

void fixture_load(struct fixture *fixture, const char *name,
		  const char *lines)
{
	fixture_open(fixture, name);
	if (lines)
		fixture_add(fixture, lines);
	fixture_scan(fixture);
}

const struct p2pdma_function *fixture_find(const struct fixture *fixture,
					   const char *address)
{
	const struct p2pdma_function *f;

	f = p2pdma_topology_find(fixture->topology, address);
	ck_assert_msg(f != NULL, "no function at %s", address);
	return f;
}

static int remove_one(const char *path, const struct stat *status, int type,
		      struct FTW *walk)
{
	return remove(path);
}

void fixture_close(struct fixture *fixture)
{
	p2pdma_topology_destroy(fixture->topology);
	p2pdma_context_destroy(fixture->context);
	ck_assert_int_eq(nftw(fixture->root, remove_one, 16,
			      FTW_DEPTH | FTW_PHYS), 0);
}
