/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how the way between two functions is told, hop by hop: paths[]. Must
 * not know whether the kernel allows it, beyond what the verdict says.
 */
#ifndef P2PDMA_REPORT_REPORT_PATH_H
#define P2PDMA_REPORT_REPORT_PATH_H

#include "lib/p2pdma.h"
#include "report/writer.h"

/* One more element of paths[]: what @client sends to @provider's memory. */
void report_path(struct report *report,
		 const struct p2pdma_topology *topology,
		 const struct p2pdma_function *provider,
		 const struct p2pdma_function *client);

#endif
