/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows how to touch memory that may vanish; must not know whose it is.
 *
 * Both use plain aligned 8-byte accesses on the memory that may vanish, and
 * turn a SIGBUS there into -ENODEV. What else the process does about SIGBUS
 * is as before when they return. @size is a multiple of 8.
 */
#ifndef P2PDMA_LIB_SIGBUS_H
#define P2PDMA_LIB_SIGBUS_H

#include <stddef.h>

int sigbus_load(void *data, const void *vanishing, size_t size);
int sigbus_store(void *vanishing, const void *data, size_t size);

#endif
