// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/manifest.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

void manifest_init(struct manifest *manifest, int fd, bool is_nul,
		   unsigned destinations)
{
	manifest->fd = fd;
	manifest->is_nul = is_nul;
	manifest->name_count = 1 + destinations;
	manifest->is_at_end = false;
	manifest->pairs = 0;
	manifest->begin = manifest->end = 0;
}

/*
 * Behind the last delimiter of a record, of which so many are @missing; 0: not
 * there yet, and those that are there are not missing any more.
 */
static size_t find_end(const struct manifest *m, char delimiter,
		       unsigned *missing)
{
	size_t at = m->begin;

	while (*missing) {
		const char *found = memchr(m->buffer + at, delimiter,
					   m->end - at);

		if (!found)
			return 0;
		at = (size_t)(found - m->buffer) + 1;
		--*missing;
	}
	return at;
}

static size_t find_record(const struct manifest *m, unsigned *missing)
{
	*missing = m->is_nul ? m->name_count : 1;
	return find_end(m, m->is_nul ? '\0' : '\n', missing);
}

/* One byte is kept for the newline that the last line may lack. */
static int read_more(struct manifest *m)
{
	ssize_t got;

	memmove(m->buffer, m->buffer + m->begin, m->end - m->begin);
	m->end -= m->begin;
	m->begin = 0;
	got = read(m->fd, m->buffer + m->end, sizeof(m->buffer) - 1 - m->end);
	if (got < 0)
		return -errno;
	m->is_at_end = !got;
	m->end += (size_t)got;
	return 0;
}

static bool is_full(const struct manifest *m)
{
	return m->end - m->begin == sizeof(m->buffer) - 1;
}

/* Until its end is found, what there is of it is thrown away. */
static int skip_record(struct manifest *m, unsigned missing)
{
	size_t end = 0;
	int rc = 0;

	while (!rc && !end && !m->is_at_end) {
		m->begin = m->end;
		rc = read_more(m);
		end = find_end(m, m->is_nul ? '\0' : '\n', &missing);
	}
	m->begin = end ? end : m->end;
	m->pairs++;
	return rc ? rc : -ENAMETOOLONG;
}

/* What follows @name, of which @length bytes are left; NULL: nothing. */
static char *cut(char *name, size_t length, char delimiter)
{
	char *found = memchr(name, delimiter, length);

	if (!found)
		return NULL;
	*found = '\0';
	return found + 1;
}

static bool are_names(const char *const *names, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (!*names[i])
			return false;
	return true;
}

/* A line has no NUL, and as many tabs as there are names but for one. */
static bool is_well_formed(const struct manifest *m, const char *line,
			   size_t length)
{
	unsigned tabs = 0;

	for (size_t i = 0; i < length && !m->is_nul; i++) {
		tabs += line[i] == '\t';
		if (!line[i])
			return false;
	}
	return m->is_nul || tabs == m->name_count - 1;
}

static int split(struct manifest *m, size_t end, const char **names)
{
	char *name = m->buffer + m->begin, *last = m->buffer + end - 1;
	unsigned i = 0;

	m->begin = end;
	m->pairs++;
	if (!is_well_formed(m, name, (size_t)(last - name)))
		return -EINVAL;
	*last = '\0';
	for (; name && i < m->name_count; i++) {
		names[i] = name;
		name = cut(name, (size_t)(last - name),
			   m->is_nul ? '\0' : '\t');
	}
	return i == m->name_count && are_names(names, i) ? 1 : -EINVAL;
}

/* What is left at the end: a line without its newline, or half a record. */
static int take_rest(struct manifest *m, const char **names)
{
	if (m->begin == m->end)
		return 0;
	if (!m->is_nul) {
		m->buffer[m->end++] = '\n';
		return split(m, m->end, names);
	}
	m->begin = m->end;
	m->pairs++;
	return -EINVAL;
}

static void skip_empty_lines(struct manifest *m)
{
	while (!m->is_nul && m->begin < m->end &&
	       m->buffer[m->begin] == '\n')
		m->begin++;
}

int manifest_next(struct manifest *manifest, const char **names)
{
	struct manifest *m = manifest;

	for (;;) {
		unsigned missing;
		size_t end;
		int rc;

		skip_empty_lines(m);
		end = find_record(m, &missing);
		if (end)
			return split(m, end, names);
		if (m->is_at_end)
			return take_rest(m, names);
		if (is_full(m))
			return skip_record(m, missing);
		rc = read_more(m);
		if (rc)
			return rc;
	}
}

bool manifest_is_ready(const struct manifest *manifest)
{
	struct pollfd poll_fd = { .fd = manifest->fd, .events = POLLIN };
	unsigned missing;

	return find_record(manifest, &missing) || manifest->is_at_end ||
	       poll(&poll_fd, 1, 0);
}
