/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how the tree of PCI functions is told: host_bridges[], each with
 * children[] that have children[]. How it is drawn is the writers' business.
 */
#ifndef P2PDMA_REPORT_REPORT_TREE_H
#define P2PDMA_REPORT_REPORT_TREE_H

#include "report/report-topology.h"

/* What is in it, beside what leads there. */
struct tree_view {
	const struct scope *scope;	/* these; none: drives and providers */
	bool has_everything;		/* every function */
	bool is_quiet;			/* no word about what is left out */
};

/* Also pairs[], for a picture shows who reaches whom. */
void report_tree(struct report *report,
		 const struct p2pdma_topology *topology,
		 const struct tree_view *view);

#endif
