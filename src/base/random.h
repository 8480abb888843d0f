/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows how to draw numbers that look random, fast, and the same ones for
 * the same seed on every machine. Not for secrets.
 *
 * The generator is wyrand (Wang Yi): a counter, and a product of 128 bits
 * folded to 64. Any seed is a good one and there is nothing to warm up.
 * Drawing below a limit multiplies instead of dividing (Lemire 2019).
 */
#ifndef P2PDMA_BASE_RANDOM_H
#define P2PDMA_BASE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/* Caller's storage. */
struct random {
	uint64_t state;
};

/* Both halves of a product, one over the other. */
static inline uint64_t random_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

/* Any 64 bits. */
static inline uint64_t random_next(struct random *r)
{
	r->state += UINT64_C(0xa0761d6478bd642f);
	return random_fold(r->state, r->state ^ UINT64_C(0xe7037ed1a0b428db));
}

/* Distinct @stream of one @seed draw numbers unrelated to each other. */
static inline void random_init(struct random *r, uint64_t seed,
			       uint64_t stream)
{
	r->state = stream;
	r->state = seed ^ (stream ? random_next(r) : 0);
}

/* random_below(); or false, nothing drawn, when it might favour some: rare. */
static inline bool random_try_below(struct random *r, uint64_t limit,
				    uint64_t *number)
{
	struct random next = *r;
	unsigned __int128 product;

	product = (unsigned __int128)random_next(&next) * limit;
	if (__builtin_expect((uint64_t)product < limit, 0))
		return false;
	*r = next;
	*number = (uint64_t)(product >> 64);
	return true;
}

/* What random_below() does then. */
uint64_t random_below_fair(struct random *r, uint64_t limit);

/* Any number below @limit, each as likely as the other; @limit is not 0. */
static inline uint64_t random_below(struct random *r, uint64_t limit)
{
	uint64_t number;

	return random_try_below(r, limit, &number) ?
		       number : random_below_fair(r, limit);
}

#endif
