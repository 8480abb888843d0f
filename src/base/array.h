/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows how an array grows; must not know what is in it. An array is a
 * pointer and a count, both 0 at first; free() gives it back.
 */
#ifndef P2PDMA_BASE_ARRAY_H
#define P2PDMA_BASE_ARRAY_H

#include <stddef.h>

/* A new zeroed last item, or NULL when there is no memory. */
#define array_add(items, count)						\
	((__typeof__(items))array_grow((void **)&(items), &(count),	\
				       sizeof(*(items))))

/* What array_add() does, for items of @item_bytes. */
void *array_grow(void **items, size_t *count, size_t item_bytes);

#endif
