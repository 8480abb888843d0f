// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/histogram.h"

#include <math.h>
#include <string.h>

#include "base/macro.h"

void histogram_init(struct histogram *h)
{
	memset(h, 0, sizeof(*h));
	h->least = UINT64_MAX;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	into->least = MIN(into->least, from->least);
	into->most = MAX(into->most, from->most);
	into->count += from->count;
	into->sum += from->sum;
	into->squares += from->squares;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->buckets[i] += from->buckets[i];
}

uint64_t histogram_least(const struct histogram *h)
{
	return h->count ? h->least : 0;
}

uint64_t histogram_most(const struct histogram *h)
{
	return h->most;
}

double histogram_mean(const struct histogram *h)
{
	return h->count ? (double)h->sum / (double)h->count : 0;
}

/*
 * n·Σx² - (Σx)² would lose everything to rounding where the deviation is
 * small beside the mean, so it is taken in integers while it fits.
 */
double histogram_deviation(const struct histogram *h)
{
	unsigned __int128 scaled, sum_squared;
	double mean = histogram_mean(h);
	double variance;

	if (!h->count)
		return 0;
	sum_squared = (unsigned __int128)h->sum * h->sum;
	if (!__builtin_mul_overflow(h->squares, h->count, &scaled))
		return sqrt((double)(scaled - sum_squared)) /
		       (double)h->count;
	variance = (double)h->squares / (double)h->count - mean * mean;
	return variance > 0 ? sqrt(variance) : 0;
}

/* The middle of a bucket; exact where a bucket holds one amount only. */
static uint64_t bucket_middle(unsigned bucket)
{
	unsigned shift = bucket / HISTOGRAM_STEPS;
	uint64_t first;

	if (shift)
		shift--;
	first = (uint64_t)(bucket - shift * HISTOGRAM_STEPS) << shift;
	return first + ((UINT64_C(1) << shift) - 1) / 2;
}

uint64_t histogram_quantile(const struct histogram *h, unsigned share)
{
	unsigned __int128 scaled = (unsigned __int128)h->count * share;
	uint64_t rank = MAX((uint64_t)((scaled + 9999) / 10000), 1);
	uint64_t seen = 0;
	unsigned bucket;

	if (!h->count)
		return 0;
	for (bucket = 0; bucket < HISTOGRAM_BUCKETS - 1; bucket++) {
		seen += h->buckets[bucket];
		if (seen >= rank)
			break;
	}
	return MIN(MAX(bucket_middle(bucket), h->least), h->most);
}
