/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows how often which amount was seen; must not know what is measured.
 *
 * Log-linear: amounts below 1024 have a bucket each, above that every power
 * of two has 512 buckets of equal width. A quantile is therefore off by at
 * most HISTOGRAM_ERROR of its value (half a bucket); least, most, mean and
 * deviation are exact. Recording is a few additions, without a division, a
 * branch that is hard to predict, or an allocation.
 *
 * libhdr_histogram does the same, but Debian 12 does not ship it.
 */
#ifndef P2PDMA_BASE_HISTOGRAM_H
#define P2PDMA_BASE_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_STEP_BITS	9
#define HISTOGRAM_STEPS		(1u << HISTOGRAM_STEP_BITS)
#define HISTOGRAM_BUCKETS	\
	((64 - HISTOGRAM_STEP_BITS + 1) * HISTOGRAM_STEPS)
#define HISTOGRAM_ERROR		(0.5 / HISTOGRAM_STEPS)

/* Caller's storage, about 220 KiB; histogram_init() first. */
struct histogram {
	uint64_t least;
	uint64_t most;
	uint64_t count;
	uint64_t sum;
	unsigned __int128 squares;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_init(struct histogram *h);

/* The bucket that @amount falls into. */
static inline unsigned histogram_bucket(uint64_t amount)
{
	unsigned shift = 63 - HISTOGRAM_STEP_BITS -
			 (unsigned)__builtin_clzll(amount | HISTOGRAM_STEPS);

	return shift * HISTOGRAM_STEPS + (unsigned)(amount >> shift);
}

/* Counts @amount once. */
static inline void histogram_record(struct histogram *h, uint64_t amount)
{
	h->buckets[histogram_bucket(amount)]++;
	h->count++;
	h->sum += amount;
	h->squares += (unsigned __int128)amount * amount;
	if (amount < h->least)
		h->least = amount;
	if (amount > h->most)
		h->most = amount;
}

/* Adds all that @from has seen to @into. */
void histogram_merge(struct histogram *into, const struct histogram *from);

/* Of what was seen; 0 when nothing was. */
uint64_t histogram_least(const struct histogram *h);
uint64_t histogram_most(const struct histogram *h);
double histogram_mean(const struct histogram *h);

/* Standard deviation of all that was seen (not of a sample of it). */
double histogram_deviation(const struct histogram *h);

/*
 * The amount that @share of 10000 of what was seen does not exceed: 5000 is
 * the median, 9999 is "four nines". 0 when nothing was seen.
 */
uint64_t histogram_quantile(const struct histogram *h, unsigned share);

#endif
