/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows io_uring; must not know what is copied or measured.
 *
 * A ring belongs to the thread that opened it: only that thread pushes,
 * turns and closes it. After ring_open() nothing is allocated.
 *
 *	ring_open(depth, &ring);
 *	ring_register_files(ring, fds, count);
 *	while (there is work or ring_get_in_flight(ring)) {
 *		while (ring_push(ring, &op) == 0)	no system call
 *			next op;
 *		rc = ring_turn(ring, 1, timeout_ns);	one system call
 *		done = ring_get_completions(ring, &count);
 *		look at done[0] to done[count - 1];
 *	}
 *
 * One ring for all that a thread does, one after the other: what a new ring
 * hands to the kernel's worker threads can get lost while an older ring of
 * the same thread is being taken down, which goes on after ring_close() (seen
 * on Linux 7.2: 1 in 7 rings opened right after another was closed).
 *
 * Buffers are never registered: the kernel refuses to pin peer memory
 * (EFAULT), and host memory is to be measured by the same means.
 */
#ifndef P2PDMA_ENGINE_RING_H
#define P2PDMA_ENGINE_RING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct nvme_range;
struct ring;
struct statx;

#define RING_DEPTH_MAX	16384

/* Or'ed. Without any, nothing of them costs anything. */
enum ring_option {
	/*
	 * Completions are polled for, without interrupts: on files that were
	 * opened with O_DIRECT and on namespaces, of drives that have poll
	 * queues. Where they have none, Linux 6.11 and later say -EOPNOTSUPP,
	 * and older ones wait for interrupts. What cannot be polled goes by a
	 * second, plain io_uring inside. A turn never sleeps.
	 */
	RING_POLLED = 1,
	/*
	 * A thread of the kernel's takes the requests (SQPOLL): as long as
	 * there are some every now and then, no turn is a call. A turn looks
	 * for completions for a moment before it sleeps.
	 */
	RING_HANDED = 2,
	/* Entries large enough for NVMe commands: see ring_set_namespace(). */
	RING_COMMANDS = 4,
};

enum ring_action {
	RING_UNKNOWN = 0,
	RING_READ,
	RING_WRITE,
	RING_FSYNC,	/* buffer, offset and length are not looked at */
	RING_ZERO,	/* the range becomes zeros, without data (blocks) */
	RING_PUNCH,	/* the range becomes a hole (files) */
	/* Only on namespaces. */
	RING_COMPARE,	/* the drive compares its blocks with the buffer */
	RING_COPY,	/* of the ranges in the buffer (nvme.h), to offset */
	/* Only without options. */
	RING_ALLOCATE,	/* fallocate(2), from offset on */
	RING_CLOSE,	/* a registered file: its place is free then */
	/* By name, below an open directory or AT_FDCWD. */
	RING_OPEN,	/* puts what it opened at the place of file */
	RING_STAT,	/* into facts */
	RING_RENAME,	/* to name_to below directory_to; flags as renameat2 */
	RING_UNLINK,
	RING_ACTIONS
};

/* One request. Caller's storage; ring_push() keeps nothing of it. */
struct ring_op {
	enum ring_action action;
	unsigned file;		/* index into the registered files */
	void *buffer;
	uint64_t length_bytes;	/* but for ALLOCATE, below 4 GiB */
	uint64_t offset_bytes;
	uint64_t tag;		/* comes back with the completion */
	/*
	 * The next push is for when this one did all that it should. Of such
	 * a chain only one completion comes: of the last one or, with what
	 * went wrong (or fewer bytes), of the first that did not. Only
	 * opens, reads, writes and closes end a chain when they fail (Linux
	 * 6.18): what else can fail and matters has to be its last. STAT tells
	 * by stx_mask of its facts. Not in a ring with RING_COMMANDS.
	 */
	bool is_followed;

	/* For what goes by name; strings stay until the completion. */
	int directory, directory_to;
	const char *name, *name_to;
	int flags;
	mode_t mode;		/* OPEN */
	struct statx *facts;	/* STAT: what fstat(2) would tell, and
				 * alignments where there are any */
};

struct ring_completion {
	uint64_t tag;
	/* Bytes moved; on a namespace its status, 0 done; negative errno */
	int result;
};

/*
 * A ring for @depth requests in flight. 0, or
 * -EINVAL	depth is 0 or above RING_DEPTH_MAX
 * -EPERM	io_uring is switched off here: kernel.io_uring_disabled, or a
 *		container's system call filter
 * -ENOSYS	the kernel has no io_uring
 * -ENOMEM	no memory, or RLIMIT_MEMLOCK in old kernels
 */
int ring_open(unsigned depth, struct ring **ring);

/*
 * The same, with enum ring_option. -EOPNOTSUPP where the kernel does not know
 * one of them (RING_COMMANDS: 5.19).
 */
int ring_open_with(unsigned depth, unsigned options, struct ring **ring);

/*
 * Waits for nothing: what is in flight may still touch its buffer, so drain
 * first, or exit. NULL is fine.
 */
void ring_close(struct ring *ring);

/*
 * Replaces the table of files by @count descriptors; -1 leaves an entry
 * empty. Nothing may be in flight. The descriptors may be closed afterwards.
 */
int ring_register_files(struct ring *ring, const int *fds, unsigned count);

/*
 * ring_set_namespace() - what is done with file number @file are NVMe commands
 * @range:	copied; offsets are from its start
 *
 * The file is a namespace's character node, and the ring has RING_COMMANDS.
 * READ and WRITE go on as before, in whole logical blocks, no more at once
 * than the queue takes; a completion tells the drive's status instead of
 * bytes. Good until files are registered anew. 0 or -EINVAL.
 */
int ring_set_namespace(struct ring *ring, unsigned file,
		       const struct nvme_range *range);

/* The same with @count places that are empty, for RING_OPEN. */
int ring_reserve_files(struct ring *ring, unsigned count);

/*
 * How many of the requests that have to wait (opens, for one) the kernel's
 * threads may do at a time. It begins with few, and takes more when they
 * sleep. 0, or -EINVAL (before 5.15).
 */
int ring_set_workers(struct ring *ring, unsigned workers);

/*
 * Prepares a request. 0; -EBUSY while depth requests are in flight or wait for
 * a turn (a chain counts as one in flight, and has to be pushed between two
 * turns); -EINVAL when the file does not take the action; on a namespace also
 * as nvme_make_command().
 */
int ring_push(struct ring *ring, const struct ring_op *op);

/*
 * Hands what was pushed to the kernel and waits until @least completions are
 * there or @timeout_ns has passed (UINT64_MAX: no limit), by one call. Ends
 * early, with 0, when a signal comes. The completions of the turn before are
 * forgotten. 0, or -errno of io_uring_enter(2).
 */
int ring_turn(struct ring *ring, unsigned least, uint64_t timeout_ns);

/* The completions of the last turn, valid until the next one. */
const struct ring_completion *
ring_get_completions(const struct ring *ring, unsigned *count);

/* How many more can be pushed before the next turn. */
unsigned ring_get_room(const struct ring *ring);

/* Pushed and not yet completed; of a chain, one. */
unsigned ring_get_in_flight(const struct ring *ring);

/* As given to ring_open_with(). */
unsigned ring_get_depth(const struct ring *ring);
unsigned ring_get_options(const struct ring *ring);

/* Calls into the kernel so far, by ring_turn(). */
uint64_t ring_get_submits(const struct ring *ring);

#endif
