/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows checksums by the names of the tools that check them (sha256sum,
 * xxh128sum, ...) and the line that these read. Must not know where the data
 * comes from.
 */
#ifndef P2PDMA_ENGINE_CHECKSUM_H
#define P2PDMA_ENGINE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

struct checksum;

#define CHECKSUM_TEXT_SIZE	129	/* 512 bits in hex */

/* The name of algorithm number @index, "sha256"; NULL: no more. */
const char *checksum_get_name(unsigned index);

/*
 * 0; -ENOENT: there is no algorithm @name; -ENOTSUP: it is switched off on
 * this machine, or libgcrypt.so.20 is not installed; -ENOMEM.
 */
int checksum_create(const char *name, struct checksum **checksum);
void checksum_destroy(struct checksum *checksum);

void checksum_add(struct checksum *checksum, const void *data, size_t size);
void checksum_add_zeros(struct checksum *checksum, uint64_t size);

/* Forgets what was added. */
void checksum_restart(struct checksum *checksum);

/* In hex, as the tool prints it; ends it. */
void checksum_finish(struct checksum *checksum,
		     char text[CHECKSUM_TEXT_SIZE]);

/*
 * "TEXT  NAME", with a backslash in front where NAME has a newline or a
 * backslash, as coreutils does. The caller frees it; NULL: no memory.
 */
char *checksum_make_line(const char *text, const char *name);

#endif
