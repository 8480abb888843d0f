// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows regular files: written in place, or aside and renamed when they are
 * complete, so that nobody ever sees half of one.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "engine/aside.h"
#include "engine/endpoint-ops.h"

/* Where neither the kernel nor the file system tells. */
#define OFFSET_ALIGN_SAFE	4096

static bool file_matches(mode_t type, unsigned mode)
{
	return S_ISREG(type) || !type;
}

/* Its directory is open already: nobody can exchange it. */
static bool is_held(const struct endpoint *endpoint)
{
	return endpoint->place_flag;
}

/* As cp: a link's target is written, not the link; which must be there. */
static int follow_links(struct endpoint *endpoint)
{
	struct stat st;
	char *real;

	if (is_held(endpoint))
		return 0;
	real = realpath(endpoint->path, NULL);
	if (!real && errno == ENOENT && lstat(endpoint->path, &st))
		return 0;
	if (!real)
		return -errno;
	free(endpoint->path);
	endpoint->name = endpoint->path = real;
	return 0;
}

static int open_directory(struct endpoint *endpoint)
{
	_cleanup_free_ char *copy = NULL;

	if (!is_held(endpoint)) {
		copy = strdup(endpoint->path);
		if (!copy)
			return -ENOMEM;
	}
	endpoint->directory_fd = openat(endpoint->place_fd,
					copy ? dirname(copy) : ".",
					O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return endpoint->directory_fd < 0 ? -errno : 0;
}

static const char *get_name(const struct endpoint *endpoint)
{
	const char *slash = strrchr(endpoint->name, '/');

	return slash ? slash + 1 : endpoint->name;
}

/* What is written first must be writable; commit takes it back. */
static mode_t get_first_mode(const struct endpoint *endpoint)
{
	return endpoint->new_mode | S_IRUSR | S_IWUSR;
}

/* Hidden, and with our process id, so that two copies do not meet. */
static int name_aside(struct endpoint *endpoint)
{
	char aside[NAME_MAX + 1];

	aside_name(aside, get_name(endpoint));
	endpoint->aside = strdup(aside);
	return endpoint->aside ? 0 : -ENOMEM;
}

static int create_named(struct endpoint *endpoint)
{
	int rc = name_aside(endpoint);

	if (rc)
		return rc;
	endpoint->fd = openat(endpoint->directory_fd, endpoint->aside,
			      O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
			      get_first_mode(endpoint));
	if (endpoint->fd >= 0)
		return 0;
	rc = -errno;
	free(steal_pointer(endpoint->aside));
	return rc;
}

/* Nothing of it stays, however we end. Not everywhere; and it needs /proc. */
static bool create_nameless(struct endpoint *endpoint)
{
	char self[ENDPOINT_SELF_SIZE];

	endpoint->fd = openat(endpoint->directory_fd, ".",
			      O_RDWR | O_TMPFILE | O_CLOEXEC,
			      get_first_mode(endpoint));
	if (endpoint->fd < 0)
		return false;
	endpoint_get_self(endpoint, self);
	if (!access(self, F_OK))
		return true;
	close(endpoint->fd);
	endpoint->fd = -1;
	return false;
}

/* What it replaces decides about owner and mode. */
static int take_over(struct endpoint *endpoint, const struct stat *old)
{
	if (fchown(endpoint->fd, old->st_uid, old->st_gid))
		return -errno;
	endpoint->new_mode = old->st_mode & 07777;
	return fchmod(endpoint->fd, endpoint->new_mode) ? -errno : 0;
}

static int create_aside(struct endpoint *endpoint, const struct stat *old)
{
	int rc;

	rc = open_directory(endpoint);
	if (!rc && !create_nameless(endpoint))
		rc = create_named(endpoint);
	if (rc)
		return rc;
	endpoint->is_unseen = true;
	return old ? take_over(endpoint, old) : 0;
}

static void drop_aside(struct endpoint *endpoint)
{
	if (endpoint->aside)
		unlinkat(endpoint->directory_fd, endpoint->aside, 0);
	free(steal_pointer(endpoint->aside));
	endpoint->is_unseen = false;
	if (endpoint->fd >= 0)
		close(endpoint->fd);
	endpoint->fd = -1;
}

/* What only we needed to write it is taken back in the end. */
static int make_in_place(struct endpoint *endpoint, int flags)
{
	endpoint->fd = openat(endpoint->place_fd, endpoint->name,
			      flags | O_CREAT | O_EXCL,
			      get_first_mode(endpoint));
	if (endpoint->fd < 0)
		return -errno;
	endpoint->is_made = true;
	return 0;
}

static int open_in_place(struct endpoint *endpoint)
{
	int flags = endpoint_get_open_flags(endpoint), rc = 0;
	struct stat st;

	endpoint->fd = openat(endpoint->place_fd, endpoint->name, flags);
	if (endpoint->fd < 0 && errno == ENOENT &&
	    endpoint->mode & ENDPOINT_IN_PLACE)
		rc = make_in_place(endpoint, flags);
	if (rc)
		return rc;
	if (endpoint->fd < 0 || fstat(endpoint->fd, &st))
		return -errno;
	endpoint->size_bytes = (uint64_t)st.st_size;
	return 0;
}

static int get_stat_flag(const struct endpoint *endpoint)
{
	return is_held(endpoint) ? AT_SYMLINK_NOFOLLOW : 0;
}

static bool is_mount_point(const struct endpoint *endpoint)
{
	struct statx facts = { 0 };

	return !statx(endpoint->place_fd, endpoint->name,
		      get_stat_flag(endpoint), 0, &facts) &&
	       facts.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

/* Other names mean this very file, or none can be put in its place. */
static bool has_to_stay(const struct endpoint *endpoint,
			const struct stat *old)
{
	return old->st_nlink > 1 || is_mount_point(endpoint);
}

static bool is_not_permitted(int rc)
{
	return rc == -EACCES || rc == -EPERM || rc == -EROFS;
}

/* Written aside, unless only the file itself may be written. */
static int replace_old(struct endpoint *endpoint, const struct stat *old)
{
	int rc;

	if (faccessat(endpoint->place_fd, endpoint->name, W_OK, AT_EACCESS))
		return -errno;
	if (has_to_stay(endpoint, old))
		return open_in_place(endpoint);
	rc = create_aside(endpoint, old);
	if (!is_not_permitted(rc))
		return rc;
	drop_aside(endpoint);
	return open_in_place(endpoint);
}

static int open_aside(struct endpoint *endpoint)
{
	struct stat old;
	int rc;

	rc = follow_links(endpoint);
	if (rc)
		return rc;
	if (fstatat(endpoint->place_fd, endpoint->name, &old,
		    get_stat_flag(endpoint)))
		return errno == ENOENT ? create_aside(endpoint, NULL) : -errno;
	return S_ISREG(old.st_mode) ? replace_old(endpoint, &old) :
				      create_aside(endpoint, NULL);
}

static int file_open(struct endpoint *endpoint, mode_t mode)
{
	int rc;

	if (endpoint->mode & ENDPOINT_REPLACE &&
	    !(endpoint->mode & ENDPOINT_IN_PLACE))
		rc = open_aside(endpoint);
	else
		rc = open_in_place(endpoint);
	if (rc)
		return rc;
	endpoint_open_direct(endpoint, OFFSET_ALIGN_SAFE);
	return endpoint_learn_identity(endpoint);
}

/* Where the name is free, at once; else under another one to be renamed. */
static int give_name(struct endpoint *endpoint)
{
	char self[ENDPOINT_SELF_SIZE];
	int rc;

	endpoint_get_self(endpoint, self);
	if (!linkat(AT_FDCWD, self, endpoint->directory_fd, get_name(endpoint),
		    AT_SYMLINK_FOLLOW))
		return 0;
	if (errno != EEXIST)
		return -errno;
	rc = name_aside(endpoint);
	if (rc)
		return rc;
	if (!linkat(AT_FDCWD, self, endpoint->directory_fd, endpoint->aside,
		    AT_SYMLINK_FOLLOW))
		return 0;
	rc = -errno;
	free(steal_pointer(endpoint->aside));
	return rc;
}

static int appear(struct endpoint *endpoint, bool is_synced)
{
	int rc = endpoint->aside ? 0 : give_name(endpoint);

	if (rc)
		return rc;
	if (endpoint->aside &&
	    renameat(endpoint->directory_fd, endpoint->aside,
		     endpoint->directory_fd, get_name(endpoint)))
		return -errno;
	free(steal_pointer(endpoint->aside));
	endpoint->is_unseen = false;
	if (is_synced && fsync(endpoint->directory_fd))
		return -errno;
	return 0;
}

/* What only we needed to write it. */
static int correct_mode(struct endpoint *endpoint)
{
	mode_t extra = get_first_mode(endpoint) & ~endpoint->new_mode;
	struct stat st;

	if (!extra || !(endpoint->is_unseen || endpoint->is_made))
		return 0;
	if (fstat(endpoint->fd, &st) ||
	    fchmod(endpoint->fd, st.st_mode & 07777 & ~extra))
		return -errno;
	return 0;
}

static int file_commit(struct endpoint *endpoint, uint64_t size_bytes,
		       bool is_synced)
{
	int rc;

	if (endpoint->mode & ENDPOINT_REPLACE &&
	    ftruncate(endpoint->fd, (off_t)size_bytes))
		return -errno;
	endpoint->is_reserved = false;
	rc = correct_mode(endpoint);
	if (rc)
		return rc;
	if (is_synced && fsync(endpoint->fd))
		return -errno;
	return endpoint->is_unseen ? appear(endpoint, is_synced) : 0;
}

/* Room behind the end that the copy did not come to use. */
static void give_back_room(struct endpoint *endpoint)
{
	struct stat st;

	if (!endpoint->is_reserved || endpoint->is_unseen ||
	    fstat(endpoint->fd, &st))
		return;
	/* Where it fails, the room stays with the file: no harm. */
	if (!ftruncate(endpoint->fd, st.st_size))
		endpoint->is_reserved = false;
}

static void file_close(struct endpoint *endpoint)
{
	give_back_room(endpoint);
	if (endpoint->aside)
		unlinkat(endpoint->directory_fd, endpoint->aside, 0);
}

const struct endpoint_ops endpoint_file_ops = {
	.kind = ENDPOINT_FILE,
	.name = "file",
	.matches = file_matches,
	.open = file_open,
	.commit = file_commit,
	.close = file_close,
};
