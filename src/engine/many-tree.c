// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how a tree is made anew: directories, links, pipes and device nodes,
 * and names of one file that stay names of one file. Must not know how data
 * moves (many.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/macro.h"
#include "engine/attributes.h"
#include "engine/many-ops.h"

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
void many_leave(void *data, struct walk_directory *directory)
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
	return many_will_sync(m, d->to_fd);
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

/* --- links and nodes ---------------------------------------------------- */

static int make_link(int from, const char *source, int to, const char *name)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(from, source, target, sizeof(target) - 1);

	if (length < 0)
		return -errno;
	target[length] = '\0';
	return symlinkat(target, to, name) ? -errno : 0;
}

static int make_node(const struct stat *st, int from, const char *source,
		     int to, const char *name)
{
	if (S_ISLNK(st->st_mode))
		return make_link(from, source, to, name);
	return mknodat(to, name, st->st_mode & (S_IFMT | 0777), st->st_rdev) ?
		       -errno : 0;
}

static int complete_node(const struct many *m, const struct stat *st, int to,
			 const char *name)
{
	struct attributes attributes;

	if (!m->args.is_preserved)
		return 0;
	attributes_take_stat(&attributes, st);
	return attributes_copy_at(&attributes, to, name);
}

/* Beside its place first, as files: what is there goes when it is whole. */
static int replace_node(const struct many *m, const struct stat *st, int from,
			const char *source, int to, const char *name)
{
	char aside[NAME_MAX + 1];
	int rc;

	snprintf(aside, sizeof(aside), ".%.200s.%ld.part", name,
		 (long)getpid());
	rc = make_node(st, from, source, to, aside);
	if (rc)
		return rc;
	rc = complete_node(m, st, to, aside);
	if (!rc && renameat(to, aside, to, name))
		rc = -errno;
	if (rc)
		unlinkat(to, aside, 0);
	return rc;
}

static int copy_node(const struct many *m, struct walk_directory *directory,
		     const char *source, const char *destination)
{
	int from = directory->fd >= 0 ? directory->fd : AT_FDCWD;
	struct stat st;
	int rc;

	if (fstatat(from, source, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (m->args.is_planned)
		return 0;
	rc = make_node(&st, from, source, directory->to_fd, destination);
	if (rc == -EEXIST)
		return replace_node(m, &st, from, source, directory->to_fd,
				    destination);
	return rc ? rc : complete_node(m, &st, directory->to_fd, destination);
}

void many_copy_node(struct many *m, struct walk_directory *directory,
		    const char *source, const char *destination,
		    enum walk_kind kind)
{
	struct many_file file = {
		.kind = kind,
		.outcome = m->args.is_planned ? MANY_UNKNOWN : MANY_DONE,
	};
	int rc;

	rc = copy_node(m, directory, source, destination);
	if (rc)
		many_tell_failed(m, directory, source, destination,
				 SIDE_DESTINATION, "make", rc);
	else
		many_tell(m, directory, source, destination, &file);
}

/* --- names of one file -------------------------------------------------- */

static struct walk_directory *get_top(struct walk_directory *d)
{
	while (d->parent)
		d = d->parent;
	return d;
}

/* Its copy's path below that of the top. Heap. */
static char *format_below(struct walk_directory *directory, const char *name)
{
	struct walk_directory *top = get_top(directory);
	_cleanup_free_ char *path = walk_format_path(directory, name, true);
	size_t skip = strlen(top->to_name);

	if (!path)
		return NULL;
	while (path[skip] == '/')
		skip++;
	return strdup(path + skip);
}

/* Through no link, so that it is what we made. */
static int open_below(int top, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC | O_DIRECTORY,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH,
	};
	_cleanup_free_ char *copy = strdup(path);
	long fd;

	if (!copy)
		return -ENOMEM;
	fd = syscall(SYS_openat2, top, dirname(copy), &how, sizeof(how));
	return fd < 0 ? -errno : (int)fd;
}

static int link_aside(int from, const char *old, int to, const char *name)
{
	char aside[NAME_MAX + 1];

	snprintf(aside, sizeof(aside), ".%.200s.%ld.part", name,
		 (long)getpid());
	if (linkat(from, old, to, aside, 0))
		return -errno;
	if (!renameat(to, aside, to, name)) {
		/* Where both are one file already, rename(2) does nothing. */
		unlinkat(to, aside, 0);
		return 0;
	}
	unlinkat(to, aside, 0);
	return -EISDIR;
}

static int make_name(const struct link *link, struct walk_directory *directory,
		     const char *name)
{
	struct walk_directory *top = link->owner;
	_cleanup_fd_ int from = open_below(top->to_fd, link->name);
	const char *slash = strrchr(link->name, '/');
	const char *old = slash ? slash + 1 : link->name;

	if (from < 0)
		return from;
	if (!linkat(from, old, directory->to_fd, name, 0))
		return 0;
	return errno == EEXIST ?
		       link_aside(from, old, directory->to_fd, name) : -errno;
}

static void add_name(struct many *m, const struct link *link,
		     struct walk_directory *directory, const char *name)
{
	struct many_file file = {
		.kind = WALK_FILE, .outcome = MANY_LINKED,
	};
	int rc = link->state == LINK_THERE ?
			 make_name(link, directory, name) : -ENOENT;

	if (rc)
		many_tell_failed(m, directory, name, name, SIDE_DESTINATION,
				 "link", rc);
	else
		many_tell(m, directory, name, name, &file);
}

static void forget_link(struct many *m, struct link *link)
{
	struct walk_directory *top = link->owner;

	links_forget(&m->links, link);
	if (top)
		walk_release(&m->walk, top);
}

static bool begin_link(struct link *link, struct walk_directory *directory,
		       const char *name)
{
	_cleanup_free_ char *path = format_below(directory, name);
	struct walk_directory *top = get_top(directory);

	/* Without memory it is a file by itself. */
	if (!path || link_set_name(link, top, path))
		return true;
	link->state = LINK_COPYING;
	walk_hold(top);
	return true;
}

/* It comes again, through other memory. */
static bool is_first_name(struct link *link, struct walk_directory *directory,
			  const char *name)
{
	_cleanup_free_ char *path = format_below(directory, name);

	if (!path || link->owner != get_top(directory) ||
	    strcmp(path, link->name))
		return false;
	link->names++;
	return true;
}

bool many_is_link_wanted(struct many *m, struct walk_directory *directory,
			 const char *name, dev_t device, ino_t inode,
			 nlink_t names)
{
	struct link *link = links_see(&m->links, device, inode, names);

	if (!link)
		return true;
	switch (link->state) {
	case LINK_UNKNOWN:
		return begin_link(link, directory, name);
	case LINK_COPYING:
		if (is_first_name(link, directory, name))
			return true;
		if (!link_add_waiting(link, directory, name))
			walk_hold(directory);
		return false;
	case LINK_ELSEWHERE:
		break;
	case LINK_THERE:
	case LINK_FAILED:
		add_name(m, link, directory, name);
		break;
	}
	if (link_is_done(link))
		forget_link(m, link);
	return false;
}

void many_link_ended(struct many *m, dev_t device, ino_t inode, bool is_there)
{
	struct link *link = links_find(&m->links, device, inode);

	if (!link || link->state != LINK_COPYING)
		return;
	link->state = is_there ? LINK_THERE : LINK_FAILED;
	while (link->waiting) {
		struct link_name *waiting = link->waiting;
		struct walk_directory *directory = waiting->owner;

		link->waiting = waiting->next;
		add_name(m, link, directory, waiting->name);
		walk_release(&m->walk, directory);
		free(waiting);
	}
	if (link_is_done(link))
		forget_link(m, link);
}

void many_forget_links(struct many *m)
{
	struct link *link;

	while ((link = links_get_any(&m->links)))
		forget_link(m, link);
}

/* --- files -------------------------------------------------------------- */

/* All names of a file, and all of its data, fall to one node. */
static int deal_names(struct many *m, struct walk_directory *directory,
		      const char *name, const struct stat *st)
{
	struct link *link = links_find(&m->links, st->st_dev, st->st_ino);
	bool is_first = !link;
	struct shard_range range;

	link = links_see(&m->links, st->st_dev, st->st_ino, st->st_nlink);
	if (!link)
		return -ENOMEM;
	if (is_first && !shard_deal(m->shard, (uint64_t)st->st_size, 1, 0,
				    &range))
		link->state = LINK_ELSEWHERE;
	if (link->state != LINK_ELSEWHERE) {
		/* It will be seen once more, when it has been opened. */
		link->names++;
		return many_push(m, directory, name, name, false, true);
	}
	if (link_is_done(link))
		forget_link(m, link);
	return 0;
}

/* All nodes look at all files, in the same order, and agree. */
static int deal_file(struct many *m, struct walk_directory *directory,
		     const char *name)
{
	struct stat st = { 0 };

	if (fstatat(directory->fd, name, &st, AT_SYMLINK_NOFOLLOW)) {
		if (many_is_dealt(m))
			many_tell_failed(m, directory, name, name,
					 SIDE_SOURCE, "look at", -errno);
		return 0;
	}
	if (S_ISREG(st.st_mode) && st.st_nlink > 1)
		return deal_names(m, directory, name, &st);
	return many_push_dealt(m, directory, name, name, false, &st);
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
		return many_push(m, directory, name, name, false, true);
	case WALK_SYMLINK:
	case WALK_SPECIAL:
		if (many_is_dealt(m))
			many_copy_node(m, directory, name, name, entry->kind);
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

int many_add_tree(struct many *m, const char *source, const char *destination)
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
