/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows how evenly something went on: a count that grows, looked at in equal
 * steps of time. Must not know what is counted.
 *
 * However long it lasts, there are 16 to 32 steps of the same width: when all
 * places are taken, two become one of twice the width.
 */
#ifndef P2PDMA_BASE_SERIES_H
#define P2PDMA_BASE_SERIES_H

#include <stdint.h>

#define SERIES_STEPS	32u

/* Caller's storage. */
struct series {
	uint64_t width_ns;
	uint64_t next_ns;	/* when the current step is over */
	uint64_t seen;		/* the count when it began */
	unsigned used;		/* steps that are over */
	uint64_t steps[SERIES_STEPS];
};

void series_begin(struct series *series, uint64_t now_ns, uint64_t count);

/* What series_note() does when a step is over. */
void series_step(struct series *series, uint64_t now_ns, uint64_t count);

/* Call it often: @count is what it has grown to at @now_ns. */
static inline void series_note(struct series *series, uint64_t now_ns,
			       uint64_t count)
{
	if (__builtin_expect(now_ns >= series->next_ns, 0))
		series_step(series, now_ns, count);
}

/* Adds what went on at the same time; both began together. */
void series_add(struct series *into, const struct series *from);

/*
 * Standard deviation of a step over the mean step. Below 0 where fewer than
 * two steps are over, or nothing went on.
 */
double series_get_unrest(const struct series *series);

#endif
