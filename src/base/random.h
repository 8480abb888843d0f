/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows how to draw numbers that look random, fast, and the same ones for
 * the same seed on every machine. Not for secrets.
 *
 * The generator is splitmix64 (Steele, Lea, Flood 2014): a counter and a
 * mixing function, so any seed is a good one and there is nothing to warm
 * up. Drawing below a limit multiplies instead of dividing (Lemire 2019).
 */
#ifndef P2PDMA_BASE_RANDOM_H
#define P2PDMA_BASE_RANDOM_H

#include <stdint.h>

/* Caller's storage. */
struct random {
	uint64_t state;
};

/* Every bit of a number reaches every bit of the result; one to one. */
static inline uint64_t random_mix(uint64_t n)
{
	n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
	return n ^ n >> 31;
}

/* Distinct @stream of one @seed draw numbers unrelated to each other. */
static inline void random_init(struct random *r, uint64_t seed,
			       uint64_t stream)
{
	r->state = stream ? seed ^ random_mix(stream) : seed;
}

/* Any 64 bits. */
static inline uint64_t random_next(struct random *r)
{
	r->state += UINT64_C(0x9e3779b97f4a7c15);
	return random_mix(r->state);
}

/* Any number below @limit, each as likely as the other; @limit is not 0. */
static inline uint64_t random_below(struct random *r, uint64_t limit)
{
	unsigned __int128 product;

	product = (unsigned __int128)random_next(r) * limit;
	/* Nearly never: the few draws that would favour some numbers. */
	if (__builtin_expect((uint64_t)product < limit, 0)) {
		uint64_t unfair = -limit % limit;

		while ((uint64_t)product < unfair)
			product = (unsigned __int128)random_next(r) * limit;
	}
	return (uint64_t)(product >> 64);
}

#endif
