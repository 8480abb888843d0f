// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/zipf.h"

#include <math.h>

#include "base/macro.h"

/* log(1 + x) / x and (exp(x) - 1) / x, also where x is next to nothing. */
static double log_over(double x)
{
	return fabs(x) > 1e-8 ? log1p(x) / x : 1 - x / 2;
}

static double exp_over(double x)
{
	return fabs(x) > 1e-8 ? expm1(x) / x : 1 + x / 2;
}

/* The weight of @x, the area below it, and where that area is reached. */
static double weight(double theta, double x)
{
	return exp(-theta * log(x));
}

static double area(double theta, double x)
{
	return exp_over((1 - theta) * log(x)) * log(x);
}

static double area_inverse(double theta, double a)
{
	return exp(log_over(MAX(a * (1 - theta), -1.0)) * a);
}

void zipf_init(struct zipf *zipf, double theta, uint64_t limit, uint64_t seed)
{
	unsigned bits = limit > 1 ?
		64 - (unsigned)__builtin_clzll(limit - 1) : 1;
	struct random random;

	random_init(&random, seed, UINT64_MAX);
	*zipf = (struct zipf){
		.theta = theta,
		.area_first = area(theta, 1.5) - 1,
		.area_last = area(theta, (double)limit + 0.5),
		.squeeze = 2 - area_inverse(theta, area(theta, 2.5) -
						   weight(theta, 2)),
		.limit = limit,
		.mask = bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX,
		.shuffle = random_next(&random),
		.shift = (bits + 1) / 2,
	};
}

uint64_t zipf_draw_rank(const struct zipf *zipf, struct random *random)
{
	for (;;) {
		double share = (double)(random_next(random) >> 11) * 0x1p-53;
		double a = zipf->area_last +
			   share * (zipf->area_first - zipf->area_last);
		double x = area_inverse(zipf->theta, a);
		double k = floor(x + 0.5);

		k = MIN(MAX(k, 1.0), (double)zipf->limit);
		if (k - x <= zipf->squeeze ||
		    a >= area(zipf->theta, k + 0.5) - weight(zipf->theta, k))
			return MIN((uint64_t)k, zipf->limit) - 1;
	}
}

/*
 * Odd products and shifted sums turn each number of as many bits into another
 * one; what is too large then is turned again. It comes round to a number
 * below the limit, because it began with one.
 */
uint64_t zipf_scatter(const struct zipf *zipf, uint64_t rank)
{
	do {
		rank = (rank + zipf->shuffle) & zipf->mask;
		rank = rank * UINT64_C(0xa0761d6478bd642f) & zipf->mask;
		rank ^= rank >> zipf->shift;
		rank = rank * UINT64_C(0xe7037ed1a0b428db) & zipf->mask;
		rank ^= rank >> zipf->shift;
	} while (rank >= zipf->limit);
	return rank;
}

uint64_t zipf_draw(const struct zipf *zipf, struct random *random)
{
	return zipf_scatter(zipf, zipf_draw_rank(zipf, random));
}
