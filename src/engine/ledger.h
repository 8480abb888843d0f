/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how often each block of a target was written, and which are on their
 * way; must not know what is in them. Four bytes a block, of which the kernel
 * gives those pages only that are used.
 *
 * Jobs may share a ledger as long as each keeps to blocks of its own.
 */
#ifndef P2PDMA_ENGINE_LEDGER_H
#define P2PDMA_ENGINE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#define LEDGER_BUSY	UINT32_C(0x80000000)
/* The generation of what was copied here: whatever the source had. */
#define LEDGER_COPIED	UINT32_C(0x7fffffff)

struct ledger {
	uint32_t *entries;	/* 0: never written, or it is not known how */
	uint64_t blocks;
	uint64_t block_bytes;
};

/* 0 or -ENOMEM; the ledger is empty. */
int ledger_create(uint64_t size_bytes, uint64_t block_bytes,
		  struct ledger **ledger);
void ledger_destroy(struct ledger *ledger);

static inline uint32_t *ledger_find(const struct ledger *ledger,
				    uint64_t offset)
{
	return &ledger->entries[offset / ledger->block_bytes];
}

static inline bool ledger_is_busy(const struct ledger *ledger,
				  uint64_t offset)
{
	return *ledger_find(ledger, offset) & LEDGER_BUSY;
}

static inline bool ledger_is_written(const struct ledger *ledger,
				     uint64_t offset)
{
	return *ledger_find(ledger, offset) & ~LEDGER_BUSY;
}

/* How many blocks of [@begin, @end) were written. */
uint64_t ledger_count(const struct ledger *ledger, uint64_t begin,
		      uint64_t end);

#endif
