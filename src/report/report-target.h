/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how it is told what a path stands for: its layers, and what of them
 * peer memory does not pass. Must not know how they were found.
 */
#ifndef P2PDMA_REPORT_REPORT_TARGET_H
#define P2PDMA_REPORT_REPORT_TARGET_H

#include "lib/p2pdma.h"
#include "report/writer.h"

/*
 * targets[]{path, kind, device, layers[]{kind, name, passes_reads,
 * passes_writes}, clients[], reasons[]}; no key where there are none. Text has
 * only what is more than a drive itself.
 */
void report_targets(struct report *report,
		    const struct p2pdma_target *const *targets, size_t count);

#endif
