// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/manifest.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

void manifest_init(struct manifest *manifest, int fd, bool is_nul)
{
	manifest->fd = fd;
	manifest->is_nul = is_nul;
	manifest->is_at_end = false;
	manifest->pairs = 0;
	manifest->begin = manifest->end = 0;
}

/* Behind the @count-th @delimiter from the beginning; 0: not there yet. */
static size_t find_end(const struct manifest *m, char delimiter,
		       unsigned count)
{
	size_t at = m->begin;

	while (count--) {
		const char *found = memchr(m->buffer + at, delimiter,
					   m->end - at);

		if (!found)
			return 0;
		at = (size_t)(found - m->buffer) + 1;
	}
	return at;
}

static size_t find_record(const struct manifest *m)
{
	return m->is_nul ? find_end(m, '\0', 2) : find_end(m, '\n', 1);
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
static int skip_record(struct manifest *m)
{
	size_t end = 0;
	int rc = 0;

	while (!rc && !end && !m->is_at_end) {
		m->begin = m->end;
		rc = read_more(m);
		end = find_end(m, m->is_nul ? '\0' : '\n', 1);
	}
	m->begin = end ? end : m->end;
	m->pairs++;
	return rc ? rc : -ENAMETOOLONG;
}

static int split_line(char *line, size_t length, const char **source,
		      const char **destination)
{
	char *tab = memchr(line, '\t', length);

	line[length] = '\0';
	if (!tab || strchr(tab + 1, '\t') || strlen(line) != length)
		return -EINVAL;
	*tab = '\0';
	*source = line;
	*destination = tab + 1;
	return **source && **destination ? 1 : -EINVAL;
}

static int split(struct manifest *m, size_t end, const char **source,
		 const char **destination)
{
	char *record = m->buffer + m->begin;
	size_t length = end - m->begin - 1;

	m->begin = end;
	m->pairs++;
	if (!m->is_nul)
		return split_line(record, length, source, destination);
	*source = record;
	*destination = record + strlen(record) + 1;
	return **source && **destination ? 1 : -EINVAL;
}

/* What is left at the end: a line without its newline, or half a pair. */
static int take_rest(struct manifest *m, const char **source,
		     const char **destination)
{
	if (m->begin == m->end)
		return 0;
	if (!m->is_nul) {
		m->buffer[m->end++] = '\n';
		return split(m, m->end, source, destination);
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

int manifest_next(struct manifest *manifest, const char **source,
		  const char **destination)
{
	struct manifest *m = manifest;

	for (;;) {
		size_t end;
		int rc;

		skip_empty_lines(m);
		end = find_record(m);
		if (end)
			return split(m, end, source, destination);
		if (m->is_at_end)
			return take_rest(m, source, destination);
		if (is_full(m))
			return skip_record(m);
		rc = read_more(m);
		if (rc)
			return rc;
	}
}

bool manifest_is_ready(const struct manifest *manifest)
{
	struct pollfd poll_fd = { .fd = manifest->fd, .events = POLLIN };

	return find_record(manifest) || manifest->is_at_end ||
	       poll(&poll_fd, 1, 0);
}
