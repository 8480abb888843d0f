// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/cpulist.h"

#include <errno.h>

#include "base/bytes.h"

/* "3" or "3-5"; *rest is what follows. */
static int parse_range(const char *text, cpu_set_t *set, const char **rest)
{
	uint64_t first, last;
	int rc;

	rc = bytes_parse_number(text, &first, rest);
	last = first;
	if (!rc && **rest == '-')
		rc = bytes_parse_number(*rest + 1, &last, rest);
	if (rc)
		return rc;
	if (last < first)
		return -EINVAL;
	if (last >= CPU_SETSIZE)
		return -ERANGE;
	for (uint64_t cpu = first; cpu <= last; cpu++)
		CPU_SET(cpu, set);
	return 0;
}

int cpulist_parse(const char *text, cpu_set_t *set)
{
	cpu_set_t cpus;
	int rc;

	CPU_ZERO(&cpus);
	for (;; text++) {
		rc = parse_range(text, &cpus, &text);
		if (rc)
			return rc;
		if (*text != ',')
			break;
	}
	if (*text)
		return -EINVAL;
	*set = cpus;
	return 0;
}
