/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how to find out, before a copy, whether an endpoint really moves data
 * to and from peer memory: the kernel's prediction and its success are no
 * proof (a translating IOMMU can make a drive report success and move
 * nothing). Must not know what is done about it.
 */
#ifndef P2PDMA_ENGINE_PREFLIGHT_H
#define P2PDMA_ENGINE_PREFLIGHT_H

#include "engine/copy.h"

enum preflight_answer {
	PREFLIGHT_UNKNOWN = 0,	/* nothing there to be tried with */
	PREFLIGHT_WORKS,
	PREFLIGHT_REFUSED,	/* error; host memory works */
	PREFLIGHT_DIFFERS,	/* success, and not the data that host has */
	PREFLIGHT_SILENT,	/* no answer; host memory works */
};

/* What lay there instead of the data. */
enum preflight_difference {
	PREFLIGHT_SAME = 0,
	PREFLIGHT_STALE,	/* what was there before: nothing came */
	PREFLIGHT_ONES,		/* all 0xFF: nobody answered the CPU's read */
	PREFLIGHT_ZEROS,
	PREFLIGHT_OTHER,
};

struct preflight_result {
	enum preflight_answer answer;
	int error;		/* REFUSED: negative errno */
	enum preflight_difference difference;	/* DIFFERS */
};

/*
 * preflight_run() - try @endpoint with slot 0 of @pool, which is peer memory
 *
 * One block at @offset_bytes, of a file the first one from there on that is no
 * hole, is read into the slot and compared with a read into host memory. Only a
 * file that is written aside, which has nothing to read yet, and one that is to
 * be written and has but a hole there, is written to instead, from the slot;
 * the block is zeros then.
 *
 * @ring is used alone, and has a depth of 1 at least. After SILENT, and after
 * -ETIMEDOUT, a request of it never ends: it is not to be used any more. The
 * slot may still be written by the drive, at any time: leave
 * the pool alone until the program ends.
 *
 * Return: 0, or -errno where host memory does not work either; -ETIMEDOUT
 * when the endpoint does not answer at all.
 */
int preflight_run(struct ring *ring, struct endpoint *endpoint,
		  uint64_t offset_bytes, struct p2pdma_pool *pool,
		  struct p2pdma_provider *host, uint64_t timeout_ns,
		  struct preflight_result *result);

#endif
