// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/copy.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/macro.h"

/* How often the stop flag and the clock are looked at. */
#define GLANCE_NS	(200 * NS_PER_MS)

/* One block on its way. */
struct slot {
	char *buffer;
	bool is_host;		/* buffer is host memory */
	bool is_trial;		/* was refused in peer memory; now in host */
	bool is_open;		/* begun and not written yet */
	uint64_t start_bytes;	/* from the start of the copy */
	uint32_t size_bytes;
	struct transfer transfer;
};

/* A part of the range that is copied in one way. */
struct part {
	uint64_t start_bytes, end_bytes;
	bool is_source_direct, is_destination_direct;
	bool is_edge;		/* the head or the tail: never peer memory */
};

struct copy {
	const struct copy_plan *plan;
	struct copy_result *result;
	struct ring *ring;
	struct p2pdma_pool *host_pool;	/* when peer memory is refused */
	struct p2pdma_pool *edge_pool;	/* one slot, for head and tail */
	struct slot *slots;
	unsigned slot_count;
	const struct part *part;
	uint64_t next_bytes;		/* the first block not begun */
	uint64_t last_completion_ns;
	uint64_t submits_before;
	bool is_host;			/* peer memory was given up */
	int rc;				/* not 0: begin nothing any more */
};

static bool is_cut_afterwards(const struct endpoint *destination)
{
	return destination->mode & ENDPOINT_REPLACE &&
	       destination->kind != ENDPOINT_BLOCK;
}

void copy_find_shape(const struct copy_plan *plan, struct shape *shape)
{
	struct shape_end source = {
		plan->source->offset_align, plan->source_offset_bytes,
	}, destination = {
		plan->destination->offset_align,
		plan->destination_offset_bytes,
	};

	shape_find(&source, &destination, plan->size_bytes,
		   is_cut_afterwards(plan->destination), shape);
}

/* --- errors ------------------------------------------------------------- */

/* The first error counts; later ones are its echo. */
static void fail(struct copy *copy, const struct slot *slot, int error)
{
	const struct transfer *t = &slot->transfer;

	if (copy->rc)
		return;
	copy->rc = error;
	copy->result->error = (struct copy_error){
		.side = t->side,
		.offset_bytes = t->offset_bytes + t->done_bytes,
		.length_bytes = t->length_bytes - t->done_bytes,
		.error = error,
	};
}

/* For trouble that is no endpoint's. */
static void stop(struct copy *copy, int rc)
{
	if (!copy->rc)
		copy->rc = rc;
}

/* What the kernel says of peer memory that it does not map, or has lost. */
static bool is_refusal(int error)
{
	return error == -EREMOTEIO || error == -EINVAL || error == -EIO ||
	       error == -EFAULT;
}

/* --- one block ---------------------------------------------------------- */

static void push(struct copy *copy, struct slot *slot)
{
	int rc = transfer_push(&slot->transfer, copy->ring,
			       (uint64_t)(slot - copy->slots));

	if (rc)
		stop(copy, rc);
}

static void begin_read(struct copy *copy, struct slot *slot)
{
	const struct copy_plan *plan = copy->plan;
	struct transfer *t = &slot->transfer;

	*t = (struct transfer){
		.endpoint = plan->source,
		.action = RING_READ,
		.side = SIDE_SOURCE,
		.is_direct = copy->part->is_source_direct,
		.buffer = slot->buffer,
		.offset_bytes = plan->source_offset_bytes + slot->start_bytes,
		.want_bytes = slot->size_bytes,
	};
	t->length_bytes = (uint32_t)round_up(slot->size_bytes,
					     transfer_get_align(t));
	push(copy, slot);
}

static void begin_write(struct copy *copy, struct slot *slot)
{
	const struct copy_plan *plan = copy->plan;
	struct transfer *t = &slot->transfer;

	*t = (struct transfer){
		.endpoint = plan->destination,
		.action = RING_WRITE,
		.side = SIDE_DESTINATION,
		.is_direct = copy->part->is_destination_direct,
		.buffer = slot->buffer,
		.offset_bytes = plan->destination_offset_bytes +
				slot->start_bytes,
		.want_bytes = slot->size_bytes,
	};
	/* Only what is cut afterwards ever needs rounding. */
	t->length_bytes = (uint32_t)round_up(slot->size_bytes,
					     transfer_get_align(t));
	push(copy, slot);
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
					    (unsigned)(slot - copy->slots));
	slot->is_host = true;
	return 0;
}

/* A head or a tail is one block, shorter than the coarser alignment. */
static int move_to_edge(struct copy *copy, struct slot *slot)
{
	const struct copy_plan *plan = copy->plan;
	int rc;

	if (!copy->edge_pool) {
		rc = p2pdma_pool_create(plan->host,
					MAX(plan->source->offset_align,
					    plan->destination->offset_align),
					1, 1, &copy->edge_pool);
		if (rc)
			return rc;
	}
	slot->buffer = p2pdma_pool_get_slot(copy->edge_pool, 0);
	slot->is_host = true;
	return 0;
}

static int choose_buffer(struct copy *copy, struct slot *slot)
{
	if (copy->part->is_edge)
		return move_to_edge(copy, slot);
	if (copy->is_host)
		return move_to_host(copy, slot);
	slot->buffer = p2pdma_pool_get_slot(copy->plan->pool,
					    (unsigned)(slot - copy->slots));
	slot->is_host = !copy->plan->is_peer;
	return 0;
}

static void begin_block(struct copy *copy, struct slot *slot)
{
	uint64_t left = copy->part->end_bytes - copy->next_bytes;
	int rc;

	if (!left || copy->rc)
		return;
	rc = choose_buffer(copy, slot);
	if (rc) {
		stop(copy, rc);
		return;
	}
	slot->start_bytes = copy->next_bytes;
	slot->size_bytes = (uint32_t)MIN(left, copy->plan->block_bytes);
	slot->is_open = true;
	slot->is_trial = false;
	copy->next_bytes += slot->size_bytes;
	begin_read(copy, slot);
}

static void end_block(struct copy *copy, struct slot *slot)
{
	struct copy_result *result = copy->result;

	slot->is_open = false;
	result->copied_bytes += slot->size_bytes;
	if (slot->is_host)
		result->host_bytes += slot->size_bytes;
	else
		result->peer_bytes += slot->size_bytes;
	begin_block(copy, slot);
}

/* --- peer memory that the kernel refuses -------------------------------- */

static void refuse(struct copy *copy, enum side side, int error)
{
	if (!copy->result->refused_by) {
		copy->result->refused_by = side;
		copy->result->refused_error = error;
	}
}

/*
 * The same block by host memory: if that works it was peer memory that was
 * refused, if not the error is one of the drive or of the request.
 */
static void try_in_host(struct copy *copy, struct slot *slot, int error)
{
	enum side side = slot->transfer.side;
	int rc;

	if (copy->plan->is_peer_required && side == SIDE_DESTINATION) {
		/* No kernel refuses a write by EIO: that is the drive's. */
		if (error == -EIO) {
			fail(copy, slot, error);
			return;
		}
		/* Not by writing: that would be the copy itself. */
		refuse(copy, side, error);
		stop(copy, -EREMOTEIO);
		return;
	}
	rc = move_to_host(copy, slot);
	if (rc) {
		fail(copy, slot, error);
		return;
	}
	refuse(copy, side, error);
	slot->is_trial = true;
	begin_read(copy, slot);
}

/* The trial is over when the side that refused has done it by host memory. */
static void judge_trial(struct copy *copy, struct slot *slot)
{
	if (slot->transfer.side != copy->result->refused_by)
		return;
	slot->is_trial = false;
	copy->is_host = true;
	if (copy->plan->is_peer_required)
		stop(copy, -EREMOTEIO);
}

static void take_failure(struct copy *copy, struct slot *slot, int error)
{
	if (copy->rc)
		return;
	if (!slot->is_host && is_refusal(error)) {
		try_in_host(copy, slot, error);
		return;
	}
	if (slot->is_trial && !copy->is_host)
		copy->result->refused_by = SIDE_NONE;
	fail(copy, slot, error);
}

/* --- the loop ----------------------------------------------------------- */

static void take_done(struct copy *copy, struct slot *slot)
{
	if (slot->is_trial)
		judge_trial(copy, slot);
	if (slot->transfer.side == SIDE_DESTINATION)
		end_block(copy, slot);
	else if (!copy->rc)
		begin_write(copy, slot);
}

static void take_completion(struct copy *copy,
			    const struct ring_completion *completion)
{
	struct slot *slot = &copy->slots[completion->tag];
	int error = 0;

	switch (transfer_take(&slot->transfer, completion->result, &error)) {
	case TRANSFER_DONE:
		take_done(copy, slot);
		break;
	case TRANSFER_AGAIN:
		if (!copy->rc)
			push(copy, slot);
		break;
	case TRANSFER_FAILED:
		take_failure(copy, slot, error);
		break;
	}
}

/* The oldest block that waits for @side; NULL: nothing does. */
static const struct slot *find_oldest(const struct copy *copy, enum side side)
{
	const struct slot *oldest = NULL;

	for (unsigned i = 0; i < copy->slot_count; i++) {
		const struct slot *slot = &copy->slots[i];

		if (slot->is_open && slot->transfer.side == side &&
		    (!oldest || slot->start_bytes < oldest->start_bytes))
			oldest = slot;
	}
	return oldest;
}

/* Whoever has a transfer open is silent. */
static void blame_silence(struct copy *copy)
{
	const struct slot *reading = find_oldest(copy, SIDE_SOURCE);
	const struct slot *writing = find_oldest(copy, SIDE_DESTINATION);

	if (reading || writing)
		fail(copy, reading ? reading : writing, -ETIMEDOUT);
	copy->result->is_silent_on_both = reading && writing;
	stop(copy, -ETIMEDOUT);
	copy->result->is_silent = true;
}

static void look_around(struct copy *copy, unsigned completions)
{
	const struct copy_plan *plan = copy->plan;
	uint64_t now = clock_now_ns();

	if (plan->stop && *plan->stop && !copy->rc) {
		copy->result->is_interrupted = true;
		copy->rc = -EINTR;
	}
	if (plan->tick)
		plan->tick(plan->tick_data, copy->result->copied_bytes);
	if (completions)
		copy->last_completion_ns = now;
	else if (plan->io_timeout_ns &&
		 now - copy->last_completion_ns >= plan->io_timeout_ns)
		blame_silence(copy);
}

static uint64_t get_patience(const struct copy *copy)
{
	uint64_t limit = copy->plan->io_timeout_ns;

	return limit ? MIN(limit, GLANCE_NS) : GLANCE_NS;
}

static void turn(struct copy *copy)
{
	const struct ring_completion *done;
	unsigned count;
	int rc;

	rc = ring_turn(copy->ring, 1, get_patience(copy));
	if (rc)
		stop(copy, rc);
	done = ring_get_completions(copy->ring, &count);
	for (unsigned i = 0; i < count; i++)
		take_completion(copy, &done[i]);
	look_around(copy, count);
}

/* The end of what is written without a gap. */
static uint64_t find_in_place(const struct copy *copy)
{
	uint64_t end = copy->next_bytes;

	for (unsigned i = 0; i < copy->slot_count; i++)
		if (copy->slots[i].is_open)
			end = MIN(end, copy->slots[i].start_bytes);
	return end;
}

static int run_part(struct copy *copy, const struct part *part)
{
	if (part->start_bytes == part->end_bytes)
		return 0;
	copy->part = part;
	copy->next_bytes = part->start_bytes;
	for (unsigned i = 0; i < copy->slot_count; i++)
		begin_block(copy, &copy->slots[i]);
	while (ring_get_in_flight(copy->ring) && !copy->result->is_silent)
		turn(copy);
	copy->result->in_place_bytes = find_in_place(copy);
	return copy->rc;
}

/* --- the whole ---------------------------------------------------------- */

static int run_parts(struct copy *copy)
{
	const struct copy_plan *plan = copy->plan;
	struct shape shape;
	uint64_t body_end;
	int rc;

	copy_find_shape(plan, &shape);
	body_end = shape.head_bytes + shape.body_bytes;
	const struct part head = { 0, shape.head_bytes, false, false, true };
	const struct part body = { shape.head_bytes, body_end,
				   shape.is_source_direct,
				   shape.is_destination_direct, false };
	const struct part tail = { body_end, plan->size_bytes, false, false,
				   true };

	rc = run_part(copy, &head);
	if (!rc)
		rc = run_part(copy, &body);
	return rc ? rc : run_part(copy, &tail);
}

/*
 * Through the ring, because a drive that no longer answers must not hold us:
 * fsync(2) waits for ever.
 */
static int flush(struct copy *copy)
{
	const struct ring_completion *done;
	struct ring_op op = {
		.action = RING_FSYNC,
		.file = transfer_get_file(SIDE_DESTINATION, false),
	};
	uint64_t start = clock_now_ns();
	unsigned count = 0;
	int rc;

	rc = ring_push(copy->ring, &op);
	while (!rc && !count) {
		rc = ring_turn(copy->ring, 1, get_patience(copy));
		done = ring_get_completions(copy->ring, &count);
		if (count)	/* EINVAL: nothing there to be flushed */
			return done->result == -EINVAL ? 0 : done->result;
		if (copy->plan->io_timeout_ns &&
		    clock_now_ns() - start >= copy->plan->io_timeout_ns) {
			copy->result->is_silent = true;
			return -ETIMEDOUT;
		}
	}
	return rc;
}

/* What went through the page cache may take its time: no limit there. */
static bool is_flush_quick(const struct copy *copy)
{
	struct shape shape;

	copy_find_shape(copy->plan, &shape);
	return shape.is_destination_direct;
}

static int complete(struct copy *copy)
{
	const struct copy_plan *plan = copy->plan;
	int rc = 0;

	if (plan->is_synced && is_flush_quick(copy))
		rc = flush(copy);
	if (!rc)
		rc = endpoint_commit(plan->destination,
				     plan->destination_offset_bytes +
					     plan->size_bytes,
				     plan->is_synced);
	if (rc)
		copy->result->error = (struct copy_error){
			.side = SIDE_DESTINATION, .error = rc,
			.offset_bytes = plan->destination_offset_bytes,
			.length_bytes = plan->size_bytes,
		};
	return rc;
}

static int set_up(struct copy *copy)
{
	const struct copy_plan *plan = copy->plan;

	if (plan->block_bytes % plan->source->offset_align ||
	    plan->block_bytes % plan->destination->offset_align)
		return -EINVAL;
	copy->ring = plan->ring;
	copy->submits_before = ring_get_submits(plan->ring);
	copy->slot_count = p2pdma_pool_get_slots(plan->pool);
	copy->slots = calloc(copy->slot_count, sizeof(*copy->slots));
	if (!copy->slots)
		return -ENOMEM;
	return transfer_register(copy->ring, plan->source, plan->destination);
}

/* What is in flight may still come into the buffers: then nothing is freed. */
static void tear_down(struct copy *copy)
{
	if (copy->result->is_silent)
		return;
	p2pdma_pool_destroy(copy->host_pool);
	p2pdma_pool_destroy(copy->edge_pool);
	free(copy->slots);
}

int copy_run(const struct copy_plan *plan, struct copy_result *result)
{
	uint64_t start_ns = clock_now_ns(), start_cpu_ns = clock_cpu_ns();
	struct copy copy = { .plan = plan, .result = result };
	int rc;

	*result = (struct copy_result){ 0 };
	rc = set_up(&copy);
	copy.last_completion_ns = clock_now_ns();
	if (!rc)
		rc = run_parts(&copy);
	if (!rc)
		rc = complete(&copy);
	result->submits = ring_get_submits(copy.ring) - copy.submits_before;
	result->duration_ns = clock_now_ns() - start_ns;
	result->cpu_ns = clock_cpu_ns() - start_cpu_ns;
	tear_down(&copy);
	return rc;
}
