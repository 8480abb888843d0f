/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows what there is to be told of a block device: the way from it down to
 * PCI functions (block-walk.c), its sizes and limits, its other names and who
 * holds it. Must not know about paths and file systems.
 */
#ifndef P2PDMA_LIB_BLOCK_H
#define P2PDMA_LIB_BLOCK_H

#include "lib/target.h"

/* Adds the layers and clients of block device @name: "nvme0n1p1", "md0". */
int block_walk(struct target *target, const char *name);

/* Fills device, disk, sizes and limits from block device @name. */
int block_describe(struct target *target, const char *name);

/* After it: does its disk want pages that nobody changes while it writes? */
bool block_needs_stable_pages(struct target *target);

/* After it: who else has bytes of the device, as holders and aliases. */
int block_find_sharers(struct target *target);

/* Is device MAJOR:MINOR @target, by any name, or a partition of it? */
bool block_is_on(struct target *target, unsigned major, unsigned minor);

/* The name of device MAJOR:MINOR; @type is "block" or "char". */
int block_find_name(const struct p2pdma_context *context, const char *type,
		    unsigned major, unsigned minor, char **name);

/* The block device that device mapper calls @dm_name. */
int block_find_dm(const struct p2pdma_context *context, const char *dm_name,
		  char **name);

#endif
