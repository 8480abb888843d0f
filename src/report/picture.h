/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what stands in a picture of host_bridges[] and pairs[]: boxes (host
 * bridges and switches) with ports, and what hangs at their ends. Must not
 * know the language that it is drawn in.
 */
#ifndef P2PDMA_REPORT_PICTURE_H
#define P2PDMA_REPORT_PICTURE_H

#include "report/tree.h"

enum picture_shape {
	PICTURE_BOX,
	PICTURE_PORT,		/* of the box above it */
	PICTURE_LEAF,
};

/* Whether a client reaches a provider. */
enum picture_mark {
	PICTURE_NONE = 0,	/* no such pair */
	PICTURE_DIRECT,
	PICTURE_VIA_HOST,
	PICTURE_REFUSED,
	PICTURE_UNKNOWN,
};

struct picture_node {
	enum picture_shape shape;
	struct json_object *facts;	/* borrowed from the report */
	const char *address;
	struct picture_node *above;
	struct picture_node *children;
	size_t child_count;
	unsigned depth;			/* boxes above it */
	size_t leaf;			/* LEAF: its index */
	double y, top, bottom;		/* for who lays it out */
};

struct picture_cell {
	enum picture_mark mark;
	bool has_warning;		/* reachable, but */
};

struct picture {
	struct picture_node root;	/* whose children are host bridges */
	struct picture_node **leaves;	/* from top to bottom */
	size_t leaf_count;
	struct picture_node **providers; /* those of them with memory */
	size_t provider_count;
	struct picture_cell *cells;	/* of each provider, for each leaf */
	size_t mark_counts[PICTURE_UNKNOWN + 1];
	unsigned depth;			/* boxes below each other, at most */
};

void picture_init(struct picture *picture, struct json_object *tree);
void picture_fini(struct picture *picture);

const struct picture_cell *picture_get_cell(const struct picture *picture,
					    size_t provider, size_t leaf);

/* "nvme0", else the driver; "" for neither. */
const char *picture_get_device(const struct picture_node *node);

/* "direct": the word of the report. */
const char *picture_get_mark_name(enum picture_mark mark);

#endif
