// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows what happens to one block: into which memory it is read, where it is
 * written, and what is done about errors and refusals. Must not know which
 * block comes next.
 */
#include <errno.h>

#include "base/macro.h"
#include "engine/copy.h"
#include "engine/copy-state.h"

/* --- its memory ---------------------------------------------------------- */

static unsigned get_number(const struct copy *copy, const struct slot *slot)
{
	return (unsigned)(slot - copy->slots);
}

/* Once for all slots, when the first one needs it. */
static int get_host_pool(struct copy *copy)
{
	const struct copy_plan *plan = copy->plan;

	if (copy->host_pool)
		return 0;
	return p2pdma_pool_create(plan->host, plan->block_bytes,
				  copy->slot_count, copy->slot_count,
				  &copy->host_pool);
}

static int move_to_host(struct copy *copy, struct slot *slot)
{
	int rc;

	if (!copy->plan->is_peer)
		return 0;
	rc = get_host_pool(copy);
	if (rc)
		return rc;
	slot->buffer = p2pdma_pool_get_slot(copy->host_pool,
					    get_number(copy, slot));
	slot->is_host = true;
	return 0;
}

/* A head, a tail or a single block, no longer than the coarser alignment. */
static int move_to_edge(struct copy *copy, struct slot *slot)
{
	int rc;

	if (!copy->edge_pool) {
		rc = p2pdma_pool_create(copy->plan->host, copy->align,
					copy->slot_count, copy->slot_count,
					&copy->edge_pool);
		if (rc)
			return rc;
	}
	slot->buffer = p2pdma_pool_get_slot(copy->edge_pool,
					    get_number(copy, slot));
	slot->is_host = true;
	return 0;
}

static int choose_buffer(struct copy *copy, struct slot *slot)
{
	if (slot->piece.is_edge ||
	    (copy->pass.is_finer && !slot->piece.is_destination_direct))
		return move_to_edge(copy, slot);
	if (copy->is_host)
		return move_to_host(copy, slot);
	slot->buffer = p2pdma_pool_get_slot(copy->plan->pool,
					    copy->plan->first_slot +
						    get_number(copy, slot));
	slot->is_host = !copy->plan->is_peer;
	return 0;
}

void copy_free_buffers(struct copy *copy)
{
	p2pdma_pool_destroy(copy->host_pool);
	p2pdma_pool_destroy(copy->edge_pool);
}

/* --- its transfers ------------------------------------------------------- */

static void push(struct copy *copy, struct slot *slot, unsigned index)
{
	const struct transfer *t = copy_get_transfer(copy, slot, index);
	int rc = transfer_push(t, copy->ring,
			       (uint64_t)(t - copy->transfers));

	if (rc)
		copy_stop(copy, rc);
	else
		slot->waiting++;
}

/* Rounded up where more can be read, or is cut afterwards. */
static void fit_length(struct transfer *t, uint32_t size_bytes)
{
	t->want_bytes = size_bytes;
	t->length_bytes = (uint32_t)round_up(size_bytes,
					     transfer_get_align(t));
}

static void begin_read(struct copy *copy, struct slot *slot)
{
	const struct copy_plan *plan = copy->plan;
	struct transfer *t = copy_get_transfer(copy, slot, 0);

	slot->side = SIDE_SOURCE;
	*t = (struct transfer){
		.endpoint = plan->source,
		.action = RING_READ,
		.side = SIDE_SOURCE,
		.is_direct = slot->piece.is_source_direct,
		.buffer = slot->buffer,
		.offset_bytes = plan->source_offset_bytes +
				slot->piece.start_bytes,
	};
	fit_length(t, slot->piece.size_bytes);
	push(copy, slot, 0);
}

static void begin_write(struct copy *copy, struct slot *slot, unsigned leg)
{
	struct endpoint *endpoint = copy->legs[leg].endpoint;
	struct transfer *t = copy_get_transfer(copy, slot, 1 + leg);

	*t = (struct transfer){
		.endpoint = endpoint,
		.action = RING_WRITE,
		.side = SIDE_DESTINATION,
		.leg = leg,
		.is_direct = slot->piece.is_destination_direct &&
			     endpoint->direct_fd >= 0,
		.buffer = slot->buffer,
		.offset_bytes = copy->plan->destination_offset_bytes +
				slot->piece.start_bytes,
	};
	fit_length(t, slot->piece.size_bytes);
	push(copy, slot, 1 + leg);
}

/* Nobody misses what was in a file that nobody has seen. */
static void begin_zero(struct copy *copy, struct slot *slot, unsigned leg)
{
	struct endpoint *endpoint = copy->legs[leg].endpoint;
	struct transfer *t = copy_get_transfer(copy, slot, 1 + leg);

	*t = (struct transfer){
		.endpoint = endpoint,
		.action = endpoint->kind == ENDPOINT_BLOCK ? RING_ZERO :
							     RING_PUNCH,
		.side = SIDE_DESTINATION,
		.leg = leg,
		.offset_bytes = copy->plan->destination_offset_bytes +
				slot->piece.start_bytes,
		.length_bytes = slot->piece.size_bytes,
		.want_bytes = slot->piece.size_bytes,
	};
	if (!endpoint->is_unseen)
		push(copy, slot, 1 + leg);
}

static void begin_writes(struct copy *copy, struct slot *slot)
{
	slot->side = SIDE_DESTINATION;
	for (unsigned i = 0; i < copy->leg_count && !copy->rc; i++) {
		if (copy->legs[i].is_dropped)
			continue;
		if (slot->is_zero)
			begin_zero(copy, slot, i);
		else
			begin_write(copy, slot, i);
	}
}

/* --- its end ------------------------------------------------------------- */

static void rest(struct copy *copy, struct slot *slot)
{
	slot->is_open = false;
	if (!slot->is_unsummed)
		copy->idle[copy->idle_count++] = get_number(copy, slot);
}

static void mark(struct copy *copy, const struct slot *slot,
		 enum extent_state state)
{
	uint64_t start = slot->piece.start_bytes;
	int rc = extents_mark(copy->extents, start,
			      start + slot->piece.size_bytes, state);

	if (rc)
		copy_stop(copy, rc);
}

static void tell_meter(struct copy *copy, const struct slot *slot,
		       const struct copy_error *error)
{
	const struct copy_meter *meter = copy->plan->meter;

	if (meter)
		meter->end(meter->data, slot->begun_ns, copy->now_ns,
			   slot->piece.start_bytes, error);
}

static void end_block(struct copy *copy, struct slot *slot)
{
	struct copy_result *result = copy->result;

	if (slot->is_zero) {
		rest(copy, slot);
		return;
	}
	mark(copy, slot, EXTENT_DONE);
	result->copied_bytes += slot->piece.size_bytes;
	if (slot->is_host)
		result->host_bytes += slot->piece.size_bytes;
	else
		result->peer_bytes += slot->piece.size_bytes;
	tell_meter(copy, slot, NULL);
	rest(copy, slot);
}

/* To be tried in smaller pieces later, or given up for good. */
static void leave_bad(struct copy *copy, struct slot *slot, int error)
{
	enum extent_state state = copy->pass.failed;
	const struct copy_error what = {
		.side = slot->side,
		.offset_bytes = slot->piece.start_bytes,
		.length_bytes = slot->piece.size_bytes,
		.error = error,
	};

	tell_meter(copy, slot, &what);
	copy_end_sum(copy);
	if (slot->side == SIDE_SOURCE) {
		copy->result->read_error = error;
	} else {
		copy->result->write_error = error;
		if (state == EXTENT_BAD_READ)
			state = EXTENT_BAD_WRITE;
	}
	mark(copy, slot, state);
	rest(copy, slot);
}

/* As if it had never begun: what is no hole any more is copied later. */
static void leave_zero(struct copy *copy, struct slot *slot)
{
	mark(copy, slot, EXTENT_WANTED);
	rest(copy, slot);
}

/* --- errors -------------------------------------------------------------- */

/* What the kernel says of peer memory that it does not map, or has lost. */
static bool is_refusal(int error)
{
	return error == -EREMOTEIO || error == -EINVAL || error == -EIO ||
	       error == -EFAULT;
}

bool copy_is_bad_medium(int error)
{
	return error == -EIO || error == -ENODATA || error == -EILSEQ ||
	       error == -ETIMEDOUT || error == -EBADMSG || error == -EUCLEAN;
}

static void take_read_error(struct copy *copy, struct slot *slot, int error)
{
	if (copy_is_bad_medium(error) && copy->plan->is_continued)
		leave_bad(copy, slot, error);
	else if (copy_is_bad_medium(error) &&
		 slot->tries++ < copy->plan->retries)
		begin_read(copy, slot);
	else
		copy_fail(copy, copy_get_transfer(copy, slot, 0), error);
}

/* Where there are others, they go on without it. */
static void take_write_error(struct copy *copy, struct slot *slot,
			     const struct transfer *t)
{
	const struct copy_error error = {
		.side = SIDE_DESTINATION,
		.offset_bytes = t->offset_bytes + t->done_bytes,
		.length_bytes = t->length_bytes - t->done_bytes,
		.error = t->error,
	};

	copy_drop(copy, t->leg, &error);
}

/* --- peer memory that the kernel refuses --------------------------------- */

static void refuse(struct copy *copy, const struct transfer *t)
{
	if (!copy->result->refused_by) {
		copy->result->refused_by = t->side;
		copy->result->refused_error = t->error;
		copy->refused_leg = t->leg;
	}
}

/*
 * The same block by host memory: if that works it was peer memory that was
 * refused, if not the error is one of the drive or of the request.
 */
static void try_in_host(struct copy *copy, struct slot *slot,
			const struct transfer *t)
{
	if (copy->plan->is_peer_required && t->side == SIDE_DESTINATION) {
		/* No kernel refuses a write by EIO: that is the drive's. */
		if (t->error == -EIO) {
			copy_fail(copy, t, t->error);
			return;
		}
		/* Not by writing: that would be the copy itself. */
		refuse(copy, t);
		copy_stop(copy, -EREMOTEIO);
		return;
	}
	if (move_to_host(copy, slot)) {
		copy_fail(copy, t, t->error);
		return;
	}
	refuse(copy, t);
	slot->is_trial = true;
	begin_read(copy, slot);
}

static bool is_refused(const struct slot *slot, const struct transfer *t)
{
	return !slot->is_host && !slot->is_zero && is_refusal(t->error);
}

/* The trial is over when the side that refused has done it by host memory. */
static void judge_trial(struct copy *copy, struct slot *slot, int error)
{
	struct copy_result *result = copy->result;

	if (!slot->is_trial)
		return;
	if (error) {
		slot->is_trial = false;
		if (!copy->is_host)
			result->refused_by = SIDE_NONE;
		return;
	}
	if (slot->side != result->refused_by)
		return;
	slot->is_trial = false;
	copy->is_host = true;
	if (copy->plan->is_peer_required)
		copy_stop(copy, -EREMOTEIO);
}

/* --- when all transfers of a stage are back ------------------------------ */

static void settle_read(struct copy *copy, struct slot *slot)
{
	const struct transfer *t = copy_get_transfer(copy, slot, 0);

	if (t->error && copy->rc)
		return;
	if (t->error && is_refused(slot, t)) {
		try_in_host(copy, slot, t);
		return;
	}
	judge_trial(copy, slot, t->error);
	if (t->error)
		take_read_error(copy, slot, t->error);
	else if (!copy->rc)
		begin_writes(copy, slot);
}

/* A write that @is_wanted of those that somebody still cares for. */
static const struct transfer *
find_write(const struct copy *copy, const struct slot *slot,
	   bool (*is_wanted)(const struct slot *slot,
			     const struct transfer *t))
{
	for (unsigned i = 0; i < copy->leg_count; i++) {
		const struct transfer *t = copy_get_transfer(copy, slot,
							     1 + i);

		if (!copy->legs[i].is_dropped && is_wanted(slot, t))
			return t;
	}
	return NULL;
}

static bool is_failed(const struct slot *slot, const struct transfer *t)
{
	return t->error;
}

static bool is_cancelled(const struct slot *slot, const struct transfer *t)
{
	return t->error == -ECANCELED;
}

/* One destination with a bad place, and nobody else who wants the block. */
static bool is_left_bad(const struct copy *copy, const struct transfer *t)
{
	return copy->plan->is_continued && copy_is_bad_medium(t->error) &&
	       copy->leg_count == copy->dropped_count + 1;
}

static void take_write_errors(struct copy *copy, struct slot *slot)
{
	const struct transfer *t;

	while ((t = find_write(copy, slot, is_failed))) {
		if (is_left_bad(copy, t)) {
			leave_bad(copy, slot, t->error);
			return;
		}
		take_write_error(copy, slot, t);
	}
	if (copy->leg_count > copy->dropped_count)
		end_block(copy, slot);
}

static void judge_writes(struct copy *copy, struct slot *slot)
{
	judge_trial(copy, slot, slot->is_trial ? copy_get_transfer(copy, slot,
				1 + copy->refused_leg)->error : 0);
}

static void settle_failed_write(struct copy *copy, struct slot *slot)
{
	const struct transfer *refused = find_write(copy, slot, is_refused);

	/* The kernel says so as well, where it gets no thread: an error. */
	if (copy->rc && (refused || find_write(copy, slot, is_cancelled)))
		return;
	if (slot->is_zero) {
		leave_zero(copy, slot);
	} else if (refused) {
		try_in_host(copy, slot, refused);
	} else {
		judge_writes(copy, slot);
		take_write_errors(copy, slot);
	}
}

static void settle_write(struct copy *copy, struct slot *slot)
{
	if (find_write(copy, slot, is_failed)) {
		settle_failed_write(copy, slot);
		return;
	}
	judge_writes(copy, slot);
	if (copy->leg_count > copy->dropped_count)
		end_block(copy, slot);
}

static void settle(struct copy *copy, struct slot *slot)
{
	if (slot->side == SIDE_SOURCE)
		settle_read(copy, slot);
	else
		settle_write(copy, slot);
}

/* Zeroing moves no bytes: there is nothing to go on with. */
static enum transfer_state take(struct transfer *t, int result)
{
	if (t->action == RING_READ || t->action == RING_WRITE)
		return transfer_take(t, result, &t->error);
	if (result == -EINTR || result == -EAGAIN)
		return TRANSFER_AGAIN;
	t->error = result < 0 ? result : 0;
	return result < 0 ? TRANSFER_FAILED : TRANSFER_DONE;
}

void copy_take_completion(struct copy *copy,
			  const struct ring_completion *completion)
{
	unsigned index = (unsigned)(completion->tag % copy->stride);
	struct slot *slot = &copy->slots[completion->tag / copy->stride];
	struct transfer *t = copy_get_transfer(copy, slot, index);

	slot->waiting--;
	if (take(t, completion->result) == TRANSFER_AGAIN) {
		if (copy->rc)	/* it is not in place */
			t->error = -ECANCELED;
		else
			push(copy, slot, index);
	}
	if (!slot->waiting)
		settle(copy, slot);
}

void copy_begin_block(struct copy *copy, const struct piece *piece)
{
	struct slot *slot = &copy->slots[copy->idle[copy->idle_count - 1]];
	int rc;

	*slot = (struct slot){
		.piece = *piece,
		.is_zero = copy->pass.state == EXTENT_HOLE,
	};
	if (copy->plan->meter)
		slot->begun_ns = copy->plan->meter->begin(
			copy->plan->meter->data);
	rc = slot->is_zero ? 0 : choose_buffer(copy, slot);
	if (rc) {
		copy_stop(copy, rc);
		return;
	}
	copy->idle_count--;
	slot->is_open = true;
	if (!slot->is_zero) {
		copy_queue_sum(copy, slot);
		begin_read(copy, slot);
		return;
	}
	begin_writes(copy, slot);
	if (!slot->waiting && !copy->rc)
		end_block(copy, slot);
}
