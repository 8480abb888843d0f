/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows the steps of a copy of many files, what is said when, and its exit
 * code; must not know how the options are written, nor how files are copied
 * (engine/many.h).
 */
#ifndef P2PDMA_CLI_COPY_MANY_H
#define P2PDMA_CLI_COPY_MANY_H

#include "cli/cli.h"
#include "cli/output.h"
#include "engine/many.h"

/* Borrowed. */
struct copy_many {
	const struct cli_common *common; /* operands: SOURCE… DEST */
	struct many_args args;		/* but for what is told, and to whom */
	const char *manifest;		/* NULL: the operands; "-": stdin */
	bool is_nul;			/* the manifest is of such pairs */
	unsigned destinations;		/* of each of its lines */
	const char *const *also;	/* more places as DEST; no manifest */
	unsigned also_count;		/* fewer than MANY_PLACES_MOST */
	struct output *output;
	volatile sig_atomic_t *asked;	/* how far it is; 0 when told */
	volatile sig_atomic_t *is_excused; /* apart.h; NULL: nobody looks */
	struct output *sums;		/* for checksums; NULL: the report */
};

/*
 * An exit code. @is_silent: closing anything could wait for ever; leave at
 * once.
 */
int copy_many(const struct copy_many *wish, bool *is_silent);

#endif
