// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/macro.h"

/* Names at a time, unless all are asked for. */
#define PART_ENTRIES	16384

struct name {
	uint64_t inode;
	size_t offset;		/* into the names */
	unsigned char type;	/* DT_ */
};

/* One directory that is gone through; below it lies its parent's. */
struct walk_level {
	struct walk_level *below;
	struct walk_directory *directory;
	DIR *stream;
	bool is_read;		/* to its end */
	char *text;
	size_t text_size, text_used;
	struct name *names;
	size_t name_room, name_count, next;
};

/* --- directories -------------------------------------------------------- */

static void destroy(struct walk_directory *directory)
{
	cleanup_fd(&directory->fd);
	cleanup_fd(&directory->to_fd);
	free(directory->name);
	free(directory->to_name);
	free(directory->to_file);
	free(directory);
}

static bool ends_in_slash(const char *name)
{
	size_t length = strlen(name);

	return length && name[length - 1] == '/';
}

int walk_open(struct walk *walk, struct walk_directory *parent,
	      const char *name, struct walk_directory **directory)
{
	struct walk_directory *d = calloc(1, sizeof(*d));
	int rc;

	if (!d)
		return -ENOMEM;
	d->users = 1;
	d->to_fd = -1;
	d->fd = openat(parent ? parent->fd : AT_FDCWD, name,
		       O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOCTTY |
		       (ends_in_slash(name) ? 0 : O_NOFOLLOW));
	rc = d->fd < 0 || fstat(d->fd, &d->facts) ? -errno : 0;
	d->name = strdup(name);
	if (!rc && !d->name)
		rc = -ENOMEM;
	if (rc) {
		destroy(d);
		return rc;
	}
	d->parent = parent;
	if (parent)
		walk_hold(parent);
	*directory = d;
	return 0;
}

int walk_add_place(struct walk_directory *directory,
		   struct walk_directory *parent)
{
	struct walk_directory *d = calloc(1, sizeof(*d)), *last = directory;

	if (!d)
		return -ENOMEM;
	while (last->also)
		last = last->also;
	d->users = 1;
	d->to_fd = -1;
	d->facts = directory->facts;
	d->place = last->place + 1;
	d->name = strdup(directory->name);
	d->fd = directory->fd < 0 ? -1 :
		fcntl(directory->fd, F_DUPFD_CLOEXEC, 0);
	if (!d->name || (d->fd < 0 && directory->fd >= 0)) {
		int rc = d->name ? -errno : -ENOMEM;

		destroy(d);
		return rc;
	}
	d->parent = parent;
	if (parent)
		walk_hold(parent);
	last->also = d;
	return 0;
}

void walk_hold(struct walk_directory *directory)
{
	directory->users++;
}

void walk_release(struct walk *walk, struct walk_directory *directory)
{
	while (directory && !--directory->users) {
		struct walk_directory *parent = directory->parent;
		struct walk_directory *also = directory->also;

		if (walk->leave)
			walk->leave(walk->data, directory);
		destroy(directory);
		walk_release(walk, also);
		directory = parent;
	}
}

/* --- names -------------------------------------------------------------- */

/* Files first: fewer directories are open at a time. */
static int compare_inodes(const void *a, const void *b, void *text)
{
	const struct name *x = a, *y = b;

	if ((x->type == DT_DIR) != (y->type == DT_DIR))
		return x->type == DT_DIR ? 1 : -1;
	return (x->inode > y->inode) - (x->inode < y->inode);
}

static int compare_names(const void *a, const void *b, void *text)
{
	const struct name *x = a, *y = b;
	const char *names = text;

	return strcmp(names + x->offset, names + y->offset);
}

/* Doubles what has no room for @more. */
static int make_room(void **items, size_t *room, size_t used, size_t more,
		     size_t item_bytes)
{
	size_t wanted = MAX(*room ? *room : 512, used + more);
	void *grown;

	if (used + more <= *room)
		return 0;
	if (wanted < *room * 2)
		wanted = *room * 2;
	grown = reallocarray(*items, wanted, item_bytes);
	if (!grown)
		return -ENOMEM;
	*items = grown;
	*room = wanted;
	return 0;
}

static int add_name(struct walk_level *l, const struct dirent *entry)
{
	size_t size = strlen(entry->d_name) + 1;
	int rc;

	rc = make_room((void **)&l->text, &l->text_size, l->text_used, size,
		       1);
	if (!rc)
		rc = make_room((void **)&l->names, &l->name_room,
			       l->name_count, 1, sizeof(*l->names));
	if (rc)
		return rc;
	memcpy(l->text + l->text_used, entry->d_name, size);
	l->names[l->name_count++] = (struct name){
		.inode = entry->d_ino,
		.offset = l->text_used,
		.type = entry->d_type,
	};
	l->text_used += size;
	return 0;
}

static bool is_itself(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/* The next part of a directory's names, in their order. */
static int read_part(const struct walk *walk, struct walk_level *l)
{
	size_t most = walk->is_by_name ? SIZE_MAX : PART_ENTRIES;
	struct dirent *entry;
	int rc = 0;

	l->next = l->name_count = l->text_used = 0;
	while (!rc && l->name_count < most) {
		errno = 0;
		entry = readdir(l->stream);
		if (!entry) {
			l->is_read = true;
			rc = -errno;
			break;
		}
		if (!is_itself(entry->d_name))
			rc = add_name(l, entry);
	}
	if (l->name_count)
		qsort_r(l->names, l->name_count, sizeof(*l->names),
			walk->is_by_name ? compare_names : compare_inodes,
			l->text);
	return rc;
}

static void pop(struct walk *walk)
{
	struct walk_level *l = walk->level;

	walk->level = l->below;
	if (l->stream)
		closedir(l->stream);
	if (l->directory)
		walk_release(walk, l->directory);
	free(l->text);
	free(l->names);
	free(l);
}

int walk_enter(struct walk *walk, struct walk_directory *directory)
{
	struct walk_level *l = calloc(1, sizeof(*l));
	int error, fd;

	if (!l) {
		walk_release(walk, directory);
		return -ENOMEM;
	}
	l->below = walk->level;
	l->directory = directory;
	walk->level = l;
	fd = openat(directory->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	l->stream = fd < 0 ? NULL : fdopendir(fd);
	if (l->stream)
		return 0;
	error = errno;
	if (fd >= 0)
		close(fd);
	pop(walk);
	return -error;
}

/* --- entries ------------------------------------------------------------ */

static enum walk_kind get_kind(mode_t mode)
{
	if (S_ISREG(mode))
		return WALK_FILE;
	if (S_ISDIR(mode))
		return WALK_DIRECTORY;
	return S_ISLNK(mode) ? WALK_SYMLINK : WALK_SPECIAL;
}

static void fill_entry(const struct walk_level *l, struct walk_entry *entry)
{
	const struct name *name = &l->names[l->next - 1];
	struct stat facts;

	*entry = (struct walk_entry){
		.directory = l->directory,
		.name = l->text + name->offset,
	};
	if (name->type != DT_UNKNOWN) {
		entry->kind = get_kind(DTTOIF(name->type));
		return;
	}
	if (fstatat(l->directory->fd, entry->name, &facts,
		    AT_SYMLINK_NOFOLLOW))
		entry->error = -errno;
	else
		entry->kind = get_kind(facts.st_mode);
}

int walk_next(struct walk *walk, struct walk_entry *entry)
{
	while (walk->level) {
		struct walk_level *l = walk->level;
		int rc;

		if (l->next < l->name_count) {
			l->next++;
			fill_entry(l, entry);
			return 1;
		}
		if (l->is_read) {
			pop(walk);
			continue;
		}
		rc = read_part(walk, l);
		if (rc == -ENOMEM)
			return rc;
		if (rc) {
			*entry = (struct walk_entry){
				.error = rc,
				.directory = l->directory,
			};
			return 1;
		}
	}
	return 0;
}

void walk_fini(struct walk *walk)
{
	while (walk->level)
		pop(walk);
}

/* --- paths -------------------------------------------------------------- */

static const char *get_part(const struct walk_directory *d, bool is_copy)
{
	return is_copy && !d->parent ? d->to_name : d->name;
}

/* From its end to its beginning, into @end's left. */
static char *put(char *end, const char *part)
{
	size_t length = strlen(part);

	return memcpy(end - length, part, length);
}

char *walk_format_path(const struct walk_directory *directory,
		       const char *name, bool is_copy)
{
	size_t size = name ? strlen(name) + 1 : 0;
	char *path, *end;

	for (const struct walk_directory *d = directory; d; d = d->parent)
		size += strlen(get_part(d, is_copy)) + 1;
	path = malloc(size);
	if (!path)
		return NULL;
	end = path + size - 1;
	*end = '\0';
	if (name)
		end = put(end, name);
	for (const struct walk_directory *d = directory; d; d = d->parent) {
		const char *part = get_part(d, is_copy);

		if (*end && *part && !ends_in_slash(part))
			*--end = '/';
		end = put(end, part);
	}
	memmove(path, end, strlen(end) + 1);
	return path;
}
