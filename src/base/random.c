// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/random.h"

uint64_t random_below_fair(struct random *r, uint64_t limit)
{
	uint64_t unfair = -limit % limit;
	unsigned __int128 product;

	do
		product = (unsigned __int128)random_next(r) * limit;
	while ((uint64_t)product < unfair);
	return (uint64_t)(product >> 64);
}
