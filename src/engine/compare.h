/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how the destination drive itself compares what it holds with what the
 * source reads, by the NVMe Compare command: through peer memory no byte
 * passes the host. What is no whole block, and what the drive says differs,
 * is read (verify.h). Must not know how the data got there.
 */
#ifndef P2PDMA_ENGINE_COMPARE_H
#define P2PDMA_ENGINE_COMPARE_H

#include "engine/verify.h"

/* Everything is borrowed. */
struct compare_plan {
	const struct verify_plan *read;	/* what, and by whose ring */
	/* Its destination, opened with ENDPOINT_PASSTHROUGH for writing,
	 * which is what the kernel takes a Compare for. */
	struct endpoint *drive;
	struct p2pdma_pool *pool;	/* slots of read->block_bytes */
	bool is_peer;			/* pool is peer memory */
};

struct compare_result {
	struct verify_result verified;
	bool is_peer;		/* it was through peer memory to the end */
	/* When it is not 0: why no drive compared, the end of a sentence. */
	const char *why_not;
	int why_error;		/* negative errno of that, or 0 */
};

/*
 * compare_run() - compare all of it, or say why not
 *
 * The ring has RING_COMMANDS. Where peer memory is refused, host memory is
 * tried; where the drive has no Compare or refuses it, @result->why_not is
 * set, nothing is known, and 0 is returned. Otherwise as verify_run().
 */
int compare_run(const struct compare_plan *plan,
		struct compare_result *result);

#endif
