// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/figures.h"

#include "base/bytes.h"
#include "base/macro.h"

const struct figures_quantile figures_quantiles[FIGURES_QUANTILES] = {
	{ "p50_ns", "50.00th", 5000 },	  { "p90_ns", "90.00th", 9000 },
	{ "p99_ns", "99.00th", 9900 },	  { "p999_ns", "99.90th", 9990 },
	{ "p9999_ns", "99.99th", 9999 },
};

/* Fewer than this beyond a percentile, and the next run tells another one. */
#define TAIL_LEAST	10

bool figures_have(const struct histogram *h, unsigned index)
{
	return h->count >= TAIL_LEAST * 10000 /
				   (10000 - figures_quantiles[index].share);
}

uint64_t figures_round(double x)
{
	return (uint64_t)(x + 0.5);
}

uint64_t figures_cpu_per_gib(const struct bench_result *r)
{
	double spent_ns = (double)(r->cpu_user_ns + r->cpu_system_ns);

	return r->bytes ? figures_round(spent_ns * (double)GIB /
					(double)r->bytes) : 0;
}

bool figures_have_rate(const struct bench_result *r)
{
	return r->duration_ns;
}

double figures_iops(const struct bench_result *r)
{
	return figures_have_rate(r) ?
		       (double)r->ios * 1e9 / (double)r->duration_ns : 0;
}

const char *figures_where(const struct report_bench *b)
{
	return b->targets[b->result->first_error.target];
}

const char *figures_deed(const struct bench_error *error)
{
	return error->direction == P2PDMA_WRITE ? "write" : "read";
}

struct bench_verification figures_sum_verification(
	const struct report_bench *b)
{
	struct bench_verification sum = b->result->verification;

	if (!b->check)
		return sum;
	if (sum.checked == sum.faults[PATTERN_GOOD])
		sum.first = b->check->verification.first;
	sum.checked += b->check->verification.checked;
	for (unsigned i = 0; i < PATTERN_FAULTS; i++)
		sum.faults[i] += b->check->verification.faults[i];
	return sum;
}

double figures_path_ratio(const struct report_bench *b)
{
	return (double)bench_result_rate(b->result) /
	       (double)b->bottleneck.bytes_per_sec;
}

const struct figures_end figures_ends[] = {
	[BENCH_COMPLETE] = { "complete", NULL },
	[BENCH_STOPPED] = { "stopped", "stopped by a signal" },
	[BENCH_FAILED] = { "failed", "one failure after another" },
	[BENCH_SILENT] = { "silent", "nothing completed any more" },
};
