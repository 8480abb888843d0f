// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/spread.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double at(const double *values, size_t count, double share)
{
	double place = share * (double)(count - 1);
	size_t below = (size_t)place;

	if (below + 1 >= count)
		return values[count - 1];
	return values[below] + (place - (double)below) *
				       (values[below + 1] - values[below]);
}

void spread_find(double *values, size_t count, struct spread *spread)
{
	qsort(values, count, sizeof(*values), compare);
	*spread = (struct spread){
		.least = values[0],
		.first_quartile = at(values, count, 0.25),
		.median = at(values, count, 0.5),
		.third_quartile = at(values, count, 0.75),
		.most = values[count - 1],
	};
}
