/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what can be read from and written to: descriptors, alignment, size,
 * identity, and how a thing is made complete. Must not know who moves the
 * data, nor where the buffers lie.
 *
 * I/O goes through a ring on one of two descriptors of the endpoint:
 * direct_fd (O_DIRECT: peer memory works only there), with offsets and
 * lengths in multiples of offset_align and buffers of memory_align; or fd,
 * through the page cache, for what has no such shape.
 */
#ifndef P2PDMA_ENGINE_ENDPOINT_H
#define P2PDMA_ENGINE_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/nvme.h"
#include "engine/ring.h"

enum endpoint_kind {
	ENDPOINT_UNKNOWN = 0,
	ENDPOINT_BLOCK,		/* block device */
	ENDPOINT_FILE,		/* regular file */
	ENDPOINT_NULL,		/* zeros for ever, or a sink; can fail */
};

enum endpoint_mode {
	ENDPOINT_READ = 1,
	ENDPOINT_WRITE = 2,	/* a file must be there */
	/*
	 * With WRITE: a file is written aside and appears under its name,
	 * whole, by endpoint_commit(); the one that it replaces stays until
	 * then. One that cannot be exchanged (is_unseen is false) is written
	 * in place and cut. Ignored for block devices.
	 */
	ENDPOINT_REPLACE = 4,
	/* With WRITE: -EBUSY when a block device is mounted or in use. */
	ENDPOINT_EXCLUSIVE = 8,
	/*
	 * An NVMe drive or partition by commands of ours, past the block
	 * layer: direct_fd is the namespace's character node. Needs a ring
	 * with RING_COMMANDS, and endpoint_register().
	 */
	ENDPOINT_PASSTHROUGH = 16,
	/*
	 * With REPLACE: the file itself is written, and made where it is not
	 * there; it stays when the copy does not end well.
	 */
	ENDPOINT_IN_PLACE = 32,
};

/*
 * A name in a directory that is held open, where no link is followed; name
 * NULL: a path by itself. Borrowed.
 */
struct endpoint_place {
	int directory_fd;
	const char *name;
};

struct endpoint_ops;

/* Read-only for everybody but endpoint*.c. */
struct endpoint {
	const struct endpoint_ops *ops;
	enum endpoint_kind kind;
	unsigned mode;
	char *path;
	int place_fd;		/* that name is below; or AT_FDCWD */
	const char *name;	/* what is opened; of a path, all of it */
	int place_flag;		/* O_NOFOLLOW in a place; else 0 */
	int fd;			/* through the page cache */
	int direct_fd;		/* O_DIRECT; -1: the file system has none */
	uint64_t size_bytes;	/* when opened; UINT64_MAX: endless */
	uint32_t offset_align;	/* of direct_fd; 1 when there is none */
	uint32_t memory_align;
	uint32_t max_io_bytes;	/* at once by direct_fd; 0: as you like */
	struct nvme_range range;	/* of passthrough */
	dev_t device;		/* of the file system that holds the path */
	ino_t inode;
	dev_t rdev;		/* of a block device; 0 for files */
	int directory_fd;	/* of a file being replaced; else -1 */
	char *aside;		/* its name until complete; NULL: none */
	mode_t new_mode;	/* of a file that is made, but for the umask */
	bool is_unseen;		/* nobody else sees fd's file, nor misses it */
	bool is_made;		/* in place, and was not there before */
	bool is_reserved;	/* there may be room that was not used */
};

/* What kinds of endpoint can do differently. */
struct endpoint_ops {
	enum endpoint_kind kind;
	const char *name;
	/* Is what has st_mode @type (0: not there) to be opened so, as @mode
	 * (enum endpoint_mode) asks? */
	bool (*matches)(mode_t type, unsigned mode);
	int (*open)(struct endpoint *endpoint, mode_t mode);
	int (*commit)(struct endpoint *endpoint, uint64_t size_bytes,
		      bool is_synced);
	void (*close)(struct endpoint *endpoint);
	/* NULL, or what to take for the result of an operation. */
	int (*judge)(struct endpoint *endpoint, const struct ring_op *op,
		     int result);
};

/*
 * A block device for ourselves alone, as open(2) with O_EXCL; it is asked for
 * more than once. A descriptor, -EBUSY or another -errno.
 */
int endpoint_claim(const char *path, int flags);

/*
 * endpoint_open() - open @path for reading or writing
 * @path:	block device or regular file
 * @mode:	enum endpoint_mode, or'ed
 *
 * 0, or -errno of open(2); -ENOTBLK where @path is something else; -EBUSY see
 * ENDPOINT_EXCLUSIVE; with ENDPOINT_PASSTHROUGH also -ENODEV, -EMEDIUMTYPE and
 * -EOPNOTSUPP: see endpoint_explain().
 */
int endpoint_open(const char *path, unsigned mode,
		  struct endpoint **endpoint);

/* The same; a file that was not there gets @new_mode instead of 0666. */
int endpoint_open_new(const char *path, unsigned mode, mode_t new_mode,
		      struct endpoint **endpoint);

/*
 * The same of what is told as @path and, where @place has a name, opened there:
 * a regular file, or one that is made. NULL is no place.
 */
int endpoint_open_at(const struct endpoint_place *place, const char *path,
		     unsigned mode, mode_t new_mode,
		     struct endpoint **endpoint);

/*
 * Why endpoint_open() said @error with @mode, where strerror(3) would not
 * tell: the end of a sentence, or NULL.
 */
const char *endpoint_explain(unsigned mode, int error);

/*
 * Tells @ring about file number @file, which is @endpoint's direct_fd, after
 * ring_register_files(). 0 or -EINVAL.
 */
int endpoint_register(const struct endpoint *endpoint, struct ring *ring,
		      unsigned file);

/* Drops a replacement that was not committed. NULL is fine. */
void endpoint_close(struct endpoint *endpoint);

/*
 * Only drops the replacement, because transfers are in flight that may never
 * end: closing could wait for them.
 */
void endpoint_abandon(struct endpoint *endpoint);

/*
 * endpoint_reserve() - room for a part of a file, before it is written
 *
 * So that writes side by side do not allocate nor, in a file that is written
 * aside, extend it. What is written in place grows only by what is written,
 * because it stays when the copy fails. A file system that cannot do it is no
 * error. 0, -ENOSPC, -EFBIG, -EIO.
 */
int endpoint_reserve(struct endpoint *endpoint, uint64_t offset_bytes,
		     uint64_t size_bytes);

/*
 * endpoint_commit() - what was written is complete
 * @size_bytes:	a replaced file is cut to it; otherwise not looked at
 * @is_synced:	put it on stable media, with its directory
 *
 * No I/O may be in flight. 0, or -errno.
 */
int endpoint_commit(struct endpoint *endpoint, uint64_t size_bytes,
		    bool is_synced);

/* True when both are the same file or the same block device. */
bool endpoint_is_same(const struct endpoint *a, const struct endpoint *b);

/* The result of a completed @op, as this endpoint wants it seen. */
static inline int endpoint_judge(struct endpoint *endpoint,
				 const struct ring_op *op, int result)
{
	return endpoint->ops->judge ?
		       endpoint->ops->judge(endpoint, op, result) : result;
}

#endif
