// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how a provider that was planned is tried with both ends, and what takes
 * its place; must not know in which order they were found.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/macro.h"
#include "engine/memory-parts.h"
#include "engine/preflight.h"

/* A drive that does not answer one read for so long is not to be used. */
#define PROBE_TIMEOUT_NS	(20 * NS_PER_SEC)

/* Several share what is in flight. */
static int take_peer_pool(struct memory *m)
{
	unsigned share = MAX(MIN(m->named.count, m->choice_count), 1);
	unsigned slots = (m->depth + share - 1) / share;
	int rc;

	rc = p2pdma_pool_create(m->provider, m->block_bytes, slots,
				MIN(MAX(m->wish.depth_least, 1), slots),
				&m->pool);
	if (!rc)
		return 0;
	return memory_deny(m, "provider-too-small", "%s has no room for %s: "
			   "%s; end who holds its memory (p2ptopo users), or "
			   "try a smaller --block-size", m->function->address,
			   m->wish.depth_least > 1 ? "the blocks in flight" :
						     "a block",
			   strerror(-rc));
}

/* The source, the destination, and further ones. */
static struct endpoint *get_end(const struct memory_trial *trial, unsigned i)
{
	if (i < 2)
		return i ? trial->destination : trial->source;
	return trial->also[i - 2];
}

/*
 * A file system may ask for more than the drive below it, and what goes past
 * the block layer is not cut by it.
 */
static void fit_endpoints(struct memory *m, const struct memory_trial *trial)
{
	uint64_t block = m->block_bytes;
	uint32_t align = 1;

	if (m->wish.is_block_fixed)
		return;
	for (unsigned i = 0; i < 2 + trial->also_count; i++) {
		const struct endpoint *end = get_end(trial, i);

		if (!end)
			continue;
		align = MAX(align, end->offset_align);
		block = MIN(block, memory_tighter(block, end->max_io_bytes));
	}
	block = block < m->block_bytes ? round_down(block, align) :
					 round_up(block, align);
	m->block_bytes = (uint32_t)MAX(block, align);
}

static uint64_t get_probe_timeout(const struct memory_trial *trial)
{
	return trial->io_timeout_ns ?
		       MIN(trial->io_timeout_ns, PROBE_TIMEOUT_NS) :
		       PROBE_TIMEOUT_NS;
}

/* The drive may still write there, and the ring is never done. */
static int leave_silent(struct memory *m, const struct memory_trial *trial,
			const struct endpoint *endpoint)
{
	m->silent = endpoint;
	if (m->wish.is_scrubbed)
		m->scrub_error = -ETIMEDOUT;
	m->pool = NULL;
	m->next = m->choice_count;
	return ring_open_with(ring_get_depth(*trial->ring),
			      ring_get_options(*trial->ring), trial->ring);
}

/*
 * What cannot be compared may be lost on the way, with success told. Nothing
 * else finds that before the data is gone.
 */
static int say_unproven(struct memory *m, const struct endpoint *endpoint,
			int error)
{
	bool is_written = endpoint->mode & ENDPOINT_WRITE;

	return memory_deny(m, "probe-impossible", "nothing can be read from %s "
			   "to compare what moves between it and %s (%s)%s",
			   endpoint->path, m->function->address,
			   error ? strerror(-error) : "it is empty there",
			   is_written ? ": write to it once through host "
					"memory" : "");
}

static int judge_answer(struct memory *m, const struct memory_trial *trial,
			const struct endpoint *endpoint,
			const struct preflight_result *answer)
{
	const char *name = m->function->address, *path = endpoint->path;

	switch (answer->answer) {
	case PREFLIGHT_WORKS:
		return 0;
	case PREFLIGHT_UNKNOWN:
		return say_unproven(m, endpoint, answer->error);
	case PREFLIGHT_REFUSED:
		return memory_deny(m, "probe-refused", "the kernel refuses "
				   "transfers between %s and %s: %s; p2ptopo "
				   "path tells more", path, name,
				   strerror(-answer->error));
	case PREFLIGHT_DIFFERS:
		return memory_deny(m, "probe-data-differs", "transfers between "
				   "%s and %s succeed and move other data: "
				   "boot with iommu=pt, or report the machine",
				   path, name);
	case PREFLIGHT_SILENT:
		break;
	}
	memory_deny(m, "probe-timeout", "%s does not answer when %s is used: "
		    "see the kernel log", path, name);
	return leave_silent(m, trial, endpoint) ?: MEMORY_NEXT_ONE;
}

static int try_end(struct memory *m, const struct memory_trial *trial,
		   struct endpoint *endpoint, uint64_t offset_bytes)
{
	struct preflight_result answer;
	int rc;

	if (!endpoint)
		return 0;
	rc = preflight_run(*trial->ring, endpoint, offset_bytes, m->pool,
			   m->host, get_probe_timeout(trial), &answer);
	/* What was never written may not be readable. */
	if (rc && rc != -ETIMEDOUT && endpoint != trial->source &&
	    !endpoint->is_unseen)
		return say_unproven(m, endpoint, rc);
	if (rc) {
		m->failed = endpoint;
		return rc;
	}
	return judge_answer(m, trial, endpoint, &answer);
}

/* What the kernel refuses as predicted has the prediction's reason. */
static int try_ends(struct memory *m, const struct memory_trial *trial)
{
	const struct p2pdma_choice *choice = &m->choices[m->next - 1];
	int rc = 0;

	for (unsigned i = 0; i < 2 + trial->also_count && !rc; i++)
		rc = try_end(m, trial, get_end(trial, i),
			     i ? trial->destination_offset_bytes :
				 trial->source_offset_bytes);
	if (rc == MEMORY_NEXT_ONE && choice->reach == P2PDMA_REACH_REFUSED &&
	    m->no_provider == choice->provider &&
	    !strcmp(m->no.id, "probe-refused")) {
		m->no.id = NULL;
		memory_say_verdict(m, choice);
	}
	return rc;
}

/* --- several providers side by side -------------------------------------- */

/* The slower link is that of both; what is reached worse, as well. */
static void merge(struct memory *first, const struct memory *partner)
{
	size_t length = strlen(first->providers);

	snprintf(first->providers + length, sizeof(first->providers) - length,
		 ",%s", partner->function->address);
	first->partners[first->partner_count++] = partner->provider;
	first->reach_source = MIN(first->reach_source,
				  partner->reach_source);
	first->reach_destination = MIN(first->reach_destination,
				       partner->reach_destination);
	first->bottleneck_bytes_per_sec =
		memory_tighter(first->bottleneck_bytes_per_sec,
			partner->bottleneck_bytes_per_sec);
}

/* As the first one, with blocks of its size. 0, MEMORY_NEXT_ONE, -errno. */
static int take_partner(struct memory *m, const struct memory_trial *trial)
{
	struct memory partner = *m;
	int rc;

	partner.pool = NULL;
	partner.provider = NULL;
	partner.partner_count = 0;
	partner.no = (struct p2pdma_reason){ .id = NULL };
	rc = memory_open_choice(&partner, &m->choices[m->next++]);
	partner.block_bytes = m->block_bytes;
	partner.depth = m->depth;
	partner.next = m->next;
	if (!rc)
		rc = take_peer_pool(&partner);
	if (!rc)
		rc = try_ends(&partner, trial);
	m->failed = partner.failed;
	m->silent = partner.silent;
	if (!rc)
		rc = p2pdma_pool_join(m->pool, partner.pool);
	if (!rc) {
		merge(m, &partner);
		return 0;
	}
	if (rc == MEMORY_NEXT_ONE && !m->partner_why.id) {
		m->partner_why = partner.no;
		m->partner_why_provider = partner.no_provider;
	}
	if (rc != -ETIMEDOUT)
		memory_drop_peer(&partner);
	m->scrub_error = partner.scrub_error;
	return rc;
}

/* The more, the better; none is as good as auto's. */
static int take_partners(struct memory *m, const struct memory_trial *trial)
{
	int rc = 0;

	while (m->named.count > 1 && m->next < m->choice_count && !m->silent &&
	       p2pdma_pool_get_slots(m->pool) < m->depth &&
	       (!rc || rc == MEMORY_NEXT_ONE))
		rc = take_partner(m, trial);
	return rc == MEMORY_NEXT_ONE ? 0 : rc;
}

static int take_host_pool(struct memory *m)
{
	return p2pdma_pool_create(m->host, m->block_bytes, m->depth,
				  MAX(m->wish.depth_least, 1), &m->pool);
}

int memory_take(struct memory *memory, const struct memory_trial *trial)
{
	int rc;

	rc = p2pdma_provider_open(memory->place.context, "host", NULL,
				  &memory->host);
	while (!rc && memory->provider) {
		fit_endpoints(memory, trial);
		rc = take_peer_pool(memory);
		if (!rc)
			rc = try_ends(memory, trial);
		if (!rc)
			return take_partners(memory, trial);
		if (rc != MEMORY_NEXT_ONE)
			return rc;
		rc = memory_choose_next(memory);
	}
	fit_endpoints(memory, trial);
	return rc ? rc : take_host_pool(memory);
}
