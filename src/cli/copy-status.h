/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows the line that tells how far a copy is when somebody asks, as dd's;
 * must not know who asks.
 */
#ifndef P2PDMA_CLI_COPY_STATUS_H
#define P2PDMA_CLI_COPY_STATUS_H

#include <stdint.h>

#include "report/progress.h"

/* Whatever becomes of the progress line. */
void copy_status_tell(const struct progress *progress, uint64_t done_bytes);

#endif
