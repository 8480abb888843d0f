// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/many-nodes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/aside.h"
#include "engine/attributes.h"
#include "engine/many-claims.h"
#include "engine/many-overlap.h"
#include "engine/many-tell.h"

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

	aside_name(aside, name);
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

/* -ECANCELED: it was told why not. */
static int copy_node(struct many *m, struct walk_directory *directory,
		     const char *source, const char *destination)
{
	int from = many_get_source_fd(directory);
	struct stat st;
	int rc;

	if (fstatat(from, source, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (m->args.is_planned)
		return 0;
	rc = make_node(&st, from, source, directory->to_fd, destination);
	if (rc == -EEXIST && many_overlap_refuse_name(m, directory, source,
						      destination, st.st_dev))
		return -ECANCELED;
	if (rc == -EEXIST)
		return replace_node(m, &st, from, source, directory->to_fd,
				    destination);
	return rc ? rc : complete_node(m, &st, directory->to_fd, destination);
}

static void copy_to(struct many *m, struct walk_directory *directory,
		    const char *source, const char *destination,
		    enum walk_kind kind)
{
	struct many_file file = {
		.kind = kind,
		.outcome = m->args.is_planned ? MANY_UNKNOWN : MANY_DONE,
	};
	int rc;

	if (many_is_in_tree(directory) &&
	    many_claims_refuse(m, directory, source, destination, false))
		return;
	rc = copy_node(m, directory, source, destination);
	if (rc == -ECANCELED)
		return;
	if (rc)
		many_tell_failed(m, directory, source, destination,
				 SIDE_DESTINATION, "make", rc);
	else
		many_tell(m, directory, source, destination, &file);
}

void many_nodes_copy(struct many *m, struct walk_directory *directory,
		     const char *source, const char *destination,
		     enum walk_kind kind)
{
	struct walk_directory *d;

	for (d = many_find_place(directory); d; d = many_find_place(d->also))
		copy_to(m, d, source, many_get_name(d, destination), kind);
}
