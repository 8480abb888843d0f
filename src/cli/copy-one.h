/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows the steps of a copy of one source, what is said when, and its exit
 * code; must not know how a copy is made (engine/copy-job.h) or how it looks
 * on paper (report/report-copy.h).
 */
#ifndef P2PDMA_CLI_COPY_ONE_H
#define P2PDMA_CLI_COPY_ONE_H

#include <signal.h>

#include "cli/copy-options.h"
#include "cli/output.h"
#include "lib/p2pdma.h"

/* Borrowed. */
struct copy_one {
	const struct cli_common *common; /* operands: SOURCE DEST */
	const struct copy_options *options;
	struct p2pdma_context *context;
	const struct p2pdma_topology *topology;
	struct output *output;
	struct output *sums;		/* the file of --checksum */
	const volatile sig_atomic_t *stop;
	volatile sig_atomic_t *asked;	/* how far it is; 0 when told */
	volatile sig_atomic_t *is_excused; /* apart.h; NULL: nobody looks */
};

/* As copy_many(). */
int copy_one(const struct copy_one *wish, bool *is_silent);

#endif
