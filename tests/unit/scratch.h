/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how a test gets a directory of its own where O_DIRECT works, how that
 * goes, and whether two files are equal; must not know what lies in it.
 */
#ifndef P2PDMA_UNIT_SCRATCH_H
#define P2PDMA_UNIT_SCRATCH_H

#include <stdbool.h>

/* Makes @path, which ends in "-" and six letters that change each time. */
void scratch_make(char *path);

/* With all that is in it. Only a @path that still begins with @prefix. */
void scratch_remove(const char *path, const char *prefix);

/* Whether both are there, with the same bytes. */
bool scratch_is_same(const char *one, const char *other);

#endif
