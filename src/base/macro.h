/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows C, nothing else: the few words that the language lacks.
 */
#ifndef P2PDMA_BASE_MACRO_H
#define P2PDMA_BASE_MACRO_H

#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)	((a) < (b) ? (a) : (b))
#define MAX(a, b)	((a) > (b) ? (a) : (b))
#define KIB		(UINT64_C(1) << 10)
#define MIB		(UINT64_C(1) << 20)
#define GIB		(UINT64_C(1) << 30)

/* Largest multiple of @step that is not above @n; any @step but 0. */
static inline uint64_t round_down(uint64_t n, uint64_t step)
{
	return n - n % step;
}

/* Smallest multiple of @step that is not below @n; any @step but 0. */
static inline uint64_t round_up(uint64_t n, uint64_t step)
{
	return round_down(n + step - 1, step);
}

#endif
