/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows whether two ranges hold the same data, by reading both into host
 * memory, past the page cache where there is a way; must not know how the
 * data got there.
 */
#ifndef P2PDMA_ENGINE_VERIFY_H
#define P2PDMA_ENGINE_VERIFY_H

#include <signal.h>

#include "engine/copy.h"

/* Everything is borrowed. */
struct verify_plan {
	struct endpoint *source, *destination;
	uint64_t source_offset_bytes, destination_offset_bytes;
	uint64_t size_bytes;
	const struct extents *extents;	/* NULL, or what is bad is left out */
	struct p2pdma_provider *host;
	struct ring *ring;		/* twice as deep as depth */
	uint32_t block_bytes;		/* a multiple of both alignments */
	unsigned depth;			/* pairs of reads in flight */
	uint64_t io_timeout_ns;		/* 0: never */
	const volatile sig_atomic_t *stop;
	void (*tick)(void *data, uint64_t done_bytes);
	void *tick_data;
};

struct verify_result {
	uint64_t compared_bytes;
	uint64_t mismatched_bytes;
	uint64_t first_mismatch_bytes;	/* from the start of the range */
	struct copy_error error;	/* of a read */
	bool is_silent;			/* as in struct copy_result */
};

/*
 * 0 when everything was compared: whether it was the same is in @result.
 * Otherwise as copy_run().
 */
int verify_run(const struct verify_plan *plan, struct verify_result *result);

#endif
