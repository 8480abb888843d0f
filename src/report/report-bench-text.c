// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/report-bench-text.h"

#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "report/defuse.h"
#include "report/figures.h"

#define TEXT_SIZE	64

static const char *duration(uint64_t ns, char text[TEXT_SIZE])
{
	return clock_format_duration(ns, text, TEXT_SIZE);
}

static const char *amount(uint64_t bytes, char text[TEXT_SIZE])
{
	return bytes_format(bytes, text, TEXT_SIZE);
}

static void print_what(FILE *file, const struct report_bench *b)
{
	const struct bench_args *args = b->args;
	char block[TEXT_SIZE], size[TEXT_SIZE];

	defuse_put(file, b->targets[0]);
	if (b->targets[1]) {
		fputs(" -> ", file);
		defuse_put(file, b->targets[1]);
	}
	fprintf(file, ": %s, blocks of %s in %s, depth %u, %u job%s\n",
		args->workload->name, amount(args->block_bytes, block),
		amount(args->size_bytes, size), args->depth, args->jobs,
		args->jobs == 1 ? "" : "s");
}

static void print_memory(FILE *file, const struct report_memory *m)
{
	fprintf(file, "  memory: %s", m->kind);
	if (m->provider)
		fprintf(file, " %s", m->provider);
	if (m->reach_source)
		fprintf(file, ", read %s", m->reach_source);
	if (m->reach_destination)
		fprintf(file, ", written %s", m->reach_destination);
	if (m->fallback_reason)
		fprintf(file, " (no peer memory: %s)", m->fallback_reason);
	fputc('\n', file);
}

static void print_speed(FILE *file, const struct bench_result *r)
{
	char rate[TEXT_SIZE], bytes[TEXT_SIZE], time[TEXT_SIZE];

	if (!figures_have_rate(r)) {
		fputs("  nothing was measured\n", file);
		return;
	}
	bytes_format_rate(bytes_rate(r->bytes, r->duration_ns), rate,
			  sizeof(rate));
	fprintf(file, "  IOPS=%.0f, BW=%s, %s in %s\n", figures_iops(r), rate,
		amount(r->bytes, bytes), duration(r->duration_ns, time));
}

static void print_path(FILE *file, const struct report_bench *b)
{
	char rate[TEXT_SIZE];

	if (!b->bottleneck.bytes_per_sec || !b->bottleneck.at)
		return;
	bytes_format_rate(b->bottleneck.bytes_per_sec, rate, sizeof(rate));
	fprintf(file, "  path: %.1f %% of the %s that the link above %s "
		"takes\n",
		100 * figures_path_ratio(b), rate, b->bottleneck.at->address);
}

static void print_latency(FILE *file, const struct histogram *h)
{
	char text[4][TEXT_SIZE];

	fprintf(file, "  lat: min=%s, mean=%s, stddev=%s, max=%s\n",
		duration(histogram_least(h), text[0]),
		duration(figures_round(histogram_mean(h)), text[1]),
		duration(figures_round(histogram_deviation(h)), text[2]),
		duration(histogram_most(h), text[3]));
	fputs("  lat percentiles:", file);
	for (size_t i = 0; i < FIGURES_QUANTILES; i++) {
		const struct figures_quantile *q = &figures_quantiles[i];

		fprintf(file, "%s %s=[%s]", i ? "," : "", q->label,
			duration(histogram_quantile(h, q->share), text[0]));
	}
	fputc('\n', file);
}

/* Where fewer than ten I/Os took longer, chance has decided. */
static void print_unsupported(FILE *file, const struct histogram *h)
{
	size_t i = 0;

	while (i < FIGURES_QUANTILES && figures_have(h, i))
		i++;
	if (i < FIGURES_QUANTILES)
		fprintf(file, "  too short for percentiles from %s on: only "
			"%llu I/Os\n", figures_quantiles[i].label,
			(unsigned long long)h->count);
}

static void print_verification(FILE *file, const struct report_bench *b)
{
	struct bench_verification v = figures_sum_verification(b);

	if (!b->args->ledger)
		return;
	fprintf(file, "\n  verify: %llu blocks looked at, %llu good",
		(unsigned long long)v.checked,
		(unsigned long long)v.faults[PATTERN_GOOD]);
	for (unsigned i = PATTERN_GOOD + 1; i < PATTERN_FAULTS; i++)
		if (v.faults[i])
			fprintf(file, ", %llu %s",
				(unsigned long long)v.faults[i],
				pattern_get_fault_name(i));
	if (v.checked == v.faults[PATTERN_GOOD])
		return;
	fprintf(file, "; the first one at %llu",
		(unsigned long long)v.first.offset);
	if (v.first.fault == PATTERN_MISPLACED)
		fprintf(file, " belongs at %llu",
			(unsigned long long)v.first.found.offset);
	else if (v.first.fault == PATTERN_TORN)
		fprintf(file, " is %s",
			pattern_get_fault_name(v.first.sector_fault));
	else if (v.first.fault == PATTERN_STALE)
		fprintf(file, " has seed %llu, generation %llu",
			(unsigned long long)v.first.found.seed,
			(unsigned long long)v.first.found.generation);
}

static void print_cpu(FILE *file, const struct bench_result *r)
{
	char text[3][TEXT_SIZE];

	fprintf(file, "  cpu: user=%s, system=%s",
		duration(r->cpu_user_ns, text[0]),
		duration(r->cpu_system_ns, text[1]));
	if (r->bytes)
		fprintf(file, ", %s a GiB",
			duration(figures_cpu_per_gib(r), text[2]));
	fprintf(file, "\n  calls into the kernel: %llu",
		(unsigned long long)r->submits);
	if (r->ios)
		fprintf(file, ", %.3f an I/O",
			(double)r->submits / (double)r->ios);
}

static void print_dram(FILE *file, const struct report_bench *b)
{
	char text[TEXT_SIZE];

	if (b->dram_reason)
		return;
	fprintf(file, "\n  DRAM: %s read and written",
		amount(b->dram_bytes, text));
	if (b->result->bytes)
		fprintf(file, ", %.2f of what was moved",
			(double)b->dram_bytes / (double)b->result->bytes);
}

static void print_errors(FILE *file, const struct report_bench *b)
{
	const struct bench_error *error = &b->result->first_error;

	if (!b->result->errors)
		return;
	fprintf(file, "\n  errors: %llu, the first one: %s of ",
		(unsigned long long)b->result->errors, figures_deed(error));
	defuse_put(file, figures_where(b));
	fprintf(file, " at %llu: %s", (unsigned long long)error->offset,
		strerror(error->error));
}

static void print_end(FILE *file, const struct bench_result *r)
{
	if (figures_ends[r->end].text)
		fprintf(file, "\n  ended early: %s", figures_ends[r->end].text);
}

void report_bench_print(FILE *file, const struct report_bench *b)
{
	print_what(file, b);
	print_memory(file, &b->memory);
	print_speed(file, b->result);
	print_path(file, b);
	if (b->result->ios) {
		print_latency(file, &b->result->latency);
		print_unsupported(file, &b->result->latency);
	}
	print_cpu(file, b->result);
	print_dram(file, b);
	print_errors(file, b);
	print_end(file, b->result);
	print_verification(file, b);
}
