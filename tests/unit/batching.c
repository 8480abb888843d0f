/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit/batching.h"
#include "unit/unit.h"

#include "base/macro.h"

#define BLOCK	(128 * KIB)

void batching_open(struct batching *batching, struct batch_plan plan,
		   unsigned lanes, uint32_t align, struct batch **batch,
		   unsigned *route)
{
	struct batching *b = batching;

	ck_assert_int_eq(p2pdma_context_create(NULL, &b->context), 0);
	ck_assert_int_eq(p2pdma_provider_open(b->context, "host", NULL,
					      &b->host), 0);
	ck_assert_int_eq(p2pdma_pool_create(b->host, BLOCK, lanes, lanes,
					    &b->pool), 0);
	ck_assert_int_eq(ring_open(BATCH_RING_DEPTH, &b->ring), 0);
	plan.ring = b->ring;
	ck_assert_int_eq(batch_create(&plan, batch), 0);
	ck_assert_int_eq(batch_add_route(*batch, b->pool, BLOCK, align, route),
			 0);
}

void batching_close(struct batching *batching, struct batch *batch)
{
	batch_destroy(batch);
	ring_close(batching->ring);
	p2pdma_pool_destroy(batching->pool);
	p2pdma_provider_close(batching->host);
	p2pdma_context_destroy(batching->context);
}
