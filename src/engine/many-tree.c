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

	if (directory->fd < 0 || directory->to_fd < 0 || directory->is_dropped)
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

/* What is wrong with a source is wrong for all its places. */
static void fail_places(struct many *m, struct walk_directory *directory,
			const char *name, const char *tried, int rc)
{
	struct walk_directory *d;

	for (d = many_find_place(directory); d; d = many_find_place(d->also))
		many_tell_failed(m, d, name, name, SIDE_SOURCE, tried, rc);
}

static void tell_directory(struct many *m, struct walk_directory *directory)
{
	struct walk_directory *d;
	struct many_file file = {
		.kind = WALK_DIRECTORY,
		.outcome = m->args.is_planned ? MANY_UNKNOWN : MANY_DONE,
	};

	for (d = many_find_place(directory); d; d = many_find_place(d->also))
		many_tell(m, d, NULL, NULL, &file);
}

static void enter(struct many *m, struct walk_directory *d)
{
	int rc;

	tell_directory(m, d);
	walk_hold(d);
	rc = walk_enter(&m->walk, d);
	if (rc)
		fail_places(m, d, NULL, "read", rc);
	walk_release(&m->walk, d);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool is_copy_itself(const struct walk_directory *d)
{
	const struct walk_directory *top = d;
	struct stat st;

	while (top->parent)
		top = top->parent;
	for (; top; top = top->also)
		if (top->to_fd >= 0 && !fstat(top->to_fd, &st) &&
		    is_same(&st, &d->facts))
			return true;
	return false;
}

static void drop_place(struct many *m, struct walk_directory *d, int rc)
{
	many_tell_failed(m, d, NULL, NULL, SIDE_DESTINATION, "make", rc);
	d->is_dropped = true;
}

/* At each place where its parent is. */
static int make_places(struct many *m, struct walk_directory *d,
		       struct walk_directory *parent, const char *name)
{
	int rc = 0;

	for (struct walk_directory *p = parent->also; p && !rc; p = p->also)
		rc = walk_add_place(d, p);
	if (rc)
		return rc;
	for (struct walk_directory *p = parent; p; p = p->also, d = d->also) {
		d->is_dropped = p->is_dropped;
		if (d->is_dropped || m->args.is_planned)
			continue;
		rc = make_directory(m, d, p->to_fd, name, O_NOFOLLOW);
		if (rc)
			drop_place(m, d, rc);
	}
	return 0;
}

static void copy_directory(struct many *m, const struct walk_entry *entry)
{
	struct walk_directory *parent = entry->directory, *d;
	int rc;

	rc = walk_open(&m->walk, parent, entry->name, &d);
	if (rc) {
		fail_places(m, parent, entry->name, "open", rc);
		return;
	}
	if (is_copy_itself(d))
		fail_places(m, parent, entry->name, "copy into itself",
			    -ELOOP);
	else if ((rc = make_places(m, d, parent, entry->name)))
		fail_places(m, parent, entry->name, "copy", rc);
	else if (many_find_place(d)) {
		enter(m, d);
		return;
	}
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
			fail_places(m, directory, name, "look at", -errno);
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
		fail_places(m, directory, name, name ? "look at" : "read",
			    entry->error);
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

static void reject(struct many *m, struct walk_directory *d, const char *why,
		   int rc)
{
	struct many_file file = {
		.kind = WALK_DIRECTORY,
		.outcome = MANY_REJECTED,
		.tried = why,
		.error = rc,
	};

	many_tell(m, d, NULL, NULL, &file);
}

/* By another name. */
static bool is_given_before(const struct walk_directory *top,
			    const struct walk_directory *d)
{
	bool is_there;
	struct stat st, other;

	is_there = !stat(d->to_name, &st);
	for (; top != d; top = top->also)
		if (!strcmp(top->to_name, d->to_name) ||
		    (is_there && !stat(top->to_name, &other) &&
		     is_same(&st, &other)))
			return true;
	return false;
}

/* What is in both would be written by both. */
static bool is_in_another(const struct walk_directory *top,
			  const struct walk_directory *d)
{
	struct stat a, b;

	for (; top != d; top = top->also)
		if (top->to_fd >= 0 && d->to_fd >= 0 &&
		    !fstat(top->to_fd, &a) && !fstat(d->to_fd, &b) &&
		    (is_below(top->to_fd, &b) || is_below(d->to_fd, &a)))
			return true;
	return false;
}

/* NULL, or why it is none beside those before it. */
static const char *find_clash(const struct walk_directory *first,
			      const struct walk_directory *d)
{
	if (is_given_before(first, d))
		return "it is given twice as a destination";
	if (is_in_another(first, d))
		return "one destination lies in another one";
	return NULL;
}

static void make_top(struct many *m, const struct walk_directory *first,
		     struct walk_directory *d)
{
	int rc = check_inside(d);
	const char *clash;

	if (rc == -ELOOP) {
		reject(m, d, "a directory is not copied into itself", rc);
		d->is_dropped = true;
		return;
	}
	if (!rc && !m->args.is_planned)
		rc = make_directory(m, d, AT_FDCWD, d->to_name, 0);
	clash = rc ? NULL : find_clash(first, d);
	if (rc)
		drop_place(m, d, rc);
	if (clash)
		reject(m, d, clash, -EEXIST);
	d->is_dropped |= clash != NULL;
}

/* 0, or -ENOMEM. */
static int add_places(struct walk_directory *top,
		      const char *const *destinations, unsigned count)
{
	struct walk_directory *d = top;
	int rc = 0;

	for (unsigned i = 1; i < count && !rc; i++)
		rc = walk_add_place(top, NULL);
	for (unsigned i = 0; i < count && !rc; i++, d = d->also) {
		d->to_name = strip_slashes(destinations[i]);
		rc = d->to_name ? 0 : -ENOMEM;
	}
	return rc;
}

/* False: it was told why not. */
static bool open_top(struct many *m, const char *source,
		     const char *const *destinations, unsigned count,
		     struct walk_directory **top)
{
	struct walk_directory *d;
	int rc;

	rc = walk_open(&m->walk, NULL, source, &d);
	for (unsigned i = 0; i < count && rc; i++)
		many_tell_failed(m, NULL, source, destinations[i], SIDE_SOURCE,
				 "open", rc);
	if (rc)
		return false;
	rc = add_places(d, destinations, count);
	if (rc)
		many_tell_failed(m, NULL, source, destinations[0], SIDE_NONE,
				 "copy", rc);
	for (*top = d; !rc && d; d = d->also)
		make_top(m, *top, d);
	if (!rc && many_find_place(*top))
		return true;
	walk_release(&m->walk, *top);
	return false;
}

int many_tree_add(struct many *m, const char *source,
		  const char *const *destinations, unsigned count)
{
	struct walk_directory *top;
	struct walk_entry entry;
	int rc;

	if (!open_top(m, source, destinations, count, &top))
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
