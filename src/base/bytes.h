/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows how people and scripts write amounts of data.
 */
#ifndef P2PDMA_BASE_BYTES_H
#define P2PDMA_BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>

/*
 * A decimal number without sign or space; *rest is what follows it.
 * 0, -EINVAL (no digit first), -ERANGE (above 2^64 - 1).
 */
int bytes_parse_number(const char *text, uint64_t *number, const char **rest);

/*
 * "4096", "64K", "64KiB" (powers of 1024), "64KB" (of 1000), K M G T P.
 * 0, -EINVAL (rubbish, sign, fraction), -ERANGE (above 2^64 - 1); *bytes is
 * untouched then.
 */
int bytes_parse(const char *text, uint64_t *bytes);

/* "512 B", "64 KiB", "1.50 GiB" into @text; returns @text. */
const char *bytes_format(uint64_t bytes, char *text, size_t size);

/* "6.21 GiB/s (6.67 GB/s)" into @text; returns @text. */
const char *bytes_format_rate(uint64_t bytes_per_sec, char *text,
			      size_t size);

/* Bytes over nanoseconds as bytes a second; 0 when no time has passed. */
uint64_t bytes_rate(uint64_t bytes, uint64_t ns);

#endif
