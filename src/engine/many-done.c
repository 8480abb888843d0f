// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/many-done.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/macro.h"
#include "engine/aside.h"
#include "engine/done-list.h"
#include "engine/many-links.h"
#include "engine/many-tell.h"

/* Of names; what is kept until then is in memory. */
#define UNSAVED_MOST	(8 * MIB)

int many_done_open(struct many *m, bool *is_into)
{
	if (!m->args.journal)
		return 0;
	m->saved_ns = clock_now_ns();
	return done_list_open(m->args.journal, m->args.is_resumed, is_into,
			      m->args.checksum, &m->done);
}

void many_done_close(struct many *m)
{
	done_list_close(m->done);
	m->done = NULL;
}

/* --- done before -------------------------------------------------------- */

static bool is_done(struct many *m, struct walk_directory *directory,
		    const char *destination, const struct stat *from,
		    char sum[CHECKSUM_TEXT_SIZE])
{
	_cleanup_free_ char *path = walk_format_path(directory, destination,
						     true);
	const struct done_file file = {
		.destination = path,
		.size_bytes = (uint64_t)from->st_size,
		.modified = from->st_mtim,
	};
	struct stat to;

	return path && done_list_has(m->done, &file, sum) &&
	       !fstatat(directory->to_fd, destination, &to,
			AT_SYMLINK_NOFOLLOW) &&
	       S_ISREG(to.st_mode) && to.st_size == from->st_size;
}

static void tell_done(struct many *m, struct walk_directory *directory,
		      const char *source, const char *destination,
		      const struct stat *from, const char *sum)
{
	struct many_file file = {
		.kind = WALK_FILE,
		.outcome = MANY_DONE_BEFORE,
		.size_bytes = (uint64_t)from->st_size,
		.skipped_bytes = (uint64_t)from->st_size,
		.sum = sum,
	};

	many_tell(m, directory, source, destination, &file);
}

/* Other names of it are linked to it as ever. */
static bool is_another_name(struct many *m, struct walk_directory *directory,
			    const char *source, const struct stat *from)
{
	return many_is_in_tree(directory) && from->st_nlink > 1 &&
	       !many_links_is_wanted(m, directory, source, from->st_dev,
				     from->st_ino, from->st_nlink);
}

bool many_done_skip(struct many *m, struct walk_directory *directory,
		    const char *source, const char *destination,
		    bool is_followed)
{
	char sum[CHECKSUM_TEXT_SIZE];
	const char *told = m->args.checksum ? sum : NULL;
	struct stat from;

	if (!m->done || !m->args.is_resumed ||
	    fstatat(many_get_source_fd(directory), source, &from,
		    is_followed ? 0 : AT_SYMLINK_NOFOLLOW) ||
	    !S_ISREG(from.st_mode) ||
	    !is_done(m, directory, destination, &from, sum))
		return false;
	if (is_another_name(m, directory, source, &from))
		return true;
	tell_done(m, directory, source, destination, &from, told);
	if (many_is_in_tree(directory) && from.st_nlink > 1)
		many_links_end(m, directory, from.st_dev, from.st_ino, true,
			       told);
	return true;
}

/* --- what was left behind ------------------------------------------------ */

static bool is_left_behind(const struct many *m, const char *name)
{
	long process = aside_find_writer(name);

	return process && process != getpid() &&
	       done_list_is_writer(m->done, process);
}

/* Pairs may come back to a directory as often as there are pairs. */
static bool was_cleaned(struct many *m, int fd)
{
	struct stat st;
	uint64_t bit;
	bool was;

	if (fstat(fd, &st))
		return true;
	bit = (st.st_ino ^ st.st_dev << 32) * UINT64_C(0x9e3779b97f4a7c15);
	bit >>= 48;
	was = m->cleaned[bit / 64] & UINT64_C(1) << bit % 64;
	m->cleaned[bit / 64] |= UINT64_C(1) << bit % 64;
	return was;
}

void many_done_clean(struct many *m, int directory_fd)
{
	const struct dirent *entry;
	DIR *directory;
	int fd;

	if (!m->done || !m->args.is_resumed || was_cleaned(m, directory_fd))
		return;
	fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	directory = fd < 0 ? NULL : fdopendir(fd);
	if (!directory && fd >= 0)
		close(fd);
	/* Without, there is a file too many. */
	if (!directory)
		return;
	while ((entry = readdir(directory)))
		if (is_left_behind(m, entry->d_name))
			unlinkat(fd, entry->d_name, 0);
	closedir(directory);
}

/* --- done now ----------------------------------------------------------- */

static void give_up(struct many *m, int rc)
{
	many_tell_failed(m, NULL, m->args.journal, m->args.journal,
			 SIDE_DESTINATION, "write the journal", rc);
	many_done_close(m);
}

void many_done_add(struct many *m, struct walk_directory *directory,
		   const char *destination, uint64_t size_bytes,
		   struct timespec modified, const char *sum)
{
	_cleanup_free_ char *path = NULL;
	struct done_file file = {
		.size_bytes = size_bytes,
		.modified = modified,
	};
	int rc = -ENOMEM;

	if (!m->done)
		return;
	path = walk_format_path(directory, destination, true);
	file.destination = path;
	if (path)
		rc = done_list_add(m->done, &file, sum);
	if (rc)
		give_up(m, rc);
}

/* What is not on stable media is not done. */
int many_done_flush(struct many *m)
{
	int rc = syncs_flush(&m->syncs);

	if (!rc)
		return 0;
	many_done_close(m);
	m->is_silent |= rc == -ETIMEDOUT;
	many_tell_failed(m, NULL, m->syncs.failed->name,
			 m->syncs.failed->name, SIDE_DESTINATION,
			 "flush the file system of", rc);
	return rc == -ETIMEDOUT ? rc : 0;
}

static bool is_time(const struct many *m, uint64_t now_ns)
{
	return now_ns - m->saved_ns >= m->args.journal_interval_ns / 2 ||
	       done_list_get_unsaved(m->done) >= UNSAVED_MOST;
}

int many_done_save(struct many *m, bool is_last)
{
	uint64_t now = clock_now_ns();
	int rc;

	if (!m->done || (!is_last && !is_time(m, now)))
		return 0;
	m->saved_ns = now;
	if (!done_list_get_unsaved(m->done))
		return 0;
	rc = many_done_flush(m);
	if (rc || !m->done)
		return rc;
	rc = done_list_save(m->done);
	if (rc)
		give_up(m, rc);
	return 0;
}
