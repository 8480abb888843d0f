/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every allocation of a whole deed fails once: the first, the second, and so
 * on until none is left. Each time the deed must say -ENOMEM, or have done all
 * the same what it does otherwise; nothing is half done, and (with the
 * sanitizers) nothing is lost or freed twice.
 *
 * The linker (see local.mk) puts functions of denial.c in the place of the C
 * library's, for our own code only. Must not know what is done.
 */
#ifndef P2PDMA_UNIT_DENIAL_H
#define P2PDMA_UNIT_DENIAL_H

#include <stdbool.h>

#define DENIAL_RESULT_SIZE	8192

/* 0 and what came of it in @result, or -errno. */
typedef int (*denial_fn)(char *result);

/*
 * Asserts it of @deed, and prints how many allocations @name has; with
 * SWEEP=few in the environment of some of them, for valgrind.
 */
void denial_try_all(const char *name, denial_fn deed);

/* What a deed does from here on, to look at what came of it, is not denied. */
void denial_end(void);

/* Adds to what came of a deed. */
void denial_note(char *result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
