// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/report-bench-diff.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/macro.h"

/* Two standard errors: by chance alone, one point in twenty is beyond. */
#define ERRORS	2.0

/* A normal distribution's quartiles are so many deviations apart, and its
 * median so much less certain than its mean. */
#define DEVIATIONS_APART	1.349
#define MEDIAN_FACTOR		1.253

/* A list in a report that has one element for each point. */
struct list {
	const char *from, *to;	/* in the old reports, and in ours */
	/* What makes a point that point: "." between object and member. */
	const char *const *identity;
	/* Of the new over the old; better is above 1, below 0 not known. */
	double (*get_gain)(struct json_object *old, struct json_object *new);
	/* Variance of what the gain is of, relative to it; as above. */
	double (*get_variance)(struct json_object *point);
	void (*add_numbers)(struct json_object *object,
			    struct json_object *old, struct json_object *new);
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

static bool is_same_point(const struct list *list, struct json_object *a,
			  struct json_object *b)
{
	for (const char *const *key = list->identity; *key; key++)
		if (!json_object_equal(find(a, *key), find(b, *key)))
			return false;
	return true;
}

/* How many such points there are before @index. */
static unsigned count_before(const struct list *list,
			     struct json_object *points, size_t index,
			     struct json_object *point)
{
	unsigned count = 0;

	for (size_t i = 0; i < index; i++)
		count += is_same_point(list,
				       json_object_array_get_idx(points, i),
				       point);
	return count;
}

/* A point that was measured several times: the first with the first. */
static struct json_object *find_partner(const struct list *list,
					struct json_object *points,
					struct json_object *point,
					unsigned skip)
{
	size_t count = points ? json_object_array_length(points) : 0;

	for (size_t i = 0; i < count; i++) {
		struct json_object *other =
			json_object_array_get_idx(points, i);

		if (is_same_point(list, other, point) && !skip--)
			return other;
	}
	return NULL;
}

/* --- how far apart they are ---------------------------------------------- */

static double get_ratio(struct json_object *old, struct json_object *new,
			const char *key)
{
	double a = get_number(old, key), b = get_number(new, key);

	return a > 0 && b >= 0 ? b / a : -1;
}

static double get_noise(const struct list *list, struct json_object *old,
			struct json_object *new)
{
	double a = list->get_variance(old), b = list->get_variance(new);

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

/* --- results[] ----------------------------------------------------------- */

static const char *const result_identity[] = {
	"workload", "target", "destination", "memory.kind", "memory.provider",
	"block_bytes", "depth", "jobs", "rate_iops_limit", "read_percent",
	"zipf_theta", NULL
};

/* With a given rate it is the latency that tells; less is better then. */
static double get_result_gain(struct json_object *old,
			      struct json_object *new)
{
	if (find(old, "rate_iops_limit"))
		return get_ratio(new, old, "latency.p50_ns");
	return get_ratio(old, new, "rate_bytes_per_sec");
}

static double get_result_variance(struct json_object *point)
{
	double deviation = get_number(point, "noise.stddev_ratio");
	double samples = get_number(point, "noise.samples");

	return deviation >= 0 && samples > 0 ?
		       deviation * deviation / samples : -1;
}

static void add_result_numbers(struct json_object *object,
			       struct json_object *old,
			       struct json_object *new)
{
	add_member(object, "old_bytes_per_sec", old, "rate_bytes_per_sec");
	add_member(object, "new_bytes_per_sec", new, "rate_bytes_per_sec");
	add_ratio(object, "rate_ratio",
		  get_ratio(old, new, "rate_bytes_per_sec"));
	add_ratio(object, "p50_ratio", get_ratio(old, new, "latency.p50_ns"));
	add_ratio(object, "p99_ratio", get_ratio(old, new, "latency.p99_ns"));
	add_ratio(object, "cpu_per_gib_ratio",
		  get_ratio(old, new, "cpu.per_gib_ns"));
}

static const struct list results = {
	"results", "diff", result_identity, get_result_gain,
	get_result_variance, add_result_numbers,
};

/* --- compares[] ---------------------------------------------------------- */

static const char *const compare_identity[] = {
	"workload", "target", "destination", "provider", "block_bytes",
	"depth", "jobs", NULL
};

static double get_compare_gain(struct json_object *old,
			       struct json_object *new)
{
	return get_ratio(old, new, "rate_ratio.median");
}

static double get_compare_variance(struct json_object *point)
{
	double median = get_number(point, "rate_ratio.median");
	double low = get_number(point, "rate_ratio.q1");
	double high = get_number(point, "rate_ratio.q3");
	double rounds = get_number(point, "rounds"), error;

	if (median <= 0 || low < 0 || high < low || rounds < 1)
		return -1;
	error = MEDIAN_FACTOR * (high - low) / DEVIATIONS_APART / median;
	return error * error / rounds;
}

static void add_compare_numbers(struct json_object *object,
				struct json_object *old,
				struct json_object *new)
{
	add_member(object, "old_peer_over_host", old, "rate_ratio.median");
	add_member(object, "new_peer_over_host", new, "rate_ratio.median");
	add_ratio(object, "peer_over_host_ratio", get_compare_gain(old, new));
}

static const struct list compares = {
	"compares", "diff_compares", compare_identity, get_compare_gain,
	get_compare_variance, add_compare_numbers,
};

/* --- the report ---------------------------------------------------------- */

static void add_identity(struct json_object *object, const struct list *list,
			 struct json_object *point)
{
	for (const char *const *key = list->identity; *key; key++) {
		const char *dot = strchr(*key, '.');

		add_member(object, dot ? dot + 1 : *key, point, *key);
	}
}

static void add_point(struct json_object *object, const struct list *list,
		      struct json_object *old, struct json_object *new,
		      double tolerance, struct bench_diff *diff)
{
	double gain = new ? list->get_gain(old, new) : -1;
	double noise = new ? get_noise(list, old, new) : -1;
	/* Without a figure: it had one before, or there is nothing to miss. */
	const char *verdict = !new || list->get_gain(old, old) >= 0 ?
				      "missing" : "unknown";

	add_identity(object, list, old);
	list->add_numbers(object, old, new);
	add_ratio(object, "noise_ratio", noise);
	if (gain >= 0)
		verdict = judge(gain - 1, noise, tolerance);
	tree_add_text(object, "verdict", verdict);
	diff->points++;
	diff->regressions += !strcmp(verdict, "regression");
	diff->missing += !strcmp(verdict, "missing");
}

/* Every point of the old list that there is. */
static struct json_object *add_list(struct report *report,
				    const struct list *list,
				    struct json_object *old,
				    struct json_object *new, double tolerance,
				    struct bench_diff *diff)
{
	struct json_object *before = json_object_object_get(old, list->from);
	struct json_object *after = json_object_object_get(new, list->from);
	struct json_object *points = tree_add_array(report->tree, list->to);

	for (size_t i = 0; i < json_object_array_length(before); i++) {
		struct json_object *point =
			json_object_array_get_idx(before, i);

		add_point(tree_append_object(points), list, point,
			  find_partner(list, after, point,
				       count_before(list, before, i, point)),
			  tolerance, diff);
	}
	return points;
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
	if (!json_object_is_type(old, json_type_object))
		return array;
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

static const struct column compare_columns[] = {
	{ "Workload", "workload", FORM_TEXT },
	{ "Target", "target", FORM_TEXT },
	{ NULL, "provider", FORM_TEXT },
	{ "Block", "block_bytes", FORM_BYTES },
	{ "Depth", "depth", FORM_INT },
	{ "Jobs", "jobs", FORM_INT },
	{ "Was", "old_peer_over_host", FORM_RATIO },
	{ "Is", "new_peer_over_host", FORM_RATIO },
	{ "Ratio", "peer_over_host_ratio", FORM_RATIO },
	{ "Noise", "noise_ratio", FORM_PERCENT },
	{ "Verdict", "verdict", FORM_TEXT },
};

static bool is_list(struct json_object *tree, const char *key)
{
	return json_object_is_type(json_object_object_get(tree, key),
				   json_type_array);
}

static bool is_report(struct json_object *tree)
{
	const char *command = tree_get_text(tree, "command");

	return command && !strcmp(command, "p2pbench") &&
	       is_list(tree, results.from);
}

/* A list that only the new report has is nothing to compare with. */
static void add_compares(struct report *report, struct json_object *old,
			 struct json_object *new, double tolerance,
			 struct bench_diff *diff)
{
	struct json_object *points;

	if (!is_list(old, compares.from))
		return;
	points = add_list(report, &compares, old, new, tolerance, diff);
	report_add_table(report, "Peer memory over host memory", points,
			 compare_columns, ARRAY_SIZE(compare_columns), true);
}

static void add_changes(struct report *report, struct json_object *changes)
{
	if (json_object_array_length(changes))
		report_add_table(report, "Not the same environment", changes,
				 environment_columns,
				 ARRAY_SIZE(environment_columns), false);
}

int report_add_diff(struct report *report, struct json_object *old,
		    struct json_object *new, double tolerance,
		    struct bench_diff *diff)
{
	struct json_object *points;

	*diff = (struct bench_diff){ 0 };
	if (!is_report(old) || !is_report(new))
		return -EINVAL;
	tree_add_real(report->tree, "tolerance", tolerance);
	points = add_list(report, &results, old, new, tolerance, diff);
	report_add_table(report, NULL, points, columns, ARRAY_SIZE(columns),
			 true);
	add_compares(report, old, new, tolerance, diff);
	tree_add_count(report->tree, "regressions", diff->regressions);
	tree_add_count(report->tree, "missing", diff->missing);
	add_changes(report, add_environment(report, old, new));
	return 0;
}
