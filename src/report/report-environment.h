/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what a figure needs beside it to be cited: the machine, its kernel
 * and how both are set up. Must not know what was measured.
 */
#ifndef P2PDMA_REPORT_REPORT_ENVIRONMENT_H
#define P2PDMA_REPORT_REPORT_ENVIRONMENT_H

#include "lib/p2pdma.h"
#include "report/writer.h"

/* "environment" of the report; of now. */
void report_add_environment(struct report *report,
			    const struct p2pdma_topology *topology);

#endif
