// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/transfer.h"

#include <errno.h>

#include "base/macro.h"

unsigned transfer_get_file(enum side side, bool is_direct)
{
	return (side == SIDE_DESTINATION ? 2 : 0) + is_direct;
}

static int register_end(struct ring *ring, enum side side,
			const struct endpoint *endpoint)
{
	return endpoint ? endpoint_register(endpoint, ring,
					    transfer_get_file(side, true)) : 0;
}

int transfer_register(struct ring *ring, const struct endpoint *source,
		      const struct endpoint *destination)
{
	const int fds[] = {
		source->fd,
		source->direct_fd,
		destination ? destination->fd : -1,
		destination ? destination->direct_fd : -1,
	};
	int rc;

	rc = ring_register_files(ring, fds, ARRAY_SIZE(fds));
	if (!rc)
		rc = register_end(ring, SIDE_SOURCE, source);
	return rc ? rc : register_end(ring, SIDE_DESTINATION, destination);
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
		.file = transfer_get_file(t->side, t->is_direct),
		.buffer = t->buffer + t->done_bytes,
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
	struct ring_op op = make_op(t);

	if (t->endpoint->range.namespace_id && !t->is_direct)
		return result;
	return endpoint_judge(t->endpoint, &op, result);
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
