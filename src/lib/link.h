/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows what a PCI Express link carries; must not know what sends over it.
 */
#ifndef P2PDMA_LIB_LINK_H
#define P2PDMA_LIB_LINK_H

#include "lib/p2pdma.h"

/* Bytes a second of a link after its encoding; 0 when either is unknown. */
uint64_t link_get_rate(uint32_t speed_mtps, uint32_t width);

#endif
