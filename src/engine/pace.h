/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows when the next bytes may go so that there are no more a second than
 * allowed; must not know what they are. Time that nobody used is not caught
 * up on, but for a moment.
 */
#ifndef P2PDMA_ENGINE_PACE_H
#define P2PDMA_ENGINE_PACE_H

#include <stdint.h>

/* Caller's storage; zeroed but for the rate. */
struct pace {
	uint64_t bytes_per_sec;	/* 0: as fast as it goes */
	uint64_t next_ns;
};

/* Nanoseconds until the next bytes may go; 0: now. */
uint64_t pace_get_wait(const struct pace *pace, uint64_t now_ns);

/* @bytes (below 16 GiB) have gone. */
void pace_take(struct pace *pace, uint64_t now_ns, uint64_t bytes);

#endif
