/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows blocks that tell where they belong, and what happened to one that is
 * not as it should be. Must not know how it was moved.
 *
 * A block is sectors of 512 bytes, 64 words in host byte order:
 *
 *	0	a mark
 *	1	the sector's offset on the target, in bytes
 *	2	the seed
 *	3	the generation: how often the block was written
 *	4-62	random numbers that follow from words 1 to 3
 *	63	a checksum of all that
 *
 * Only for memory of the host: peer memory is filled and looked at through
 * p2pdma_pool_store() and _load().
 */
#ifndef P2PDMA_ENGINE_PATTERN_H
#define P2PDMA_ENGINE_PATTERN_H

#include <stddef.h>
#include <stdint.h>

#define PATTERN_SECTOR	512u

/* What a block should be. */
struct pattern {
	uint64_t offset;	/* of its first byte */
	uint64_t seed;
	uint64_t generation;	/* 0: any, but the same one in the whole */
};

enum pattern_fault {
	PATTERN_GOOD = 0,
	PATTERN_ZEROED,		/* zeros */
	PATTERN_MISPLACED,	/* whole, but of another offset */
	PATTERN_STALE,		/* whole, but of another seed or generation */
	PATTERN_TORN,		/* partly one thing and partly another */
	PATTERN_FOREIGN,	/* no such sector, or a damaged one */
	PATTERN_FAULTS,
};

/* What is there instead, at the first sector that is not as it should be. */
struct pattern_finding {
	enum pattern_fault fault; /* of the block */
	enum pattern_fault sector_fault;
	uint64_t offset;	/* on the target */
	struct pattern found;	/* of MISPLACED and STALE ones; else 0 */
};

/* @bytes: a multiple of PATTERN_SECTOR; @block is aligned to 8 bytes. */
void pattern_fill(void *block, size_t bytes, const struct pattern *pattern);

/* @finding is filled unless the block is good. */
enum pattern_fault pattern_check(const void *block, size_t bytes,
				 const struct pattern *wanted,
				 struct pattern_finding *finding);

/* "zeroed", "misplaced", … */
const char *pattern_get_fault_name(enum pattern_fault fault);

#endif
