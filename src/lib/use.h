/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows what the kernel itself uses a block device for: file systems that are
 * mounted, and swap. Must not know who wants to write there.
 */
#ifndef P2PDMA_LIB_USE_H
#define P2PDMA_LIB_USE_H

#include "lib/target.h"

/* What public has of it, after block_describe(). What cannot be read stays
 * unknown. */
void use_read(struct target *target);

#endif
