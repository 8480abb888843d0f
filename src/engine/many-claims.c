// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/many-claims.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "engine/many-tell.h"

/* As the kernel follows. */
#define LINKS_MOST	40

/* No key of one kind is one of another. */
enum kind {
	KIND_NAME = 1,
	KIND_PATH,
	KIND_FILE,
	KIND_DRIVE,
};

static uint64_t make_key(enum kind kind, uint64_t a, uint64_t b,
			 const char *name)
{
	const uint64_t facts[] = { a, b };

	return key_set_mix(key_set_mix(kind, facts, sizeof(facts)), name,
			   strlen(name));
}

/* In a dry run there may be no directory yet, but its path. */
static uint64_t make_name_key(struct walk_directory *place, const char *name)
{
	_cleanup_free_ char *path = NULL;

	if (place->to_fd >= 0 && many_get_device(place))
		return make_key(KIND_NAME, place->to_device, place->to_inode,
				name);
	path = walk_format_path(place, name, true);
	return make_key(KIND_PATH, 0, 0, path ? path : name);
}

static void tell(struct many *m, struct walk_directory *place,
		 const char *source, const char *name)
{
	struct many_file file = {
		.kind = WALK_FILE,
		.outcome = MANY_REJECTED,
		.tried = "its destination is taken in this run already (give "
			 "each source one of its own)",
		.error = -EEXIST,
	};

	many_tell(m, place, source, name, &file);
}

/* False: it was told why not. */
static bool take(struct many *m, struct walk_directory *place,
		 const char *source, const char *name, uint64_t key)
{
	int rc = key_set_add(&m->claims, key);

	if (rc < 0)
		many_tell_failed(m, place, source, name, SIDE_NONE, "copy",
				 rc);
	else if (!rc)
		tell(m, place, source, name);
	return rc > 0;
}

bool many_claims_refuse_file(struct many *m, struct walk_directory *place,
			     const char *source, const char *name,
			     const struct stat *old)
{
	uint64_t key, ours, by = make_name_key(place, name);

	if (S_ISBLK(old->st_mode))
		key = make_key(KIND_DRIVE, old->st_rdev, 0, "");
	else if (S_ISREG(old->st_mode) && old->st_nlink > 1)
		key = make_key(KIND_FILE, old->st_dev, old->st_ino, "");
	else
		return false;
	ours = key_set_mix(key, &by, sizeof(by));
	if (key_set_has(&m->claims, ours))
		return false;
	return !take(m, place, source, name, key) ||
	       !take(m, place, source, name, ours);
}

/* --- links -------------------------------------------------------------- */

/* One link of @name in @*fd: where it leads to. 1: no link. */
static int follow(int *fd, char name[PATH_MAX])
{
	char target[PATH_MAX], *slash;
	ssize_t length;
	int next;

	length = readlinkat(*fd, name, target, sizeof(target) - 1);
	if (length < 0)
		return 1;
	target[length] = '\0';
	slash = strrchr(target, '/');
	strcpy(name, slash ? slash + 1 : target);
	if (!slash)
		return 0;
	slash[1] = '\0';
	next = openat(*fd, target, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (next < 0)
		return -errno;
	close(*fd);
	*fd = next;
	return 0;
}

/* The key of the name that a link leads to, be it there or not; 0: of none. */
static uint64_t find_end(const struct walk_directory *place, const char *link)
{
	_cleanup_fd_ int fd = openat(place->to_fd, ".",
				     O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[PATH_MAX] = "";
	struct stat st;
	int rc = 0;

	if (fd < 0 || strlen(link) >= sizeof(name))
		return 0;
	strcpy(name, link);
	for (int i = 0; i < LINKS_MOST && !rc; i++)
		rc = follow(&fd, name);
	if (rc != 1 || fstat(fd, &st))
		return 0;
	return make_key(KIND_NAME, st.st_dev, st.st_ino, name);
}

static bool refuse_end(struct many *m, struct walk_directory *place,
		       const char *source, const char *name)
{
	uint64_t key = find_end(place, name);

	return key && !take(m, place, source, name, key);
}

bool many_claims_refuse(struct many *m, struct walk_directory *place,
			const char *source, const char *name,
			bool is_followed)
{
	struct stat st;

	if (m->args.is_sole)
		return false;
	if (!take(m, place, source, name, make_name_key(place, name)))
		return true;
	if (!is_followed ||
	    fstatat(place->to_fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return false;
	if (S_ISLNK(st.st_mode)) {
		/* A drive is one by any name of it. */
		if (!fstatat(place->to_fd, name, &st, 0) &&
		    S_ISBLK(st.st_mode))
			return many_claims_refuse_file(m, place, source, name,
						       &st);
		if (refuse_end(m, place, source, name))
			return true;
		if (fstatat(place->to_fd, name, &st, 0))
			return false;
	}
	return many_claims_refuse_file(m, place, source, name, &st);
}
