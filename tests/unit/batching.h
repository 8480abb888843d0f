/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what a test of a batch needs below it: host memory and a ring. Must
 * not know what is copied.
 */
#ifndef P2PDMA_UNIT_BATCHING_H
#define P2PDMA_UNIT_BATCHING_H

#include "engine/batch.h"

/* Of one batch with one route. Caller's storage. */
struct batching {
	struct p2pdma_context *context;
	struct p2pdma_provider *host;
	struct p2pdma_pool *pool;
	struct ring *ring;
};

/* @plan but for its ring; blocks of 128 KiB, in @lanes. */
void batching_open(struct batching *batching, struct batch_plan plan,
		   unsigned lanes, uint32_t align, struct batch **batch,
		   unsigned *route);
void batching_close(struct batching *batching, struct batch *batch);

#endif
