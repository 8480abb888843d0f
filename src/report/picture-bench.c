// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/picture-bench.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/macro.h"
#include "report/chart.h"
#include "report/writer.h"

#define BOTTOM	16.0
#define TARGET_MOST	20	/* of a name, or its end stands for it */

/* --- values -------------------------------------------------------------- */

static struct json_object *find(struct json_object *object, const char *key)
{
	const struct column column = { .key = key };

	return column_find(&column, object);
}

/* Below 0: not known. */
static double get_number(struct json_object *object, const char *key)
{
	struct json_object *value = find(object, key);

	return value ? json_object_get_double(value) : -1;
}

static const char *get_text(struct json_object *object, const char *key)
{
	struct json_object *value = find(object, key);

	return value ? json_object_get_string(value) : "";
}

static bool is_host(struct json_object *result)
{
	return !strcmp(get_text(result, "memory.kind"), "host");
}

/* --- dimensions of a grid ------------------------------------------------ */

enum dimension {
	DEPTH,
	BLOCK,
	JOBS,
	MEMORY,
	TARGET,
	DIMENSIONS,
};

/* Those that can be an axis come first, the one that is liked best before. */
static const struct {
	const char *key, *word, *title;
	enum chart_unit unit;
} dimensions[DIMENSIONS] = {
	[DEPTH] = { "depth", "depth", "blocks in flight, of each job",
		    CHART_COUNT },
	[BLOCK] = { "block_bytes", "block size", "bytes a block",
		    CHART_BYTES },
	[JOBS] = { "jobs", "jobs", "jobs", CHART_COUNT },
	[MEMORY] = { .key = "memory.kind" },
	[TARGET] = { .key = "target" },
};

/* How many different values the results have of it. */
static size_t count_values(struct json_object *results, const char *key)
{
	size_t count = 0;

	for (size_t i = 0; i < json_object_array_length(results); i++) {
		struct json_object *value =
			find(json_object_array_get_idx(results, i), key);
		size_t j = 0;

		while (j < i && !json_object_equal(value,
				find(json_object_array_get_idx(results, j),
				     key)))
			j++;
		count += j == i;
	}
	return count;
}

struct grid {
	struct json_object *results;	/* or comparisons */
	size_t counts[DIMENSIONS];
	enum dimension x;
};

static void grid_init(struct grid *grid, struct json_object *results)
{
	*grid = (struct grid){ .results = results };
	for (unsigned i = 0; i < DIMENSIONS; i++)
		grid->counts[i] = count_values(results, dimensions[i].key);
	for (unsigned i = BLOCK; i <= JOBS; i++)
		if (grid->counts[i] > grid->counts[grid->x])
			grid->x = i;
}

static bool is_grid(const struct grid *grid)
{
	return grid->counts[grid->x] > 1;
}

/* What tells one curve from another: everything that varies but the axis. */
static void name_curve(const struct grid *grid, struct json_object *result,
		       bool has_memory, char *name, size_t size)
{
	size_t used = 0;
	char block[32];

	*name = '\0';
	for (unsigned i = 0; i < DIMENSIONS && used < size; i++) {
		const char *value = get_text(result, dimensions[i].key);

		if (grid->counts[i] < 2 || i == grid->x ||
		    (i == MEMORY && !has_memory))
			continue;
		if (i == BLOCK)
			value = bytes_format((uint64_t)get_number(
				result, dimensions[i].key), block,
				sizeof(block));
		used += (size_t)snprintf(name + used, size - used, "%s%s%s%s",
			used ? ", " : "", i == DEPTH ? "depth " : "", value,
			i == JOBS ? " jobs" : i == MEMORY ? " memory" : "");
	}
}

/* --- curves -------------------------------------------------------------- */

struct panel {
	const char *title, *y_title;
	const char *key, *low, *high;	/* of y */
	enum chart_unit unit;
};

static struct chart_series *find_series(struct chart *chart, const char *name)
{
	for (size_t i = 0; i < chart->count; i++)
		if (!strcmp(chart->series[i].name, name))
			return &chart->series[i];
	return NULL;
}

/* Curves that differ in their memory only have one colour. */
static unsigned find_colour(const struct grid *grid, size_t index)
{
	char name[CHART_NAME_SIZE], other[CHART_NAME_SIZE];
	unsigned colour = 0;

	name_curve(grid, json_object_array_get_idx(grid->results, index),
		   false, name, sizeof(name));
	for (size_t i = 0; i < index; i++) {
		size_t j = 0;

		name_curve(grid, json_object_array_get_idx(grid->results, i),
			   false, other, sizeof(other));
		if (!strcmp(name, other))
			break;
		for (; j < i; j++) {
			char before[CHART_NAME_SIZE];

			name_curve(grid, json_object_array_get_idx(
				grid->results, j), false, before,
				sizeof(before));
			if (!strcmp(before, other))
				break;
		}
		colour += j == i;
	}
	return colour;
}

static struct chart_series *add_series(const struct grid *grid,
				       struct chart *chart, size_t index,
				       const char *name)
{
	struct json_object *result =
		json_object_array_get_idx(grid->results, index);
	struct chart_series *s = &chart->series[chart->count++];

	*s = (struct chart_series){
		.colour = find_colour(grid, index),
		.is_dashed = grid->counts[MEMORY] > 1 && is_host(result),
	};
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->points = tree_must(calloc(json_object_array_length(grid->results),
				     sizeof(*s->points)));
	chart->colours = MAX(chart->colours, s->colour + 1);
	return s;
}

static void add_point(const struct grid *grid, const struct panel *panel,
		      struct chart *chart, size_t index)
{
	struct json_object *result =
		json_object_array_get_idx(grid->results, index);
	double y = get_number(result, panel->key);
	char name[CHART_NAME_SIZE];
	struct chart_series *s;

	if (y < 0 || (panel->unit == CHART_TIME && y < 1))
		return;
	name_curve(grid, result, true, name, sizeof(name));
	s = find_series(chart, name);
	if (!s)
		s = add_series(grid, chart, index, name);
	s->points[s->count++] = (struct chart_point){
		.x = get_number(result, dimensions[grid->x].key),
		.y = y,
		.low = panel->low ? get_number(result, panel->low) : y,
		.high = panel->high ? get_number(result, panel->high) : y,
	};
}

static int compare_points(const void *a, const void *b)
{
	double x = ((const struct chart_point *)a)->x;
	double y = ((const struct chart_point *)b)->x;

	return (x > y) - (x < y);
}

static void free_chart(struct chart *chart)
{
	for (size_t i = 0; i < chart->count; i++)
		free(chart->series[i].points);
	free(chart->series);
}

static double draw_panel(const struct grid *grid, const struct panel *panel,
			 FILE *file, double top)
{
	size_t count = json_object_array_length(grid->results);
	struct chart chart = {
		.title = panel->title,
		.x = { dimensions[grid->x].title, dimensions[grid->x].unit },
		.y = { panel->y_title, panel->unit },
	};

	chart.series = tree_must(calloc(count, sizeof(*chart.series)));
	for (size_t i = 0; i < count; i++)
		add_point(grid, panel, &chart, i);
	for (size_t i = 0; i < chart.count; i++)
		qsort(chart.series[i].points, chart.series[i].count,
		      sizeof(struct chart_point), compare_points);
	if (chart.count)
		top = chart_draw(file, &chart, top);
	free_chart(&chart);
	return top;
}

/* --- percentiles --------------------------------------------------------- */

static const struct {
	const char *key;
	double share;
} quantiles[] = {
	{ "latency.min_ns", 0 },	{ "latency.p50_ns", 0.5 },
	{ "latency.p90_ns", 0.9 },	{ "latency.p99_ns", 0.99 },
	{ "latency.p999_ns", 0.999 },	{ "latency.p9999_ns", 0.9999 },
};

/* Nothing is drawn that the run was too short for. */
static bool is_supported(struct json_object *result, const char *key)
{
	struct json_object *keys = find(result, "latency.too_few_for");

	for (size_t i = 0; keys && i < json_object_array_length(keys); i++)
		if (!strcmp(json_object_get_string(
				    json_object_array_get_idx(keys, i)),
			    strchr(key, '.') + 1))
			return false;
	return true;
}

/* What tells one file from another stands at the end of their paths. */
static void name_result(struct json_object *result, char *name, size_t size)
{
	const char *provider = get_text(result, "memory.provider");
	const char *target = get_text(result, "target");
	const char *slash = strrchr(target, '/');
	bool is_device = !strncmp(target, "/dev/", 5);
	bool is_long = !is_device && slash && strlen(target) > TARGET_MOST;

	if (is_device)
		target += 5;
	snprintf(name, size, "%s%s, %s", is_long ? "…/" : "",
		 is_long ? slash + 1 : target,
		 *provider ? provider : "host memory");
}

static void add_quantiles(struct chart *chart, struct json_object *result,
			  unsigned colour, bool is_dashed)
{
	struct chart_series *s = &chart->series[chart->count++];

	*s = (struct chart_series){
		.colour = colour,
		.is_dashed = is_dashed,
		.points = tree_must(calloc(ARRAY_SIZE(quantiles),
					   sizeof(*s->points))),
	};
	name_result(result, s->name, sizeof(s->name));
	for (size_t i = 0; i < ARRAY_SIZE(quantiles); i++) {
		double y = get_number(result, quantiles[i].key);

		if (y < 1 || !is_supported(result, quantiles[i].key))
			continue;
		s->points[s->count++] = (struct chart_point){
			quantiles[i].share, y, y, y,
		};
	}
}

static double draw_quantiles(struct json_object *results, FILE *file,
			     double top)
{
	size_t count = json_object_array_length(results), points = 0;
	bool is_mixed = count_values(results, "memory.kind") > 1;
	struct chart chart = {
		.title = "Latency: what share of the blocks took no longer",
		.x = { "share of the blocks", CHART_SHARE },
		.y = { NULL, CHART_TIME },
		.colours = (unsigned)count,
	};

	chart.series = tree_must(calloc(count, sizeof(*chart.series)));
	for (size_t i = 0; i < count; i++) {
		struct json_object *result =
			json_object_array_get_idx(results, i);

		add_quantiles(&chart, result, (unsigned)i,
			      is_mixed && is_host(result));
		points += chart.series[i].count;
	}
	if (points)
		top = chart_draw(file, &chart, top);
	free_chart(&chart);
	return top;
}

/* --- bars ---------------------------------------------------------------- */

/* Of the colour of its curve. */
static void fill_bar(struct chart_bar *bar, struct json_object *result,
		     unsigned colour)
{
	double rate = get_number(result, "rate_bytes_per_sec");

	bar->length = rate;
	bar->colour = colour;
	name_result(result, bar->name, sizeof(bar->name));
	bytes_format_rate((uint64_t)MAX(rate, 0), bar->value,
			  sizeof(bar->value));
}

static double draw_bars(struct json_object *results, FILE *file, double top)
{
	size_t count = json_object_array_length(results);
	struct chart_bar *bars = tree_must(calloc(count + 1, sizeof(*bars)));

	for (size_t i = 0; i < count; i++)
		fill_bar(&bars[i], json_object_array_get_idx(results, i),
			 (unsigned)i);
	top = chart_draw_bars(file, "Rate", bars, count, top);
	free(bars);
	return top;
}

/* --- heat maps ----------------------------------------------------------- */

static const char **get_names(struct json_object *array)
{
	size_t count = json_object_array_length(array);
	const char **names = tree_must(calloc(count + 1, sizeof(*names)));

	for (size_t i = 0; i < count; i++) {
		names[i] = json_object_get_string(
			json_object_array_get_idx(array, i));
		if (!strncmp(names[i], "/dev/", 5))
			names[i] += 5;
	}
	return names;
}

static void fill_cell(struct chart_cell *cell, struct json_object *facts)
{
	double rate = get_number(facts, "rate_bytes_per_sec");

	cell->is_known = rate >= 0;
	cell->value = rate;
	if (cell->is_known)
		snprintf(cell->text, sizeof(cell->text), "%.*f",
			 rate < 1e9 ? 3 : 2, rate / 1e9);
	else
		snprintf(cell->text, sizeof(cell->text), "%s",
			 get_text(facts, "reason"));
}

/* The cells in @cells, which are the caller's to free, with the names. */
static void fill_heat(struct chart_heat *heat, struct json_object *matrix)
{
	struct json_object *rows = find(matrix, "providers");
	struct json_object *columns = find(matrix, "targets");
	struct json_object *cells = find(matrix, "cells");
	size_t count = json_object_array_length(cells);

	*heat = (struct chart_heat){
		.title = "GB/s between memory (rows) and drives (columns)",
		.rows = json_object_array_length(rows),
		.columns = json_object_array_length(columns),
		.row_names = get_names(rows),
		.column_names = get_names(columns),
		.cells = tree_must(calloc(count + 1, sizeof(*heat->cells))),
	};
	for (size_t i = 0; i < count; i++)
		fill_cell(&heat->cells[i],
			  json_object_array_get_idx(cells, i));
}

/* --- pictures ------------------------------------------------------------ */

/* As much of it as there is room for. */
static void __attribute__((format(printf, 3, 4)))
append(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, size - used, format, args);
	va_end(args);
}

/* What is not known is nothing to have in common. */
static bool is_common(struct json_object *results, const char *key)
{
	return count_values(results, key) == 1 &&
	       *get_text(json_object_array_get_idx(results, 0), key);
}

/* What all results have in common. */
static void note_results(struct json_object *results, char *note, size_t size)
{
	struct json_object *first = json_object_array_get_idx(results, 0);
	char block[32];

	append(note, size, "%s", get_text(first, "workload"));
	if (is_common(results, "target"))
		append(note, size, " of %.120s", get_text(first, "target"));
	if (is_common(results, "block_bytes"))
		append(note, size, ", blocks of %s", bytes_format(
			(uint64_t)get_number(first, "block_bytes"), block,
			sizeof(block)));
	if (is_common(results, "depth"))
		append(note, size, ", depth %s", get_text(first, "depth"));
	if (is_common(results, "jobs"))
		append(note, size, ", %s job%s", get_text(first, "jobs"),
		       get_number(first, "jobs") > 1 ? "s" : "");
}

static void write_note(struct json_object *tree, struct json_object *results,
		       char *note, size_t size)
{
	const char *kernel = get_text(tree, "environment.kernel");

	*note = '\0';
	if (results && json_object_array_length(results))
		note_results(results, note, size);
	if (*kernel)
		append(note, size, "%sLinux %s", *note ? "; " : "", kernel);
}

static void draw_matrix(struct json_object *matrix, const char *note,
			FILE *file)
{
	struct chart_heat heat;

	fill_heat(&heat, matrix);
	chart_open(file, "p2pbench: every memory with every drive", note,
		   chart_get_heat_width(&heat),
		   CHART_HEAD + chart_get_heat_height(&heat) + BOTTOM);
	chart_draw_heat(file, &heat, CHART_HEAD);
	free((void *)heat.row_names);
	free((void *)heat.column_names);
	free(heat.cells);
}

static void draw_grid(const struct grid *grid, struct json_object *compares,
		      const char *note, FILE *file)
{
	static const struct panel panels[] = {
		{ "Rate", NULL, "rate_bytes_per_sec", NULL, NULL, CHART_RATE },
		{ "Latency: half of the blocks took no longer", NULL,
		  "latency.p50_ns", NULL, NULL, CHART_TIME },
		{ "Latency: 99 of 100 blocks took no longer", NULL,
		  "latency.p99_ns", NULL, NULL, CHART_TIME },
	};
	static const struct panel ratio = {
		"Rate of peer memory over host memory, and its quartiles",
		NULL, "rate_ratio.median", "rate_ratio.q1", "rate_ratio.q3",
		CHART_RATIO,
	};
	size_t count = ARRAY_SIZE(panels) + !!compares;
	double top = CHART_HEAD;
	struct grid ratios;
	char title[64];

	snprintf(title, sizeof(title), "p2pbench: rate and latency by %s",
		 dimensions[grid->x].word);
	chart_open(file, title, note, CHART_WIDTH,
		   CHART_HEAD + (double)count * chart_get_height() + BOTTOM);
	if (compares) {
		grid_init(&ratios, compares);
		ratios.x = grid->x;
		top = draw_panel(&ratios, &ratio, file, top);
	}
	for (size_t i = 0; i < ARRAY_SIZE(panels); i++)
		top = draw_panel(grid, &panels[i], file, top);
}

/* The ratio stands in the note, where everybody looks. */
static void add_ratio(struct json_object *compares, char *note, size_t size)
{
	struct json_object *c = json_object_array_get_idx(compares, 0);

	append(note, size, "; peer over host %.3f (%.3f to %.3f)",
	       get_number(c, "rate_ratio.median"),
	       get_number(c, "rate_ratio.min"),
	       get_number(c, "rate_ratio.max"));
}

static void draw_results(struct json_object *results, const char *title,
			 const char *note, FILE *file)
{
	double top = CHART_HEAD;

	chart_open(file, title, note, CHART_WIDTH, CHART_HEAD +
		   chart_get_bars_height(json_object_array_length(results)) +
		   chart_get_height() + BOTTOM);
	top = draw_bars(results, file, top);
	draw_quantiles(results, file, top);
}

bool picture_bench_is_one(struct json_object *tree)
{
	return json_object_object_get(tree, "results") ||
	       json_object_object_get(tree, "matrix");
}

void picture_bench_draw(struct json_object *tree, FILE *file)
{
	struct json_object *results = json_object_object_get(tree, "results");
	struct json_object *compares =
		json_object_object_get(tree, "compares");
	struct json_object *matrix = json_object_object_get(tree, "matrix");
	struct grid grid = { 0 };
	char note[256];

	write_note(tree, results, note, sizeof(note));
	if (results)
		grid_init(&grid, results);
	if (matrix) {
		draw_matrix(matrix, note, file);
	} else if (is_grid(&grid)) {
		draw_grid(&grid, compares, note, file);
	} else {
		if (compares)
			add_ratio(compares, note, sizeof(note));
		draw_results(results, compares ?
			     "p2pbench: peer and host memory" :
			     "p2pbench", note, file);
	}
	chart_close(file);
}
