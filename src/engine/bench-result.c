// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/bench-result.h"

#include <string.h>

#include "base/bytes.h"
#include "base/macro.h"

void bench_empty(struct bench_result *sum)
{
	memset(sum, 0, sizeof(*sum));
	histogram_init(&sum->latency);
}

static void add_verification(struct bench_verification *sum,
			     const struct bench_verification *part)
{
	if (sum->checked == sum->faults[PATTERN_GOOD])
		sum->first = part->first;
	sum->checked += part->checked;
	for (unsigned i = 0; i < PATTERN_FAULTS; i++)
		sum->faults[i] += part->faults[i];
}

void bench_add(struct bench_result *sum, const struct bench_result *part)
{
	if (!sum->errors)
		sum->first_error = part->first_error;
	sum->ios += part->latency.count;
	sum->errors += part->errors;
	sum->cpu_user_ns += part->cpu_user_ns;
	sum->cpu_system_ns += part->cpu_system_ns;
	sum->submits += part->submits;
	sum->end = MAX(sum->end, part->end);
	add_verification(&sum->verification, &part->verification);
	histogram_merge(&sum->latency, &part->latency);
}

void bench_append(struct bench_result *sum, const struct bench_result *part)
{
	/* How evenly two runs went tells nothing of both. */
	if (sum->duration_ns)
		sum->series.used = 0;
	else
		sum->series = part->series;
	bench_add(sum, part);
	sum->bytes += part->bytes;
	sum->duration_ns += part->duration_ns;
}

uint64_t bench_result_rate(const struct bench_result *result)
{
	return bytes_rate(result->bytes, result->duration_ns);
}
