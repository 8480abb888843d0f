/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how a range is copied: slots that are read and written independently
 * of each other, one call into the kernel a turn. Must not know how its
 * buffers were chosen, whether the copy is allowed, or how it is told.
 *
 * copy.c has the passes over the range and the loop, copy-block.c what
 * happens to one block, copy-flush.c what makes it stay.
 */
#ifndef P2PDMA_ENGINE_COPY_H
#define P2PDMA_ENGINE_COPY_H

#include "engine/copy-plan.h"
#include "engine/shape.h"

/*
 * copy_run() - copy and, if that went well, complete the destination
 *
 * @result is filled in any case. 0, also when there are bad bytes or dropped
 * destinations, or
 * -EINTR	stopped; drained
 * -ETIMEDOUT	@result->error.side is silent
 * -EREMOTEIO	peer memory was required and refused
 * -errno	the first error, or that of the ring (error.side is NONE)
 */
int copy_run(const struct copy_plan *plan, struct copy_result *result);

/* What a drive says of one place; others may be good. */
bool copy_is_bad_medium(int error);

/* How the plan's range falls onto blocks. */
void copy_find_shape(const struct copy_plan *plan, struct shape *shape);

#endif
