// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/bytes.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <strings.h>
#include <string.h>

#include "base/macro.h"

static const char prefixes[] = "KMGTPE";

int bytes_parse_number(const char *text, uint64_t *number, const char **rest)
{
	uint64_t n = 0;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	for (; isdigit((unsigned char)*text); text++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *text - '0', &n))
			return -ERANGE;
	*number = n;
	*rest = text;
	return 0;
}

/* "", "K", "KiB" are powers of 1024, "KB" of 1000; 0 is no unit at all. */
static unsigned unit_base(const char *suffix)
{
	if (!*suffix || !strcasecmp(suffix, "iB"))
		return 1024;
	return strcasecmp(suffix, "B") ? 0 : 1000;
}

int bytes_parse(const char *text, uint64_t *bytes)
{
	const char *rest, *prefix;
	uint64_t n;
	unsigned base;
	int rc;

	rc = bytes_parse_number(text, &n, &rest);
	if (rc)
		return rc;
	if (!*rest || !strcasecmp(rest, "B")) {
		*bytes = n;
		return 0;
	}
	prefix = strchr(prefixes, toupper((unsigned char)*rest));
	base = prefix ? unit_base(rest + 1) : 0;
	if (!base)
		return -EINVAL;
	for (; prefix >= prefixes; prefix--)
		if (__builtin_mul_overflow(n, base, &n))
			return -ERANGE;
	*bytes = n;
	return 0;
}

/* Divides by @base until it is readable; *prefix is 0 below one @base. */
static double scale(uint64_t n, double base, char *prefix)
{
	double scaled = (double)n;

	*prefix = 0;
	for (const char *p = prefixes; scaled >= base && *p; p++) {
		scaled /= base;
		*prefix = *p;
	}
	return scaled;
}

const char *bytes_format(uint64_t bytes, char *text, size_t size)
{
	char prefix;
	double scaled = scale(bytes, 1024, &prefix);
	int is_whole = scaled == (double)(uint64_t)scaled;

	if (!prefix)
		snprintf(text, size, "%llu B", (unsigned long long)bytes);
	else
		snprintf(text, size, "%.*f %ciB", is_whole ? 0 : 2, scaled,
			 prefix);
	return text;
}

static void format_rate(double scaled, char prefix, const char *unit,
			char *text, size_t size)
{
	if (prefix)
		snprintf(text, size, "%.2f %c%s/s", scaled, prefix, unit);
	else
		snprintf(text, size, "%.0f B/s", scaled);
}

const char *bytes_format_rate(uint64_t bytes_per_sec, char *text, size_t size)
{
	char binary[32], decimal[32], prefix;
	double scaled;

	scaled = scale(bytes_per_sec, 1024, &prefix);
	format_rate(scaled, prefix, "iB", binary, sizeof(binary));
	scaled = scale(bytes_per_sec, 1000, &prefix);
	format_rate(scaled, prefix, "B", decimal, sizeof(decimal));
	snprintf(text, size, "%s (%s)", binary, decimal);
	return text;
}

uint64_t bytes_rate(uint64_t bytes, uint64_t ns)
{
	return ns ? (uint64_t)((double)bytes * 1e9 / (double)ns) : 0;
}
