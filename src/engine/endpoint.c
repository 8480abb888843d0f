// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/macro.h"
#include "engine/endpoint-ops.h"

/* A page of a file system or a drive of 4 KiB blocks: safe everywhere. */
#define MEMORY_ALIGN_SAFE	4096

/* The first one that matches. */
static const struct endpoint_ops *const endpoints[] = {
	&endpoint_passthrough_ops,
	&endpoint_block_ops,
	&endpoint_file_ops,
};

struct endpoint *endpoint_create(const struct endpoint_ops *ops,
				 const char *path, unsigned mode)
{
	struct endpoint *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->ops = ops;
	e->kind = ops->kind;
	e->mode = mode;
	e->fd = e->direct_fd = e->directory_fd = -1;
	e->offset_align = e->memory_align = 1;
	e->place_fd = AT_FDCWD;
	e->name = e->path = strdup(path);
	if (e->path)
		return e;
	free(e);
	return NULL;
}

int endpoint_get_open_flags(const struct endpoint *endpoint)
{
	return O_CLOEXEC | O_NOCTTY | endpoint->place_flag |
	       (endpoint->mode & ENDPOINT_WRITE ? O_RDWR : O_RDONLY);
}

int endpoint_learn_identity(struct endpoint *endpoint)
{
	struct stat st;

	if (fstat(endpoint->fd, &st))
		return -errno;
	endpoint->device = st.st_dev;
	endpoint->inode = st.st_ino;
	endpoint->rdev = S_ISBLK(st.st_mode) ? st.st_rdev : 0;
	return 0;
}

void endpoint_get_self(const struct endpoint *endpoint,
		       char self[ENDPOINT_SELF_SIZE])
{
	snprintf(self, ENDPOINT_SELF_SIZE, "/proc/self/fd/%d", endpoint->fd);
}

/* The path may have been given to something else between two opens. */
static bool is_same_inode(int a, int b)
{
	struct stat sa, sb;

	return !fstat(a, &sa) && !fstat(b, &sb) &&
	       sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino &&
	       sa.st_rdev == sb.st_rdev;
}

/* False where the kernel says that this file has no direct I/O (6.1). */
static bool learn_alignment(struct endpoint *endpoint, int fd,
			    uint32_t fallback)
{
	struct statx facts = { 0 };

	endpoint->offset_align = fallback;
	endpoint->memory_align = MEMORY_ALIGN_SAFE;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &facts) ||
	    !(facts.stx_mask & STATX_DIOALIGN))
		return true;
	if (!facts.stx_dio_offset_align)
		return false;
	endpoint->offset_align = facts.stx_dio_offset_align;
	endpoint->memory_align = MAX(facts.stx_dio_mem_align, 1);
	return true;
}

void endpoint_open_direct(struct endpoint *endpoint, uint32_t fallback_align)
{
	int flags = endpoint_get_open_flags(endpoint) | O_DIRECT;
	char self[ENDPOINT_SELF_SIZE];
	_cleanup_fd_ int fd = -1;

	endpoint_get_self(endpoint, self);
	if (endpoint->aside)
		fd = openat(endpoint->directory_fd, endpoint->aside, flags);
	else if (endpoint->is_unseen)
		fd = open(self, flags);
	else
		fd = openat(endpoint->place_fd, endpoint->name, flags);
	if (fd >= 0 && is_same_inode(fd, endpoint->fd) &&
	    learn_alignment(endpoint, fd, fallback_align)) {
		endpoint->direct_fd = steal_fd(&fd);
		return;
	}
	endpoint->offset_align = endpoint->memory_align = 1;
}

static const struct endpoint_ops *find_ops(mode_t type, unsigned mode)
{
	for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++)
		if (endpoints[i]->matches(type, mode))
			return endpoints[i];
	return NULL;
}

static bool is_placed(const struct endpoint_place *place)
{
	return place && place->name;
}

/* The type of what is there, 0 for nothing; or -errno. */
static int find_type(const struct endpoint_place *place, const char *path,
		     unsigned mode, mode_t *type)
{
	bool is_held = is_placed(place);
	struct stat st = { 0 };
	int rc = 0;

	if (fstatat(is_held ? place->directory_fd : AT_FDCWD,
		    is_held ? place->name : path, &st,
		    is_held ? AT_SYMLINK_NOFOLLOW : 0))
		rc = -errno;
	if (rc == -ENOENT && mode & ENDPOINT_REPLACE)
		rc = 0;
	/* A link that has the name is replaced, as nothing else can be. */
	if (is_held && S_ISLNK(st.st_mode) && mode & ENDPOINT_REPLACE)
		st.st_mode = 0;
	if (is_held && st.st_mode && !S_ISREG(st.st_mode))
		rc = S_ISLNK(st.st_mode) ? -ELOOP : -ENOTBLK;
	*type = st.st_mode;
	return rc;
}

int endpoint_open_at(const struct endpoint_place *place, const char *path,
		     unsigned mode, mode_t new_mode,
		     struct endpoint **endpoint)
{
	const struct endpoint_ops *ops;
	struct endpoint *e;
	mode_t type;
	int rc = find_type(place, path, mode, &type);

	ops = find_ops(type, mode);
	if (!ops)
		return rc ? rc : -ENOTBLK;
	if (rc)
		return rc;
	e = endpoint_create(ops, path, mode);
	if (!e)
		return -ENOMEM;
	if (is_placed(place)) {
		e->place_fd = place->directory_fd;
		e->name = place->name;
		e->place_flag = O_NOFOLLOW;
	}
	e->new_mode = new_mode;
	rc = ops->open(e, type);
	if (rc) {
		endpoint_close(e);
		return rc;
	}
	*endpoint = e;
	return 0;
}

int endpoint_open_new(const char *path, unsigned mode, mode_t new_mode,
		      struct endpoint **endpoint)
{
	return endpoint_open_at(NULL, path, mode, new_mode, endpoint);
}

int endpoint_open(const char *path, unsigned mode, struct endpoint **endpoint)
{
	return endpoint_open_at(NULL, path, mode, 0666, endpoint);
}

static const struct {
	int error;
	const char *why;
} explanations[] = {
	{ -ENODEV, "is no NVMe namespace with a /dev/ng node of its own, nor "
		   "a partition of one (passthrough needs that; Linux makes "
		   "the node since 5.13)" },
	{ -EMEDIUMTYPE, "has metadata beside its blocks, which only the block "
			"layer makes and checks (use --engine=rw)" },
	{ -EOPNOTSUPP, "takes no commands of ours from this kernel (5.19 and "
		       "later do; or use --engine=rw)" },
};

const char *endpoint_explain(unsigned mode, int error)
{
	if (!(mode & ENDPOINT_PASSTHROUGH))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(explanations); i++)
		if (explanations[i].error == error)
			return explanations[i].why;
	return NULL;
}

int endpoint_register(const struct endpoint *endpoint, struct ring *ring,
		      unsigned file)
{
	if (!endpoint->range.namespace_id)
		return 0;
	return ring_set_namespace(ring, file, &endpoint->range);
}

void endpoint_close(struct endpoint *endpoint)
{
	if (!endpoint)
		return;
	if (endpoint->ops->close)
		endpoint->ops->close(endpoint);
	cleanup_fd(&endpoint->direct_fd);
	cleanup_fd(&endpoint->fd);
	cleanup_fd(&endpoint->directory_fd);
	free(endpoint->aside);
	free(endpoint->path);
	free(endpoint);
}

void endpoint_abandon(struct endpoint *endpoint)
{
	if (endpoint->ops->close)
		endpoint->ops->close(endpoint);
}

int endpoint_reserve(struct endpoint *endpoint, uint64_t offset_bytes,
		     uint64_t size_bytes)
{
	int mode = endpoint->is_unseen ? 0 : FALLOC_FL_KEEP_SIZE;

	if (endpoint->kind != ENDPOINT_FILE || !size_bytes)
		return 0;
	if (offset_bytes > INT64_MAX || size_bytes > INT64_MAX - offset_bytes)
		return -EFBIG;
	endpoint->is_reserved = true;
	if (!fallocate(endpoint->fd, mode, (off_t)offset_bytes,
		       (off_t)size_bytes))
		return 0;
	return errno == ENOSPC || errno == EFBIG || errno == EIO ||
			       errno == EDQUOT ?
		       -errno : 0;
}

int endpoint_commit(struct endpoint *endpoint, uint64_t size_bytes,
		    bool is_synced)
{
	return endpoint->ops->commit ?
		       endpoint->ops->commit(endpoint, size_bytes,
					     is_synced) : 0;
}

bool endpoint_is_same(const struct endpoint *a, const struct endpoint *b)
{
	if (a->rdev || b->rdev)
		return a->rdev == b->rdev;
	return a->device == b->device && a->inode == b->inode;
}
