// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/many-tree.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "engine/attributes.h"
#include "engine/many-deal.h"
#include "engine/many-done.h"
#include "engine/many-files.h"
#include "engine/many-nodes.h"
#include "engine/many-tell.h"

/* --- directories -------------------------------------------------------- */

/* What only we needed, to write into it. */
#define MODE_EXTRA	S_IRWXU

static int correct_mode(const struct walk_directory *d)
{
	mode_t extra = MODE_EXTRA & ~d->facts.st_mode;
	struct stat st;

	if (!d->is_new || !extra)
		return 0;
	if (fstat(d->to_fd, &st) ||
	    fchmod(d->to_fd, st.st_mode & 07777 & ~extra))
		return -errno;
	return 0;
}

/* All that is in it has ended. */
void many_tree_leave(void *data, struct walk_directory *directory)
{
	struct attributes attributes;
	struct many *m = data;
	int rc;

	if (directory->fd < 0 || directory->to_fd < 0)
		return;
	attributes_take_stat(&attributes, &directory->facts);
	rc = m->args.is_preserved ?
		     attributes_copy(&attributes, directory->fd,
				     directory->to_fd) :
		     correct_mode(directory);
	if (rc)
		many_tell_failed(m, directory, NULL, NULL, SIDE_DESTINATION,
				 "complete", rc);
}

static int make_directory(struct many *m, struct walk_directory *d, int parent,
			  const char *name, int flags)
{
	mode_t mode = m->args.is_preserved ? MODE_EXTRA :
			      (d->facts.st_mode & 0777) | MODE_EXTRA;

	d->is_new = !mkdirat(parent, name, mode);
	if (!d->is_new && errno != EEXIST)
		return -errno;
	d->to_fd = openat(parent, name,
			  O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	if (d->to_fd < 0)
		return errno == ELOOP ? -ENOTDIR : -errno;
	if (!d->is_new)
		many_done_clean(m, d->to_fd);
	return syncs_add(&m->syncs, d->to_fd, name);
}

static void tell_directory(struct many *m, struct walk_directory *d)
{
	struct many_file file = {
		.kind = WALK_DIRECTORY,
		.outcome = m->args.is_planned ? MANY_UNKNOWN : MANY_DONE,
	};

	many_tell(m, d, NULL, NULL, &file);
}

static void enter(struct many *m, struct walk_directory *d)
{
	int rc;

	tell_directory(m, d);
	walk_hold(d);
	rc = walk_enter(&m->walk, d);
	if (rc)
		many_tell_failed(m, d, NULL, NULL, SIDE_SOURCE, "read", rc);
	walk_release(&m->walk, d);
}

static bool is_copy_itself(const struct walk_directory *d)
{
	const struct walk_directory *top = d;
	struct stat st;

	while (top->parent)
		top = top->parent;
	return top->to_fd >= 0 && !fstat(top->to_fd, &st) &&
	       st.st_dev == d->facts.st_dev && st.st_ino == d->facts.st_ino;
}

static void copy_directory(struct many *m, const struct walk_entry *entry)
{
	struct walk_directory *parent = entry->directory, *d;
	int rc;

	rc = walk_open(&m->walk, parent, entry->name, &d);
	if (rc) {
		many_tell_failed(m, parent, entry->name, entry->name,
				 SIDE_SOURCE, "open", rc);
		return;
	}
	if (is_copy_itself(d)) {
		many_tell_failed(m, d, NULL, NULL, SIDE_SOURCE,
				 "copy into itself", -ELOOP);
		walk_release(&m->walk, d);
		return;
	}
	if (!m->args.is_planned)
		rc = make_directory(m, d, parent->to_fd, entry->name,
				    O_NOFOLLOW);
	if (!rc) {
		enter(m, d);
		return;
	}
	many_tell_failed(m, d, NULL, NULL, SIDE_DESTINATION, "make", rc);
	walk_release(&m->walk, d);
}

/* --- files -------------------------------------------------------------- */

/* All nodes look at all files, in the same order, and agree. */
static int deal_file(struct many *m, struct walk_directory *directory,
		     const char *name)
{
	struct stat st = { 0 };

	if (fstatat(directory->fd, name, &st, AT_SYMLINK_NOFOLLOW)) {
		if (many_deal_one(m))
			many_tell_failed(m, directory, name, name,
					 SIDE_SOURCE, "look at", -errno);
		return 0;
	}
	if (S_ISREG(st.st_mode) && st.st_nlink > 1)
		return many_deal_name(m, directory, name, &st);
	return many_deal_file(m, directory, name, name, false, &st);
}

static int copy_entry(struct many *m, const struct walk_entry *entry)
{
	struct walk_directory *directory = entry->directory;
	const char *name = entry->name;

	switch (entry->kind) {
	case WALK_UNKNOWN:
		many_tell_failed(m, directory, name, name, SIDE_SOURCE,
				 name ? "look at" : "read", entry->error);
		return 0;
	case WALK_FILE:
		if (m->shard)
			return deal_file(m, directory, name);
		return many_files_push(m, directory, name, name, false, true);
	case WALK_SYMLINK:
	case WALK_SPECIAL:
		if (many_deal_one(m))
			many_nodes_copy(m, directory, name, name, entry->kind);
		return 0;
	case WALK_DIRECTORY:
		copy_directory(m, entry);
		return 0;
	}
	return 0;
}

/* --- the top ------------------------------------------------------------ */

/* From @fd up to the root: is @inside one of them? */
static bool is_below(int fd, const struct stat *inside)
{
	struct stat last = { 0 }, st;
	bool is_found = false;

	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	while (!is_found && fd >= 0 && !fstat(fd, &st) &&
	       (st.st_dev != last.st_dev || st.st_ino != last.st_ino)) {
		int up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

		is_found = st.st_dev == inside->st_dev &&
			   st.st_ino == inside->st_ino;
		last = st;
		close(fd);
		fd = up;
	}
	if (fd >= 0)
		close(fd);
	return is_found;
}

static char *strip_slashes(const char *path)
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	return strndup(path, length);
}

/* The destination, or where it will be. */
static int check_inside(const struct walk_directory *top)
{
	_cleanup_free_ char *copy = strdup(top->to_name);
	_cleanup_fd_ int fd = -1;

	if (!copy)
		return -ENOMEM;
	fd = open(top->to_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fd = open(dirname(copy), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return is_below(fd, &top->facts) ? -ELOOP : 0;
}

static void reject_inside(struct many *m, const char *source,
			  const char *destination)
{
	struct many_file file = {
		.kind = WALK_DIRECTORY,
		.outcome = MANY_REJECTED,
		.tried = "a directory is not copied into itself",
		.error = -ELOOP,
	};

	many_tell(m, NULL, source, destination, &file);
}

static int open_top(struct many *m, const char *source,
		    const char *destination, struct walk_directory **top)
{
	struct walk_directory *d;
	int rc;

	rc = walk_open(&m->walk, NULL, source, &d);
	if (rc) {
		many_tell_failed(m, NULL, source, destination, SIDE_SOURCE,
				 "open", rc);
		return rc;
	}
	d->to_name = strip_slashes(destination);
	rc = d->to_name ? check_inside(d) : -ENOMEM;
	if (rc == -ELOOP)
		reject_inside(m, source, destination);
	else if (!rc && !m->args.is_planned)
		rc = make_directory(m, d, AT_FDCWD, d->to_name, 0);
	if (rc && rc != -ELOOP)
		many_tell_failed(m, NULL, source, destination,
				 SIDE_DESTINATION, "make", rc);
	if (rc)
		walk_release(&m->walk, d);
	else
		*top = d;
	return rc;
}

int many_tree_add(struct many *m, const char *source, const char *destination)
{
	struct walk_directory *top;
	struct walk_entry entry;
	int rc;

	if (open_top(m, source, destination, &top))
		return 0;
	enter(m, top);
	while ((rc = walk_next(&m->walk, &entry)) > 0) {
		rc = many_is_stopped(m) ? -EINTR : copy_entry(m, &entry);
		if (rc)
			break;
	}
	if (rc && !m->is_silent)
		walk_fini(&m->walk);
	return rc;
}
