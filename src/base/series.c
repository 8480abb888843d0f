// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/series.h"

#include <math.h>

#include "base/clock.h"
#include "base/macro.h"

#define WIDTH_LEAST_NS	(5 * NS_PER_MS)

void series_begin(struct series *series, uint64_t now_ns, uint64_t count)
{
	*series = (struct series){
		.width_ns = WIDTH_LEAST_NS,
		.next_ns = now_ns + WIDTH_LEAST_NS,
		.seen = count,
	};
}

static void widen(struct series *series)
{
	series->used /= 2;
	for (unsigned i = 0; i < series->used; i++)
		series->steps[i] = series->steps[2 * i] +
				   series->steps[2 * i + 1];
	series->next_ns += series->width_ns;
	series->width_ns *= 2;
}

/* What came late goes to the step in which it was seen. */
void series_step(struct series *series, uint64_t now_ns, uint64_t count)
{
	while (now_ns >= series->next_ns) {
		series->steps[series->used++] = count - series->seen;
		series->seen = count;
		series->next_ns += series->width_ns;
		if (series->used == SERIES_STEPS)
			widen(series);
	}
}

void series_add(struct series *into, const struct series *from)
{
	struct series other = *from;

	if (!into->width_ns) {
		*into = other;
		return;
	}
	while (other.width_ns < into->width_ns)
		widen(&other);
	while (into->width_ns < other.width_ns)
		widen(into);
	into->used = MIN(into->used, other.used);
	for (unsigned i = 0; i < into->used; i++)
		into->steps[i] += other.steps[i];
}

double series_get_unrest(const struct series *series)
{
	double sum = 0, squares = 0, n = series->used;

	for (unsigned i = 0; i < series->used; i++) {
		double step = (double)series->steps[i];

		sum += step;
		squares += step * step;
	}
	if (n < 2 || sum <= 0)
		return -1;
	return sqrt(MAX(squares - sum * sum / n, 0) / (n - 1)) / (sum / n);
}
