/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how many regular files are copied side by side: all that the kernel
 * has a request for goes through one ring, in chains, so that opens, stats and
 * allocations of some files overlap with the data of others. Must not know
 * where the files come from, how buffers were chosen, or how it is told.
 *
 *	batch_create(&plan, &batch);
 *	batch_add_route(batch, pool, …, &route);
 *	while (there are more files or batch_is_busy(batch))
 *		if (no more, or batch_push(batch, &request) == -EBUSY)
 *			rc = batch_turn(batch);
 *	batch_destroy(batch);
 *
 * Each file is written beside its place and takes its name when it is whole;
 * what it replaces gives it owner and mode. Nothing is put on stable media:
 * syncfs(2) of the destination does that for all files at once. A file with
 * several places is read once; a place that fails does not stop the others, and
 * each has an answer of its own.
 *
 * A file has a lane, which is a slot of its route's pool, as long as it needs
 * one; a file of many blocks takes free ones in addition.
 */
#ifndef P2PDMA_ENGINE_BATCH_H
#define P2PDMA_ENGINE_BATCH_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/ring.h"
#include "engine/transfer.h"
#include "lib/p2pdma.h"

struct batch;
struct stat;
struct statx;

/* Lanes of all routes. */
#define BATCH_LANES_MOST	512

/* Places of one file. */
#define BATCH_PLACES_MOST	16

/* Where it is copied to. */
struct batch_place {
	int source_directory;		/* or AT_FDCWD */
	int directory;			/* both are open until it is done */
	const char *name;		/* one name in it */
	void *owner;			/* handed back with the answer */
};

/* One file, read once and written to each of its places. Strings are copied. */
struct batch_request {
	unsigned route;
	const char *source;		/* in source_directory of each place */
	bool is_followed;		/* a link at its end */
	bool is_regular;		/* for all that is known */
	const struct batch_place *places;
	unsigned place_count;
	const void *note;		/* handed back with the answer */
};

enum batch_outcome {
	BATCH_UNKNOWN = 0,
	BATCH_DONE,
	BATCH_FAILED,		/* error, side, deed */
	BATCH_LEFT,		/* not wanted, as is_wanted() said */
	BATCH_NOT_REGULAR,	/* the source is no regular file */
	BATCH_IN_PLACE,		/* other names mean the file that is there, or
				 * it is a link: nothing was done */
	BATCH_KEPT,		/* what is there, as may_replace() said */
	BATCH_NO_PEER,		/* not through this route: error */
	BATCH_STOPPED,
};

/* What became of one at one place. Borrowed, until the call returns. */
struct batch_answer {
	void *owner;
	const void *note;
	const char *source, *destination;	/* as in request and place */
	unsigned route;
	enum batch_outcome outcome;
	enum side side;
	int error;
	const char *deed;		/* "open", "write", … */
	uint64_t offset_bytes;		/* of a block that failed */
	const struct statx *facts;	/* of the source, before; since it was
					 * opened, else NULL */
	uint64_t copied_bytes, peer_bytes, skipped_bytes;
	uint64_t duration_ns;
	bool is_changed;		/* the source, while it was read */
	bool is_verified;		/* was read again */
	uint64_t mismatched_bytes, first_mismatch_bytes;
	const char *sum;		/* the checksum; NULL: there is none */
};

/* Borrowed. */
struct batch_plan {
	struct ring *ring;		/* registered files are taken over */
	bool is_preserved;		/* attributes (attributes.h) */
	bool is_sparse;			/* holes stay holes */
	bool is_verified;		/* read again before it gets its name */
	bool is_in_place;		/* a file itself, not one aside */
	const char *checksum;		/* its name; NULL: none */
	uint64_t rate_bytes_per_sec;	/* of all together; 0: no limit */
	uint64_t io_timeout_ns;		/* 0: never */
	const volatile sig_atomic_t *stop;
	/* NULL, or whether a file that was opened is to be copied. */
	bool (*is_wanted)(void *data, const struct batch_answer *answer);
	/*
	 * NULL, or whether a regular file that is there may be written over;
	 * the answer has the facts of the source.
	 */
	bool (*may_replace)(void *data, const struct batch_answer *answer,
			    const struct stat *old);
	/* One file has ended. May push another one. */
	void (*done)(void *data, const struct batch_answer *answer);
	/* NULL, or so many bytes more were written. */
	void (*tick)(void *data, uint64_t bytes);
	void *data;
};

/* 0, -ENOMEM, -errno of the ring or of checksum_create(). */
int batch_create(const struct batch_plan *plan, struct batch **batch);

/* Nothing may be in flight. NULL is fine. */
void batch_destroy(struct batch *batch);

/*
 * After somebody else has used the ring: its files are the batch's again.
 * Nothing may be in flight. 0 or -errno.
 */
int batch_regain_ring(struct batch *batch, struct ring *ring);

/*
 * Lanes from @pool, as many as it has slots; where it is peer memory, the CPU
 * does not touch it and only direct I/O does.
 * @align: of direct I/O, at both ends; 0: there is none
 *
 * 0, -ENOSPC (BATCH_LANES_MOST), -ENOMEM.
 */
int batch_add_route(struct batch *batch, struct p2pdma_pool *pool,
		    uint32_t block_bytes, uint32_t align, unsigned *route);

/* 0, or -EBUSY: all lanes of its route are in use, or the rate is. */
int batch_push(struct batch *batch, const struct batch_request *request);

/*
 * Goes on, and waits until something has ended, or may begin. 0; -ETIMEDOUT
 * when a drive is silent: leave everything alone and exit; -errno of the ring.
 */
int batch_turn(struct batch *batch);

bool batch_is_busy(const struct batch *batch);

/*
 * After -ETIMEDOUT: one that waits for a drive, as if it had failed. Borrowed;
 * NULL: none does.
 */
const struct batch_answer *batch_get_silent(struct batch *batch);

/* The deepest ring that a batch makes use of. */
#define BATCH_RING_DEPTH	4096

#endif
