// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/compare.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/macro.h"
#include "engine/shape.h"

#define GLANCE_NS	(200 * NS_PER_MS)

/* Where the drive says that something differs; beyond it they are united. */
#define RANGES_MOST	64

/* The drive, or the kernel, does not take it; not an error of the data. */
#define REFUSED		1

/* A piece that is read from the source and then compared by the drive. */
struct piece {
	struct transfer transfer;
	char *buffer;
	uint64_t start_bytes;	/* from the start of the whole */
	uint32_t size_bytes;
	bool is_open;
};

struct range {
	uint64_t start_bytes, end_bytes;
};

struct compare {
	const struct compare_plan *plan;
	struct verify_result *result;
	struct piece *pieces;
	unsigned piece_count;
	uint32_t block_bytes;
	uint64_t next_bytes, end_bytes;	/* of the body */
	uint64_t last_completion_ns;
	struct range ranges[RANGES_MOST];
	unsigned range_count;
	int refusal;			/* negative errno, when rc is REFUSED */
	int rc;				/* not 0: begin nothing any more */
};

/* --- one piece ---------------------------------------------------------- */

static void stop(struct compare *compare, int rc)
{
	if (!compare->rc)
		compare->rc = rc;
}

static void push(struct compare *compare, struct piece *piece)
{
	int rc = transfer_push(&piece->transfer, compare->plan->read->ring,
			       (uint64_t)(piece - compare->pieces));

	if (rc) {
		piece->is_open = false;
		stop(compare, rc);
	}
}

static void begin_piece(struct compare *compare, struct piece *piece)
{
	const struct verify_plan *read = compare->plan->read;
	uint64_t left = compare->end_bytes - compare->next_bytes;

	if (!left || compare->rc)
		return;
	piece->start_bytes = compare->next_bytes;
	piece->size_bytes = (uint32_t)MIN(left, compare->block_bytes);
	piece->is_open = true;
	compare->next_bytes += piece->size_bytes;
	piece->transfer = (struct transfer){
		.endpoint = read->source,
		.action = RING_READ,
		.side = SIDE_SOURCE,
		.is_direct = true,
		.buffer = piece->buffer,
		.offset_bytes = read->source_offset_bytes + piece->start_bytes,
		.want_bytes = piece->size_bytes,
	};
	piece->transfer.length_bytes = (uint32_t)
		round_up(piece->size_bytes, read->source->offset_align);
	push(compare, piece);
}

static void begin_compare(struct compare *compare, struct piece *piece)
{
	const struct verify_plan *read = compare->plan->read;

	piece->transfer = (struct transfer){
		.endpoint = compare->plan->drive,
		.action = RING_COMPARE,
		.side = SIDE_DESTINATION,
		.is_direct = true,
		.buffer = piece->buffer,
		.offset_bytes = read->destination_offset_bytes +
				piece->start_bytes,
		.length_bytes = piece->size_bytes,
		.want_bytes = piece->size_bytes,
	};
	push(compare, piece);
}

static void end_piece(struct compare *compare, struct piece *piece)
{
	piece->is_open = false;
	compare->result->compared_bytes += piece->size_bytes;
	begin_piece(compare, piece);
}

/* Neighbours are one; what has no place of its own widens the last one. */
static void note_difference(struct compare *compare, const struct piece *piece)
{
	uint64_t start = piece->start_bytes, end = start + piece->size_bytes;
	struct range *last = &compare->ranges[RANGES_MOST - 1];

	for (unsigned i = 0; i < compare->range_count; i++) {
		struct range *r = &compare->ranges[i];

		if (start > r->end_bytes || end < r->start_bytes)
			continue;
		r->start_bytes = MIN(r->start_bytes, start);
		r->end_bytes = MAX(r->end_bytes, end);
		return;
	}
	if (compare->range_count < RANGES_MOST) {
		compare->ranges[compare->range_count++] =
			(struct range){ start, end };
		return;
	}
	last->start_bytes = MIN(last->start_bytes, start);
	last->end_bytes = MAX(last->end_bytes, end);
}

/* --- errors ------------------------------------------------------------- */

/*
 * Peer memory that is not mapped, a command that is not known, or one that
 * the kernel does not let us send: reading will tell.
 */
static bool is_refusal(const struct transfer *t, int error)
{
	if (error == -EREMOTEIO || error == -EINVAL || error == -EFAULT)
		return true;
	return t->action == RING_COMPARE &&
	       (error == -EOPNOTSUPP || error == -EACCES || error == -EPERM);
}

static void fail(struct compare *compare, const struct transfer *t, int error)
{
	if (compare->rc)
		return;
	if (is_refusal(t, error)) {
		compare->refusal = error;
		compare->rc = REFUSED;
		return;
	}
	compare->rc = error;
	compare->result->error = (struct copy_error){
		.side = t->side,
		.offset_bytes = t->offset_bytes + t->done_bytes,
		.length_bytes = t->length_bytes - t->done_bytes,
		.error = error,
	};
}

static void blame_silence(struct compare *compare)
{
	for (unsigned i = 0; i < compare->piece_count; i++)
		if (compare->pieces[i].is_open)
			fail(compare, &compare->pieces[i].transfer,
			     -ETIMEDOUT);
	compare->result->is_silent = true;
}

/* --- the loop ----------------------------------------------------------- */

static bool has_failed_to_compare(const struct transfer *t, int result)
{
	return t->action == RING_COMPARE && result > 0 &&
	       (result & NVME_STATUS_MASK) == NVME_STATUS_COMPARE_FAILED;
}

static void take_done(struct compare *compare, struct piece *piece)
{
	if (piece->transfer.action == RING_COMPARE)
		end_piece(compare, piece);
	else if (!compare->rc)
		begin_compare(compare, piece);
	else
		piece->is_open = false;
}

static void take_completion(struct compare *compare,
			    const struct ring_completion *completion)
{
	struct piece *piece = &compare->pieces[completion->tag];
	struct transfer *t = &piece->transfer;
	int error = 0;

	if (has_failed_to_compare(t, completion->result)) {
		note_difference(compare, piece);
		end_piece(compare, piece);
		return;
	}
	switch (transfer_take(t, completion->result, &error)) {
	case TRANSFER_DONE:
		take_done(compare, piece);
		break;
	case TRANSFER_AGAIN:
		if (!compare->rc)
			push(compare, piece);
		break;
	case TRANSFER_FAILED:
		piece->is_open = false;
		fail(compare, t, error);
		break;
	}
}

static void look_around(struct compare *compare, unsigned completions)
{
	const struct verify_plan *read = compare->plan->read;
	uint64_t now = clock_now_ns();

	if (read->stop && *read->stop)
		stop(compare, -EINTR);
	if (read->tick)
		read->tick(read->tick_data, compare->result->compared_bytes);
	if (completions)
		compare->last_completion_ns = now;
	else if (read->io_timeout_ns &&
		 now - compare->last_completion_ns >= read->io_timeout_ns)
		blame_silence(compare);
}

static void turn(struct compare *compare)
{
	const struct verify_plan *read = compare->plan->read;
	uint64_t limit = read->io_timeout_ns;
	const struct ring_completion *done;
	unsigned count;
	int rc;

	rc = ring_turn(read->ring, 1, limit ? MIN(limit, GLANCE_NS) :
					      GLANCE_NS);
	/* What is in flight would be waited for in vain. */
	if (rc) {
		stop(compare, rc);
		compare->result->is_silent = true;
	}
	done = ring_get_completions(read->ring, &count);
	for (unsigned i = 0; i < count; i++)
		take_completion(compare, &done[i]);
	look_around(compare, count);
}

static void run_pieces(struct compare *compare)
{
	const struct verify_plan *read = compare->plan->read;

	compare->last_completion_ns = clock_now_ns();
	for (unsigned i = 0; i < compare->piece_count; i++)
		begin_piece(compare, &compare->pieces[i]);
	while (ring_get_in_flight(read->ring) && !compare->result->is_silent)
		turn(compare);
}

static int set_up(struct compare *compare, struct p2pdma_pool *pool)
{
	const struct verify_plan *read = compare->plan->read;

	compare->piece_count = p2pdma_pool_get_slots(pool);
	compare->pieces = calloc(compare->piece_count,
				 sizeof(*compare->pieces));
	if (!compare->pieces)
		return -ENOMEM;
	for (unsigned i = 0; i < compare->piece_count; i++)
		compare->pieces[i].buffer = p2pdma_pool_get_slot(pool, i);
	return transfer_register(read->ring, read->source,
				 compare->plan->drive);
}

/* 0, REFUSED, or -errno. What is in flight when it is silent stays. */
static int compare_body(struct compare *compare, struct p2pdma_pool *pool,
			const struct shape *shape)
{
	*compare->result = (struct verify_result){ 0 };
	compare->next_bytes = shape->head_bytes;
	compare->end_bytes = shape->head_bytes + shape->body_bytes;
	compare->range_count = 0;
	compare->rc = set_up(compare, pool);
	if (!compare->rc)
		run_pieces(compare);
	if (!compare->result->is_silent) {
		free(compare->pieces);
		compare->pieces = NULL;
	}
	return compare->rc;
}

/* --- what is read ------------------------------------------------------- */

static void add(struct verify_result *sum, const struct verify_result *part,
		uint64_t start_bytes)
{
	uint64_t first = start_bytes + part->first_mismatch_bytes;

	if (part->mismatched_bytes && (!sum->mismatched_bytes ||
				       first < sum->first_mismatch_bytes))
		sum->first_mismatch_bytes = first;
	sum->mismatched_bytes += part->mismatched_bytes;
	sum->is_silent |= part->is_silent;
	sum->error = part->error;
}

static int read_range(const struct compare *compare, const struct range *range,
		      struct verify_result *part)
{
	const struct verify_plan *read = compare->plan->read;
	struct verify_plan plan = *read;

	plan.source_offset_bytes += range->start_bytes;
	plan.destination_offset_bytes += range->start_bytes;
	plan.size_bytes = range->end_bytes - range->start_bytes;
	plan.tick = NULL;
	/* It maps the whole, and this is a part; holes are zeros at both. */
	plan.extents = NULL;
	return verify_run(&plan, part);
}

/* What was no whole block. */
static int read_edge(struct compare *compare, uint64_t start_bytes,
		     uint64_t end_bytes)
{
	const struct range range = { start_bytes, end_bytes };
	struct verify_result part;
	int rc;

	if (start_bytes == end_bytes)
		return 0;
	rc = read_range(compare, &range, &part);
	add(compare->result, &part, start_bytes);
	compare->result->compared_bytes += part.compared_bytes;
	return rc;
}

/*
 * Which bytes they are. If none differs when the host reads them, then what
 * lies between the drives is not to be trusted, nor is the range.
 */
static int read_difference(struct compare *compare, const struct range *range)
{
	struct verify_result part;
	int rc = read_range(compare, range, &part);

	if (!rc && !part.mismatched_bytes)
		part.mismatched_bytes = range->end_bytes - range->start_bytes;
	add(compare->result, &part, range->start_bytes);
	return rc;
}

static int read_rest(struct compare *compare, const struct shape *shape)
{
	uint64_t size = compare->plan->read->size_bytes;
	int rc;

	rc = read_edge(compare, 0, shape->head_bytes);
	for (unsigned i = 0; !rc && i < compare->range_count; i++)
		rc = read_difference(compare, &compare->ranges[i]);
	return rc ? rc : read_edge(compare, size - shape->tail_bytes, size);
}

/* --- the whole ---------------------------------------------------------- */

/* Blocks of the drive; what the source wants is its own affair. */
static void find_shape(const struct compare_plan *plan, struct shape *shape)
{
	const struct verify_plan *read = plan->read;
	const struct shape_end source = {
		read->source->direct_fd >= 0 ? read->source->offset_align : 1,
		read->source_offset_bytes,
	}, drive = {
		1u << plan->drive->range.lba_shift,
		read->destination_offset_bytes,
	};

	shape_find(&source, &drive, read->size_bytes, false, shape);
}

/* What one command takes: nobody cuts it. */
static uint32_t find_block(const struct compare_plan *plan)
{
	uint32_t most = plan->drive->max_io_bytes;
	uint32_t align = MAX(plan->drive->offset_align,
			     plan->read->source->offset_align);

	if (!most || most < align)
		return plan->read->block_bytes;
	return (uint32_t)MIN(plan->read->block_bytes,
			     round_down(most, align));
}

static int compare_in_host(struct compare *compare, const struct shape *shape)
{
	const struct verify_plan *read = compare->plan->read;
	struct p2pdma_pool *pool = NULL;
	int rc;

	rc = p2pdma_pool_create(read->host, read->block_bytes, read->depth,
				read->depth, &pool);
	if (!rc)
		rc = compare_body(compare, pool, shape);
	if (!compare->result->is_silent)
		p2pdma_pool_destroy(pool);
	return rc;
}

static const char *find_obstacle(const struct compare_plan *plan,
				 const struct shape *shape)
{
	struct nvme_facts facts;

	if (nvme_identify(plan->drive->direct_fd,
			  plan->drive->range.namespace_id, &facts))
		return "the drive does not say what it can";
	if (!facts.has_compare)
		return "the drive has no Compare command";
	if (!shape->is_source_direct || !shape->is_destination_direct)
		return "it does not fall onto blocks of both ends";
	return NULL;
}

static int compare_all(struct compare *compare, const struct shape *shape,
		       struct compare_result *result)
{
	const struct compare_plan *plan = compare->plan;
	int rc;

	result->is_peer = plan->is_peer;
	rc = compare_body(compare, plan->pool, shape);
	if (rc == REFUSED && plan->is_peer) {
		result->is_peer = false;
		rc = compare_in_host(compare, shape);
	}
	if (rc == REFUSED) {
		result->why_not = "the drive or the kernel refuses Compare";
		result->why_error = compare->refusal;
		return 0;
	}
	return rc ? rc : read_rest(compare, shape);
}

int compare_run(const struct compare_plan *plan, struct compare_result *result)
{
	struct compare compare = {
		.plan = plan,
		.result = &result->verified,
	};
	struct shape shape;

	*result = (struct compare_result){ 0 };
	compare.block_bytes = find_block(plan);
	find_shape(plan, &shape);
	result->why_not = find_obstacle(plan, &shape);
	return result->why_not ? 0 : compare_all(&compare, &shape, result);
}
