// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/copy.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/macro.h"
#include "engine/copy-state.h"

/* Zeroing tells nothing until it is done: no more than this at once. */
#define ZERO_BYTES	(64 * MIB)
/* Of a piece with an error, the next smaller ones. */
#define SPLIT		32
/* Where nothing is aligned, there are blocks all the same. */
#define BLOCK_LEAST	512

static bool is_cut_afterwards(const struct endpoint *destination)
{
	return destination->mode & ENDPOINT_REPLACE &&
	       destination->kind != ENDPOINT_BLOCK;
}

/* Several destinations count as one that is the most particular of them. */
static void find_ends(const struct copy_plan *plan, struct cutter *cutter)
{
	uint32_t align = plan->destination->offset_align;
	bool is_cut = is_cut_afterwards(plan->destination);

	for (unsigned i = 0; i < plan->also_count; i++) {
		align = MAX(align, plan->also[i].endpoint->offset_align);
		is_cut &= is_cut_afterwards(plan->also[i].endpoint);
	}
	cutter->source = (struct shape_end){
		plan->source->offset_align, plan->source_offset_bytes,
	};
	cutter->destination = (struct shape_end){
		align, plan->destination_offset_bytes,
	};
	cutter->is_cut = is_cut;
}

void copy_find_shape(const struct copy_plan *plan, struct shape *shape)
{
	struct cutter ends;

	find_ends(plan, &ends);
	shape_find(&ends.source, &ends.destination, plan->size_bytes,
		   ends.is_cut, shape);
}

static uint32_t get_single(const struct copy *copy)
{
	return MAX(copy->plan->source->offset_align, BLOCK_LEAST);
}

/* --- the loop ----------------------------------------------------------- */

/* The oldest block that waits for @side; NULL: nothing does. */
static const struct slot *find_oldest(const struct copy *copy, enum side side)
{
	const struct slot *oldest = NULL;

	for (unsigned i = 0; i < copy->slot_count; i++) {
		const struct slot *slot = &copy->slots[i];

		if (slot->is_open && slot->side == side &&
		    (!oldest ||
		     slot->piece.start_bytes < oldest->piece.start_bytes))
			oldest = slot;
	}
	return oldest;
}

/* Of those that the slot waits for, the first. */
static const struct transfer *find_waiting(const struct copy *copy,
					   const struct slot *slot)
{
	for (unsigned i = 0; i < copy->leg_count; i++) {
		const struct transfer *t = copy_get_transfer(copy, slot,
							     1 + i);

		if (slot->side == SIDE_DESTINATION && !t->error &&
		    t->done_bytes < t->want_bytes)
			return t;
	}
	return copy_get_transfer(copy, slot,
				 slot->side == SIDE_SOURCE ? 0 : 1);
}

/* Whoever has a transfer open is silent. */
static void blame_silence(struct copy *copy)
{
	const struct slot *reading = find_oldest(copy, SIDE_SOURCE);
	const struct slot *writing = find_oldest(copy, SIDE_DESTINATION);

	if (reading || writing)
		copy_fail(copy, find_waiting(copy, reading ? reading : writing),
			  -ETIMEDOUT);
	else
		copy_blame_flush(copy);
	copy->result->is_silent_on_both = reading && writing;
	copy_stop(copy, -ETIMEDOUT);
	copy->result->is_silent = true;
}

/* Whoever waits for the rate alone waits for nobody. */
static bool is_heard(struct copy *copy, unsigned completions)
{
	unsigned in_flight = ring_get_in_flight(copy->ring);

	return completions || !in_flight ||
	       (in_flight == copy->flushes && copy_hears_flush(copy));
}

static void read_clock(struct copy *copy)
{
	if (copy->plan->meter)
		copy->now_ns = clock_now_ns();
}

static void look_around(struct copy *copy, unsigned completions)
{
	const struct copy_meter *meter = copy->plan->meter;
	unsigned events = watch_look(&copy->watch, is_heard(copy, completions),
				     copy->result->copied_bytes);

	if (meter)
		meter->look(meter->data, copy->now_ns);
	if (events & WATCH_STOP && !copy->rc) {
		copy->result->is_interrupted = true;
		copy->rc = -EINTR;
	}
	if (events & WATCH_SILENCE)
		blame_silence(copy);
	if (copy->plan->journal && !copy->rc)
		copy_save_sometimes(copy, clock_now_ns());
}

/* How long the next block has to, by the rate or the meter; 0: not at all. */
static uint64_t get_wait(const struct copy *copy)
{
	const struct copy_meter *meter = copy->plan->meter;

	if (meter)
		return meter->get_wait(meter->data);
	return copy->pace.bytes_per_sec ?
		       pace_get_wait(&copy->pace, clock_now_ns()) : 0;
}

static uint64_t get_patience(const struct copy *copy)
{
	uint64_t patience = watch_get_patience(&copy->watch);
	uint64_t wait = copy->idle_count ? get_wait(copy) : 0;

	return wait ? MIN(wait, patience) : patience;
}

static void turn(struct copy *copy)
{
	const struct ring_completion *done;
	unsigned count;
	int rc;

	rc = ring_turn(copy->ring, 1, get_patience(copy));
	/* What is in flight would be waited for in vain. */
	if (rc) {
		copy_stop(copy, rc);
		copy->result->is_silent = true;
	}
	read_clock(copy);
	done = ring_get_completions(copy->ring, &count);
	for (unsigned i = 0; i < count; i++)
		if (done[i].tag >= COPY_TAG_FLUSH)
			copy_take_flush(copy, &done[i]);
		else
			copy_take_completion(copy, &done[i]);
	copy_sum(copy);
	look_around(copy, count);
}

/* Not before the rate allows it, and what is apart not before the others. */
static bool has_to_wait(const struct copy *copy, const struct piece *piece)
{
	return (copy->idle_count < copy->slot_count &&
		(copy->pass.is_lonely ||
		 piece_is_apart(&copy->last, piece))) || get_wait(copy);
}

/* From the start again, also what was left, if there is no end to it. */
static bool find_piece(struct copy *copy, struct piece *piece)
{
	int rc;

	if (cutter_peek(&copy->cutter, piece))
		return true;
	if (!copy->plan->is_endless)
		return false;
	rc = extents_mark(copy->extents, 0, copy->plan->size_bytes,
			  copy->pass.state);
	if (rc)
		copy_stop(copy, rc);
	cutter_begin(&copy->cutter, copy->pass.state, copy->pass.piece_bytes);
	return !rc && cutter_peek(&copy->cutter, piece);
}

static void fill(struct copy *copy)
{
	struct piece piece;

	while (!copy->rc && copy->idle_count &&
	       find_piece(copy, &piece) &&
	       !has_to_wait(copy, &piece)) {
		cutter_take(&copy->cutter, &piece);
		copy->last = piece;
		copy_begin_block(copy, &piece);
		if (copy->pace.bytes_per_sec)
			pace_take(&copy->pace, clock_now_ns(),
				  piece.size_bytes);
	}
}

/* Nothing is in flight: only the rate is waited for. */
static void nap(struct copy *copy)
{
	uint64_t ns = get_patience(copy);
	const struct timespec rest = {
		.tv_sec = (time_t)(ns / NS_PER_SEC),
		.tv_nsec = (long)(ns % NS_PER_SEC),
	};

	nanosleep(&rest, NULL);
	read_clock(copy);
	look_around(copy, 0);
}

static bool is_anything_left(struct copy *copy)
{
	struct piece piece;

	return !copy->rc && find_piece(copy, &piece);
}

static int run_pass(struct copy *copy, const struct pass *pass)
{
	copy->pass = *pass;
	find_ends(copy->plan, &copy->cutter);
	if (pass->is_finer &&
	    copy->cutter.destination.align > copy->cutter.source.align)
		copy->cutter.destination.align = 1;
	cutter_begin(&copy->cutter, pass->state, pass->piece_bytes);
	while (!copy->result->is_silent) {
		fill(copy);
		if (ring_get_in_flight(copy->ring))
			turn(copy);
		else if (is_anything_left(copy))
			nap(copy);
		else
			break;
	}
	return copy->rc;
}

/* --- the whole ---------------------------------------------------------- */

static int run_again(struct copy *copy, uint32_t single)
{
	const struct pass written = {
		EXTENT_BAD_WRITE, EXTENT_BAD_READ, single, true, true,
	}, read = {
		EXTENT_BAD_READ, EXTENT_BAD_READ, single, true, true,
	};
	int rc = 0;

	for (unsigned i = 0; i < copy->plan->retries && !rc; i++) {
		rc = run_pass(copy, &read);
		if (!rc)
			rc = run_pass(copy, &written);
	}
	return rc;
}

static int run_measured(struct copy *copy)
{
	const struct copy_meter *meter = copy->plan->meter;
	const struct pass pass = {
		EXTENT_WANTED, EXTENT_UNTRIMMED, copy->plan->block_bytes,
		false, false,
	};

	meter->start(meter->data);
	return run_pass(copy, &pass);
}

/* What was done in large pieces comes first: a bad drive may get worse. */
static int run_passes(struct copy *copy)
{
	uint32_t block = copy->plan->block_bytes, single = get_single(copy);
	uint32_t coarse = MAX(copy->align, single);
	uint32_t less = (uint32_t)round_up(MAX(block / SPLIT, coarse), coarse);
	const struct pass passes[] = {
		{ EXTENT_HOLE, EXTENT_WANTED, ZERO_BYTES, false, false },
		{ EXTENT_WANTED, EXTENT_UNTRIMMED, block, false, false },
		{ EXTENT_UNTRIMMED, less > single ? EXTENT_UNSCRAPED :
						    EXTENT_BAD_READ, less,
		  true, false },
		{ EXTENT_UNSCRAPED, EXTENT_BAD_READ, single, true, true },
	};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(passes) && !rc; i++)
		rc = run_pass(copy, &passes[i]);
	copy_finish_sum(copy);
	return rc || !copy->plan->is_continued ? rc : run_again(copy, single);
}

/* What went through the page cache may take its time: no limit there. */
static bool is_flush_quick(const struct copy *copy)
{
	struct shape shape;

	copy_find_shape(copy->plan, &shape);
	return shape.is_destination_direct;
}

static void commit(struct copy *copy, unsigned leg)
{
	const struct copy_plan *plan = copy->plan;
	uint64_t offset = plan->destination_offset_bytes;
	int rc;

	if (copy->legs[leg].is_dropped)
		return;
	rc = endpoint_commit(copy->legs[leg].endpoint,
			     offset + plan->size_bytes, plan->is_synced);
	const struct copy_error error = {
		.side = SIDE_DESTINATION, .error = rc,
		.offset_bytes = offset, .length_bytes = plan->size_bytes,
	};

	if (rc)
		copy_drop(copy, leg, &error);
}

static int complete(struct copy *copy)
{
	const struct copy_plan *plan = copy->plan;

	if (plan->is_synced && is_flush_quick(copy))
		copy_stop(copy, copy_flush(copy));
	for (unsigned i = 0; i < copy->leg_count && !copy->rc; i++)
		commit(copy, i);
	return copy->rc;
}

static bool is_aligned(const struct copy_plan *plan)
{
	for (unsigned i = 0; i < plan->also_count; i++)
		if (plan->block_bytes % plan->also[i].endpoint->offset_align)
			return false;
	return !(plan->block_bytes % plan->source->offset_align ||
		 plan->block_bytes % plan->destination->offset_align);
}

static int set_up_legs(struct copy *copy)
{
	const struct copy_plan *plan = copy->plan;
	struct endpoint *endpoints[TRANSFER_LEGS_MOST];

	if (plan->also_count >= TRANSFER_LEGS_MOST)
		return -E2BIG;
	copy->leg_count = 1 + plan->also_count;
	copy->stride = 1 + copy->leg_count;
	copy->legs = calloc(copy->leg_count, sizeof(*copy->legs));
	if (!copy->legs)
		return -ENOMEM;
	copy->legs[0].endpoint = plan->destination;
	copy->legs[0].error = &copy->result->error;
	for (unsigned i = 0; i < plan->also_count; i++) {
		plan->also[i].error = (struct copy_error){ 0 };
		copy->legs[1 + i].endpoint = plan->also[i].endpoint;
		copy->legs[1 + i].error = &plan->also[i].error;
	}
	for (unsigned i = 0; i < copy->leg_count; i++)
		endpoints[i] = copy->legs[i].endpoint;
	return transfer_register_legs(copy->ring, plan->source, endpoints,
				      copy->leg_count);
}

static int set_up_slots(struct copy *copy)
{
	unsigned count = copy->plan->slot_count;

	if (!count)
		count = p2pdma_pool_get_slots(copy->plan->pool);
	copy->slot_count = copy->idle_count = count;
	copy->slots = calloc(count, sizeof(*copy->slots));
	copy->idle = calloc(count, sizeof(*copy->idle));
	copy->transfers = calloc((size_t)count * copy->stride,
				 sizeof(*copy->transfers));
	if (!copy->slots || !copy->idle || !copy->transfers)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++)
		copy->idle[i] = count - 1 - i;
	return copy_begin_sum(copy);
}

static int set_up_extents(struct copy *copy)
{
	const struct copy_plan *plan = copy->plan;
	int rc = 0;

	copy->extents = plan->extents ? plan->extents : &copy->own;
	if (!plan->extents)
		rc = extents_init(&copy->own, plan->size_bytes, EXTENT_WANTED);
	copy->cutter.extents = copy->extents;
	find_ends(plan, &copy->cutter);
	copy->align = MAX(get_single(copy), copy->cutter.destination.align);
	copy->result->skipped_bytes = extents_count(copy->extents,
						    EXTENT_DONE);
	return rc;
}

static int set_up(struct copy *copy)
{
	const struct copy_plan *plan = copy->plan;
	int rc;

	if (!is_aligned(plan))
		return -EINVAL;
	rc = set_up_legs(copy);
	if (!rc)
		rc = set_up_extents(copy);
	if (!rc)
		rc = set_up_slots(copy);
	copy->pace.bytes_per_sec = plan->rate_bytes_per_sec;
	copy->watch = (struct watch){
		.stop = plan->stop,
		.tick = plan->tick,
		.tick_data = plan->tick_data,
		.io_timeout_ns = plan->io_timeout_ns,
	};
	copy->saved_ns = clock_now_ns();
	watch_begin(&copy->watch);
	return rc;
}

/* What is in flight may still come into the buffers: then nothing is freed. */
static void tear_down(struct copy *copy)
{
	if (copy->result->is_silent)
		return;
	copy_free_buffers(copy);
	extents_fini(&copy->own);
	extents_fini(&copy->flushed);
	free(copy->sum_queue);
	free(copy->transfers);
	free(copy->idle);
	free(copy->slots);
	free(copy->legs);
}

static void add_up(struct copy *copy)
{
	struct copy_result *result = copy->result;

	result->skipped_bytes += extents_count(copy->extents, EXTENT_HOLE);
	result->bad_bytes = extents_count(copy->extents, EXTENT_BAD_READ) +
			    extents_count(copy->extents, EXTENT_BAD_WRITE);
	result->in_place_bytes = extents_get_whole(copy->extents);
	result->dropped = copy->dropped_count;
	result->submits = ring_get_submits(copy->ring) - copy->submits_before;
}

static bool is_whole(const struct copy *copy)
{
	return !copy->rc && !copy->result->bad_bytes && !copy->dropped_count;
}

static int run(struct copy *copy)
{
	int rc = set_up(copy);

	if (rc)
		return rc;
	if (copy->plan->meter)
		run_measured(copy);
	else if (!run_passes(copy))
		complete(copy);
	add_up(copy);
	if (copy->plan->journal)
		copy_save(copy, is_whole(copy));
	return copy->rc;
}

int copy_run(const struct copy_plan *plan, struct copy_result *result)
{
	uint64_t start_ns = clock_now_ns(), start_cpu_ns = clock_cpu_ns();
	struct copy copy = {
		.plan = plan, .result = result, .ring = plan->ring,
		.submits_before = ring_get_submits(plan->ring),
	};
	int rc;

	*result = (struct copy_result){ 0 };
	rc = run(&copy);
	result->duration_ns = clock_now_ns() - start_ns;
	result->cpu_ns = clock_cpu_ns() - start_cpu_ns;
	tear_down(&copy);
	return rc;
}
