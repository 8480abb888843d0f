// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/preflight.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macro.h"

/* Peer memory is slow for the CPU: no more than is needed. */
#define PROBE_BYTES	4096
/* A block that somebody is writing to differs now and then. */
#define TRIES		3

struct preflight {
	struct endpoint *endpoint;
	struct ring *ring;
	struct p2pdma_pool *peer;
	struct p2pdma_pool *host_pool;	/* what should be, what is */
	char *wanted, *got;
	uint64_t offset_bytes;
	uint32_t length_bytes;
	bool is_written;	/* nobody misses what is there */
	uint64_t timeout_ns;
	struct preflight_result *result;
};

/* A request that the kernel gave up has ended: no silence. */
static int judge(struct preflight *p, const struct ring_op *op, int result)
{
	int moved = endpoint_judge(p->endpoint, op, result);

	return moved == -ETIMEDOUT ? -EIO : moved;
}

/* Bytes moved, or negative errno; -ETIMEDOUT leaves it in flight. */
static int move(struct preflight *p, enum ring_action action, void *buffer)
{
	struct ring_op op = {
		.action = action,
		.file = transfer_get_file(SIDE_SOURCE, true),
		.buffer = buffer,
		.length_bytes = p->length_bytes,
		.offset_bytes = p->offset_bytes,
	};
	uint64_t end = p->timeout_ns ? clock_now_ns() + p->timeout_ns : 0;
	const struct ring_completion *done;
	unsigned count = 0;
	int rc;

	rc = ring_push(p->ring, &op);
	while (!rc) {
		rc = ring_turn(p->ring, 1,
			       end ? p->timeout_ns : UINT64_MAX);
		done = ring_get_completions(p->ring, &count);
		if (count)
			return judge(p, &op, done->result);
		/* Pushed, it may still be done at any time. */
		if (rc || (end && clock_now_ns() >= end))
			return -ETIMEDOUT;
	}
	return rc;
}

static void note(struct preflight *p, enum preflight_answer answer, int error)
{
	p->result->answer = answer;
	p->result->error = error;
	p->result->difference = PREFLIGHT_SAME;
}

static void note_difference(struct preflight *p,
			    enum preflight_difference difference)
{
	note(p, PREFLIGHT_DIFFERS, 0);
	p->result->difference = difference;
}

static void note_failure(struct preflight *p, int error)
{
	if (error == -ETIMEDOUT)
		note(p, PREFLIGHT_SILENT, error);
	else
		note(p, PREFLIGHT_REFUSED, error);
}

/* What the read must overwrite to the last byte; neither zeros nor ones,
 * also where the data is. */
static char get_sentinel(const struct preflight *p, uint32_t i)
{
	return (char)(p->wanted[i] ^ (i % 2 ? 0xff : 0x5a));
}

static int store_sentinel(struct preflight *p)
{
	for (uint32_t i = 0; i < p->length_bytes; i++)
		p->got[i] = get_sentinel(p, i);
	return p2pdma_pool_store(p->peer, 0, 0, p->got, p->length_bytes);
}

static bool is_filled(const struct preflight *p, char byte)
{
	for (uint32_t i = 0; i < p->length_bytes; i++)
		if (p->got[i] != byte)
			return false;
	return true;
}

static bool is_stale(const struct preflight *p)
{
	for (uint32_t i = 0; i < p->length_bytes; i++)
		if (p->got[i] != get_sentinel(p, i))
			return false;
	return true;
}

static enum preflight_difference tell_difference(const struct preflight *p)
{
	if (is_stale(p))
		return PREFLIGHT_STALE;
	if (is_filled(p, '\xff'))
		return PREFLIGHT_ONES;
	return is_filled(p, '\0') ? PREFLIGHT_ZEROS : PREFLIGHT_OTHER;
}

/* 1: tried, result is filled; 0: nothing there to read; negative errno. */
static int try_read(struct preflight *p)
{
	int length = move(p, RING_READ, p->wanted);
	int rc, moved;

	if (length <= 0)
		return length;
	rc = store_sentinel(p);
	if (rc) {
		note_failure(p, rc);
		return 1;
	}
	moved = move(p, RING_READ, p2pdma_pool_get_slot(p->peer, 0));
	if (moved < 0) {
		note_failure(p, moved);
		return 1;
	}
	rc = p2pdma_pool_load(p->peer, 0, 0, p->got, p->length_bytes);
	if (rc)
		note_failure(p, rc);
	else if (moved == length && !memcmp(p->wanted, p->got, (size_t)length))
		note(p, PREFLIGHT_WORKS, 0);
	else
		note_difference(p, tell_difference(p));
	return 1;
}

static void fill_pattern(struct preflight *p)
{
	uint64_t seed = clock_now_ns() | 1;

	for (uint32_t i = 0; i < p->length_bytes; i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1;
		p->wanted[i] = (char)(seed >> 56);
		p->got[i] = (char)~p->wanted[i];
	}
}

/* Our own file, that nobody sees yet. */
static int write_and_read(struct preflight *p)
{
	int rc, moved;

	fill_pattern(p);
	rc = move(p, RING_WRITE, p->got);
	if (rc < 0)
		return rc;
	rc = p2pdma_pool_store(p->peer, 0, 0, p->wanted, p->length_bytes);
	moved = rc ? rc : move(p, RING_WRITE, p2pdma_pool_get_slot(p->peer, 0));
	if (moved < 0) {
		note_failure(p, moved);
		return 1;
	}
	rc = move(p, RING_READ, p->got);
	if (rc < 0)
		return rc;
	if (memcmp(p->wanted, p->got, p->length_bytes))
		note_difference(p, PREFLIGHT_OTHER);
	else
		note(p, PREFLIGHT_WORKS, 0);
	return 1;
}

/* The copy may be shorter than a block, and begin behind it or in it. */
static int clear(struct preflight *p)
{
	int moved;

	memset(p->got, 0, p->length_bytes);
	moved = move(p, RING_WRITE, p->got);
	if (moved < 0)
		return moved;
	return (uint32_t)moved == p->length_bytes ? 0 : -EIO;
}

static int try_write(struct preflight *p)
{
	int rc = write_and_read(p), cleared;

	if (ring_get_in_flight(p->ring))
		return rc;
	cleared = clear(p);
	return cleared ? cleared : rc;
}

/* There is nothing in it yet, and nobody who looks for something. */
static bool is_ours(const struct endpoint *endpoint)
{
	return endpoint->is_unseen || endpoint->is_made;
}

static int try_repeatedly(struct preflight *p)
{
	int rc = 1;

	for (int i = 0; i < TRIES && rc > 0; i++) {
		rc = p->is_written ? try_write(p) : try_read(p);
		if (p->result->answer != PREFLIGHT_DIFFERS)
			break;
	}
	return rc < 0 ? rc : 0;
}

static int set_up(struct preflight *p, struct p2pdma_provider *host)
{
	int rc;

	rc = p2pdma_pool_create(host, p->length_bytes, 2, 2, &p->host_pool);
	if (rc)
		return rc;
	p->wanted = p2pdma_pool_get_slot(p->host_pool, 0);
	p->got = p2pdma_pool_get_slot(p->host_pool, 1);
	return transfer_register(p->ring, p->endpoint, NULL);
}

/*
 * A hole is read without the drive, which proves nothing: the first data behind
 * is better. False: there is none.
 */
static bool find_data(struct preflight *p)
{
	const struct endpoint *e = p->endpoint;
	off_t data;

	if (e->kind == ENDPOINT_BLOCK || is_ours(e))
		return true;
	data = lseek(e->direct_fd, (off_t)p->offset_bytes, SEEK_DATA);
	if (data >= 0)
		p->offset_bytes = round_down((uint64_t)data, e->offset_align);
	return data >= 0 || errno != ENXIO;
}

/* Zeros that are written where a hole was are what is read there anyway. */
static bool may_fill_hole(const struct preflight *p)
{
	return p->endpoint->mode & ENDPOINT_WRITE &&
	       p->offset_bytes + p->length_bytes <= p->endpoint->size_bytes;
}

/* False: there is nothing to be tried with. */
static bool choose_place(struct preflight *p, uint64_t offset_bytes)
{
	struct endpoint *e = p->endpoint;
	uint64_t end = round_up(MIN(e->size_bytes, UINT64_MAX / 2),
				e->offset_align);

	p->is_written = is_ours(e);
	p->length_bytes = MAX(PROBE_BYTES, e->offset_align);
	p->offset_bytes = round_down(offset_bytes, e->offset_align);
	if (!find_data(p)) {
		p->is_written = may_fill_hole(p);
		return p->is_written;
	}
	if (!p->is_written && p->offset_bytes + p->length_bytes > end)
		p->offset_bytes = end > p->length_bytes ?
					  end - p->length_bytes : 0;
	return true;
}

int preflight_run(struct ring *ring, struct endpoint *endpoint,
		  uint64_t offset_bytes, struct p2pdma_pool *pool,
		  struct p2pdma_provider *host, uint64_t timeout_ns,
		  struct preflight_result *result)
{
	struct preflight p = {
		.endpoint = endpoint,
		.ring = ring,
		.peer = pool,
		.timeout_ns = timeout_ns,
		.result = result,
	};
	int rc;

	*result = (struct preflight_result){ 0 };
	if (endpoint->direct_fd < 0 || !choose_place(&p, offset_bytes) ||
	    p.length_bytes > p2pdma_pool_get_slot_bytes(pool))
		return 0;
	rc = set_up(&p, host);
	if (!rc)
		rc = try_repeatedly(&p);
	if (!ring_get_in_flight(ring))
		p2pdma_pool_destroy(p.host_pool);
	return rc;
}
