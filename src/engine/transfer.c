// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/transfer.h"

#include <errno.h>

#include "base/macro.h"

unsigned transfer_get_leg_file(enum side side, unsigned leg, bool is_direct)
{
	return (side == SIDE_DESTINATION ? 2 + 2 * leg : 0) + is_direct;
}

unsigned transfer_get_file(enum side side, bool is_direct)
{
	return transfer_get_leg_file(side, 0, is_direct);
}

static int register_ends(struct ring *ring, const struct endpoint *source,
			 struct endpoint *const *destinations, unsigned count)
{
	int rc = endpoint_register(source, ring,
				   transfer_get_file(SIDE_SOURCE, true));

	for (unsigned i = 0; i < count && !rc; i++)
		rc = endpoint_register(destinations[i], ring,
				       transfer_get_leg_file(SIDE_DESTINATION,
							     i, true));
	return rc;
}

int transfer_register_legs(struct ring *ring, const struct endpoint *source,
			   struct endpoint *const *destinations,
			   unsigned count)
{
	int fds[2 + 2 * TRANSFER_LEGS_MOST] = { source->fd, source->direct_fd };
	int rc;

	if (count > TRANSFER_LEGS_MOST)
		return -E2BIG;
	for (unsigned i = 0; i < count; i++) {
		fds[2 + 2 * i] = destinations[i]->fd;
		fds[3 + 2 * i] = destinations[i]->direct_fd;
	}
	rc = ring_register_files(ring, fds, 2 + 2 * count);
	return rc ? rc : register_ends(ring, source, destinations, count);
}

int transfer_register(struct ring *ring, const struct endpoint *source,
		      const struct endpoint *destination)
{
	struct endpoint *const one[] = { (struct endpoint *)destination };

	return transfer_register_legs(ring, source, one, destination ? 1 : 0);
}

uint32_t transfer_get_align(const struct transfer *transfer)
{
	return transfer->is_direct ? transfer->endpoint->offset_align : 1;
}

/* The rest, or as much of it as goes at once. */
static uint32_t get_length(const struct transfer *t)
{
	uint32_t left = t->length_bytes - t->done_bytes;
	uint32_t most = t->is_direct ? t->endpoint->max_io_bytes : 0;

	return most && left > most ?
		       (uint32_t)round_down(most, transfer_get_align(t)) :
		       left;
}

static struct ring_op make_op(const struct transfer *t)
{
	return (struct ring_op){
		.action = t->action,
		.file = transfer_get_leg_file(t->side, t->leg, t->is_direct),
		/* What needs no data, such as a hole, has no buffer. */
		.buffer = t->buffer ? t->buffer + t->done_bytes : NULL,
		.length_bytes = get_length(t),
		.offset_bytes = t->offset_bytes + t->done_bytes,
	};
}

int transfer_push(const struct transfer *transfer, struct ring *ring,
		  uint64_t tag)
{
	struct ring_op op = make_op(transfer);

	op.tag = tag;
	return ring_push(ring, &op);
}

/*
 * A drive that was removed reads as the end of a file, and so does a file
 * that shrank: whoever takes that for the end has lost data.
 */
static enum transfer_state take_bytes(struct transfer *t, uint32_t moved,
				      int *error)
{
	uint32_t done = t->done_bytes + moved;

	if (done >= t->want_bytes) {
		t->done_bytes = done;
		return TRANSFER_DONE;
	}
	done = (uint32_t)round_down(done, transfer_get_align(t));
	if (done == t->done_bytes) {
		*error = t->action == RING_READ ? TRANSFER_ENDED_EARLY :
						  -ENOSPC;
		return TRANSFER_FAILED;
	}
	t->done_bytes = done;
	return TRANSFER_AGAIN;
}

/* Commands go by direct_fd; what goes by fd comes back as bytes anyway. */
static int judge(const struct transfer *t, int result)
{
	struct ring_op op;

	if (!t->endpoint->ops->judge ||
	    (t->endpoint->range.namespace_id && !t->is_direct))
		return result;
	op = make_op(t);
	return t->endpoint->ops->judge(t->endpoint, &op, result);
}

enum transfer_state transfer_take(struct transfer *transfer, int result,
				  int *error)
{
	result = judge(transfer, result);
	if (result == -EINTR || result == -EAGAIN)
		return TRANSFER_AGAIN;
	if (result >= 0)
		return take_bytes(transfer, (uint32_t)result, error);
	*error = result;
	return TRANSFER_FAILED;
}
