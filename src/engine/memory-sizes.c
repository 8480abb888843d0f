// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how large blocks are, and how many are in flight; must not know where
 * they lie.
 */
#include "base/macro.h"
#include "engine/memory-parts.h"

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
uint64_t memory_tighter(uint64_t a, uint64_t b)
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
	return memory_tighter(block, limits->best);
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
	block = MIN(block, memory_tighter(BLOCK_MOST, limits->most));
	if (wish->size_bytes < block)
		block = round_up(wish->size_bytes, limits->least);
	return (uint32_t)MAX(round_down(block, limits->least), limits->least);
}

const struct p2pdma_target *memory_get_target(const struct memory *m,
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
		const struct p2pdma_target *target = memory_get_target(m, i);

		least = MAX(least, target ? target->lba_bytes : 0);
	}
	return least;
}

/* What all of them take at once. */
static uint64_t get_most(const struct memory *m, bool is_peer)
{
	uint64_t most = 0;

	for (unsigned i = 0; i < 2 + m->place.also_count; i++) {
		const struct p2pdma_target *target = memory_get_target(m, i);

		if (target)
			most = memory_tighter(most, is_peer ?
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

void memory_choose_peer_sizes(struct memory *m)
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

void memory_choose_host_sizes(struct memory *m)
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
