/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows how a small file gets to its medium; must not know what is in it.
 */
#ifndef P2PDMA_BASE_FILE_H
#define P2PDMA_BASE_FILE_H

#include <stddef.h>

/* All of @data, and on stable media when it returns. 0 or -errno. */
int file_store(int fd, const char *data, size_t size);

#endif
