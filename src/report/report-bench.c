// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/report-bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "report/figures.h"
#include "report/report-bench-text.h"

/* No titles: people get lines in fio's manner instead. */
static const struct column csv_columns[] = {
	{ NULL, "workload", FORM_TEXT },
	{ NULL, "target", FORM_TEXT },
	{ NULL, "destination", FORM_TEXT },
	{ NULL, "memory.kind", FORM_TEXT },
	{ NULL, "memory.provider", FORM_TEXT },
	{ NULL, "memory.reach_source", FORM_TEXT },
	{ NULL, "memory.reach_destination", FORM_TEXT },
	{ NULL, "memory.fallback_reason", FORM_TEXT },
	{ NULL, "block_bytes", FORM_BYTES },
	{ NULL, "depth", FORM_INT },
	{ NULL, "jobs", FORM_INT },
	{ NULL, "ios", FORM_INT },
	{ NULL, "bytes", FORM_BYTES },
	{ NULL, "errors", FORM_INT },
	{ NULL, "duration_ns", FORM_DURATION },
	{ NULL, "iops", FORM_REAL },
	{ NULL, "rate_bytes_per_sec", FORM_RATE },
	{ NULL, "latency.min_ns", FORM_DURATION },
	{ NULL, "latency.mean_ns", FORM_DURATION },
	{ NULL, "latency.stddev_ns", FORM_DURATION },
	{ NULL, "latency.p50_ns", FORM_DURATION },
	{ NULL, "latency.p90_ns", FORM_DURATION },
	{ NULL, "latency.p99_ns", FORM_DURATION },
	{ NULL, "latency.p999_ns", FORM_DURATION },
	{ NULL, "latency.p9999_ns", FORM_DURATION },
	{ NULL, "latency.max_ns", FORM_DURATION },
	{ NULL, "cpu.user_ns", FORM_DURATION },
	{ NULL, "cpu.system_ns", FORM_DURATION },
	{ NULL, "cpu.per_gib_ns", FORM_DURATION },
	{ NULL, "submits", FORM_INT },
	{ NULL, "dram_bytes", FORM_BYTES },
	{ NULL, "path.predicted_bytes_per_sec", FORM_RATE },
	{ NULL, "path.measured_ratio", FORM_REAL },
	{ NULL, "noise.stddev_ratio", FORM_REAL },
	{ NULL, "end", FORM_TEXT },
	{ NULL, "verify.checked_blocks", FORM_INT },
	{ NULL, "verify.bad_blocks", FORM_INT },
	{ NULL, "latency.too_few_for", FORM_TEXT },
};

void report_add_memory(struct json_object *object,
		       const struct report_memory *memory)
{
	struct json_object *m = tree_add_object(object, "memory");

	tree_add_text(m, "kind", memory->kind);
	tree_add_text(m, "provider", memory->provider);
	tree_add_text(m, "reach_source", memory->reach_source);
	tree_add_text(m, "reach_destination", memory->reach_destination);
	tree_add_text(m, "fallback_reason", memory->fallback_reason);
}

/* Amounts that nothing was measured for are null. */
static void add_measured(struct json_object *object, const char *key,
			 uint64_t n, bool is_measured)
{
	if (is_measured)
		tree_add_count(object, key, n);
	else
		tree_add_null(object, key);
}

/* The percentiles for which the run was too short. */
static void add_unsupported(struct json_object *latency,
			    const struct histogram *h)
{
	struct json_object *keys = tree_add_array(latency, "too_few_for");

	for (size_t i = 0; i < FIGURES_QUANTILES; i++)
		if (!figures_have(h, i))
			tree_append_text(keys, figures_quantiles[i].key);
}

static void add_latency(struct json_object *object,
			const struct histogram *h)
{
	struct json_object *l = tree_add_object(object, "latency");
	bool is_measured = h->count;

	add_measured(l, "min_ns", histogram_least(h), is_measured);
	add_measured(l, "mean_ns", figures_round(histogram_mean(h)),
		     is_measured);
	add_measured(l, "stddev_ns", figures_round(histogram_deviation(h)),
		     is_measured);
	for (size_t i = 0; i < FIGURES_QUANTILES; i++)
		add_measured(l, figures_quantiles[i].key,
			     histogram_quantile(h, figures_quantiles[i].share),
			     is_measured);
	add_measured(l, "max_ns", histogram_most(h), is_measured);
	add_unsupported(l, h);
}

static void add_cpu(struct json_object *object, const struct bench_result *r)
{
	struct json_object *cpu = tree_add_object(object, "cpu");

	tree_add_count(cpu, "user_ns", r->cpu_user_ns);
	tree_add_count(cpu, "system_ns", r->cpu_system_ns);
	add_measured(cpu, "per_gib_ns", figures_cpu_per_gib(r), r->bytes);
}

static void add_first_error(struct json_object *object,
			    const struct report_bench *b)
{
	const struct bench_error *error = &b->result->first_error;
	struct json_object *e;

	if (!b->result->errors) {
		tree_add_null(object, "first_error");
		return;
	}
	e = tree_add_object(object, "first_error");
	tree_add_text(e, "where", figures_where(b));
	tree_add_text(e, "direction", figures_deed(error));
	tree_add_count(e, "offset_bytes", error->offset);
	tree_add_count(e, "length_bytes", b->args->block_bytes);
	tree_add_count(e, "errno", (uint64_t)error->error);
}

/* How evenly it went, by which two runs can be compared. */
static void add_noise(struct json_object *object, const struct bench_result *r)
{
	double unrest = series_get_unrest(&r->series);
	struct json_object *noise;

	if (unrest < 0) {
		tree_add_null(object, "noise");
		return;
	}
	noise = tree_add_object(object, "noise");
	tree_add_count(noise, "samples", r->series.used);
	tree_add_count(noise, "sample_ns", r->series.width_ns);
	tree_add_real(noise, "stddev_ratio", unrest);
}

static void add_finding(struct json_object *object,
			const struct pattern_finding *finding)
{
	struct json_object *f = tree_add_object(object, "first");
	bool is_named = finding->found.seed || finding->found.generation;

	tree_add_text(f, "fault", pattern_get_fault_name(finding->fault));
	tree_add_text(f, "sector_fault",
		      pattern_get_fault_name(finding->sector_fault));
	tree_add_count(f, "offset_bytes", finding->offset);
	add_measured(f, "found_offset_bytes", finding->found.offset, is_named);
	add_measured(f, "found_seed", finding->found.seed, is_named);
	add_measured(f, "found_generation", finding->found.generation,
		     is_named);
}

static void add_verification(struct json_object *object,
			     const struct report_bench *b)
{
	struct bench_verification v = figures_sum_verification(b);
	struct json_object *verify;

	if (!b->args->ledger) {
		tree_add_null(object, "verify");
		return;
	}
	verify = tree_add_object(object, "verify");
	tree_add_count(verify, "checked_blocks", v.checked);
	tree_add_count(verify, "bad_blocks",
		       v.checked - v.faults[PATTERN_GOOD]);
	for (unsigned i = PATTERN_GOOD + 1; i < PATTERN_FAULTS; i++)
		tree_add_count(verify, pattern_get_fault_name(i), v.faults[i]);
	if (v.checked > v.faults[PATTERN_GOOD])
		add_finding(verify, &v.first);
	else
		tree_add_null(verify, "first");
}

static void add_path(struct json_object *object, const struct report_bench *b)
{
	struct json_object *path = tree_add_object(object, "path");
	const struct p2pdma_function *at = b->bottleneck.at;

	tree_add_known(path, "predicted_bytes_per_sec",
		       b->bottleneck.bytes_per_sec);
	tree_add_text(path, "bottleneck_at", at ? at->address : NULL);
	if (b->bottleneck.bytes_per_sec && b->result->bytes)
		tree_add_real(path, "measured_ratio", figures_path_ratio(b));
	else
		tree_add_null(path, "measured_ratio");
}

/* What repeats the run, besides what the contract names. */
static void add_settings(struct json_object *object,
			 const struct bench_args *args)
{
	tree_add_known(object, "time_ns", args->time_ns);
	tree_add_count(object, "warmup_ns", args->warmup_ns);
	tree_add_known(object, "rate_iops_limit", args->rate_iops);
	tree_add_count(object, "seed", args->seed);
	if (args->zipf_theta > 0)
		tree_add_real(object, "zipf_theta", args->zipf_theta);
	else
		tree_add_null(object, "zipf_theta");
	add_measured(object, "read_percent", args->read_percent,
		     args->workload == &workload_mixed);
}

static void add_result(struct json_object *object,
		       const struct report_bench *b)
{
	const struct bench_result *r = b->result;
	const struct bench_args *args = b->args;

	tree_add_text(object, "workload", args->workload->name);
	tree_add_text(object, "target", b->targets[0]);
	tree_add_text(object, "destination", b->targets[1]);
	report_add_memory(object, &b->memory);
	tree_add_count(object, "size_bytes", args->size_bytes);
	tree_add_count(object, "block_bytes", args->block_bytes);
	tree_add_count(object, "depth", args->depth);
	tree_add_count(object, "jobs", args->jobs);
	add_settings(object, args);
	tree_add_count(object, "ios", r->ios);
	tree_add_count(object, "bytes", r->bytes);
	tree_add_count(object, "errors", r->errors);
	add_first_error(object, b);
	tree_add_count(object, "duration_ns", r->duration_ns);
	if (figures_have_rate(r))
		tree_add_real(object, "iops", figures_iops(r));
	else
		tree_add_null(object, "iops");
	add_measured(object, "rate_bytes_per_sec", bench_result_rate(r),
		     figures_have_rate(r));
	add_latency(object, &r->latency);
	add_cpu(object, r);
	tree_add_count(object, "submits", r->submits);
	add_measured(object, "dram_bytes", b->dram_bytes, !b->dram_reason);
	tree_add_text(object, "dram_reason", b->dram_reason);
	add_path(object, b);
	add_noise(object, r);
	tree_add_text(object, "end", figures_ends[r->end].word);
	add_verification(object, b);
}

static void add_text(struct report *report, const struct report_bench *b)
{
	size_t size = 0;
	char *text = NULL;
	FILE *file = tree_must(open_memstream(&text, &size));

	report_bench_print(file, b);
	fclose(file);
	report_add_text(report, "%s", (char *)tree_must(text));
	free(text);
}

static struct json_object *results_of(struct report *report)
{
	struct json_object *results;

	if (json_object_object_get_ex(report->tree, "results", &results))
		return results;
	return tree_add_array(report->tree, "results");
}

void report_add_bench(struct report *report, const struct report_bench *bench,
		      bool is_brief)
{
	add_result(tree_append_object(results_of(report)), bench);
	if (!is_brief)
		add_text(report, bench);
}

/* A line each, of those figures that people look at first. */
static const struct column brief_columns[] = {
	{ "Target", "target", FORM_TEXT },
	{ "Memory", "memory.kind", FORM_TEXT },
	{ "Provider", "memory.provider", FORM_TEXT, .is_optional = true },
	{ "Block", "block_bytes", FORM_BYTES },
	{ "Depth", "depth", FORM_INT },
	{ "Jobs", "jobs", FORM_INT },
	{ "IOPS", "iops", FORM_REAL },
	{ "Rate", "rate_bytes_per_sec", FORM_RATE },
	{ "p50", "latency.p50_ns", FORM_DURATION },
	{ "p99", "latency.p99_ns", FORM_DURATION },
	{ "p99.9", "latency.p999_ns", FORM_DURATION },
	{ "CPU/GiB", "cpu.per_gib_ns", FORM_DURATION },
	{ "Of path", "path.measured_ratio", FORM_PERCENT,
	  .is_optional = true },
	{ "Errors", "errors", FORM_INT },
};

static bool is_too_short(struct json_object *result, const char *wanted)
{
	const struct column column = { .key = "latency.too_few_for" };
	struct json_object *keys = column_find(&column, result);

	for (size_t i = 0; i < json_object_array_length(keys); i++)
		if (!strcmp(json_object_get_string(
				    json_object_array_get_idx(keys, i)),
			    wanted))
			return true;
	return false;
}

static size_t count_too_short(struct json_object *results, const char *key)
{
	size_t count = 0;

	for (size_t i = 0; i < json_object_array_length(results); i++)
		count += is_too_short(json_object_array_get_idx(results, i),
				      key);
	return count;
}

/* A table has no room for saying it of each. What is for p99 is for p99.9. */
static void add_brief_note(struct report *report)
{
	struct json_object *results = results_of(report);
	size_t found = count_too_short(results, "p999_ns");

	if (found)
		report_add_text(report, "too short for p99.9: %zu of %zu "
				"results, for p99: %zu (a longer --time "
				"helps)", found,
				json_object_array_length(results),
				count_too_short(results, "p99_ns"));
}

static const struct column compare_columns[] = {
	{ "Target", "target", FORM_TEXT },
	{ "Block", "block_bytes", FORM_BYTES },
	{ "Depth", "depth", FORM_INT },
	{ "Jobs", "jobs", FORM_INT },
	{ "Peer/host", "rate_ratio.median", FORM_RATIO },
	{ "Least", "rate_ratio.min", FORM_RATIO },
	{ "Most", "rate_ratio.max", FORM_RATIO },
	{ "Rounds", "rounds", FORM_INT },
	{ "p50", "p50_ratio", FORM_RATIO },
	{ "p99", "p99_ratio", FORM_RATIO },
	{ "CPU/GiB", "cpu_per_gib_ratio", FORM_RATIO },
};

void report_finish_bench(struct report *report, bool is_brief,
			 bool is_stopped)
{
	struct json_object *compares =
		json_object_object_get(report->tree, "compares");

	if (is_brief) {
		report_add_table(report, NULL, results_of(report),
				 brief_columns, ARRAY_SIZE(brief_columns),
				 false);
		add_brief_note(report);
	}
	if (is_brief && compares)
		report_add_table(report, "Peer over host", compares,
				 compare_columns, ARRAY_SIZE(compare_columns),
				 false);
	if (is_brief && is_stopped)
		report_add_text(report, "stopped by a signal: this is what "
				"was measured by then");
	report_add_table(report, NULL, results_of(report), csv_columns,
			 ARRAY_SIZE(csv_columns), true);
}
