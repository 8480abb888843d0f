// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/many-pairs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/many-claims.h"
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

/* What is wrong with it is the caller's to tell. */
static int open_place(struct many *m, struct walk_directory *d,
		      const char *destination)
{
	size_t length = find_name(destination);
	int rc;

	d->to_name = strndup(destination, length);
	if (!d->to_name)
		return -ENOMEM;
	d->to_fd = open(length ? d->to_name : ".",
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->to_fd < 0)
		return -errno;
	rc = syncs_add(&m->syncs, d->to_fd, length ? d->to_name : ".");
	if (!rc)
		many_done_clean(m, d->to_fd);
	return rc;
}

static struct walk_directory *make_places(struct many *m, unsigned count)
{
	struct walk_directory *d = calloc(1, sizeof(*d));
	int rc;

	if (!d)
		return NULL;
	d->users = 1;
	d->fd = d->to_fd = -1;
	d->name = strdup("");
	rc = d->name ? 0 : -ENOMEM;
	for (unsigned i = 1; i < count && !rc; i++)
		rc = walk_add_place(d, NULL);
	if (!rc)
		return d;
	walk_release(&m->walk, d);
	return NULL;
}

static bool is_as_before(const struct walk_directory *d,
			 const char *const *destinations, unsigned count)
{
	unsigned i = 0;

	for (; d && i < count; d = d->also, i++) {
		size_t length = find_name(destinations[i]);

		if (d->is_dropped || strlen(d->to_name) != length ||
		    strncmp(d->to_name, destinations[i], length))
			return false;
	}
	return !d && i == count;
}

static void open_places(struct many *m, struct walk_directory *d,
			const char *source, const char *const *destinations)
{
	for (; d; d = d->also, destinations++) {
		int rc = open_place(m, d, *destinations);

		d->is_dropped = rc;
		if (rc)
			many_tell_failed(m, NULL, source, *destinations,
					 SIDE_DESTINATION, "write into the "
					 "directory of", rc);
	}
}

/* Mostly those of the pair before. NULL: it was told why not. */
static struct walk_directory *find_places(struct many *m, const char *source,
					  const char *const *destinations,
					  unsigned count)
{
	if (m->place && is_as_before(m->place, destinations, count))
		return m->place;
	if (m->place)
		walk_release(&m->walk, m->place);
	m->place = make_places(m, count);
	if (!m->place)
		many_tell_failed(m, NULL, source, destinations[0], SIDE_NONE,
				 "copy", -ENOMEM);
	else
		open_places(m, m->place, source, destinations);
	return m->place;
}

/* Into a directory, under its own name. */
static const char *get_file(const char *source, const char *destination)
{
	const char *name = destination + find_name(destination);

	return *name ? name : source + find_name(source);
}

static bool is_one_file(const struct stat *a, const struct stat *b)
{
	if (S_ISBLK(a->st_mode) && S_ISBLK(b->st_mode))
		return a->st_rdev == b->st_rdev;
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* By another path, or another name that leads to it. */
static bool is_same_place(const struct walk_directory *a,
			  const struct walk_directory *b)
{
	struct stat x, y;

	if (!fstatat(a->to_fd, a->to_file, &x, 0) &&
	    !fstatat(b->to_fd, b->to_file, &y, 0))
		return is_one_file(&x, &y) && !S_ISDIR(x.st_mode);
	return !strcmp(a->to_file, b->to_file) && !fstat(a->to_fd, &x) &&
	       !fstat(b->to_fd, &y) && is_one_file(&x, &y);
}

static void tell_given_twice(struct many *m, struct walk_directory *d,
			     const char *source)
{
	struct many_file file = {
		.kind = WALK_FILE,
		.outcome = MANY_REJECTED,
		.tried = "it is given twice as a destination",
		.error = -EEXIST,
	};

	many_tell(m, d, source, d->to_file, &file);
}

static bool is_given_before(struct walk_directory *first,
			    const struct walk_directory *d)
{
	struct walk_directory *other;

	for (other = many_find_place(first); other != d;
	     other = many_find_place(other->also))
		if (is_same_place(other, d))
			return true;
	return false;
}

/* The first one stays. */
static void drop_twins(struct many *m, struct walk_directory *first,
		       const char *source)
{
	struct walk_directory *d;

	for (d = many_find_place(first); d; d = many_find_place(d->also)) {
		if (!is_given_before(first, d))
			continue;
		tell_given_twice(m, d, source);
		d->is_dropped = true;
	}
}

/* What another source goes to stays that one's. */
static void drop_claimed(struct many *m, struct walk_directory *first,
			 const char *source, bool is_followed)
{
	struct walk_directory *d;

	for (d = many_find_place(first); d; d = many_find_place(d->also))
		d->is_dropped = many_claims_refuse(m, d, source, d->to_file,
						   is_followed);
}

/* Places that are no more are left out. Those that are; NULL: none. */
static struct walk_directory *name_places(struct many *m, const char *source,
					  const char *const *destinations,
					  unsigned count, bool is_followed)
{
	struct walk_directory *d = find_places(m, source, destinations, count);

	for (; d; d = d->also, destinations++) {
		free(d->to_file);
		d->to_file = strdup(get_file(source, *destinations));
		if (d->to_file || d->is_dropped)
			continue;
		many_tell_failed(m, NULL, source, *destinations, SIDE_NONE,
				 "copy", -ENOMEM);
		d->is_dropped = true;
	}
	drop_twins(m, m->place, source);
	drop_claimed(m, m->place, source, is_followed);
	return many_find_place(m->place);
}

/* What is no file is never replaced by one, and is no file's source. */
static bool is_special(const struct many *m, struct walk_directory *place,
		       const char *source)
{
	struct walk_directory *d;
	struct stat st;

	if (m->args.is_planned)
		return false;
	if (many_is_for_drives(m))
		return true;
	for (d = place; d; d = many_find_place(d->also))
		if (!fstatat(d->to_fd, d->to_file, &st, AT_SYMLINK_NOFOLLOW) &&
		    !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
			return true;
	return many_find_place(place->also) && !stat(source, &st) &&
	       S_ISBLK(st.st_mode);
}

int many_pairs_add(struct many *m, const char *source,
		   const char *const *destinations, unsigned count)
{
	struct walk_directory *place;
	struct many_later *later;
	struct stat st = { 0 };

	place = name_places(m, source, destinations, count, true);
	if (!place)
		return 0;
	if (is_special(m, place, source)) {
		later = many_do_later(m, place, source, place->to_file);
		if (later)
			later->is_alone = later->is_parted = true;
		return many_files_turn(m);
	}
	if (!m->shard)
		return many_files_push(m, place, source, place->to_file, true,
				       false);
	(void)stat(source, &st);
	return many_deal_file(m, place, source, place->to_file, true, &st);
}

int many_pairs_add_node(struct many *m, const char *source,
			const char *const *destinations, unsigned count,
			enum walk_kind kind)
{
	struct walk_directory *place;

	if (!many_deal_one(m))
		return 0;
	place = name_places(m, source, destinations, count, false);
	if (place)
		many_nodes_copy(m, place, source, place->to_file, kind);
	return 0;
}
