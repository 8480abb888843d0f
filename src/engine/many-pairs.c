// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/many-pairs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/many-deal.h"
#include "engine/many-done.h"
#include "engine/many-files.h"
#include "engine/many-later.h"
#include "engine/many-nodes.h"
#include "engine/many-tell.h"

/* "a/b/" is the directory "a/b", and nothing in it; "b" is in "". */
static size_t find_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) + 1 : 0;
}

static int open_place(struct many *m, const char *destination, size_t length,
		      struct walk_directory **place)
{
	struct walk_directory *d = calloc(1, sizeof(*d));
	int rc = 0;

	if (!d)
		return -ENOMEM;
	d->users = 1;
	d->fd = -1;
	d->name = strdup("");
	d->to_name = strndup(destination, length);
	d->to_fd = !d->to_name ? -1 :
		open(length ? d->to_name : ".",
		     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!d->name || !d->to_name)
		rc = -ENOMEM;
	else if (d->to_fd < 0)
		rc = -errno;
	else
		rc = syncs_add(&m->syncs, d->to_fd, length ? d->to_name : ".");
	if (!rc)
		many_done_clean(m, d->to_fd);
	if (rc) {
		walk_release(&m->walk, d);
		return rc;
	}
	*place = d;
	return 0;
}

/* Mostly that of the pair before. */
static int find_place(struct many *m, const char *destination, size_t length,
		      struct walk_directory **place)
{
	struct walk_directory *last = m->place;
	int rc;

	if (last && strlen(last->to_name) == length &&
	    !strncmp(last->to_name, destination, length)) {
		*place = last;
		return 0;
	}
	rc = open_place(m, destination, length, place);
	if (rc)
		return rc;
	if (last)
		walk_release(&m->walk, last);
	m->place = *place;
	return 0;
}

static int push_pair(struct many *m, struct walk_directory *place,
		     const char *source, const char *name)
{
	struct stat st = { 0 };
	struct many_later *later;

	/* What is no file there is never replaced by one. */
	if (!m->args.is_planned &&
	    !fstatat(place->to_fd, name, &st, AT_SYMLINK_NOFOLLOW) &&
	    !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		later = many_do_later(m, place, source, name);
		if (later)
			later->is_alone = true;
		return many_files_turn(m);
	}
	if (!m->shard)
		return many_files_push(m, place, source, name, true, false);
	st = (struct stat){ 0 };
	(void)stat(source, &st);
	return many_deal_file(m, place, source, name, true, &st);
}

int many_pairs_add(struct many *m, const char *source,
		   const char *destination)
{
	size_t length = find_name(destination);
	const char *name = destination + length;
	struct walk_directory *place;
	int rc;

	/* Into a directory, under its own name. */
	if (!*name)
		name = source + find_name(source);
	rc = find_place(m, destination, length, &place);
	if (rc) {
		many_tell_failed(m, NULL, source, destination,
				 SIDE_DESTINATION, "write into the directory "
				 "of", rc);
		return 0;
	}
	return push_pair(m, place, source, name);
}

int many_pairs_add_node(struct many *m, const char *source,
			const char *destination, enum walk_kind kind)
{
	size_t length = find_name(destination);
	const char *name = destination + length;
	struct walk_directory *place;
	int rc;

	if (!many_deal_one(m))
		return 0;
	rc = find_place(m, destination, length, &place);
	if (rc)
		many_tell_failed(m, NULL, source, destination,
				 SIDE_DESTINATION, "write into the directory "
				 "of", rc);
	else
		many_nodes_copy(m, place, source,
				*name ? name : source + find_name(source),
				kind);
	return 0;
}
