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
#include "engine/endpoint-ops.h"

/* Where neither the kernel nor the file system tells. */
#define OFFSET_ALIGN_SAFE	4096

static bool file_matches(const char *path, mode_t mode)
{
	return S_ISREG(mode) || !mode;
}

/* As cp: a link's target is written, not the link. */
static int follow_links(struct endpoint *endpoint)
{
	char *real = realpath(endpoint->path, NULL);

	if (!real)
		return errno == ENOENT ? 0 : -errno;
	free(endpoint->path);
	endpoint->path = real;
	return 0;
}

static int open_directory(struct endpoint *endpoint)
{
	_cleanup_free_ char *copy = strdup(endpoint->path);

	if (!copy)
		return -ENOMEM;
	endpoint->directory_fd = open(dirname(copy), O_RDONLY | O_DIRECTORY |
						     O_CLOEXEC);
	return endpoint->directory_fd < 0 ? -errno : 0;
}

static const char *get_name(const struct endpoint *endpoint)
{
	const char *slash = strrchr(endpoint->path, '/');

	return slash ? slash + 1 : endpoint->path;
}

/* Hidden, and with our process id, so that two copies do not meet. */
static int create_aside(struct endpoint *endpoint)
{
	if (asprintf(&endpoint->aside, ".%.200s.%ld.part",
		     get_name(endpoint), (long)getpid()) < 0) {
		endpoint->aside = NULL;
		return -ENOMEM;
	}
	endpoint->fd = openat(endpoint->directory_fd, endpoint->aside,
			      O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (endpoint->fd < 0) {
		free(steal_pointer(endpoint->aside));
		return -errno;
	}
	endpoint->is_unseen = true;
	return 0;
}

/* What it replaces decides about owner and mode; owner only if allowed. */
static int take_over(struct endpoint *endpoint)
{
	struct stat old;

	if (fstatat(endpoint->directory_fd, get_name(endpoint), &old, 0))
		return errno == ENOENT ? 0 : -errno;
	if (faccessat(endpoint->directory_fd, get_name(endpoint), W_OK,
		      AT_EACCESS))
		return -errno;
	if (fchown(endpoint->fd, old.st_uid, old.st_gid))
		old.st_mode &= ~(mode_t)(S_ISUID | S_ISGID);
	return fchmod(endpoint->fd, old.st_mode & 07777) ? -errno : 0;
}

static int open_aside(struct endpoint *endpoint)
{
	int rc;

	rc = follow_links(endpoint);
	if (!rc)
		rc = open_directory(endpoint);
	if (!rc)
		rc = create_aside(endpoint);
	return rc ? rc : take_over(endpoint);
}

static int open_in_place(struct endpoint *endpoint)
{
	struct stat st;

	endpoint->fd = open(endpoint->path, endpoint_get_open_flags(endpoint));
	if (endpoint->fd < 0 || fstat(endpoint->fd, &st))
		return -errno;
	endpoint->size_bytes = (uint64_t)st.st_size;
	return 0;
}

static int file_open(struct endpoint *endpoint, mode_t mode)
{
	int rc;

	if (endpoint->mode & ENDPOINT_REPLACE)
		rc = open_aside(endpoint);
	else
		rc = open_in_place(endpoint);
	if (rc)
		return rc;
	endpoint_open_direct(endpoint, OFFSET_ALIGN_SAFE);
	return endpoint_learn_identity(endpoint);
}

static int appear(struct endpoint *endpoint, bool is_synced)
{
	if (renameat(endpoint->directory_fd, endpoint->aside,
		     endpoint->directory_fd, get_name(endpoint)))
		return -errno;
	free(steal_pointer(endpoint->aside));
	if (is_synced && fsync(endpoint->directory_fd))
		return -errno;
	return 0;
}

static int file_commit(struct endpoint *endpoint, uint64_t size_bytes,
		       bool is_synced)
{
	if (endpoint->aside && ftruncate(endpoint->fd, (off_t)size_bytes))
		return -errno;
	endpoint->is_reserved = false;
	if (is_synced && fsync(endpoint->fd))
		return -errno;
	return endpoint->aside ? appear(endpoint, is_synced) : 0;
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
