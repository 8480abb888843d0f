/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows which layers between a path and a drive pass peer pages down to it,
 * in which kernels. Pure.
 */
#ifndef P2PDMA_LIB_LAYER_H
#define P2PDMA_LIB_LAYER_H

#include "lib/p2pdma.h"

#define LAYER_MULTIPATH	"nvme-multipath"
/* btrfs, unless it is known to keep data once and on one device. */
#define LAYER_XFS_STABLE	"xfs on stable pages"
#define LAYER_BTRFS_COPIES	"btrfs of several copies"

/* A layer of @kind as @kernel has it; kinds we never met pass UNKNOWN. */
struct p2pdma_layer layer_make(unsigned kernel, const char *kind,
			       const char *name);

/* The worst over the directions in @direction (P2PDMA_READ, _WRITE). */
enum p2pdma_answer layer_passes(const struct p2pdma_layer *layer,
				unsigned direction);

/* No is worse than unknown, that than yes. */
enum p2pdma_answer layer_worse(enum p2pdma_answer a, enum p2pdma_answer b);

/* Why a layer does not pass, and what to do about it. */
void layer_explain(const struct p2pdma_layer *layer,
		   struct p2pdma_reason *reason);

#endif
