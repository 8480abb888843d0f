// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "engine/watch.h"

/* The same piece of both sides. */
struct pair {
	struct transfer reads[2];
	uint32_t before_bytes[2];	/* what alignment put in front */
	unsigned waiting;		/* reads that are not there yet */
	uint64_t start_bytes;
	uint32_t size_bytes;
};

struct verify {
	const struct verify_plan *plan;
	struct verify_result *result;
	struct ring *ring;
	struct p2pdma_pool *pool;	/* two slots a pair */
	struct pair *pairs;
	uint64_t next_bytes;
	struct watch watch;
	int rc;
};

static void push(struct verify *verify, struct pair *pair, unsigned end)
{
	uint64_t tag = 2 * (uint64_t)(pair - verify->pairs) + end;
	int rc = transfer_push(&pair->reads[end], verify->ring, tag);

	if (rc && !verify->rc)
		verify->rc = rc;
}

/* From the block that holds the first byte to the one that holds the last. */
static void begin_read(struct verify *verify, struct pair *pair, unsigned end)
{
	const struct verify_plan *plan = verify->plan;
	struct transfer *t = &pair->reads[end];
	uint64_t offset = pair->start_bytes;
	uint32_t align, before;

	t->endpoint = end ? plan->destination : plan->source;
	t->side = end ? SIDE_DESTINATION : SIDE_SOURCE;
	t->action = RING_READ;
	t->is_direct = t->endpoint->direct_fd >= 0;
	t->done_bytes = 0;
	offset += end ? plan->destination_offset_bytes :
			plan->source_offset_bytes;
	align = transfer_get_align(t);
	before = (uint32_t)(offset % align);
	pair->before_bytes[end] = before;
	t->offset_bytes = offset - before;
	t->want_bytes = before + pair->size_bytes;
	t->length_bytes = (uint32_t)round_up(t->want_bytes, align);
	push(verify, pair, end);
}

/* What could not be copied cannot be the same. */
static bool find_next(const struct verify *verify, uint64_t *start,
		      uint64_t *end)
{
	const struct verify_plan *plan = verify->plan;

	*start = verify->next_bytes;
	*end = plan->size_bytes;
	if (!plan->extents)
		return *start < *end;
	return extents_find_other(plan->extents, verify->next_bytes,
				  1u << EXTENT_BAD_READ |
				  1u << EXTENT_BAD_WRITE, start, end);
}

static void begin_pair(struct verify *verify, struct pair *pair)
{
	uint64_t start, end;

	if (verify->rc || !find_next(verify, &start, &end))
		return;
	pair->start_bytes = start;
	pair->size_bytes = (uint32_t)MIN(end - start,
					 verify->plan->block_bytes);
	pair->waiting = 2;
	verify->next_bytes = start + pair->size_bytes;
	begin_read(verify, pair, 0);
	begin_read(verify, pair, 1);
}

static void count_mismatches(struct verify_result *result, const char *a,
			     const char *b, const struct pair *pair)
{
	for (uint32_t i = 0; i < pair->size_bytes; i++) {
		if (a[i] == b[i])
			continue;
		if (!result->mismatched_bytes ||
		    pair->start_bytes + i < result->first_mismatch_bytes)
			result->first_mismatch_bytes = pair->start_bytes + i;
		result->mismatched_bytes++;
	}
}

static void end_pair(struct verify *verify, struct pair *pair)
{
	const char *a = pair->reads[0].buffer + pair->before_bytes[0];
	const char *b = pair->reads[1].buffer + pair->before_bytes[1];

	if (memcmp(a, b, pair->size_bytes))
		count_mismatches(verify->result, a, b, pair);
	verify->result->compared_bytes += pair->size_bytes;
	begin_pair(verify, pair);
}

static void fail(struct verify *verify, const struct transfer *t, int error)
{
	if (verify->rc)
		return;
	verify->rc = error;
	verify->result->error = (struct copy_error){
		.side = t->side,
		.offset_bytes = t->offset_bytes + t->done_bytes,
		.length_bytes = t->length_bytes - t->done_bytes,
		.error = error,
	};
}

static void take_completion(struct verify *verify,
			    const struct ring_completion *completion)
{
	struct pair *pair = &verify->pairs[completion->tag / 2];
	unsigned end = completion->tag % 2;
	int error = 0;

	switch (transfer_take(&pair->reads[end], completion->result, &error)) {
	case TRANSFER_DONE:
		if (!--pair->waiting)
			end_pair(verify, pair);
		break;
	case TRANSFER_AGAIN:
		if (!verify->rc)
			push(verify, pair, end);
		break;
	case TRANSFER_FAILED:
		fail(verify, &pair->reads[end], error);
		break;
	}
}

static void blame_silence(struct verify *verify)
{
	for (unsigned i = 0; i < 2 * verify->plan->depth; i++) {
		const struct pair *pair = &verify->pairs[i / 2];
		const struct transfer *t = &pair->reads[i % 2];

		if (pair->waiting && t->done_bytes < t->want_bytes)
			fail(verify, t, -ETIMEDOUT);
	}
	verify->result->is_silent = true;
}

static void turn(struct verify *verify)
{
	const struct ring_completion *done;
	unsigned count, events;
	int rc;

	rc = ring_turn(verify->ring, 1, watch_get_patience(&verify->watch));
	/* What is in flight would be waited for in vain. */
	if (rc) {
		verify->rc = verify->rc ? verify->rc : rc;
		verify->result->is_silent = true;
	}
	done = ring_get_completions(verify->ring, &count);
	for (unsigned i = 0; i < count; i++)
		take_completion(verify, &done[i]);
	events = watch_look(&verify->watch, count,
			    verify->result->compared_bytes);
	if (events & WATCH_STOP && !verify->rc)
		verify->rc = -EINTR;
	if (events & WATCH_SILENCE)
		blame_silence(verify);
}

/* What is read from the page cache proves nothing about the medium. */
static void forget_cached(const struct endpoint *endpoint)
{
	if (endpoint->direct_fd < 0)
		(void)posix_fadvise(endpoint->fd, 0, 0, POSIX_FADV_DONTNEED);
}

static int set_up(struct verify *verify)
{
	const struct verify_plan *plan = verify->plan;
	uint32_t align = MAX(plan->source->offset_align,
			     plan->destination->offset_align);
	unsigned slots = 2 * plan->depth;
	int rc;

	forget_cached(plan->source);
	forget_cached(plan->destination);
	verify->pairs = calloc(plan->depth, sizeof(*verify->pairs));
	if (!verify->pairs)
		return -ENOMEM;
	rc = p2pdma_pool_create(plan->host, plan->block_bytes + 2 * align,
				slots, slots, &verify->pool);
	if (rc)
		return rc;
	for (unsigned i = 0; i < slots; i++)
		verify->pairs[i / 2].reads[i % 2].buffer =
			p2pdma_pool_get_slot(verify->pool, i);
	verify->ring = plan->ring;
	verify->watch = (struct watch){
		.stop = plan->stop,
		.tick = plan->tick,
		.tick_data = plan->tick_data,
		.io_timeout_ns = plan->io_timeout_ns,
	};
	return transfer_register(verify->ring, plan->source,
				 plan->destination);
}

static void run(struct verify *verify)
{
	watch_begin(&verify->watch);
	for (unsigned i = 0; i < verify->plan->depth; i++)
		begin_pair(verify, &verify->pairs[i]);
	while (ring_get_in_flight(verify->ring) && !verify->result->is_silent)
		turn(verify);
}

int verify_run(const struct verify_plan *plan, struct verify_result *result)
{
	struct verify verify = { .plan = plan, .result = result };

	*result = (struct verify_result){ 0 };
	verify.rc = set_up(&verify);
	if (!verify.rc)
		run(&verify);
	if (result->is_silent)
		return verify.rc;
	p2pdma_pool_destroy(verify.pool);
	free(verify.pairs);
	return verify.rc;
}
