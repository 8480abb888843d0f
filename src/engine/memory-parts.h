/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what memory.c and memory-*.c share; nobody else looks at it.
 */
#ifndef P2PDMA_ENGINE_MEMORY_PARTS_H
#define P2PDMA_ENGINE_MEMORY_PARTS_H

#include "engine/memory.h"

/* What was tried is no use: the next one, or host memory. */
#define MEMORY_NEXT_ONE	1

/* Source, destination, further ones: NULL where there is none. */
const struct p2pdma_target *memory_get_target(const struct memory *m,
					      unsigned index);

/* --- memory-sizes.c ------------------------------------------------------ */

/* Smaller of two limits of which 0 is none. */
uint64_t memory_tighter(uint64_t a, uint64_t b);

/* Block and depth, by the provider that was opened or by host memory. */
void memory_choose_peer_sizes(struct memory *m);
void memory_choose_host_sizes(struct memory *m);

/* --- memory.c ------------------------------------------------------------ */

/* MEMORY_NEXT_ONE; what the best provider said counts, be it a verdict. */
int memory_deny(struct memory *m, const char *id, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int memory_say_verdict(struct memory *m, const struct p2pdma_choice *choice);

/* 0: it is open; MEMORY_NEXT_ONE; -ENOMEM. */
int memory_open_choice(struct memory *m, const struct p2pdma_choice *choice);
/* The next provider, or host memory. 0 or -ENOMEM. */
int memory_choose_next(struct memory *m);
/* All that was taken goes back. */
void memory_drop_peer(struct memory *m);

#endif
