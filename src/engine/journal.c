// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/macro.h"

#define OWN_MARK	"# p2pcopy "
/* Room for any line, or a few. */
#define LINE_MOST	512

struct journal {
	int directory_fd;
	char *name, *new_name;
	uint64_t offset_bytes;
	struct journal_facts facts;
};

/* As ddrescue: not tried, not trimmed, not scraped, bad, finished. */
static const char letters[EXTENT_STATES] = {
	[EXTENT_WANTED] = '?',	  [EXTENT_UNTRIMMED] = '*',
	[EXTENT_UNSCRAPED] = '/', [EXTENT_BAD_READ] = '-',
	[EXTENT_BAD_WRITE] = '-', [EXTENT_DONE] = '+',
};

/* --- facts --------------------------------------------------------------- */

int journal_add_fact(struct journal_facts *facts, const char *format, ...)
{
	va_list args;
	char *line;

	if (facts->count == JOURNAL_FACTS_MOST)
		return -ENOMEM;
	if (!facts->lines)
		facts->lines = calloc(JOURNAL_FACTS_MOST, JOURNAL_FACT_SIZE);
	if (!facts->lines)
		return -ENOMEM;
	line = facts->lines[facts->count++];
	va_start(args, format);
	vsnprintf(line, JOURNAL_FACT_SIZE, format, args);
	va_end(args);
	line[strcspn(line, "\n\r")] = '\0';
	return 0;
}

void journal_free_facts(struct journal_facts *facts)
{
	free(facts->lines);
	*facts = (struct journal_facts){ 0 };
}

/* --- writing ------------------------------------------------------------- */

static int take_path(struct journal *j, const char *path)
{
	_cleanup_free_ char *real = realpath(path, NULL);
	_cleanup_free_ char *parent = NULL;
	const char *slash;

	/* What a link points to is replaced, not the link. */
	if (!real)
		real = strdup(path);
	parent = real ? strdup(real) : NULL;
	if (!parent)
		return -ENOMEM;
	slash = strrchr(real, '/');
	j->name = strdup(slash ? slash + 1 : real);
	if (!j->name)
		return -ENOMEM;
	/* What is called so is nobody else's. */
	if (asprintf(&j->new_name, "%.220s.p2pcopy-new", j->name) < 0) {
		j->new_name = NULL;
		return -ENOMEM;
	}
	j->directory_fd = open(dirname(parent),
			       O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return j->directory_fd < 0 ? -errno : 0;
}

int journal_open(const char *path, uint64_t offset_bytes,
		 struct journal_facts *facts, struct journal **journal)
{
	struct journal *j = calloc(1, sizeof(*j));
	int rc;

	if (!j)
		return -ENOMEM;
	j->directory_fd = -1;
	j->offset_bytes = offset_bytes;
	j->facts = *facts;
	*facts = (struct journal_facts){ 0 };
	rc = take_path(j, path);
	if (rc)
		journal_close(j);
	else
		*journal = j;
	return rc;
}

void journal_close(struct journal *journal)
{
	if (!journal)
		return;
	if (journal->directory_fd >= 0)
		close(journal->directory_fd);
	journal_free_facts(&journal->facts);
	free(journal->name);
	free(journal->new_name);
	free(journal);
}

/* A run is told once however many states it is made of. */
static char get_letter(const struct extent *row, bool is_complete)
{
	if (row->state == EXTENT_HOLE)
		return is_complete ? '+' : '?';
	return letters[row->state];
}

/* "+": nothing is left that another run would do by itself. */
static char get_status(const struct extents *extents, bool is_complete)
{
	for (size_t i = 0; i < extents->count; i++)
		if (!strchr("+-", get_letter(&extents->rows[i], is_complete)))
			return '?';
	return '+';
}

/* What is to be written, in memory first. */
struct text {
	char *data;
	size_t used, room;
	int rc;			/* -ENOMEM, and nothing more is added */
};

static void add(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct text *text, const char *format, ...)
{
	va_list args;

	if (text->room - text->used < LINE_MOST) {
		size_t room = 2 * text->room + LINE_MOST;
		char *data = text->rc ? NULL : realloc(text->data, room);

		text->rc = data ? 0 : -ENOMEM;
		if (!data)
			return;
		text->data = data;
		text->room = room;
	}
	va_start(args, format);
	text->used += (size_t)vsnprintf(text->data + text->used, LINE_MOST,
					format, args);
	va_end(args);
}

static void add_row(struct text *text, uint64_t start, uint64_t end,
		    char letter)
{
	add(text, "0x%08" PRIX64 "  0x%08" PRIX64 "  %c\n", start,
	    end - start, letter);
}

static void add_rows(struct text *text, const struct journal *j,
		     const struct extents *extents, bool is_complete)
{
	uint64_t start = 0;

	if (j->offset_bytes)
		add_row(text, 0, j->offset_bytes, '?');
	for (size_t i = 0; i < extents->count; i++) {
		char letter = get_letter(&extents->rows[i], is_complete);

		if (i + 1 < extents->count &&
		    get_letter(&extents->rows[i + 1], is_complete) == letter)
			continue;
		add_row(text, j->offset_bytes + start,
			j->offset_bytes + extents->rows[i].end_bytes, letter);
		start = extents->rows[i].end_bytes;
	}
}

static void add_map(struct text *text, const struct journal *j,
		    const struct extents *extents, bool is_complete)
{
	char status = get_status(extents, is_complete), when[32] = "";
	time_t now = time(NULL);
	struct tm local;

	if (localtime_r(&now, &local))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &local);
	add(text, "# Mapfile. Created by p2pcopy, for GNU ddrescue as well\n");
	for (unsigned i = 0; i < j->facts.count; i++)
		add(text, OWN_MARK "%s\n", j->facts.lines[i]);
	add(text, "# Current time: %s\n# %s\n", when,
	    status == '+' ? "Finished" : "Copying non-tried blocks...");
	add(text, "# current_pos  current_status  current_pass\n"
	    "0x%08" PRIX64 "     %c               1\n"
	    "#      pos        size  status\n",
	    j->offset_bytes + extents_get_whole(extents), status);
	add_rows(text, j, extents, is_complete);
}

static int write_new(const struct journal *j, const struct extents *extents,
		     bool is_complete)
{
	struct text text = { 0 };
	_cleanup_fd_ int fd = -1;
	int rc;

	add_map(&text, j, extents, is_complete);
	fd = openat(j->directory_fd, j->new_name, O_WRONLY | O_CREAT |
		    O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (text.rc)
		rc = text.rc;
	else
		rc = fd < 0 ? -errno : file_store(fd, text.data, text.used);
	free(text.data);
	return rc;
}

int journal_save(struct journal *journal, const struct extents *extents,
		 bool is_complete)
{
	int rc = write_new(journal, extents, is_complete);

	if (rc) {
		unlinkat(journal->directory_fd, journal->new_name, 0);
		return rc;
	}
	if (renameat(journal->directory_fd, journal->new_name,
		     journal->directory_fd, journal->name) ||
	    fsync(journal->directory_fd))
		return -errno;
	return 0;
}

/* --- reading ------------------------------------------------------------- */

static enum extent_state find_state(char letter)
{
	for (unsigned i = 0; i < EXTENT_STATES; i++)
		if (letters[i] && letters[i] == letter)
			return (enum extent_state)i;
	return EXTENT_UNKNOWN;
}

struct loader {
	struct extents *extents;
	uint64_t offset_bytes;
	struct journal_facts *facts;
	bool has_status;	/* the line before the rows */
	uint64_t end_bytes;	/* of the last row */
};

/* What lies before the copy's start is not ours. */
static int take_row(struct loader *l, uint64_t start, uint64_t size,
		    enum extent_state state)
{
	uint64_t end, most = extents_get_size(l->extents);

	if (!state || !size || start < l->end_bytes || start > INT64_MAX ||
	    size > INT64_MAX - start)
		return -EINVAL;
	l->end_bytes = end = start + size;
	if (end <= l->offset_bytes)
		return 0;
	start = MAX(start, l->offset_bytes) - l->offset_bytes;
	end -= l->offset_bytes;
	/* More of the source than is wanted this time. */
	if (end > most && state == EXTENT_WANTED)
		end = most;
	if (end > most)
		return -ERANGE;
	return extents_mark(l->extents, start, end, state);
}

static int take_line(struct loader *l, const char *line)
{
	uint64_t start, size;
	char letter = 0;

	/* Of one of many files (done-list.h): which one. */
	if (!strncmp(line, OWN_MARK "done:", strlen(OWN_MARK "done:")))
		return 0;
	if (!strncmp(line, OWN_MARK, strlen(OWN_MARK)))
		return journal_add_fact(l->facts, "%s",
					line + strlen(OWN_MARK));
	if (*line == '#' || line[strspn(line, " \t\n")] == '\0')
		return 0;
	if (!l->has_status) {
		l->has_status = true;
		return sscanf(line, "%" SCNi64 " %c", (int64_t *)&start,
			      &letter) == 2 &&
			       strchr("?*/-FG+", letter) ? 0 : -EINVAL;
	}
	if (sscanf(line, "%" SCNi64 " %" SCNi64 " %c", (int64_t *)&start,
		   (int64_t *)&size, &letter) != 3)
		return -EINVAL;
	return take_row(l, start, size, find_state(letter));
}

int journal_load(const char *path, uint64_t offset_bytes,
		 struct extents *extents, struct journal_facts *facts,
		 unsigned *line)
{
	struct loader loader = {
		.extents = extents,
		.offset_bytes = offset_bytes,
		.facts = facts,
	};
	_cleanup_file_ FILE *file = fopen(path, "re");
	_cleanup_free_ char *text = NULL;
	size_t room = 0;
	int rc = 0;

	if (!file)
		return -errno;
	for (*line = 0; !rc && getline(&text, &room, file) >= 0; (*line)++)
		rc = take_line(&loader, text);
	if (rc)
		return rc;
	if (ferror(file))
		return -EIO;
	return loader.has_status ? 0 : *line ? -EINVAL : -ENOENT;
}
