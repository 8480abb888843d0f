// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/report-bench-diff.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/macro.h"

/* Two standard errors: by chance alone, one point in twenty is beyond. */
#define ERRORS	2.0

/* What makes a point that point, with "." between object and member. */
static const char *const identity[] = {
	"workload", "target", "destination", "memory.kind", "memory.provider",
	"block_bytes", "depth", "jobs", "rate_iops_limit", "read_percent",
	"zipf_theta",
};

static struct json_object *find(struct json_object *object, const char *key)
{
	const struct column column = { .key = key };

	return column_find(&column, object);
}

static double get_number(struct json_object *object, const char *key)
{
	struct json_object *value = find(object, key);

	return value ? json_object_get_double(value) : -1;
}

/* --- which belong together ----------------------------------------------- */

static bool is_same_point(struct json_object *a, struct json_object *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(identity); i++)
		if (!json_object_equal(find(a, identity[i]),
				       find(b, identity[i])))
			return false;
	return true;
}

/* How many such points there are before @index. */
static unsigned count_before(struct json_object *results, size_t index,
			     struct json_object *point)
{
	unsigned count = 0;

	for (size_t i = 0; i < index; i++)
		count += is_same_point(json_object_array_get_idx(results, i),
				       point);
	return count;
}

/* A point that was measured several times: the first with the first. */
static struct json_object *find_partner(struct json_object *results,
					struct json_object *point,
					unsigned skip)
{
	for (size_t i = 0; i < json_object_array_length(results); i++) {
		struct json_object *other =
			json_object_array_get_idx(results, i);

		if (is_same_point(other, point) && !skip--)
			return other;
	}
	return NULL;
}

/* --- how far apart they are ---------------------------------------------- */

/* With a given rate it is the latency that tells; less is better then. */
static bool is_paced(struct json_object *point)
{
	return find(point, "rate_iops_limit");
}

static double get_ratio(struct json_object *old, struct json_object *new,
			const char *key)
{
	double a = get_number(old, key), b = get_number(new, key);

	return a > 0 && b >= 0 ? b / a : -1;
}

/* Variance of the mean rate, relative to it; below 0: not known. */
static double get_variance(struct json_object *point)
{
	double deviation = get_number(point, "noise.stddev_ratio");
	double samples = get_number(point, "noise.samples");

	return deviation >= 0 && samples > 0 ?
		       deviation * deviation / samples : -1;
}

static double get_noise(struct json_object *old, struct json_object *new)
{
	double a = get_variance(old), b = get_variance(new);

	return a < 0 || b < 0 ? -1 : ERRORS * sqrt(a + b);
}

static const char *judge(double change, double noise, double tolerance)
{
	bool is_noise = fabs(change) <= noise;

	if (change < -tolerance)
		return is_noise ? "noisy" : "regression";
	if (change > tolerance)
		return is_noise ? "noisy" : "improvement";
	if (is_noise || noise < 0)
		return "same";
	return change < 0 ? "slower" : "faster";
}

/* --- the report ---------------------------------------------------------- */

static void add_ratio(struct json_object *object, const char *key, double x)
{
	if (x < 0)
		tree_add_null(object, key);
	else
		tree_add_real(object, key, x);
}

static void add_member(struct json_object *object, const char *key,
		       struct json_object *point, const char *from)
{
	json_object_object_add(object, key, json_object_get(find(point, from)));
}

static void add_identity(struct json_object *object, struct json_object *point)
{
	for (size_t i = 0; i < ARRAY_SIZE(identity); i++) {
		const char *dot = strchr(identity[i], '.');

		add_member(object, dot ? dot + 1 : identity[i], point,
			   identity[i]);
	}
}

/* Better is above 1: a rate that rose, or a latency that fell. */
static double get_gain(struct json_object *old, struct json_object *new)
{
	if (is_paced(old))
		return get_ratio(new, old, "latency.p50_ns");
	return get_ratio(old, new, "rate_bytes_per_sec");
}

static void add_point(struct json_object *object, struct json_object *old,
		      struct json_object *new, double tolerance,
		      struct bench_diff *diff)
{
	double gain = new ? get_gain(old, new) : -1;
	double noise = new ? get_noise(old, new) : -1;
	const char *verdict = "missing";

	add_identity(object, old);
	add_member(object, "old_bytes_per_sec", old, "rate_bytes_per_sec");
	add_member(object, "new_bytes_per_sec", new, "rate_bytes_per_sec");
	add_ratio(object, "rate_ratio",
		  get_ratio(old, new, "rate_bytes_per_sec"));
	add_ratio(object, "p50_ratio", get_ratio(old, new, "latency.p50_ns"));
	add_ratio(object, "p99_ratio", get_ratio(old, new, "latency.p99_ns"));
	add_ratio(object, "cpu_per_gib_ratio",
		  get_ratio(old, new, "cpu.per_gib_ns"));
	add_ratio(object, "noise_ratio", noise);
	if (new)
		verdict = gain < 0 ? "unknown" :
				     judge(gain - 1, noise, tolerance);
	tree_add_text(object, "verdict", verdict);
	diff->points++;
	diff->regressions += !strcmp(verdict, "regression");
	diff->missing += !strcmp(verdict, "missing");
}

static void add_difference(struct json_object *array, const char *key,
			   struct json_object *old, struct json_object *new)
{
	struct json_object *entry;

	if (json_object_equal(old, new))
		return;
	entry = tree_append_object(array);
	tree_add_text(entry, "key", key);
	json_object_object_add(entry, "old", json_object_get(old));
	json_object_object_add(entry, "new", json_object_get(new));
}

/* The time of day is another one anyway. */
static struct json_object *add_environment(struct report *report,
					   struct json_object *old,
					   struct json_object *new)
{
	struct json_object *array = tree_add_array(report->tree,
						   "environment_changes");

	old = json_object_object_get(old, "environment");
	new = json_object_object_get(new, "environment");
	json_object_object_foreach(old, key, value)
		if (strcmp(key, "time"))
			add_difference(array, key, value,
				       json_object_object_get(new, key));
	return array;
}

static const struct column columns[] = {
	{ "Workload", "workload", FORM_TEXT },
	{ "Target", "target", FORM_TEXT },
	{ "Memory", "kind", FORM_TEXT },
	{ NULL, "provider", FORM_TEXT },
	{ "Block", "block_bytes", FORM_BYTES },
	{ "Depth", "depth", FORM_INT },
	{ "Jobs", "jobs", FORM_INT },
	{ NULL, "old_bytes_per_sec", FORM_RATE },
	{ NULL, "new_bytes_per_sec", FORM_RATE },
	{ "Rate", "rate_ratio", FORM_RATIO },
	{ "p50", "p50_ratio", FORM_RATIO },
	{ "p99", "p99_ratio", FORM_RATIO },
	{ "CPU/GiB", "cpu_per_gib_ratio", FORM_RATIO },
	{ "Noise", "noise_ratio", FORM_PERCENT },
	{ "Verdict", "verdict", FORM_TEXT },
};

static const struct column environment_columns[] = {
	{ "Changed", "key", FORM_TEXT },
	{ "From", "old", FORM_TEXT },
	{ "To", "new", FORM_TEXT },
};

static struct json_object *get_results(struct json_object *tree)
{
	struct json_object *results = json_object_object_get(tree, "results");
	const char *command = tree_get_text(tree, "command");

	return command && !strcmp(command, "p2pbench") &&
			       json_object_is_type(results, json_type_array) ?
		       results : NULL;
}

static void add_tables(struct report *report, struct json_object *points,
		       struct json_object *changes)
{
	report_add_table(report, NULL, points, columns, ARRAY_SIZE(columns),
			 true);
	if (json_object_array_length(changes))
		report_add_table(report, "Not the same environment", changes,
				 environment_columns,
				 ARRAY_SIZE(environment_columns), false);
}

int report_add_diff(struct report *report, struct json_object *old,
		    struct json_object *new, double tolerance,
		    struct bench_diff *diff)
{
	struct json_object *before = get_results(old);
	struct json_object *after = get_results(new), *points;

	*diff = (struct bench_diff){ 0 };
	if (!before || !after)
		return -EINVAL;
	tree_add_real(report->tree, "tolerance", tolerance);
	points = tree_add_array(report->tree, "diff");
	for (size_t i = 0; i < json_object_array_length(before); i++) {
		struct json_object *point =
			json_object_array_get_idx(before, i);

		add_point(tree_append_object(points), point,
			  find_partner(after, point,
				       count_before(before, i, point)),
			  tolerance, diff);
	}
	tree_add_count(report->tree, "regressions", diff->regressions);
	tree_add_count(report->tree, "missing", diff->missing);
	add_tables(report, points, add_environment(report, old, new));
	return 0;
}
