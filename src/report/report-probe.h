/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how the kernel's answers are told beside what was foretold. Must not
 * know how they were got.
 */
#ifndef P2PDMA_REPORT_REPORT_PROBE_H
#define P2PDMA_REPORT_REPORT_PROBE_H

#include "engine/probe.h"
#include "report/writer.h"

/* How often what happened; the exit code is made of it. */
struct probe_counts {
	size_t pairs, accepted, refused, failed, unasked;
	size_t disagreeing;	/* with the prediction */
	size_t differing;	/* in data */
};

void report_probe_count(const struct probe_pair *pairs, size_t count,
			struct probe_counts *counts);

/* pairs[], with probe, probe_errno, probe_difference, agrees and device. */
void report_probe(struct report *report,
		  const struct p2pdma_topology *topology,
		  const struct probe_pair *pairs, size_t count);

#endif
