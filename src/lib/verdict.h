/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows how verdicts are compared; the rules themselves are in verdict.c.
 */
#ifndef P2PDMA_LIB_VERDICT_H
#define P2PDMA_LIB_VERDICT_H

#include "lib/p2pdma.h"

/* Refused is worse than unknown, that than through the host, than direct. */
bool verdict_is_worse(enum p2pdma_reach a, enum p2pdma_reach b);

enum p2pdma_reach verdict_worse(enum p2pdma_reach a, enum p2pdma_reach b);

#endif
