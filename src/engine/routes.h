/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows through which memory the files of one file system reach another one:
 * planned and proven with the first file of each such pair, and used by all
 * that follow. Must not know what is copied.
 */
#ifndef P2PDMA_ENGINE_ROUTES_H
#define P2PDMA_ENGINE_ROUTES_H

#include "engine/batch.h"
#include "engine/memory.h"

/* Of those that are peer memory the batch takes fewer. */
#define PLANS_MOST	64

/* What is wanted. Borrowed. */
struct routes_wish {
	struct p2pdma_context *context;
	const struct p2pdma_topology *topology;
	const char *provider;
	uint64_t block_bytes;		/* 0: choose */
	unsigned depth;			/* 0: choose */
	bool is_scrubbed;		/* peer memory, when it goes back */
	uint64_t io_timeout_ns;
};

/* From the file system of one file into those of some directories. */
struct routes_ends {
	dev_t source_device;
	const char *source;		/* a regular file of it */
	struct {
		dev_t device;
		const char *directory;	/* "": here */
	} places[BATCH_PLACES_MOST];
	unsigned place_count;
};

struct route_plan {
	dev_t source_device, devices[BATCH_PLACES_MOST];
	unsigned place_count;
	struct memory memory;
	struct p2pdma_target *source, *destinations[BATCH_PLACES_MOST];
	unsigned number;		/* in the batch */
	bool is_tried, is_peer;
};

/* Caller's storage. */
struct routes {
	struct routes_wish wish;
	struct ring *ring;
	struct batch *batch;
	struct memory host;
	unsigned host_number;
	bool is_host_only;
	struct route_plan plans[PLANS_MOST];
	unsigned count;
	bool is_silent;		/* a drive: leave everything alone */
	int scrub_error;	/* of memory that was given back; or 0 */
};

/*
 * Takes host memory, through which every file can go. Without a batch nothing
 * is taken, and nothing can be proven. 0 or -errno.
 */
int routes_init(struct routes *routes, const struct routes_wish *wish,
		struct ring *ring, struct batch *batch);

/*
 * Gives back all memory, unless a drive is silent. 0; what of is_scrubbed was
 * not done: -ETIMEDOUT, -errno.
 */
int routes_fini(struct routes *routes);

/* The one for @ends, if it was planned before; NULL: it was not. */
struct route_plan *routes_find(struct routes *routes,
			       const struct routes_ends *ends);

/* One more prediction takes the place of another one. */
bool routes_is_full(const struct routes *routes);

/*
 * Predicts it; when they are full, with nothing of the batch in flight. 0,
 * also where it is host memory (why is in the plan's memory); -ENXIO: there is
 * no such provider; -errno.
 */
int routes_predict(struct routes *routes, const struct routes_ends *ends,
		   struct route_plan **plan);

/* It was predicted to be peer memory, and not tried; host memory until then. */
bool routes_needs_proof(const struct route_plan *plan);

/*
 * Tries @plan by @ends, of which the source is a block long, with nothing of
 * the batch in flight. 0, also where it is host memory in the end;
 * -ETIMEDOUT; -errno, and there is no such plan any more.
 */
int routes_prove(struct routes *routes, struct route_plan *plan,
		 const struct routes_ends *ends);

/* The kernel has refused what the trial did not: host memory from now on. */
void routes_give_up(struct routes *routes, unsigned number,
		    const char *path, int error);

#endif
