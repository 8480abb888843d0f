/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows where the buffers of a run lie, how large and how many they are: which
 * provider is predicted to be the best, whether it really works for both ends,
 * and why it was host memory in the end. Must not know what the run does.
 *
 *	memory_plan()		predicts; nothing is changed
 *	memory_give_up_peer()	for reasons that only the caller knows
 *	memory_take()		proves it, or goes on to the next provider
 *	memory_release()	in any case, unless something is in flight
 */
#ifndef P2PDMA_ENGINE_MEMORY_H
#define P2PDMA_ENGINE_MEMORY_H

#include "engine/endpoint.h"
#include "engine/memory-names.h"
#include "engine/ring.h"
#include "lib/p2pdma.h"

/* Blocks in flight, unless the user says more. */
#define MEMORY_DEPTH_MOST	64

/* What the user asked for. */
struct memory_wish {
	/* NULL, "auto": the best; else names, to be used side by side */
	const char *provider;
	bool is_asked_anyway;	/* one with a name, whatever is predicted */
	uint64_t block_bytes;	/* 0: choose */
	bool is_block_fixed;	/* no other size will do */
	bool is_uncut;		/* nobody cuts a block that is too large */
	bool is_scrubbed;	/* peer memory is zeroed before it goes back */
	unsigned depth;		/* 0: choose */
	unsigned depth_least;	/* fewer are of no use; 0: one */
	uint64_t size_bytes;	/* of all that is moved */
};

/* What it is for. Borrowed until memory_release(); an end may be NULL. */
struct memory_place {
	struct p2pdma_context *context;
	const struct p2pdma_topology *topology;
	const struct p2pdma_target *source, *destination;
	/* More destinations, as the first. */
	const struct p2pdma_target *const *also;
	unsigned also_count;
};

/* What it is tried with. Borrowed; an end may be NULL. */
struct memory_trial {
	struct endpoint *source, *destination;
	struct endpoint *const *also;	/* more destinations, as the first */
	unsigned also_count;
	uint64_t source_offset_bytes, destination_offset_bytes;
	/* Used alone; another one of its depth when an end was silent. */
	struct ring **ring;
	uint64_t io_timeout_ns;		/* 0: never */
};

/* Caller's storage. */
struct memory {
	struct memory_wish wish;
	struct memory_place place;

	struct p2pdma_provider *provider; /* NULL: host memory */
	const struct p2pdma_function *function; /* of the provider */
	char providers[MEMORY_PROVIDERS_MOST * 24]; /* addresses and commas */
	enum p2pdma_reach reach_source, reach_destination; /* predicted */
	uint64_t bottleneck_bytes_per_sec; /* slowest link; 0 unknown */
	/* Why it is not the peer memory that was asked for; or id NULL. */
	struct p2pdma_reason why;
	const struct p2pdma_function *why_provider; /* NULL: nobody's no */
	uint32_t block_bytes;
	unsigned depth;
	bool is_block_changed;	/* from what was asked for */

	/* since memory_take() */
	struct p2pdma_provider *host;
	struct p2pdma_pool *pool;	/* may have fewer slots than depth */
	const struct endpoint *failed;	/* by itself, or NULL */
	/* Not with peer memory; a request of it is still in flight. */
	const struct endpoint *silent;
	/* What of is_scrubbed was not done; negative errno, or 0. */
	int scrub_error;
	/* Beside provider; the rest of those that were named has a reason. */
	struct p2pdma_provider *partners[MEMORY_PROVIDERS_MOST - 1];
	unsigned partner_count;
	struct p2pdma_reason partner_why;	/* id NULL: none */
	const struct p2pdma_function *partner_why_provider;

	struct memory_names named;	/* none: auto */
	/* Those that can still be asked, best first. */
	struct p2pdma_choice *choices;
	size_t choice_count, next;
	/* The first no, which is that of the best. */
	struct p2pdma_reason no;
	const struct p2pdma_function *no_provider;
};

/*
 * 0, also where host memory is all that is left (@memory->why says why);
 * -ENXIO when the provider that was named does not exist (@memory->no has
 * more); -ENOMEM.
 */
int memory_plan(struct memory *memory, const struct memory_place *place,
		const struct memory_wish *wish);

/* Goes over to host memory, for @why (copied). */
void memory_give_up_peer(struct memory *memory,
			 const struct p2pdma_reason *why);

/* Why peer memory was given up in the middle, by the @error at @path. */
void memory_explain_refusal(struct p2pdma_reason *why, const char *path,
			    int error);

/*
 * memory_take() - take the pool, and prove that both ends move data there
 *
 * By a real read that is compared with one into host memory (preflight.h). A
 * provider that is refused, moves other data or is too small is given up for
 * the next one in the order of p2pdma_choices_rank(). When none is left it is
 * host memory, and why is what the first one said. Of several that were named,
 * all that work share the blocks.
 *
 * Return: 0; -errno of an end that fails with host memory, too (failed; of a
 * destination that was written before only -ETIMEDOUT counts); -ETIMEDOUT when
 * it does not answer: leave without giving anything back; -errno of taking
 * host memory, or of a new ring.
 */
int memory_take(struct memory *memory, const struct memory_trial *trial);

void memory_release(struct memory *memory);

#endif
