// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/bytes.h"
#include "base/macro.h"

static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	{ "", NS_PER_SEC },	    { "ns", 1 },
	{ "us", 1000 },		    { "ms", NS_PER_MS },
	{ "s", NS_PER_SEC },	    { "m", 60 * NS_PER_SEC },
	{ "h", 3600 * NS_PER_SEC },
};

uint64_t clock_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

void clock_sleep_until(uint64_t then_ns)
{
	struct timespec then = {
		.tv_sec = (time_t)(then_ns / NS_PER_SEC),
		.tv_nsec = (long)(then_ns % NS_PER_SEC),
	};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &then, NULL);
}

static uint64_t timeval_to_ns(struct timeval tv)
{
	return (uint64_t)tv.tv_sec * NS_PER_SEC + (uint64_t)tv.tv_usec * 1000;
}

uint64_t clock_cpu_ns(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return timeval_to_ns(usage.ru_utime) + timeval_to_ns(usage.ru_stime);
}

int clock_parse_duration(const char *text, uint64_t *ns)
{
	const char *unit;
	uint64_t number, total;
	int rc;

	rc = bytes_parse_number(text, &number, &unit);
	if (rc)
		return rc;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(unit, units[i].name))
			continue;
		if (__builtin_mul_overflow(number, units[i].ns, &total))
			return -ERANGE;
		*ns = total;
		return 0;
	}
	return -EINVAL;
}

const char *clock_format_duration(uint64_t ns, char *text, size_t size)
{
	uint64_t seconds = ns / NS_PER_SEC;

	if (ns < 10 * 1000)
		snprintf(text, size, "%llu ns", (unsigned long long)ns);
	else if (ns < 10 * NS_PER_MS)
		snprintf(text, size, "%.1f us", (double)ns / 1e3);
	else if (ns < NS_PER_SEC)
		snprintf(text, size, "%.1f ms", (double)ns / 1e6);
	else if (seconds < 60)
		snprintf(text, size, "%.2f s", (double)ns / 1e9);
	else if (seconds < 3600)
		snprintf(text, size, "%llu min %llu s",
			 (unsigned long long)(seconds / 60),
			 (unsigned long long)(seconds % 60));
	else
		snprintf(text, size, "%llu h %llu min",
			 (unsigned long long)(seconds / 3600),
			 (unsigned long long)(seconds / 60 % 60));
	return text;
}
