/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how one thing is copied by a copy job, with nothing of the batch in
 * flight: a device, a file that has to be written in place, a range of a file
 * that several nodes write. Must not know how files are copied side by side.
 */
#ifndef P2PDMA_ENGINE_MANY_ALONE_H
#define P2PDMA_ENGINE_MANY_ALONE_H

#include "engine/many-later.h"

/*
 * Tells what came, or in a dry run would come, of it. 0; -ETIMEDOUT: a drive is
 * silent; -errno of a ring.
 */
int many_alone_copy(struct many *m, const struct many_later *later);

#endif
