// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/array.h"

#include <stdlib.h>
#include <string.h>

/* It is full exactly when the count is a power of two, so that no capacity
 * has to be carried around. */
static int is_full(size_t count)
{
	return !(count & (count - 1));
}

void *array_grow(void **items, size_t *count, size_t item_bytes)
{
	char *item;

	if (is_full(*count)) {
		void *grown = reallocarray(*items, *count ? *count * 2 : 1,
					   item_bytes);

		if (!grown)
			return NULL;
		*items = grown;
	}
	item = (char *)*items + *count * item_bytes;
	memset(item, 0, item_bytes);
	++*count;
	return item;
}
