// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/ring.h"

#include <errno.h>
#include <liburing.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/macro.h"

struct ring {
	struct io_uring uring;
	bool is_set_up;
	bool has_files;
	unsigned depth;
	unsigned in_flight;
	uint64_t submits;
	unsigned completion_count;
	struct ring_completion completions[];
};

/*
 * Best first; a kernel that does not know a flag says EINVAL. DEFER_TASKRUN
 * (6.1) runs completion work inside our own wait instead of interrupting us.
 */
static const unsigned setups[] = {
	IORING_SETUP_CLAMP | IORING_SETUP_SUBMIT_ALL |
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	IORING_SETUP_CLAMP | IORING_SETUP_SUBMIT_ALL |
		IORING_SETUP_COOP_TASKRUN,
	IORING_SETUP_CLAMP,
};

static int set_up(struct ring *ring)
{
	int rc = -EINVAL;

	for (size_t i = 0; i < ARRAY_SIZE(setups) && rc == -EINVAL; i++) {
		struct io_uring_params params = { .flags = setups[i] };

		rc = io_uring_queue_init_params(ring->depth, &ring->uring,
						&params);
	}
	ring->is_set_up = !rc;
	/* Waiting with a limit by one call (5.11). */
	if (!rc && !(ring->uring.features & IORING_FEAT_EXT_ARG))
		return -ENOSYS;
	return rc;
}

int ring_open(unsigned depth, struct ring **ring)
{
	struct ring *r;
	int rc;

	if (!depth || depth > RING_DEPTH_MAX)
		return -EINVAL;
	r = calloc(1, sizeof(*r) + depth * sizeof(r->completions[0]));
	if (!r)
		return -ENOMEM;
	r->depth = depth;
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

void ring_close(struct ring *ring)
{
	if (!ring)
		return;
	if (ring->is_set_up)
		io_uring_queue_exit(&ring->uring);
	free(ring);
}

int ring_register_files(struct ring *ring, const int *fds, unsigned count)
{
	int rc;

	if (ring->has_files) {
		rc = io_uring_unregister_files(&ring->uring);
		if (rc)
			return rc;
		ring->has_files = false;
	}
	rc = io_uring_register_files(&ring->uring, fds, count);
	ring->has_files = !rc;
	return rc;
}

static const uint8_t opcodes[] = {
	[RING_UNKNOWN] = IORING_OP_NOP,
	[RING_READ] = IORING_OP_READ,
	[RING_WRITE] = IORING_OP_WRITE,
	[RING_FSYNC] = IORING_OP_FSYNC,
};

static void prepare(struct io_uring_sqe *sqe, const struct ring_op *op)
{
	if (op->action == RING_FSYNC)
		io_uring_prep_fsync(sqe, (int)op->file, 0);
	else
		io_uring_prep_rw(opcodes[op->action], sqe, (int)op->file,
				 op->buffer, op->length_bytes,
				 op->offset_bytes);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	sqe->user_data = op->tag;
}

int ring_push(struct ring *ring, const struct ring_op *op)
{
	struct io_uring_sqe *sqe;

	if (ring->in_flight == ring->depth)
		return -EBUSY;
	sqe = io_uring_get_sqe(&ring->uring);
	if (!sqe)
		return -EBUSY;
	prepare(sqe, op);
	ring->in_flight++;
	return 0;
}

/*
 * No more than depth are in flight, so that one turn's array holds all. What
 * io_uring_for_each_cqe() reads anew for each completion is read once.
 */
static void reap(struct ring *ring)
{
	struct ring_completion *done = ring->completions;
	const struct io_uring_cq *cq = &ring->uring.cq;
	const struct io_uring_cqe *cqes = cq->cqes;
	unsigned mask = cq->ring_mask, head = *cq->khead;
	unsigned count = io_uring_cq_ready(&ring->uring);

	for (unsigned i = 0; i < count; i++, done++) {
		const struct io_uring_cqe *cqe = &cqes[(head + i) & mask];

		done->tag = cqe->user_data;
		done->result = cqe->res;
	}
	io_uring_cq_advance(&ring->uring, count);
	ring->completion_count = count;
	ring->in_flight -= count;
}

static int enter(struct ring *ring, unsigned least, uint64_t timeout_ns)
{
	struct __kernel_timespec limit = {
		.tv_sec = (long long)(timeout_ns / NS_PER_SEC),
		.tv_nsec = (long long)(timeout_ns % NS_PER_SEC),
	};
	struct io_uring_cqe *first;

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

int ring_turn(struct ring *ring, unsigned least, uint64_t timeout_ns)
{
	int rc = 0;

	ring->completion_count = 0;
	if (least > ring->in_flight)
		least = ring->in_flight;
	if (is_call_needed(ring, least)) {
		rc = enter(ring, least, timeout_ns);
		ring->submits++;
	}
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

unsigned ring_get_in_flight(const struct ring *ring)
{
	return ring->in_flight;
}

unsigned ring_get_depth(const struct ring *ring)
{
	return ring->depth;
}

uint64_t ring_get_submits(const struct ring *ring)
{
	return ring->submits;
}
