/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what a copy is told, and what it tells; must not know how it is made.
 */
#ifndef P2PDMA_ENGINE_COPY_PLAN_H
#define P2PDMA_ENGINE_COPY_PLAN_H

#include <signal.h>

#include "engine/endpoint.h"
#include "engine/extents.h"
#include "engine/transfer.h"
#include "lib/p2pdma.h"

struct checksum;
struct journal;

struct copy_error {
	enum side side;			/* SIDE_NONE: there was no error */
	uint64_t offset_bytes;		/* on that side */
	uint64_t length_bytes;
	int error;			/* negative errno */
};

/* One more destination of what is read once. */
struct copy_also {
	struct endpoint *endpoint;
	struct copy_error error;	/* out: why it was dropped */
};

/*
 * Somebody who measures: takes the time of every block, and says when it may
 * begin. Only looks, and is called by the thread that copies. All there.
 */
struct copy_meter {
	/* Before any block, when everything is set up. */
	void (*start)(void *data);
	/* After each turn, of which @now_ns is the time. */
	void (*look)(void *data, uint64_t now_ns);
	/* How long the next block has to wait; 0: not at all. */
	uint64_t (*get_wait)(void *data);
	/* A block begins. Returns when its time does. */
	uint64_t (*begin)(void *data);
	/* It is in place or, with an error, was left. */
	void (*end)(void *data, uint64_t begun_ns, uint64_t now_ns,
		    uint64_t start_bytes, const struct copy_error *error);
	void *data;
};

/* What is to be done. Everything is borrowed. */
struct copy_plan {
	struct p2pdma_context *context;	/* what drives do; NULL: unknown */
	struct endpoint *source, *destination;
	uint64_t source_offset_bytes, destination_offset_bytes;
	uint64_t size_bytes;
	/*
	 * What of it, and in the end what became of it: everything that is
	 * not DONE nor a HOLE. NULL: all. What is BAD is tried again only by
	 * retries. A hole becomes zeros where the destination may hold
	 * something else.
	 */
	struct extents *extents;
	struct copy_also *also;		/* the same bytes at the same offset */
	unsigned also_count;
	/* As deep as the pool has slots times destinations, and 1 for each. */
	struct ring *ring;
	/* A slot has block_bytes, a multiple of both ends' alignment. */
	struct p2pdma_pool *pool;
	unsigned first_slot, slot_count; /* of the pool; no count: all */
	uint32_t block_bytes;
	/* What the kernel refuses is repeated in host memory, or ends it. */
	bool is_peer, is_peer_required;
	struct p2pdma_provider *host;
	/*
	 * A bad medium does not end it: what fails is tried in smaller pieces
	 * down to single blocks, and those retries times. Otherwise a read
	 * that fails is repeated so often.
	 */
	bool is_continued;
	unsigned retries;
	uint64_t rate_bytes_per_sec;	/* at most; 0: no limit */
	/* Where the state is kept, whenever the destinations are flushed. */
	struct journal *journal;	/* NULL: nowhere */
	uint64_t journal_interval_ns;
	/* Fed in order where that is possible: see is_checksummed. */
	struct checksum *checksum;	/* NULL: none */
	bool is_synced;			/* on stable media at the end */
	uint64_t io_timeout_ns;		/* 0: never */
	/*
	 * All blocks once, in whole ones only, and nothing else: what fails is
	 * not tried in another way, and nothing is flushed. NULL: a copy that
	 * is to stay.
	 */
	const struct copy_meter *meter;
	bool is_endless;		/* measured again and again, until: */
	const volatile sig_atomic_t *stop; /* not 0: drain and leave */
	void (*tick)(void *data, uint64_t done_bytes); /* NULL: nobody looks */
	void *tick_data;
};

/* Numbers only. */
struct copy_result {
	uint64_t copied_bytes;		/* peer_bytes + host_bytes */
	uint64_t peer_bytes, host_bytes;
	uint64_t skipped_bytes;		/* holes, and what was done before */
	uint64_t bad_bytes;		/* given up: read, or written */
	uint64_t in_place_bytes;	/* without a gap, from the start */
	uint64_t duration_ns, cpu_ns;
	uint64_t submits;		/* calls into the kernel */
	struct copy_error error;	/* the first one */
	int read_error, write_error;	/* the last one of what is bad */
	unsigned dropped;		/* destinations that failed alone */
	bool is_checksummed;		/* the checksum has seen everything */
	bool is_saved;			/* the journal holds what is done */
	int journal_error;		/* why it does not; negative errno */
	bool is_interrupted;
	/*
	 * Somebody (error.side, where that is the error) did not answer in
	 * time; transfers are still in flight: leave buffers and descriptors
	 * alone, and exit.
	 */
	bool is_silent;
	bool is_silent_on_both;	/* with transfers of both ends in flight */
	enum side refused_by;		/* where the kernel refused */
	int refused_error;
};

#endif
