/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how numbers become curves, bars and heat maps with axes that people
 * can read; must not know what the numbers are about. For paper, and for
 * screens, light or dark: what colours tell, dashes and marks tell, too.
 */
#ifndef P2PDMA_REPORT_CHART_H
#define P2PDMA_REPORT_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CHART_WIDTH	920.0
#define CHART_NAME_SIZE	96

/* What a number is, and so how it is written and spread over an axis. */
enum chart_unit {
	CHART_COUNT,		/* 1, 2, 4 …; powers of two */
	CHART_BYTES,		/* 4 KiB; powers of two */
	CHART_RATE,		/* bytes a second, from 0 */
	CHART_TIME,		/* nanoseconds; powers of ten */
	CHART_SHARE,		/* 0.99: of a percentile; nines */
	CHART_RATIO,		/* 0.97, from 0 */
};

struct chart_axis {
	const char *title;
	enum chart_unit unit;
};

struct chart_point {
	double x, y;
	double low, high;	/* of y; the same: no spread is drawn */
};

struct chart_series {
	char name[CHART_NAME_SIZE];
	unsigned colour;	/* series of one colour belong together */
	bool is_dashed;
	size_t count;
	struct chart_point *points;	/* from left to right */
};

struct chart {
	const char *title;
	struct chart_axis x, y;
	unsigned colours;	/* how many there are in all */
	size_t count;
	struct chart_series *series;
};

struct chart_bar {
	char name[CHART_NAME_SIZE];
	char value[CHART_NAME_SIZE];	/* for people */
	double length;
	unsigned colour;
};

/* Row by row. */
struct chart_cell {
	bool is_known;
	double value;
	char text[CHART_NAME_SIZE];	/* the value, or why there is none */
};

struct chart_heat {
	const char *title;
	size_t rows, columns;
	const char *const *row_names, *const *column_names;
	struct chart_cell *cells;
};

/* The beginning of a picture so large, and its end. */
void chart_open(FILE *file, const char *title, const char *note,
		double width, double height);
void chart_close(FILE *file);

/* Room for the title and the note of a picture. */
#define CHART_HEAD	74.0

/* Each draws below @top and tells where the next one may begin. */
double chart_draw(FILE *file, const struct chart *chart, double top);
double chart_draw_bars(FILE *file, const char *title,
		       const struct chart_bar *bars, size_t count, double top);
double chart_draw_heat(FILE *file, const struct chart_heat *heat, double top);

/* How high each of them will be. */
double chart_get_height(void);
double chart_get_bars_height(size_t count);
double chart_get_heat_height(const struct chart_heat *heat);

/* How wide a picture with that heat map is; CHART_WIDTH, or more. */
double chart_get_heat_width(const struct chart_heat *heat);

#endif
