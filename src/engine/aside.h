/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows the names that files have beside their place until they are whole, and
 * whose they are; must not know what is in them.
 */
#ifndef P2PDMA_ENGINE_ASIDE_H
#define P2PDMA_ENGINE_ASIDE_H

#include <limits.h>

/*
 * Into @aside: ".NAME.PID-NUMBER.part", of @name's first 200 bytes. The number
 * is another one each time, and of each process: in a container the next one
 * may have the same pid, and find what the last one left.
 */
void aside_name(char aside[NAME_MAX + 1], const char *name);

/* The process that gave such a name; 0: it is none. */
long aside_find_writer(const char *aside);

#endif
