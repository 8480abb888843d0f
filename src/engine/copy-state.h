/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what copy*.c share about a copy that is under way; nobody else looks
 * at it.
 */
#ifndef P2PDMA_ENGINE_COPY_STATE_H
#define P2PDMA_ENGINE_COPY_STATE_H

#include "engine/copy-plan.h"
#include "engine/cutter.h"
#include "engine/pace.h"
#include "engine/watch.h"

/* One block on its way. */
struct slot {
	char *buffer;
	bool is_host;		/* buffer is host memory */
	bool is_trial;		/* was refused in peer memory; now in host */
	bool is_open;		/* begun and not written yet */
	bool is_zero;		/* a hole: nothing is read */
	bool is_unsummed;	/* the checksum has not seen it yet */
	enum side side;		/* whom it waits for */
	unsigned waiting;	/* transfers in flight */
	unsigned tries;		/* reads that failed */
	uint64_t begun_ns;	/* for the meter */
	struct piece piece;
};

/* One destination. */
struct leg {
	struct endpoint *endpoint;
	struct copy_error *error;
	bool is_dropped;
};

/* Everything in @state once, in pieces of its own size. */
struct pass {
	enum extent_state state, failed;
	uint32_t piece_bytes;
	/* One after the other: what the kernel merges fails as a whole. */
	bool is_lonely;
	/* The source's blocks, also where the destination's are larger. */
	bool is_finer;
};

struct copy {
	const struct copy_plan *plan;
	struct copy_result *result;
	struct ring *ring;
	struct p2pdma_pool *host_pool;	/* when peer memory is refused */
	struct p2pdma_pool *edge_pool;	/* for heads and tails */
	struct slot *slots;
	unsigned slot_count;
	unsigned *idle, idle_count;	/* numbers of slots: a stack */
	/* A read and a write for each leg, slot by slot. */
	struct transfer *transfers;
	unsigned stride;
	struct leg *legs;
	unsigned leg_count, dropped_count;
	unsigned refused_leg;

	struct extents own, *extents;
	struct pass pass;
	struct cutter cutter;
	uint32_t align;			/* the coarser one of both ends */
	struct piece last;		/* the one that was begun last */
	struct pace pace;
	struct watch watch;

	/* Slots in the order in which the checksum takes them. */
	unsigned *sum_queue, sum_first, sum_count;
	uint64_t summed_bytes;
	bool is_summing;

	/* What is on its way to the journal. */
	struct extents flushed;
	unsigned flushes;		/* in flight */
	uint64_t saved_ns, saved_bytes;	/* where the last flush began */
	uint64_t activity;		/* of the destinations' drives */

	uint64_t now_ns;		/* of the last turn, for the meter */
	uint64_t submits_before;
	bool is_host;			/* peer memory was given up */
	int rc;				/* not 0: begin nothing any more */
};

/* Tags: transfers count from 0, flushes of a leg from here on. */
#define COPY_TAG_FLUSH	(UINT64_C(1) << 62)

/* --- copy-state.c -------------------------------------------------------- */

/* For trouble that is no endpoint's. The first one counts. */
void copy_stop(struct copy *copy, int rc);

/* The error of a transfer ends the copy. The first one counts. */
void copy_fail(struct copy *copy, const struct transfer *transfer, int error);

/* A destination is given up; the last one ends the copy. */
void copy_drop(struct copy *copy, unsigned leg,
	       const struct copy_error *error);

/* Of the slot's transfers; 0 is the read, 1 + leg a write. */
static inline struct transfer *copy_get_transfer(const struct copy *copy,
						 const struct slot *slot,
						 unsigned index)
{
	return &copy->transfers[(size_t)(slot - copy->slots) * copy->stride +
				index];
}

/* --- copy-block.c -------------------------------------------------------- */

/* @piece is on its way, in an idle slot. */
void copy_begin_block(struct copy *copy, const struct piece *piece);

/* A transfer has completed. */
void copy_take_completion(struct copy *copy,
			  const struct ring_completion *completion);

void copy_free_buffers(struct copy *copy);

/* --- copy-sum.c ---------------------------------------------------------- */

int copy_begin_sum(struct copy *copy);
/* @slot was begun: in its turn, it is summed. */
void copy_queue_sum(struct copy *copy, struct slot *slot);
/* Whatever is there and next; slots that only waited for it are idle. */
void copy_sum(struct copy *copy);
/* Something is missing or out of order: not from here. */
void copy_end_sum(struct copy *copy);
/* All pieces have gone. */
void copy_finish_sum(struct copy *copy);

/* --- copy-flush.c -------------------------------------------------------- */

/* Begins to save what is done, when it is time to. */
void copy_save_sometimes(struct copy *copy, uint64_t now_ns);

/* A flush of that tag has completed. */
void copy_take_flush(struct copy *copy,
		     const struct ring_completion *completion);

/* What went through the page cache may take its time to be flushed: its drives
 * have done something since this was asked last. */
bool copy_hears_flush(struct copy *copy);
/* Nobody answers it. */
void copy_blame_flush(struct copy *copy);

/* Everything that is done, with nothing else in flight. 0 or -errno. */
int copy_flush(struct copy *copy);
/* The same, and then into the journal. */
void copy_save(struct copy *copy, bool is_complete);

#endif
