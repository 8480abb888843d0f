/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how a unit test program is put together: it ends with
 * UNIT_SUITE(), a list of tests whose names are sentences, and links
 * libunit.la, which has main().
 */
#ifndef P2PDMA_UNIT_H
#define P2PDMA_UNIT_H

#include <check.h>
#include <stddef.h>

extern const char unit_name[];

/* Adds every test of the program to @suite, each as its own case. */
void unit_fill(Suite *suite);

/* One test as a case of its own; the name is the sentence. */
void unit_add(Suite *suite, const TTest *test);

/* UNIT_SUITE("bytes", sizes_are_powers_of_1024, ...); at the file's end. */
#define UNIT_SUITE(name, ...)						\
	const char unit_name[] = name;					\
	void unit_fill(Suite *suite)					\
	{								\
		const TTest *const tests[] = { __VA_ARGS__ };		\
		size_t i;						\
									\
		for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)	\
			unit_add(suite, tests[i]);			\
	}								\
	extern const char unit_name[]

#endif
