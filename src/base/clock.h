/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows how long things take and how people write that down.
 */
#ifndef P2PDMA_BASE_CLOCK_H
#define P2PDMA_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define NS_PER_SEC	UINT64_C(1000000000)
#define NS_PER_MS	UINT64_C(1000000)

/* Nanoseconds since some fixed point; never goes back. */
uint64_t clock_now_ns(void);

/* Returns at that time of clock_now_ns()'s, or when a signal comes. */
void clock_sleep_until(uint64_t then_ns);

/* Nanoseconds of CPU, user and system, of this process so far. */
uint64_t clock_cpu_ns(void);

/*
 * "500ms", "10s", "2m", "1h", "250us"; a bare number is seconds.
 * 0, or -EINVAL (no duration), -ERANGE (too large); *ns untouched then.
 */
int clock_parse_duration(const char *text, uint64_t *ns);

/* "1.25 s", "310 us", "2 min 5 s" into @text; returns @text. */
const char *clock_format_duration(uint64_t ns, char *text, size_t size);

#endif
