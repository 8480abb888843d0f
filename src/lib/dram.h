/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows which counters of the memory controllers count traffic, by what the
 * kernel tells of them; must not know who caused it.
 */
#ifndef P2PDMA_LIB_DRAM_H
#define P2PDMA_LIB_DRAM_H

#include "lib/context.h"

/* One counter, as perf_event_open(2) takes it. */
struct dram_counter {
	uint32_t type;
	uint64_t config;
	int cpu;		/* any of its socket */
	double bytes;		/* that one count stands for */
};

/* 0, -ENODEV there are none, -ENOMEM. The caller frees @counters. */
int dram_find(const struct p2pdma_context *context,
	      struct dram_counter **counters, size_t *count);

#endif
