// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macro.h"
#include "engine/batch-state.h"

/* Kernel threads that may wait for metadata at a time. */
#define WORKERS		64
/* Of what a second has, a part of it may be on its way without being counted */
#define UNSIZED_A_SECOND	20
/* Of one nap. */
#define NAP_MOST_NS	(NS_PER_SEC / 2)

static void take_clean(struct batch *b, struct file *f)
{
	if (!--f->pending)
		batch_end_file(b, f);
}

static void take(struct batch *b, const struct ring_completion *done)
{
	struct file *f = &b->files[done->tag & 0xffff];
	struct lane *l = &b->lanes[done->tag >> 16 & 0xffff];
	int result = done->result;

	batch_end_wait(b, done->tag);
	switch ((enum step)(done->tag >> 32)) {
	case STEP_STAT:
		batch_take_stat(b, f, result);
		break;
	case STEP_OPEN:
		batch_take_failed_open(b, f, result);
		break;
	case STEP_FIRST_READ:
		batch_take_first_read(b, f, result);
		break;
	case STEP_CREATE:
		batch_take_failed_create(b, f, result);
		break;
	case STEP_ALLOCATE:
		batch_take_failed_allocate(b, f, result);
		break;
	case STEP_FIRST_WRITE:
		batch_take_first_write(b, f, result);
		break;
	case STEP_READ:
		batch_take_read(b, f, l, result);
		break;
	case STEP_WRITE:
		batch_take_write(b, f, l, result);
		break;
	case STEP_FLUSH:
		batch_take_flush(b, f, result);
		break;
	case STEP_REOPEN:
		batch_take_reopen(b, f, result);
		break;
	case STEP_READ_SOURCE:
	case STEP_READ_COPY:
		batch_take_piece(b, f, (enum step)(done->tag >> 32), result);
		break;
	case STEP_STAT_AGAIN:
		batch_take_failed_stat_again(b, f);
		break;
	case STEP_RENAME:
		batch_take_rename(b, f, result);
		break;
	case STEP_LAST_CLOSE:
		batch_take_last_close(b, f, result);
		break;
	case STEP_CLOSE:
		batch_fail(b, f, SIDE_DESTINATION, "close", result);
		break;
	case STEP_CLEAN:
		take_clean(b, f);
		break;
	}
}

int batch_regain_ring(struct batch *batch, struct ring *ring)
{
	batch->plan.ring = ring;
	return ring_reserve_files(ring, 2 * FILES_MOST);
}

static int create_sums(struct batch *b)
{
	int rc = 0;

	for (unsigned i = 0; b->plan.checksum && !rc && i < FILES_MOST; i++)
		rc = checksum_create(b->plan.checksum, &b->files[i].sum);
	return rc;
}

int batch_create(const struct batch_plan *plan, struct batch **batch)
{
	struct batch *b = calloc(1, sizeof(*b));
	int rc;

	if (!b)
		return -ENOMEM;
	b->plan = *plan;
	b->lanes = calloc(BATCH_LANES_MOST, sizeof(*b->lanes));
	b->files = calloc(FILES_MOST, sizeof(*b->files));
	b->pace.bytes_per_sec = plan->rate_bytes_per_sec;
	rc = b->lanes && b->files ? batch_regain_ring(b, plan->ring) : -ENOMEM;
	if (!rc)
		rc = create_sums(b);
	if (rc) {
		batch_destroy(b);
		return rc;
	}
	/* Without, the kernel's own limit is a good one, too. */
	(void)ring_set_workers(plan->ring, WORKERS);
	*batch = b;
	return 0;
}

void batch_destroy(struct batch *batch)
{
	if (!batch)
		return;
	for (unsigned i = 0; batch->files && i < FILES_MOST; i++)
		checksum_destroy(batch->files[i].sum);
	free(batch->lanes);
	free(batch->files);
	free(batch);
}

static void add_lane(struct batch *b, struct route *r, unsigned slot)
{
	struct lane *l = &b->lanes[b->lane_count++];

	l->route = r;
	l->buffer = p2pdma_pool_get_slot(r->pool, slot);
	batch_give_lane(b, l);
}

int batch_add_route(struct batch *batch, struct p2pdma_pool *pool,
		    uint32_t block_bytes, uint32_t align, unsigned *route)
{
	struct route *r = &batch->routes[batch->route_count];
	unsigned lanes = p2pdma_pool_get_slots(pool);

	if (batch->route_count == ROUTES_MOST ||
	    batch->lane_count == BATCH_LANES_MOST)
		return -ENOSPC;
	lanes = MIN(lanes, BATCH_LANES_MOST - batch->lane_count);
	*r = (struct route){
		.pool = pool,
		.block_bytes = block_bytes,
		.align = align,
		.is_peer = p2pdma_pool_is_peer(pool),
		.lane_count = lanes,
	};
	for (unsigned i = 0; i < lanes; i++)
		add_lane(batch, r, i);
	*route = batch->route_count++;
	return 0;
}

/* Those that were used before are warm. */
static struct file *take_file(struct batch *b)
{
	struct file *f = b->free_files;

	if (!f)
		return &b->files[b->file_count++];
	b->free_files = f->next;
	b->free_count--;
	return f;
}

static bool has_free_files(const struct batch *b, unsigned count)
{
	return b->free_count + (FILES_MOST - b->file_count) >= count;
}

/* All but the names, which would be the most of it. */
static void reset(struct file *f, const struct batch_request *request)
{
	memset(f, 0, offsetof(struct file, sum));
	f->hole_fd = -1;
	f->source_directory = request->places->source_directory;
	f->is_followed = request->is_followed;
	f->is_regular = request->is_regular;
	f->answer.note = request->note;
	f->answer.source = f->source;
	f->answer.destination = f->destination;
	f->answer.route = request->route;
	f->started_ns = clock_now_ns();
	f->is_busy = true;
	strcpy(f->source, request->source);
}

static struct file *make_file(struct batch *b,
			      const struct batch_request *request)
{
	struct file *f = take_file(b);

	reset(f, request);
	f->route = &b->routes[request->route];
	if (!b->busy++)
		b->progress_ns = f->started_ns;
	return f;
}

static void set_place(struct file *f, const struct batch_place *place)
{
	f->source_directory = place->source_directory;
	f->destination_directory = place->directory;
	f->answer.owner = place->owner;
	strcpy(f->destination, place->name);
}

/* In the order of the request. */
static void add_copies(struct batch *b, struct file *reader,
		       const struct batch_request *request)
{
	struct file **end = &reader->copies;

	reader->is_parted = true;
	for (unsigned i = 0; i < request->place_count; i++) {
		struct file *copy = make_file(b, request);

		set_place(copy, &request->places[i]);
		copy->reader = reader;
		*end = copy;
		end = &copy->next_copy;
	}
}

static bool are_names_short(const struct batch_request *request)
{
	if (strlen(request->source) >= PATH_MAX)
		return false;
	for (unsigned i = 0; i < request->place_count; i++)
		if (strlen(request->places[i].name) > NAME_MAX)
			return false;
	return true;
}

/* How large a file is, is known when it has been begun. */
static bool may_begin(const struct batch *b)
{
	uint64_t most = b->pace.bytes_per_sec / UNSIZED_A_SECOND;

	return !b->pace.bytes_per_sec ||
	       (!batch_get_wait(b) && b->unsized * FIRST_MOST <= most);
}

static unsigned count_files(const struct batch_request *request)
{
	return request->place_count > 1 ? request->place_count + 1 : 1;
}

int batch_push(struct batch *batch, const struct batch_request *request)
{
	struct route *route = &batch->routes[request->route];
	struct file *f;

	if (!has_free_files(batch, count_files(request)) ||
	    !batch->free_lanes[request->route] ||
	    ring_get_room(batch->plan.ring) < 2 * CHAIN_MOST ||
	    !may_begin(batch))
		return -EBUSY;
	if (!are_names_short(request))
		return -ENAMETOOLONG;
	f = make_file(batch, request);
	if (request->place_count > 1)
		add_copies(batch, f, request);
	else
		set_place(f, request->places);
	f->is_unsized = true;
	batch->unsized++;
	f->lane = batch_take_lane(batch, route, f);
	f->is_source_direct = route->align;
	batch_begin(batch, f);
	return 0;
}

/*
 * Nothing is in flight: only the rate is waited for, or a signal. Not for long
 * at once: who watches us takes one that does nothing for one that is held.
 */
static void nap(struct batch *b)
{
	uint64_t ns = MIN(batch_get_wait(b), NAP_MOST_NS);
	const struct timespec rest = {
		.tv_sec = (time_t)(ns / NS_PER_SEC),
		.tv_nsec = (long)(ns % NS_PER_SEC),
	};

	if (ns)
		nanosleep(&rest, NULL);
	b->progress_ns = clock_now_ns();
}

static int wait(struct batch *b)
{
	uint64_t timeout = b->plan.io_timeout_ns ? b->plan.io_timeout_ns :
						   UINT64_MAX;
	uint64_t now = clock_now_ns(), pause = batch_get_wait(b);
	unsigned count;
	int rc;

	rc = ring_turn(b->plan.ring, 1, pause ? MIN(pause, timeout) : timeout);
	if (rc)
		return rc;
	ring_get_completions(b->plan.ring, &count);
	/* A signal wakes us, too. */
	if (count)
		b->progress_ns = now;
	else if (clock_now_ns() - b->progress_ns >= timeout)
		return -ETIMEDOUT;
	return 0;
}

/* Taken one by one: what they push must have room, turn by turn. */
int batch_turn(struct batch *batch)
{
	const struct ring_completion *done;
	unsigned count;
	int rc;

	batch_deal_to_verify(batch);
	batch_use_parked(batch);
	batch_deal_lanes(batch);
	if (!ring_get_in_flight(batch->plan.ring)) {
		nap(batch);
		return 0;
	}
	rc = wait(batch);
	/* A drive that is silent would keep us here. */
	if (rc && rc != -ETIMEDOUT)
		batch_abandon(batch);
	if (rc)
		return rc;
	done = ring_get_completions(batch->plan.ring, &count);
	for (unsigned i = 0; i < count; i++)
		take(batch, &done[i]);
	return 0;
}

bool batch_is_busy(const struct batch *batch)
{
	return batch->busy;
}
