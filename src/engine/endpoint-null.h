/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how to fail on request, so that the error paths of whoever moves data
 * can be driven on any machine.
 */
#ifndef P2PDMA_ENGINE_ENDPOINT_NULL_H
#define P2PDMA_ENGINE_ENDPOINT_NULL_H

#include <stddef.h>

#include "engine/endpoint.h"

/* What goes wrong; everything 0: nothing. */
struct endpoint_faults {
	/* Operations that touch these bytes end with @error (< 0). */
	uint64_t error_offset, error_bytes;
	int error;
	/* Nothing is there from here on: reads end, as of a removed drive. */
	uint64_t end_offset;
	/* No operation moves more than this at once. */
	uint32_t short_bytes;
	/* Buffers in this range end with @refuse_error: peer memory. */
	const void *refuse_start;
	size_t refuse_bytes;
	int refuse_error;
	/* Instead, they are cleared: success, and no data. */
	bool is_lost;
	/* Nothing ever completes. */
	bool is_silent;
};

/*
 * endpoint_null_open() - wrap @path, or zeros and a sink where it is NULL
 *
 * @path is opened like endpoint_open() does, and really read and written.
 */
int endpoint_null_open(const char *path, unsigned mode,
		       const struct endpoint_faults *faults,
		       struct endpoint **endpoint);

#endif
