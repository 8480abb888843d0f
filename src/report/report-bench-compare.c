// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how the comparison of two memories is told; must not know how it was
 * taken.
 */
#include "report/report-bench.h"

static double ratio(double a, double b)
{
	return b > 0 ? a / b : -1;
}

/* Below 0: not known. */
static void add_ratio(struct json_object *object, const char *key, double x)
{
	if (x < 0)
		tree_add_null(object, key);
	else
		tree_add_real(object, key, x);
}

static double latency_ratio(const struct report_compare *c, unsigned share)
{
	const struct histogram *peer = &c->peer->result->latency;
	const struct histogram *host = &c->host->result->latency;

	return ratio((double)histogram_quantile(peer, share),
		     (double)histogram_quantile(host, share));
}

/* Nanoseconds of processor a byte. */
static double cpu_per_byte(const struct bench_result *r)
{
	return ratio((double)(r->cpu_user_ns + r->cpu_system_ns),
		     (double)r->bytes);
}

static double dram_per_byte(const struct report_bench *b)
{
	return b->dram_reason ? -1 :
		ratio((double)b->dram_bytes, (double)b->result->bytes);
}

static void add_spread(struct json_object *object, const struct spread *spread)
{
	tree_add_real(object, "median", spread->median);
	tree_add_real(object, "min", spread->least);
	tree_add_real(object, "q1", spread->first_quartile);
	tree_add_real(object, "q3", spread->third_quartile);
	tree_add_real(object, "max", spread->most);
}

static void add_tree(struct json_object *object,
		     const struct report_compare *c)
{
	const struct bench_args *args = c->peer->args;

	tree_add_text(object, "workload", args->workload->name);
	tree_add_text(object, "target", c->peer->targets[0]);
	tree_add_text(object, "destination", c->peer->targets[1]);
	tree_add_text(object, "provider", c->peer->memory.provider);
	tree_add_count(object, "block_bytes", args->block_bytes);
	tree_add_count(object, "depth", args->depth);
	tree_add_count(object, "jobs", args->jobs);
	tree_add_count(object, "rounds", c->rounds);
	tree_add_count(object, "peer_bytes_per_sec",
		       bench_result_rate(c->peer->result));
	tree_add_count(object, "host_bytes_per_sec",
		       bench_result_rate(c->host->result));
	add_spread(tree_add_object(object, "rate_ratio"), &c->rate_ratio);
	add_ratio(object, "p50_ratio", latency_ratio(c, 5000));
	add_ratio(object, "p99_ratio", latency_ratio(c, 9900));
	add_ratio(object, "cpu_per_gib_ratio",
		  ratio(cpu_per_byte(c->peer->result),
			cpu_per_byte(c->host->result)));
	add_ratio(object, "peer_dram_per_byte", dram_per_byte(c->peer));
	add_ratio(object, "host_dram_per_byte", dram_per_byte(c->host));
}

static struct json_object *compares_of(struct report *report)
{
	struct json_object *compares;

	if (json_object_object_get_ex(report->tree, "compares", &compares))
		return compares;
	return tree_add_array(report->tree, "compares");
}

void report_add_compare(struct report *report,
			const struct report_compare *compare, bool is_brief)
{
	const struct spread *s = &compare->rate_ratio;

	add_tree(tree_append_object(compares_of(report)), compare);
	if (is_brief)
		return;
	report_add_text(report, "peer over host: %.3f of the rate (%.3f to "
			"%.3f, half of %u rounds between %.3f and %.3f), "
			"p50 latency %.3f, p99 %.3f",
			s->median, s->least, s->most, compare->rounds,
			s->first_quartile, s->third_quartile,
			latency_ratio(compare, 5000),
			latency_ratio(compare, 9900));
}
