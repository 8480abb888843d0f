// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/chart.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/macro.h"
#include "report/axis.h"
#include "report/svg.h"

#define MARGIN		28.0
#define LEFT		92.0	/* numbers of the vertical axis */
#define RIGHT		204.0	/* names of the curves */
#define TITLE		34.0	/* above the plot */
#define PLOT		250.0	/* how high it is */
#define BOTTOM		62.0	/* numbers and title of the horizontal axis */
#define LINE		16.0	/* from one name to the next */
#define BAR		30.0
#define BAR_NAME	250.0
#define CELL_WIDTH	122.0
#define CELL_HEIGHT	40.0
#define ROW_NAME	130.0

/* --- colours ------------------------------------------------------------- */

/* Okabe and Ito's, which nearly everybody can tell apart; darker, lighter. */
static const struct {
	const char *light, *dark;
} palette[] = {
	{ "#0063a8", "#5fb0ea" }, { "#c24e00", "#ff9a5c" },
	{ "#007a5a", "#3fd0a4" }, { "#9c4f86", "#eaa5d2" },
	{ "#8f6a00", "#f0c04f" }, { "#4a5560", "#b9c2cc" },
};

/* No variables: many programs that show or print pictures know none. */
static const char style[] =
	"text { font-family: 'DejaVu Sans', Verdana, sans-serif; "
	"font-size: 11.5px; }\n"
	".head { font-size: 18px; font-weight: bold; }\n"
	".title { font-size: 13.5px; font-weight: bold; }\n"
	".note { font-size: 11px; }\n"
	".end { text-anchor: end; }\n"
	".middle { text-anchor: middle; }\n"
	".grid { stroke-width: 1; fill: none; }\n"
	".frame { stroke-width: 1.2; fill: none; }\n"
	".lead { stroke-width: 0.8; fill: none; }\n"
	".curve { fill: none; stroke-width: 2.2; stroke-linejoin: round; "
	"stroke-linecap: round; }\n"
	".dashed { stroke-dasharray: 7 5; }\n"
	".mark { stroke-width: 1.2; }\n"
	".spread { stroke-width: 1.3; fill: none; opacity: 0.7; }\n"
	".cell, .none { stroke-width: 2; }\n"
	".value { font-size: 13px; font-weight: bold; text-anchor: middle; }\n"
	".why { font-size: 9px; text-anchor: middle; }\n";

struct theme {
	const char *paper, *ink, *soft, *grid;
};

static void put_theme(FILE *file, bool is_dark)
{
	static const struct theme themes[] = {
		{ "#ffffff", "#1b2229", "#55606b", "#e3e7eb" },
		{ "#14181d", "#e8ecf0", "#a3adb8", "#2c343c" },
	};
	const struct theme *t = &themes[is_dark];

	fprintf(file, "text { fill: %s; }\n.note, .axis, .why { fill: %s; }\n"
		".paper { fill: %s; }\n.grid { stroke: %s; }\n"
		".frame, .lead { stroke: %s; }\n.mark, .cell, .none "
		"{ stroke: %s; }\n.none { fill: %s; }\n", t->ink, t->soft,
		t->paper, t->grid, t->soft, t->paper, t->grid);
	for (size_t i = 0; i < ARRAY_SIZE(palette); i++) {
		const char *colour = is_dark ? palette[i].dark :
					       palette[i].light;

		fprintf(file, ".s%zu { stroke: %s; }\n.f%zu { fill: %s; }\n",
			i, colour, i, colour);
	}
}

/* From violet over green to red, each as bright as the others. */
static void put_ramp(FILE *file, double share)
{
	double angle = (0.78 - 0.75 * share) * 6;
	double parts[3];

	for (unsigned i = 0; i < 3; i++) {
		double distance = fabs(fmod(angle + 6 - 2 * i + 3, 6) - 3);

		parts[i] = 70 + 125 * MIN(MAX(2 - distance, 0), 1);
	}
	fprintf(file, "#%02x%02x%02x", (unsigned)parts[0],
		(unsigned)(parts[1] * 0.8), (unsigned)parts[2]);
}

/*
 * The classes of something, with its colour. Few are as different as can be;
 * many are in an order, and so are theirs.
 */
static void put_class(FILE *file, const char *classes, bool is_stroke,
		      unsigned colour, unsigned colours)
{
	if (colours <= ARRAY_SIZE(palette)) {
		fprintf(file, " class=\"%s %c%u\"", classes,
			is_stroke ? 's' : 'f', colour);
		return;
	}
	fprintf(file, " class=\"%s\" style=\"%s:", classes,
		is_stroke ? "stroke" : "fill");
	put_ramp(file, (double)colour / (colours - 1));
	fputc('"', file);
}

/* --- the picture --------------------------------------------------------- */

void chart_open(FILE *file, const char *title, const char *note,
		double width, double height)
{
	fprintf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" "
		"width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n"
		"<title>", width, height, width, height);
	svg_put(file, title);
	fprintf(file, "</title>\n<style>\n%s", style);
	put_theme(file, false);
	fputs("@media (prefers-color-scheme: dark) {\n", file);
	put_theme(file, true);
	fputs("}\n</style>\n<rect class=\"paper\" width=\"100%\" "
	      "height=\"100%\"/>\n", file);
	svg_text(file, "head", MARGIN, 36, "%s", title);
	svg_text(file, "note", MARGIN, 57, "%s", note);
}

void chart_close(FILE *file)
{
	fputs("</svg>\n", file);
}

/* --- curves -------------------------------------------------------------- */

struct plot {
	FILE *file;
	const struct chart *chart;
	struct axis x, y;
	double left, top, width, height;
};

static void find_axis(const struct chart *chart, bool is_x, struct axis *axis)
{
	double first = INFINITY, last = -INFINITY;

	for (size_t i = 0; i < chart->count; i++) {
		const struct chart_series *s = &chart->series[i];

		for (size_t j = 0; j < s->count; j++) {
			const struct chart_point *p = &s->points[j];

			first = MIN(first, is_x ? p->x : MIN(p->y, p->low));
			last = MAX(last, is_x ? p->x : MAX(p->y, p->high));
		}
	}
	axis_find(axis, is_x ? chart->x.unit : chart->y.unit, first, last);
}

static double get_x(const struct plot *plot, double value)
{
	return plot->left + axis_place(&plot->x, value) * plot->width;
}

static double get_y(const struct plot *plot, double value)
{
	return plot->top + (1 - axis_place(&plot->y, value)) * plot->height;
}

static void draw_grid(const struct plot *plot)
{
	FILE *file = plot->file;
	double bottom = plot->top + plot->height;
	char text[32];

	for (size_t i = 0; i < plot->y.count; i++) {
		double y = get_y(plot, plot->y.ticks[i]);

		fprintf(file, "<path class=\"grid\" d=\"M%.1f %.1fh%.1f\"/>\n",
			plot->left, y, plot->width);
		axis_format(&plot->y, plot->y.ticks[i], text, sizeof(text));
		svg_text(file, "axis end", plot->left - 9, y + 4, "%s", text);
	}
	for (size_t i = 0; i < plot->x.count; i++) {
		double x = get_x(plot, plot->x.ticks[i]);

		fprintf(file, "<path class=\"frame\" d=\"M%.1f %.1fv5\"/>\n",
			x, bottom);
		axis_format(&plot->x, plot->x.ticks[i], text, sizeof(text));
		svg_text(file, "axis middle", x, bottom + 20, "%s", text);
	}
	fprintf(file, "<path class=\"frame\" d=\"M%.1f %.1fh%.1f\"/>\n",
		plot->left, bottom, plot->width);
	svg_text(file, "note middle", plot->left + plot->width / 2,
		 bottom + 41, "%s", plot->chart->x.title);
}

static void put_shape(FILE *file, unsigned shape, double x, double y)
{
	switch (shape % 4) {
	case 0:
		fprintf(file, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\"", x,
			y);
		break;
	case 1:
		fprintf(file, "<rect x=\"%.1f\" y=\"%.1f\" width=\"7.4\" "
			"height=\"7.4\"", x - 3.7, y - 3.7);
		break;
	case 2:
		fprintf(file, "<path d=\"M%.1f %.1fl4.8 8.2h-9.6z\"", x,
			y - 5);
		break;
	default:
		fprintf(file, "<path d=\"M%.1f %.1fl5 5l-5 5l-5 -5z\"", x,
			y - 5);
		break;
	}
}

static void draw_marks(const struct plot *plot, const struct chart_series *s)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct chart_point *p = &s->points[i];
		double x = get_x(plot, p->x), y = get_y(plot, p->y);

		if (p->high > p->low) {
			fputs("<path", plot->file);
			put_class(plot->file, "spread", true, s->colour,
				  plot->chart->colours);
			fprintf(plot->file, " d=\"M%.1f %.1fh8m-4 0V%.1f"
				"m-4 0h8\"/>\n", x - 4, get_y(plot, p->high),
				get_y(plot, p->low));
		}
		put_shape(plot->file, s->colour, x, y);
		put_class(plot->file, "mark", false, s->colour,
			  plot->chart->colours);
		fputs("/>\n", plot->file);
	}
}

static void draw_curve(const struct plot *plot, const struct chart_series *s)
{
	fputs("<path", plot->file);
	put_class(plot->file, s->is_dashed ? "curve dashed" : "curve", true,
		  s->colour, plot->chart->colours);
	fputs(" d=\"", plot->file);
	for (size_t i = 0; i < s->count; i++)
		fprintf(plot->file, "%c%.1f %.1f", i ? 'L' : 'M',
			get_x(plot, s->points[i].x),
			get_y(plot, s->points[i].y));
	fputs("\"/>\n", plot->file);
	draw_marks(plot, s);
}

/* --- the names of the curves --------------------------------------------- */

struct label {
	const struct chart_series *series;
	double x, from, y;	/* where the curve ends, where the name is */
};

static int compare_labels(const void *a, const void *b)
{
	double x = ((const struct label *)a)->from;
	double y = ((const struct label *)b)->from;

	return (x > y) - (x < y);
}

/* Beside the end of its curve, as near as the others let it. */
static void push_apart(struct label *labels, size_t count, double top,
		       double bottom)
{
	double line = MIN(LINE, (bottom - top) / (double)MAX(count, 1));

	for (size_t i = 0; i < count; i++)
		labels[i].y = i ? MAX(labels[i].from, labels[i - 1].y + line) :
				  MAX(labels[i].from, top);
	for (size_t i = count; i--;) {
		double limit = i + 1 < count ? labels[i + 1].y - line : bottom;

		labels[i].y = MIN(labels[i].y, limit);
	}
}

static void draw_label(const struct plot *plot, const struct label *label)
{
	double x = plot->left + plot->width + 34;
	char name[40];

	fprintf(plot->file, "<path class=\"lead\" d=\"M%.1f %.1fL%.1f %.1f"
		"\"/>\n", label->x + 7, label->from, x - 14, label->y);
	fputs("<path", plot->file);
	put_class(plot->file, label->series->is_dashed ? "curve dashed" :
							 "curve", true,
		  label->series->colour, plot->chart->colours);
	fprintf(plot->file, " d=\"M%.1f %.1fh19\"/>\n", x - 12, label->y);
	put_shape(plot->file, label->series->colour, x + 4, label->y);
	put_class(plot->file, "mark", false, label->series->colour,
		  plot->chart->colours);
	fputs("/>\n", plot->file);
	svg_shorten(label->series->name, 23, name, sizeof(name));
	svg_text(plot->file, "", x + 14, label->y + 4, "%s", name);
}

static void draw_labels(const struct plot *plot)
{
	const struct chart *chart = plot->chart;
	struct label *labels = calloc(chart->count, sizeof(*labels));
	size_t count = 0;

	for (size_t i = 0; labels && i < chart->count; i++) {
		const struct chart_series *s = &chart->series[i];

		if (!s->count || !*s->name)
			continue;
		labels[count++] = (struct label){
			.series = s,
			.x = get_x(plot, s->points[s->count - 1].x),
			.from = get_y(plot, s->points[s->count - 1].y),
		};
	}
	if (count)
		qsort(labels, count, sizeof(*labels), compare_labels);
	push_apart(labels, count, plot->top, plot->top + plot->height);
	for (size_t i = 0; i < count; i++)
		draw_label(plot, &labels[i]);
	free(labels);
}

double chart_get_height(void)
{
	return TITLE + PLOT + BOTTOM;
}

double chart_draw(FILE *file, const struct chart *chart, double top)
{
	struct plot plot = {
		.file = file,
		.chart = chart,
		.left = LEFT,
		.top = top + TITLE,
		.width = CHART_WIDTH - LEFT - RIGHT,
		.height = PLOT,
	};

	find_axis(chart, true, &plot.x);
	find_axis(chart, false, &plot.y);
	svg_text(file, "title", MARGIN, top + 16, "%s", chart->title);
	draw_grid(&plot);
	for (size_t i = 0; i < chart->count; i++)
		if (chart->series[i].count)
			draw_curve(&plot, &chart->series[i]);
	draw_labels(&plot);
	return top + chart_get_height();
}

/* --- bars ---------------------------------------------------------------- */

double chart_get_bars_height(size_t count)
{
	return TITLE + BAR * (double)count + 26;
}

double chart_draw_bars(FILE *file, const char *title,
		       const struct chart_bar *bars, size_t count, double top)
{
	double left = MARGIN + BAR_NAME, y = top + TITLE, most = 0;
	double width = CHART_WIDTH - left - MARGIN - 190;
	char name[64];

	for (size_t i = 0; i < count; i++)
		most = MAX(most, bars[i].length);
	svg_text(file, "title", MARGIN, top + 16, "%s", title);
	for (size_t i = 0; i < count; i++, y += BAR) {
		double length = most > 0 ? bars[i].length / most * width : 0;

		svg_shorten(bars[i].name, 38, name, sizeof(name));
		svg_text(file, "end", left - 10, y + 15, "%s", name);
		fprintf(file, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
			"height=\"%.1f\" rx=\"2\"", left, y,
			MAX(length, 1.5), BAR - 9);
		put_class(file, "bar", false, bars[i].colour, (unsigned)count);
		fputs("/>\n", file);
		svg_text(file, "", left + length + 9, y + 15, "%s",
			 bars[i].value);
	}
	fprintf(file, "<path class=\"frame\" d=\"M%.1f %.1fV%.1f\"/>\n", left,
		top + TITLE - 6, y);
	return top + chart_get_bars_height(count);
}

/* --- heat maps ----------------------------------------------------------- */

double chart_get_heat_height(const struct chart_heat *heat)
{
	return TITLE + 24 + CELL_HEIGHT * (double)heat->rows + 26;
}

double chart_get_heat_width(const struct chart_heat *heat)
{
	return MAX(CHART_WIDTH, 2 * MARGIN + ROW_NAME +
				CELL_WIDTH * (double)heat->columns);
}

/* From a light blue to a dark one, by the root: small rates differ, too. */
static void draw_cell(FILE *file, const struct chart_cell *cell, double most,
		      double x, double y)
{
	double share = most > 0 ? sqrt(cell->value / most) : 0;
	double middle = x + CELL_WIDTH / 2;
	char text[40];

	if (!cell->is_known) {
		fprintf(file, "<rect class=\"none\" x=\"%.1f\" y=\"%.1f\" "
			"width=\"%.1f\" height=\"%.1f\"/>\n", x, y,
			CELL_WIDTH, CELL_HEIGHT);
		svg_shorten(cell->text, 22, text, sizeof(text));
		svg_text(file, "why", middle, y + CELL_HEIGHT / 2 + 3.5, "%s",
			 text);
		return;
	}
	fprintf(file, "<rect class=\"cell\" x=\"%.1f\" y=\"%.1f\" "
		"width=\"%.1f\" height=\"%.1f\" fill=\"rgb(%.0f,%.0f,%.0f)\""
		"/>\n", x, y, CELL_WIDTH, CELL_HEIGHT, 222 - 214 * share,
		235 - 170 * share, 247 - 117 * share);
	fprintf(file, "<text class=\"value\" style=\"fill:%s\" x=\"%.1f\" "
		"y=\"%.1f\">%s</text>\n", share > 0.5 ? "#ffffff" : "#10202f",
		middle, y + CELL_HEIGHT / 2 + 4.5, cell->text);
}

static void draw_names(FILE *file, const struct chart_heat *heat, double left,
		       double top)
{
	char name[40];

	for (size_t i = 0; i < heat->columns; i++) {
		svg_shorten(heat->column_names[i], 15, name, sizeof(name));
		svg_text(file, "axis middle",
			 left + ((double)i + 0.5) * CELL_WIDTH, top - 9, "%s",
			 name);
	}
	for (size_t i = 0; i < heat->rows; i++) {
		svg_shorten(heat->row_names[i], 18, name, sizeof(name));
		svg_text(file, "axis end", left - 10,
			 top + ((double)i + 0.5) * CELL_HEIGHT + 4, "%s",
			 name);
	}
}

double chart_draw_heat(FILE *file, const struct chart_heat *heat, double top)
{
	double left = MARGIN + ROW_NAME, y = top + TITLE + 24, most = 0;

	for (size_t i = 0; i < heat->rows * heat->columns; i++)
		if (heat->cells[i].is_known)
			most = MAX(most, heat->cells[i].value);
	svg_text(file, "title", MARGIN, top + 16, "%s", heat->title);
	draw_names(file, heat, left, y);
	for (size_t i = 0; i < heat->rows * heat->columns; i++)
		draw_cell(file, &heat->cells[i], most,
			  left + (double)(i % heat->columns) * CELL_WIDTH,
			  y + (double)(i / heat->columns) * CELL_HEIGHT);
	return top + chart_get_heat_height(heat);
}
