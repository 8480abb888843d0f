// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <liburing.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/macro.h"
#include "engine/nvme.h"

/* About what a drive needs: sleeping for less costs more than it saves. */
#define WATCH_NS	(NS_PER_MS / 10)
/* When the kernel's thread goes to sleep without requests. */
#define HANDED_IDLE_MS	1000

/* What options have to know of a registered file. */
struct file {
	bool is_polled;
	/* Only of namespaces. */
	uint32_t block_mask;	/* 0 in whole blocks */
	uint32_t most_bytes;	/* any command can move; 0: is none */
	struct nvme_range range;
	struct io_uring_sqe same;	/* in all commands for it */
};

struct ring {
	struct io_uring uring;
	bool is_set_up;
	bool has_files;
	unsigned options;
	struct file *files;	/* NULL without options */
	unsigned file_count;
	struct ring *plain;	/* of a polled one: for what is not */
	unsigned depth;
	unsigned in_flight;	/* with those of plain */
	uint64_t submits;
	unsigned completion_count;
	struct ring_completion completions[];
};

#define SETUP_ALWAYS	(IORING_SETUP_CLAMP)
#define SETUP_BEST	(SETUP_ALWAYS | IORING_SETUP_SUBMIT_ALL | \
			 IORING_SETUP_SINGLE_ISSUER)

/*
 * Best first; a kernel that does not know a flag says EINVAL. DEFER_TASKRUN
 * (6.1) runs completion work inside our own wait instead of interrupting us.
 */
static const unsigned setups[] = {
	SETUP_BEST | IORING_SETUP_DEFER_TASKRUN,
	SETUP_ALWAYS | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN,
	SETUP_ALWAYS,
};

/* Whose requests are taken by a thread of the kernel's. */
static const unsigned setups_handed[] = {
	SETUP_BEST,
	SETUP_ALWAYS,
};

static const struct {
	unsigned option;
	unsigned setup;
} option_setups[] = {
	{ RING_POLLED, IORING_SETUP_IOPOLL },
	{ RING_HANDED, IORING_SETUP_SQPOLL },
	{ RING_COMMANDS, IORING_SETUP_SQE128 | IORING_SETUP_CQE32 },
};

static unsigned get_option_setup(const struct ring *ring)
{
	unsigned setup = 0;

	for (size_t i = 0; i < ARRAY_SIZE(option_setups); i++)
		if (ring->options & option_setups[i].option)
			setup |= option_setups[i].setup;
	return setup;
}

static int try_setups(struct ring *ring, const unsigned *flags, size_t count)
{
	int rc = -EINVAL;

	for (size_t i = 0; i < count && rc == -EINVAL; i++) {
		struct io_uring_params params = {
			.flags = flags[i] | get_option_setup(ring),
			.sq_thread_idle = HANDED_IDLE_MS,
		};

		rc = io_uring_queue_init_params(ring->depth, &ring->uring,
						&params);
	}
	return rc;
}

static int set_up(struct ring *ring)
{
	int rc;

	if (ring->options & RING_HANDED)
		rc = try_setups(ring, setups_handed,
				ARRAY_SIZE(setups_handed));
	else
		rc = try_setups(ring, setups, ARRAY_SIZE(setups));
	if (rc == -EINVAL && ring->options)
		return -EOPNOTSUPP;
	ring->is_set_up = !rc;
	/* Waiting with a limit by one call (5.11). */
	if (!rc && !(ring->uring.features & IORING_FEAT_EXT_ARG))
		return -ENOSYS;
	if (!rc && ring->options & RING_POLLED)
		return ring_open(ring->depth, &ring->plain);
	return rc;
}

int ring_open_with(unsigned depth, unsigned options, struct ring **ring)
{
	struct ring *r;
	int rc;

	if (!depth || depth > RING_DEPTH_MAX)
		return -EINVAL;
	r = calloc(1, sizeof(*r) + depth * sizeof(r->completions[0]));
	if (!r)
		return -ENOMEM;
	r->depth = depth;
	r->options = options;
	rc = set_up(r);
	if (rc) {
		ring_close(r);
		return rc;
	}
	/* Saves a lookup a call (5.18); works as well without. */
	(void)io_uring_register_ring_fd(&r->uring);
	*ring = r;
	return 0;
}

int ring_open(unsigned depth, struct ring **ring)
{
	return ring_open_with(depth, 0, ring);
}

void ring_close(struct ring *ring)
{
	if (!ring)
		return;
	/* The kernel ends a ring later; files it still held would stay busy. */
	if (ring->has_files && !ring->in_flight)
		(void)io_uring_unregister_files(&ring->uring);
	if (ring->is_set_up)
		io_uring_queue_exit(&ring->uring);
	ring_close(ring->plain);
	free(ring->files);
	free(ring);
}

/* --- files -------------------------------------------------------------- */

static bool is_direct(int fd)
{
	int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);

	return flags >= 0 && flags & O_DIRECT;
}

static int note_files(struct ring *ring, const int *fds, unsigned count)
{
	struct file *files = calloc(count, sizeof(*files));

	if (!files)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++)
		files[i].is_polled = is_direct(fds[i]);
	free(ring->files);
	ring->files = files;
	ring->file_count = count;
	return ring->plain ? ring_register_files(ring->plain, fds, count) : 0;
}

static int forget_files(struct ring *ring)
{
	int rc;

	if (!ring->has_files)
		return 0;
	rc = io_uring_unregister_files(&ring->uring);
	ring->has_files = rc;
	return rc;
}

int ring_register_files(struct ring *ring, const int *fds, unsigned count)
{
	int rc = forget_files(ring);

	if (rc)
		return rc;
	rc = io_uring_register_files(&ring->uring, fds, count);
	ring->has_files = !rc;
	return rc || !ring->options ? rc : note_files(ring, fds, count);
}

int ring_set_namespace(struct ring *ring, unsigned file,
		       const struct nvme_range *range)
{
	if (!(ring->options & RING_COMMANDS) || file >= ring->file_count)
		return -EINVAL;
	ring->files[file] = (struct file){
		.is_polled = true,
		.block_mask = (1u << range->lba_shift) - 1,
		.most_bytes = (uint32_t)MIN(
			(uint64_t)NVME_BLOCKS_MOST << range->lba_shift,
			MIN(range->size_bytes, INT32_MAX)),
		.range = *range,
		.same = {
			.opcode = IORING_OP_URING_CMD,
			.flags = IOSQE_FIXED_FILE,
			.fd = (int)file,
			.cmd_op = NVME_URING_CMD_IO,
		},
	};
	return 0;
}

int ring_reserve_files(struct ring *ring, unsigned count)
{
	int rc = forget_files(ring);

	if (rc)
		return rc;
	rc = io_uring_register_files_sparse(&ring->uring, count);
	ring->has_files = !rc;
	return rc;
}

int ring_set_workers(struct ring *ring, unsigned workers)
{
	unsigned most[2] = { workers, 0 };	/* bounded; others as is */

	return io_uring_register_iowq_max_workers(&ring->uring, most);
}

/* What does not go by the plain one. */
static unsigned count_own(const struct ring *ring)
{
	return ring->in_flight - (ring->plain ? ring->plain->in_flight : 0);
}

/* --- pushing ------------------------------------------------------------ */

static void prepare_read(struct io_uring_sqe *sqe, const struct ring_op *op)
{
	io_uring_prep_read(sqe, (int)op->file, op->buffer,
			   (unsigned)op->length_bytes, op->offset_bytes);
}

static void prepare_write(struct io_uring_sqe *sqe, const struct ring_op *op)
{
	io_uring_prep_write(sqe, (int)op->file, op->buffer,
			    (unsigned)op->length_bytes, op->offset_bytes);
}

static void prepare_fsync(struct io_uring_sqe *sqe, const struct ring_op *op)
{
	io_uring_prep_fsync(sqe, (int)op->file, 0);
}

static void prepare_allocate(struct io_uring_sqe *sqe,
			     const struct ring_op *op)
{
	io_uring_prep_fallocate(sqe, (int)op->file, op->flags,
				op->offset_bytes, op->length_bytes);
}

static void prepare_zero(struct io_uring_sqe *sqe, const struct ring_op *op)
{
	io_uring_prep_fallocate(sqe, (int)op->file,
				FALLOC_FL_KEEP_SIZE | FALLOC_FL_ZERO_RANGE,
				op->offset_bytes, op->length_bytes);
}

static void prepare_punch(struct io_uring_sqe *sqe, const struct ring_op *op)
{
	io_uring_prep_fallocate(sqe, (int)op->file,
				FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE,
				op->offset_bytes, op->length_bytes);
}

static void prepare_close(struct io_uring_sqe *sqe, const struct ring_op *op)
{
	io_uring_prep_close_direct(sqe, op->file);
}

static void prepare_open(struct io_uring_sqe *sqe, const struct ring_op *op)
{
	io_uring_prep_openat_direct(sqe, op->directory, op->name, op->flags,
				    op->mode, op->file);
}

static void prepare_stat(struct io_uring_sqe *sqe, const struct ring_op *op)
{
	io_uring_prep_statx(sqe, op->directory, op->name, op->flags,
			    STATX_BASIC_STATS | STATX_DIOALIGN, op->facts);
}

static void prepare_rename(struct io_uring_sqe *sqe, const struct ring_op *op)
{
	io_uring_prep_renameat(sqe, op->directory, op->name, op->directory_to,
			       op->name_to, (unsigned)op->flags);
}

static void prepare_unlink(struct io_uring_sqe *sqe, const struct ring_op *op)
{
	io_uring_prep_unlinkat(sqe, op->directory, op->name, op->flags);
}

/* Nothing: not for files. */
static const struct {
	void (*prepare)(struct io_uring_sqe *sqe, const struct ring_op *op);
	unsigned flags;
} actions[RING_ACTIONS] = {
	[RING_READ] = { prepare_read, IOSQE_FIXED_FILE },
	[RING_WRITE] = { prepare_write, IOSQE_FIXED_FILE },
	[RING_FSYNC] = { prepare_fsync, IOSQE_FIXED_FILE },
	[RING_ZERO] = { prepare_zero, IOSQE_FIXED_FILE },
	[RING_PUNCH] = { prepare_punch, IOSQE_FIXED_FILE },
	[RING_ALLOCATE] = { prepare_allocate, IOSQE_FIXED_FILE },
	[RING_CLOSE] = { prepare_close, 0 },
	[RING_OPEN] = { prepare_open, 0 },
	[RING_STAT] = { prepare_stat, 0 },
	[RING_RENAME] = { prepare_rename, 0 },
	[RING_UNLINK] = { prepare_unlink, 0 },
};

static void prepare(struct io_uring_sqe *sqe, const struct ring_op *op)
{
	unsigned flags = actions[op->action].flags;

	actions[op->action].prepare(sqe, op);
	if (op->is_followed)
		flags |= IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
	io_uring_sqe_set_flags(sqe, flags);
	sqe->user_data = op->tag;
}

static __attribute__((noinline)) int push(struct ring *ring,
					  const struct ring_op *op)
{
	struct io_uring_sqe *sqe;

	if (!actions[op->action].prepare)
		return -EINVAL;
	if (ring->in_flight == ring->depth)
		return -EBUSY;
	sqe = io_uring_get_sqe(&ring->uring);
	if (!sqe)
		return -EBUSY;
	prepare(sqe, op);
	ring->in_flight += !op->is_followed;
	return 0;
}

static bool has_entry(const struct io_uring_sq *sq)
{
	return sq->sqe_tail - io_uring_smp_load_acquire(sq->khead) <
	       sq->ring_entries;
}

static const uint8_t nvme_opcodes[RING_ACTIONS] = {
	[RING_READ] = NVME_READ,
	[RING_WRITE] = NVME_WRITE,
	[RING_COMPARE] = NVME_COMPARE,
	[RING_COPY] = NVME_COPY,
};

/*
 * The command is made where the kernel reads it: that is a large entry. What
 * no command here needs of it is 0 from the beginning, and stays so.
 */
static inline struct nvme_uring_cmd *
prepare_command(const struct ring *ring, const struct file *file,
		const struct ring_op *op)
{
	const struct io_uring_sq *sq = &ring->uring.sq;
	struct io_uring_sqe *sqe =
		&sq->sqes[(size_t)(sq->sqe_tail & sq->ring_mask) << 1];

	*sqe = file->same;
	sqe->user_data = op->tag;
	return (void *)((char *)sqe + offsetof(struct io_uring_sqe, cmd));
}

static int push_command(struct ring *ring, const struct file *file,
			const struct ring_op *op)
{
	int rc;

	if (!nvme_opcodes[op->action])
		return -EINVAL;
	if (ring->in_flight == ring->depth)
		return -EBUSY;
	rc = nvme_make_command(&file->range, nvme_opcodes[op->action],
			       op->offset_bytes, op->buffer,
			       (uint32_t)op->length_bytes,
			       prepare_command(ring, file, op));
	if (rc)
		return rc;
	ring->uring.sq.sqe_tail++;
	ring->in_flight++;
	return 0;
}

static bool is_pollable(enum ring_action action)
{
	return action == RING_READ || action == RING_WRITE;
}

static int push_plain(struct ring *ring, const struct ring_op *op)
{
	unsigned before = ring->plain->in_flight;
	int rc = ring->in_flight == ring->depth ? -EBUSY :
						  push(ring->plain, op);

	ring->in_flight += ring->plain->in_flight - before;
	return rc;
}

/* Of a ring with options, each file has its way. */
static __attribute__((noinline)) int
push_with_options(struct ring *ring, const struct ring_op *op)
{
	const struct file *file = op->file < ring->file_count ?
					  &ring->files[op->file] : NULL;

	if (op->is_followed && ring->options & RING_COMMANDS)
		return -EINVAL;
	if (file && file->most_bytes)
		return push_command(ring, file, op);
	if (ring->plain && (!file || !file->is_polled ||
			    !is_pollable(op->action)))
		return push_plain(ring, op);
	return push(ring, op);
}

static const uint8_t opcodes[] = {
	[RING_READ] = IORING_OP_READ,
	[RING_WRITE] = IORING_OP_WRITE,
};

/* And there is an entry free for it. */
static bool is_simple(const struct ring *ring, const struct ring_op *op)
{
	return is_pollable(op->action) && !op->is_followed &&
	       ring->in_flight != ring->depth && has_entry(&ring->uring.sq);
}

/*
 * The same of commands: whole blocks inside of a namespace. As none is followed
 * by another, whatever may be in flight has an entry.
 */
static bool is_simple_command(const struct ring *ring, const struct file *file,
			      const struct ring_op *op)
{
	return op->length_bytes - 1 < file->most_bytes &&
	       op->offset_bytes <= file->range.size_bytes - op->length_bytes &&
	       !((op->offset_bytes | op->length_bytes) & file->block_mask) &&
	       is_pollable(op->action) && ring->in_flight != ring->depth;
}

static int push_by_options(struct ring *ring, const struct ring_op *op)
{
	const struct file *file;

	if (op->file >= ring->file_count)
		return push_with_options(ring, op);
	file = &ring->files[op->file];
	if (!is_simple_command(ring, file, op))
		return push_with_options(ring, op);
	nvme_put_command(&file->range, nvme_opcodes[op->action],
			 op->offset_bytes, op->buffer,
			 (uint32_t)op->length_bytes,
			 (uint32_t)(op->length_bytes >> file->range.lba_shift),
			 prepare_command(ring, file, op));
	ring->uring.sq.sqe_tail++;
	ring->in_flight++;
	return 0;
}

/* Simple reads and writes are nearly all there is: nothing is in their way. */
int ring_push(struct ring *ring, const struct ring_op *op)
{
	struct io_uring_sq *sq = &ring->uring.sq;
	struct io_uring_sqe *sqe;

	if (ring->options)
		return push_by_options(ring, op);
	if (!is_simple(ring, op))
		return push(ring, op);
	sqe = &sq->sqes[sq->sqe_tail++ & sq->ring_mask];
	/* Of liburing 2.9 the next line leaves what was there before. */
	*sqe = (struct io_uring_sqe){ 0 };
	io_uring_prep_rw(opcodes[op->action], sqe, (int)op->file, op->buffer,
			 (unsigned)op->length_bytes, op->offset_bytes);
	sqe->flags = IOSQE_FIXED_FILE;
	sqe->user_data = op->tag;
	ring->in_flight++;
	return 0;
}

/* --- turning ------------------------------------------------------------ */

/* Large entries are twice as far apart. */
static inline void copy_entries(struct ring_completion *to,
				const struct io_uring_cqe *from,
				unsigned count, unsigned shift)
{
	const struct ring_completion *end = to + count;

	for (; to < end; to++, from += 1u << shift) {
		to->tag = from->user_data;
		to->result = from->res;
	}
}

/*
 * No more than depth are in flight, so that one turn's array holds all. They
 * lie in one piece, or in one at the end of the kernel's ring and one at its
 * beginning.
 */
static inline void reap_entries(struct ring *ring, unsigned shift)
{
	struct ring_completion *done =
		&ring->completions[ring->completion_count];
	const struct io_uring_cq *cq = &ring->uring.cq;
	unsigned count = io_uring_cq_ready(&ring->uring);
	unsigned head = *cq->khead & cq->ring_mask;
	unsigned first = MIN(count, cq->ring_mask + 1 - head);

	copy_entries(done, &cq->cqes[head << shift], first, shift);
	copy_entries(done + first, cq->cqes, count - first, shift);
	io_uring_cq_advance(&ring->uring, count);
	ring->completion_count += count;
	ring->in_flight -= count;
}

static void reap_plain(struct ring *ring)
{
	struct ring *plain = ring->plain;

	plain->completion_count = 0;
	reap_entries(plain, 0);
	memcpy(&ring->completions[ring->completion_count], plain->completions,
	       plain->completion_count * sizeof(plain->completions[0]));
	ring->completion_count += plain->completion_count;
	ring->in_flight -= plain->completion_count;
}

static void reap(struct ring *ring)
{
	ring->completion_count = 0;
	if (ring->options & RING_COMMANDS)
		reap_entries(ring, 1);
	else
		reap_entries(ring, 0);
	if (ring->plain)
		reap_plain(ring);
}

static int enter(struct ring *ring, unsigned least, uint64_t timeout_ns)
{
	struct __kernel_timespec limit = {
		.tv_sec = (long long)(timeout_ns / NS_PER_SEC),
		.tv_nsec = (long long)(timeout_ns % NS_PER_SEC),
	};
	struct io_uring_cqe *first;

	ring->submits++;
	if (timeout_ns == UINT64_MAX)
		return io_uring_submit_and_wait(&ring->uring, least);
	return io_uring_submit_and_wait_timeout(&ring->uring, &first, least,
						&limit, NULL);
}

/* What came while nobody waited needs no call to be looked at. */
static bool is_call_needed(const struct ring *ring, unsigned least)
{
	return io_uring_sq_ready(&ring->uring) || !least ||
	       io_uring_cq_ready(&ring->uring) < least;
}

static int turn(struct ring *ring, unsigned least, uint64_t timeout_ns)
{
	return is_call_needed(ring, least) ? enter(ring, least, timeout_ns) :
					     0;
}

/* The thread that takes our requests. */
static bool is_asleep(const struct ring *ring)
{
	return __atomic_load_n(ring->uring.sq.kflags, __ATOMIC_RELAXED) &
	       IORING_SQ_NEED_WAKEUP;
}

/* Hands over and looks, without sleeping. */
static int look(struct ring *ring)
{
	if (!(ring->options & RING_HANDED)) {
		ring->submits++;
		return io_uring_submit_and_get_events(&ring->uring);
	}
	if (!io_uring_sq_ready(&ring->uring))
		return 0;
	if (ring->options & RING_POLLED || is_asleep(ring))
		ring->submits++;
	return io_uring_submit(&ring->uring);
}

static unsigned count_ready(const struct ring *ring)
{
	return io_uring_cq_ready(&ring->uring) +
	       (ring->plain ? io_uring_cq_ready(&ring->plain->uring) : 0);
}

/* Both of them, as far as there is anything to look for. */
static int look_at_all(struct ring *ring)
{
	int rc = count_own(ring) ? look(ring) : 0;

	if (rc >= 0 && ring->plain && ring->plain->in_flight)
		rc = look(ring->plain);
	return rc;
}

/*
 * Polling is done here and not by the kernel, which would look for a drive
 * that never answers until a signal comes (io_iopoll_check).
 */
static int watch(struct ring *ring, unsigned least, uint64_t timeout_ns)
{
	uint64_t start = clock_now_ns();
	int rc;

	do {
		rc = look_at_all(ring);
	} while (rc >= 0 && count_ready(ring) < least &&
		 clock_now_ns() - start < timeout_ns);
	return rc;
}

static int turn_with_options(struct ring *ring, unsigned least,
			     uint64_t timeout_ns)
{
	struct ring *plain = ring->plain;
	int rc;

	if (plain && !count_own(ring))
		return turn(plain, least, timeout_ns);
	if (ring->options & RING_POLLED && (!(ring->options & RING_HANDED) ||
					    plain->in_flight))
		return watch(ring, least, timeout_ns);
	if (!(ring->options & RING_HANDED))
		return turn(ring, least, timeout_ns);
	rc = watch(ring, least, MIN(timeout_ns, WATCH_NS));
	if (rc < 0 || count_ready(ring) >= least)
		return rc;
	return enter(ring, least, timeout_ns);
}

int ring_turn(struct ring *ring, unsigned least, uint64_t timeout_ns)
{
	int rc;

	if (least > ring->in_flight)
		least = ring->in_flight;
	rc = ring->options ? turn_with_options(ring, least, timeout_ns) :
			     turn(ring, least, timeout_ns);
	reap(ring);
	switch (rc) {
	case -ETIME:	/* nothing came in time */
	case -EINTR:	/* a signal; the caller looks at its flag */
	case -EAGAIN:	/* short of memory, or nothing to do: try again */
	case -EBUSY:
		return 0;
	}
	return rc < 0 ? rc : 0;
}

const struct ring_completion *
ring_get_completions(const struct ring *ring, unsigned *count)
{
	*count = ring->completion_count;
	return ring->completions;
}

unsigned ring_get_room(const struct ring *ring)
{
	unsigned places = io_uring_sq_space_left(&ring->uring);

	return MIN(places, ring->depth - ring->in_flight);
}

unsigned ring_get_in_flight(const struct ring *ring)
{
	return ring->in_flight;
}

unsigned ring_get_depth(const struct ring *ring)
{
	return ring->depth;
}

unsigned ring_get_options(const struct ring *ring)
{
	return ring->options;
}

uint64_t ring_get_submits(const struct ring *ring)
{
	return ring->submits + (ring->plain ? ring->plain->submits : 0);
}
