// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/memory.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/macro.h"
#include "engine/preflight.h"

/* Of a block, unless a drive has larger ones. */
#define BLOCK_LEAST	4096
#define BLOCK_MOST	(256 * MIB)
/* What Linux 7 keeps in one piece of peer memory, and a good host size. */
#define BLOCK_USUAL	MIB
/* Of a large copy by host memory: the processor has less to do for it. */
#define BLOCK_LARGE	(4 * MIB)
#define BLOCKS_ENOUGH	256
/* A block much smaller than this costs more than it hides. */
#define BLOCK_SMALL	(64 * KIB)
/*
 * In flight. Reads that begin together end together, so that the writes begin
 * late by as much: through peer memory, no more than hides two drives' latency.
 */
#define FLIGHT_HOST	(16 * MIB)
#define FLIGHT_PEER	(8 * MIB)
#define DEPTH_LEAST	4
/* A drive that does not answer one read for so long is not to be used. */
#define PROBE_TIMEOUT_NS	(20 * NS_PER_SEC)

/* Stored at once: signals are held off for so long. */
#define SCRUB_BYTES	(64 * KIB)

/* What was tried is no use: the next one, or host memory. */
#define NEXT_ONE	1

/* --- block and depth ---------------------------------------------------- */

/* Smaller of two limits of which 0 is none. */
static uint64_t tighter(uint64_t a, uint64_t b)
{
	return a && b ? MIN(a, b) : MAX(a, b);
}

/* Large blocks, but some of them must fit into small peer memory. */
static uint64_t fit_room(uint64_t block, uint64_t room)
{
	while (block > BLOCK_SMALL && block > room / DEPTH_LEAST)
		block /= 2;
	return block;
}

/* What limits a block, and how strictly. 0: nothing does. */
struct limits {
	uint64_t most;		/* peer memory goes no further */
	uint64_t large;		/* of a large copy, nor does choice */
	uint64_t best;		/* beyond it the kernel cuts, slowly */
	uint64_t room;		/* of the provider */
	uint64_t flight;	/* bytes of all blocks */
	uint32_t least;		/* blocks are multiples of it */
};

static uint64_t choose_usual(const struct memory_wish *wish,
			     const struct limits *limits)
{
	uint64_t block = BLOCK_USUAL;

	while (block < limits->large &&
	       wish->size_bytes / block > BLOCKS_ENOUGH)
		block *= 2;
	return tighter(block, limits->best);
}

static uint32_t choose_block(const struct memory_wish *wish,
			     const struct limits *limits)
{
	uint64_t block = wish->block_bytes;

	if (wish->is_block_fixed)
		return (uint32_t)block;
	if (!block)
		block = choose_usual(wish, limits);
	if (!wish->block_bytes && limits->room)
		block = fit_room(block, limits->room);
	block = MIN(block, tighter(BLOCK_MOST, limits->most));
	if (wish->size_bytes < block)
		block = round_up(wish->size_bytes, limits->least);
	return (uint32_t)MAX(round_down(block, limits->least), limits->least);
}

/* Source, destination, further ones: NULL where there is none. */
static const struct p2pdma_target *get_target(const struct memory *m,
					      unsigned index)
{
	if (index < 2)
		return index ? m->place.destination : m->place.source;
	return m->place.also[index - 2];
}

/* Linux 6.15 and later take drives whose blocks are larger than a page. */
static uint32_t get_least(const struct memory *m)
{
	uint32_t least = BLOCK_LEAST;

	for (unsigned i = 0; i < 2 + m->place.also_count; i++) {
		const struct p2pdma_target *target = get_target(m, i);

		least = MAX(least, target ? target->lba_bytes : 0);
	}
	return least;
}

/* What all of them take at once. */
static uint64_t get_most(const struct memory *m, bool is_peer)
{
	uint64_t most = 0;

	for (unsigned i = 0; i < 2 + m->place.also_count; i++) {
		const struct p2pdma_target *target = get_target(m, i);

		if (target)
			most = tighter(most, is_peer ?
				       target->max_peer_io_bytes :
				       target->max_io_bytes);
	}
	return most;
}

static unsigned choose_depth(const struct memory_wish *wish, uint32_t block,
			     uint64_t flight)
{
	uint64_t size = wish->size_bytes;
	uint64_t blocks = MAX(size / block + !!(size % block), 1);
	uint64_t depth = wish->depth;

	if (!depth)
		depth = MIN(MAX(flight / block, DEPTH_LEAST),
			    MEMORY_DEPTH_MOST);
	return (unsigned)MIN(depth, blocks);
}

static void choose_sizes(struct memory *m, const struct limits *limits)
{
	const struct memory_wish *wish = &m->wish;

	m->block_bytes = choose_block(wish, limits);
	m->depth = choose_depth(wish, m->block_bytes, limits->flight);
	m->is_block_changed = wish->block_bytes &&
			      wish->block_bytes <= wish->size_bytes &&
			      wish->block_bytes != m->block_bytes;
}

static void choose_peer_sizes(struct memory *m)
{
	uint64_t most = get_most(m, true);
	const struct limits limits = {
		.most = most,
		.best = most,
		.room = m->function->memory->available_bytes,
		.flight = FLIGHT_PEER,
		.least = get_least(m),
	};

	choose_sizes(m, &limits);
}

static void choose_host_sizes(struct memory *m)
{
	uint64_t best = get_most(m, false);
	const struct limits limits = {
		.most = m->wish.is_uncut ? best : 0,
		.large = BLOCK_LARGE,
		.best = best,
		.flight = FLIGHT_HOST,
		.least = get_least(m),
	};

	choose_sizes(m, &limits);
}

/* --- why not ------------------------------------------------------------ */

static struct p2pdma_reason because(const char *id, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static struct p2pdma_reason because(const char *id, const char *format, ...)
{
	struct p2pdma_reason reason = { .id = id };
	va_list args;

	va_start(args, format);
	vsnprintf(reason.advice, sizeof(reason.advice), format, args);
	va_end(args);
	return reason;
}

/* NEXT_ONE; what the best provider said counts. */
static int say_no(struct memory *m, const struct p2pdma_function *provider,
		  struct p2pdma_reason why)
{
	if (!m->no.id) {
		m->no = why;
		m->no_provider = provider;
	}
	return NEXT_ONE;
}

static bool is_refused(const struct p2pdma_verdict *verdict)
{
	return verdict->reach == P2PDMA_REACH_REFUSED;
}

static int say_verdict(struct memory *m, const struct p2pdma_choice *choice)
{
	const struct p2pdma_verdict *verdict = is_refused(&choice->source) ?
		&choice->source : &choice->destination;

	return say_no(m, choice->provider, verdict->reason_count ?
		      verdict->reasons[0] :
		      because("not-pci", "neither end is on PCI"));
}

/* Nothing was taken; if nobody said why, there was nobody to ask. */
static void explain(struct memory *m, const struct p2pdma_function *only)
{
	struct p2pdma_provider *provider;
	struct p2pdma_reason why;

	if (m->no.id)
		return;
	if (p2pdma_topology_get_machine(m->place.topology)->has_p2pdma ==
	    P2PDMA_NO) {
		say_no(m, only, because("kernel-without-p2pdma", "boot a "
					"kernel that is built with "
					"CONFIG_PCI_P2PDMA=y"));
		return;
	}
	why = because("no-p2pmem", "no driver offers memory to its peers "
		      "here; p2ptopo doctor tells what is missing");
	if (only && !p2pdma_provider_open(m->place.context, only->address,
					  &why, &provider))
		p2pdma_provider_close(provider);
	say_no(m, only, why);
}

/* --- which provider ----------------------------------------------------- */

static bool loses_writes(const struct memory *m)
{
	for (unsigned i = 1; i < 2 + m->place.also_count; i++) {
		const struct p2pdma_target *to = get_target(m, i);

		if (to && to->passes_writes == P2PDMA_NO)
			return true;
	}
	return false;
}

/* A layer that loses or bounces the data is not to be asked at all. */
static bool is_hopeless(const struct memory *m,
			const struct p2pdma_choice *choice)
{
	if (!is_refused(&choice->source) && !is_refused(&choice->destination))
		return false;
	return !m->wish.is_asked_anyway || loses_writes(m);
}

/* 0: it is open; NEXT_ONE; -ENOMEM. */
static int open_choice(struct memory *m, const struct p2pdma_choice *choice)
{
	struct p2pdma_reason why = { 0 };
	int rc;

	if (is_hopeless(m, choice))
		return say_verdict(m, choice);
	rc = p2pdma_provider_open(m->place.context, choice->provider->address,
				  &why, &m->provider);
	if (rc == -ENOMEM)
		return rc;
	if (rc)
		return say_no(m, choice->provider, why.id ? why :
			      because("no-p2pmem", "%s", strerror(-rc)));
	m->function = choice->provider;
	snprintf(m->providers, sizeof(m->providers), "%s",
		 m->function->address);
	m->reach_source = choice->source.reach;
	m->reach_destination = choice->destination.reach;
	m->bottleneck_bytes_per_sec = choice->bottleneck_bytes_per_sec;
	choose_peer_sizes(m);
	return 0;
}

/*
 * The kernel hands it to the next one as it is. A provider that is gone keeps
 * nothing of ours that anybody could be handed.
 */
static void scrub(struct memory *m)
{
	static const char zeros[SCRUB_BYTES] __attribute__((aligned(8)));
	size_t size = p2pdma_pool_get_slot_bytes(m->pool);
	unsigned slots = p2pdma_pool_get_slots(m->pool);
	int rc = 0;

	for (unsigned slot = 0; slot < slots && !rc; slot++)
		for (size_t at = 0; at < size && !rc; at += SCRUB_BYTES)
			rc = p2pdma_pool_store(m->pool, slot, at, zeros,
					       MIN(size - at, SCRUB_BYTES));
	if (rc)
		m->scrub_error = rc;
}

static void drop_peer(struct memory *m)
{
	if (m->wish.is_scrubbed && m->pool && m->provider)
		scrub(m);
	p2pdma_pool_destroy(m->pool);
	p2pdma_provider_close(m->provider);
	while (m->partner_count)
		p2pdma_provider_close(m->partners[--m->partner_count]);
	m->pool = NULL;
	m->provider = NULL;
	m->function = NULL;
	*m->providers = '\0';
	m->reach_source = m->reach_destination = P2PDMA_REACH_UNKNOWN;
	m->bottleneck_bytes_per_sec = 0;
}

static void use_host(struct memory *m)
{
	drop_peer(m);
	m->why = m->no;
	m->why_provider = m->no_provider;
	choose_host_sizes(m);
}

void memory_give_up_peer(struct memory *memory,
			 const struct p2pdma_reason *why)
{
	memory->no = *why;
	memory->no_provider = memory->function;
	memory->next = memory->choice_count;
	use_host(memory);
}

/* The next provider, or host memory. 0 or -ENOMEM. */
static int choose_next(struct memory *m)
{
	int rc = NEXT_ONE;

	drop_peer(m);
	while (rc == NEXT_ONE && m->next < m->choice_count)
		rc = open_choice(m, &m->choices[m->next++]);
	if (rc != NEXT_ONE)
		return rc;
	use_host(m);
	return 0;
}

/* --- the plan ----------------------------------------------------------- */

static bool is_host(const char *name)
{
	return name && (!strcmp(name, "host") || !strcmp(name, "none"));
}

static bool is_auto(const char *name)
{
	return !name || !strcmp(name, "auto");
}

/* Of all choices, those that were named: there may be none. */
static void keep_named(struct memory *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->choice_count; i++)
		if (memory_names_have(&m->named, m->choices[i].provider))
			m->choices[kept++] = m->choices[i];
	m->choice_count = kept;
}

/* For all destinations at once: none of them may lose what it is given. */
static int rank(struct memory *m)
{
	const struct memory_place *place = &m->place;
	_cleanup_free_ const struct p2pdma_target **all = NULL;
	size_t count = 0;

	all = calloc(1 + place->also_count, sizeof(*all));
	if (!all)
		return -ENOMEM;
	if (place->destination)
		all[count++] = place->destination;
	for (unsigned i = 0; i < place->also_count; i++)
		all[count++] = place->also[i];
	return p2pdma_choices_rank_all(place->topology, place->source, all,
				       count, &m->choices, &m->choice_count);
}

static int plan_peer(struct memory *m)
{
	int rc = rank(m);

	if (rc)
		return rc;
	if (m->named.count)
		keep_named(m);
	if (!m->choice_count)
		explain(m, m->named.functions[0]);
	return choose_next(m);
}

int memory_plan(struct memory *memory, const struct memory_place *place,
		const struct memory_wish *wish)
{
	int rc;

	*memory = (struct memory){ .wish = *wish, .place = *place };
	if (is_host(wish->provider)) {
		use_host(memory);
		return 0;
	}
	if (is_auto(wish->provider)) {
		memory->wish.is_asked_anyway = false;
		return plan_peer(memory);
	}
	rc = memory_names_find(place->context, place->topology, wish->provider,
			       &memory->named, &memory->no);
	return rc ? rc : plan_peer(memory);
}

/* --- the proof ---------------------------------------------------------- */

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
	return say_no(m, m->function,
		      because("provider-too-small", "%s has no room for %s: "
			      "%s; end who holds its memory (p2ptopo users), "
			      "or try a smaller --block-size",
			      m->function->address, m->wish.depth_least > 1 ?
			      "the blocks in flight" : "a block",
			      strerror(-rc)));
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
		block = MIN(block, tighter(block, end->max_io_bytes));
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
	return say_no(m, m->function,
		      because("probe-impossible", "nothing can be read from %s "
			      "to compare what moves between it and %s (%s): "
			      "write to it once through host memory",
			      endpoint->path, m->function->address,
			      error ? strerror(-error) : "it is empty there"));
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
		return endpoint != trial->source ?
			       say_unproven(m, endpoint, answer->error) : 0;
	case PREFLIGHT_REFUSED:
		return say_no(m, m->function,
			      because("probe-refused", "the kernel refuses "
				      "transfers between %s and %s: %s; "
				      "p2ptopo path tells more", path, name,
				      strerror(-answer->error)));
	case PREFLIGHT_DIFFERS:
		return say_no(m, m->function,
			      because("probe-data-differs", "transfers "
				      "between %s and %s succeed and move "
				      "other data: boot with iommu=pt, or "
				      "report the machine", path, name));
	case PREFLIGHT_SILENT:
		break;
	}
	say_no(m, m->function,
	       because("probe-timeout", "%s does not answer when %s is used: "
		       "see the kernel log", path, name));
	return leave_silent(m, trial, endpoint) ?: NEXT_ONE;
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
	if (rc == NEXT_ONE && choice->reach == P2PDMA_REACH_REFUSED &&
	    m->no_provider == choice->provider &&
	    !strcmp(m->no.id, "probe-refused")) {
		m->no.id = NULL;
		say_verdict(m, choice);
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
		tighter(first->bottleneck_bytes_per_sec,
			partner->bottleneck_bytes_per_sec);
}

/* As the first one, with blocks of its size. 0, NEXT_ONE, -errno. */
static int take_partner(struct memory *m, const struct memory_trial *trial)
{
	struct memory partner = *m;
	int rc;

	partner.pool = NULL;
	partner.provider = NULL;
	partner.partner_count = 0;
	partner.no = (struct p2pdma_reason){ .id = NULL };
	rc = open_choice(&partner, &m->choices[m->next++]);
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
	if (rc == NEXT_ONE && !m->partner_why.id) {
		m->partner_why = partner.no;
		m->partner_why_provider = partner.no_provider;
	}
	if (rc != -ETIMEDOUT)
		drop_peer(&partner);
	m->scrub_error = partner.scrub_error;
	return rc;
}

/* The more, the better; none is as good as auto's. */
static int take_partners(struct memory *m, const struct memory_trial *trial)
{
	int rc = 0;

	while (m->named.count > 1 && m->next < m->choice_count && !m->silent &&
	       p2pdma_pool_get_slots(m->pool) < m->depth &&
	       (!rc || rc == NEXT_ONE))
		rc = take_partner(m, trial);
	return rc == NEXT_ONE ? 0 : rc;
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
		if (rc != NEXT_ONE)
			return rc;
		rc = choose_next(memory);
	}
	fit_endpoints(memory, trial);
	return rc ? rc : take_host_pool(memory);
}

void memory_release(struct memory *memory)
{
	drop_peer(memory);
	p2pdma_provider_close(memory->host);
	memory->host = NULL;
	free(memory->choices);
	memory->choices = NULL;
}
