/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows where a file has holes; must not know what is done about them.
 */
#ifndef P2PDMA_ENGINE_HOLES_H
#define P2PDMA_ENGINE_HOLES_H

#include "engine/extents.h"

/*
 * holes_find() - mark as HOLE what is WANTED and a hole of the file
 * @fd:		regular file
 * @start_bytes: where @extents begin in the file
 * @align:	holes end at multiples of it in @extents, or with them
 *
 * A file system that does not tell has none. 0 or -errno of @extents.
 */
int holes_find(int fd, uint64_t start_bytes, uint32_t align,
	       struct extents *extents);

#endif
