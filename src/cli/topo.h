/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what the words of p2ptopo share: the machine, the operands and the
 * report that they fill. A word that does more than that has its own file.
 */
#ifndef P2PDMA_CLI_TOPO_H
#define P2PDMA_CLI_TOPO_H

#include <string.h>

#include "cli/cli.h"
#include "lib/p2pdma.h"
#include "report/report-topology.h"

struct topo {
	struct cli_common common;
	uint64_t io_timeout_ns;
	bool is_fix;			/* doctor: print the remedies */
	struct p2pdma_context *context;
	struct p2pdma_topology *topology;
	struct p2pdma_target **targets;	/* what the operands stand for */
	size_t target_count;
	struct scope scope;
	struct report report;
	int code;			/* to exit with, once it is written */
};

/* "p2ptopo: @what: reason" on stderr; returns EXIT_FAILED. */
static inline int topo_fail(const char *what, int rc)
{
	cli_error("p2ptopo", "%s: %s", what, strerror(-rc));
	return EXIT_FAILED;
}

/* Each fills topo->report. CLI_GO_ON, or the code to exit with. */
int topo_probe(struct topo *topo);
int topo_users(struct topo *topo);
int topo_doctor(struct topo *topo);

#endif
