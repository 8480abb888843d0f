// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/many-links.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/macro.h"
#include "engine/aside.h"
#include "engine/many-overlap.h"
#include "engine/many-tell.h"

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

/*
 * The directory of @path: through no link, so that it is what we made. By
 * steps, as openat2(2) is not everywhere.
 */
static int open_below(int top, const char *path)
{
	const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC | O_DIRECTORY;
	int fd = openat(top, ".", flags);
	const char *slash;

	for (; fd >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
		_cleanup_fd_ int above = fd;
		char name[NAME_MAX + 1];

		if (slash - path > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, path, (size_t)(slash - path));
		name[slash - path] = '\0';
		if (!strcmp(name, ".."))
			return -EXDEV;
		fd = openat(above, *name ? name : ".", flags);
	}
	return fd < 0 ? -errno : fd;
}

static int link_aside(int from, const char *old, int to, const char *name)
{
	char aside[NAME_MAX + 1];

	aside_name(aside, name);
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

/* -ECANCELED: it was told why not. */
static int make_name(struct many *m, const struct link *link,
		     struct walk_directory *directory, const char *name)
{
	struct walk_directory *top = link->owner;
	_cleanup_fd_ int from = open_below(top->to_fd, link->name);
	const char *slash = strrchr(link->name, '/');
	const char *old = slash ? slash + 1 : link->name;

	if (from < 0)
		return from;
	if (!linkat(from, old, directory->to_fd, name, 0))
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (many_overlap_refuse_name(m, directory, name, name, link->device))
		return -ECANCELED;
	return link_aside(from, old, directory->to_fd, name);
}

static void add_name(struct many *m, const struct link *link,
		     struct walk_directory *directory, const char *name)
{
	struct many_file file = {
		.kind = WALK_FILE, .outcome = MANY_LINKED, .sum = link->sum,
	};
	int rc = link->state == LINK_THERE ?
			 make_name(m, link, directory, name) : -ENOENT;

	if (rc == -ECANCELED)
		return;
	if (rc)
		many_tell_failed(m, directory, name, name, SIDE_DESTINATION,
				 "link", rc);
	else
		many_tell(m, directory, name, name, &file);
}

/* Of a run that ended before the first name did. */
static void forget_waiting(struct many *m, struct link *link)
{
	while (link->waiting) {
		struct link_name *waiting = link->waiting;

		link->waiting = waiting->next;
		walk_release(&m->walk, waiting->owner);
		free(waiting);
	}
}

static void forget_link(struct many *m, struct links *links, struct link *link)
{
	struct walk_directory *top = link->owner;

	forget_waiting(m, link);
	links_forget(links, link);
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

bool many_links_is_wanted(struct many *m, struct walk_directory *directory,
			  const char *name, dev_t device, ino_t inode,
			  nlink_t names)
{
	struct links *links = &m->links[directory->place];
	struct link *link = links_see(links, device, inode, names);

	if (!link)
		return true;
	switch (link->state) {
	case LINK_UNKNOWN:
		return begin_link(link, directory, name);
	case LINK_COPYING:
		if (is_first_name(link, directory, name))
			return true;
		if (link_add_waiting(link, directory, name))
			many_tell_failed(m, directory, name, name,
					 SIDE_DESTINATION, "link", -ENOMEM);
		else
			walk_hold(directory);
		return false;
	case LINK_ELSEWHERE:
	case LINK_THERE:
	case LINK_FAILED:
		add_name(m, link, directory, name);
		break;
	}
	if (link_is_done(link))
		forget_link(m, links, link);
	return false;
}

void many_links_end(struct many *m, const struct walk_directory *directory,
		    dev_t device, ino_t inode, bool is_there, const char *sum)
{
	struct links *links = &m->links[directory->place];
	struct link *link = links_find(links, device, inode);

	if (!link || link->state != LINK_COPYING)
		return;
	link->state = is_there ? LINK_THERE : LINK_FAILED;
	/* Without memory, other names have none. */
	link->sum = sum ? strdup(sum) : NULL;
	while (link->waiting) {
		struct link_name *waiting = link->waiting;
		struct walk_directory *there = waiting->owner;

		link->waiting = waiting->next;
		add_name(m, link, there, waiting->name);
		walk_release(&m->walk, there);
		free(waiting);
	}
	if (link_is_done(link))
		forget_link(m, links, link);
}

void many_links_fini(struct many *m)
{
	struct link *link;

	for (size_t i = 0; i < ARRAY_SIZE(m->links); i++)
		while ((link = links_get_any(&m->links[i])))
			forget_link(m, &m->links[i], link);
}
