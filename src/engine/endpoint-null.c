// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows zeros, the sink, and faults on request; must not know what is tested
 * with them.
 */
#include "engine/endpoint-null.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"
#include "engine/endpoint-ops.h"

struct endpoint_null {
	struct endpoint endpoint;	/* first: the one is the other */
	struct endpoint_faults faults;
	struct endpoint *inner;
};

static int null_open(struct endpoint *endpoint)
{
	bool is_sink = endpoint->mode & ENDPOINT_WRITE;

	endpoint->size_bytes = UINT64_MAX;
	endpoint->fd = open(is_sink ? "/dev/null" : "/dev/zero",
			    endpoint_get_open_flags(endpoint));
	if (endpoint->fd < 0)
		return -errno;
	endpoint->direct_fd = fcntl(endpoint->fd, F_DUPFD_CLOEXEC, 0);
	return endpoint->direct_fd < 0 ? -errno :
					 endpoint_learn_identity(endpoint);
}

/* In no table: there is no path that opens it. */
static const struct endpoint_ops null_ops = {
	.kind = ENDPOINT_NULL,
	.name = "null",
};

static int open_null(unsigned mode, struct endpoint **endpoint)
{
	struct endpoint *e = endpoint_create(&null_ops, "null", mode);
	int rc = e ? null_open(e) : -ENOMEM;

	if (rc)
		endpoint_close(e);
	else
		*endpoint = e;
	return rc;
}

static bool is_touched(uint64_t start, uint64_t length, uint64_t fault_start,
		       uint64_t fault_length)
{
	return start < fault_start + fault_length &&
	       fault_start < start + length;
}

/* As a drive that an IOMMU stops, and that reports success all the same. */
static int lose(const struct ring_op *op, int result)
{
	if (op->action == RING_READ && result > 0)
		memset(op->buffer, 0, (size_t)result);
	return result;
}

static int faulty_judge(struct endpoint *endpoint, const struct ring_op *op,
			int result)
{
	const struct endpoint_faults *f =
		&((struct endpoint_null *)endpoint)->faults;
	uint64_t offset = op->offset_bytes;

	if (is_touched((uintptr_t)op->buffer, op->length_bytes,
		       (uintptr_t)f->refuse_start, f->refuse_bytes))
		return f->is_lost ? lose(op, result) : f->refuse_error;
	if (is_touched(offset, op->length_bytes, f->error_offset,
		       f->error_bytes))
		return f->error;
	if (result <= 0)
		return result;
	if (f->end_offset && offset + (uint64_t)result > f->end_offset)
		result = (int)(MAX(f->end_offset, offset) - offset);
	return f->short_bytes ? (int)MIN((uint32_t)result, f->short_bytes) :
				result;
}

static int faulty_commit(struct endpoint *endpoint, uint64_t size_bytes,
			 bool is_synced)
{
	struct endpoint_null *null = (struct endpoint_null *)endpoint;

	return endpoint_commit(null->inner, size_bytes, is_synced);
}

static void faulty_close(struct endpoint *endpoint)
{
	endpoint_close(((struct endpoint_null *)endpoint)->inner);
}

static const struct endpoint_ops faulty_ops = {
	.kind = ENDPOINT_NULL,
	.name = "faulty",
	.commit = faulty_commit,
	.close = faulty_close,
	.judge = faulty_judge,
};

/* A pipe that nobody else holds the other end of: reads wait for ever. */
static int borrow_silence(struct endpoint *endpoint)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	endpoint->fd = ends[0];
	endpoint->directory_fd = ends[1];
	endpoint->direct_fd = fcntl(ends[0], F_DUPFD_CLOEXEC, 0);
	return endpoint->direct_fd < 0 ? -errno : 0;
}

/* Where there is no direct I/O it is played, so that tests run anywhere. */
static int borrow_descriptors(struct endpoint *endpoint,
			      const struct endpoint *inner)
{
	endpoint->fd = fcntl(inner->fd, F_DUPFD_CLOEXEC, 0);
	if (endpoint->fd < 0)
		return -errno;
	endpoint->direct_fd = fcntl(inner->direct_fd < 0 ? inner->fd :
				    inner->direct_fd, F_DUPFD_CLOEXEC, 0);
	return endpoint->direct_fd < 0 ? -errno : 0;
}

static int wrap(struct endpoint_null *null, bool is_silent)
{
	struct endpoint *endpoint = &null->endpoint;
	const struct endpoint *inner = null->inner;

	endpoint->ops = &faulty_ops;
	endpoint->size_bytes = inner->size_bytes;
	endpoint->offset_align = inner->offset_align;
	endpoint->memory_align = inner->memory_align;
	endpoint->device = inner->device;
	endpoint->inode = inner->inode;
	endpoint->rdev = inner->rdev;
	endpoint->is_unseen = inner->is_unseen;
	return is_silent ? borrow_silence(endpoint) :
			   borrow_descriptors(endpoint, inner);
}

int endpoint_null_open(const char *path, unsigned mode,
		       const struct endpoint_faults *faults,
		       struct endpoint **endpoint)
{
	struct endpoint_null *null = calloc(1, sizeof(*null));
	int rc;

	if (!null)
		return -ENOMEM;
	null->faults = *faults;
	null->endpoint.ops = &faulty_ops;
	null->endpoint.kind = ENDPOINT_NULL;
	null->endpoint.mode = mode;
	null->endpoint.fd = null->endpoint.direct_fd = -1;
	null->endpoint.directory_fd = -1;
	rc = path ? endpoint_open(path, mode, &null->inner) :
		    open_null(mode, &null->inner);
	if (!rc)
		rc = wrap(null, faults->is_silent);
	if (rc) {
		endpoint_close(&null->endpoint);
		return rc;
	}
	*endpoint = &null->endpoint;
	return 0;
}
