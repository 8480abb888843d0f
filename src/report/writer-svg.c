// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how the tree of functions looks as a picture: boxes with ports from
 * the left, links as thick as they are fast, what hangs at their ends in one
 * column, a line each, and beside it who reaches whose memory. Shapes tell
 * what colours tell, too. Must not know how any of it comes about.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "base/macro.h"
#include "report/picture.h"
#include "report/picture-bench.h"
#include "report/svg.h"
#include "report/writer.h"

#define MARGIN		24.0
#define HEAD		104.0	/* title, and the names of the columns */
#define LINE		30.0	/* from one leaf to the next */
#define GAP		14.0	/* between boxes */
#define BOX_WIDTH	196.0
#define BOX_LEAST	52.0	/* room for three lines of text */
#define LINK_WIDTH	156.0
#define LEAF_WIDTH	440.0	/* symbols, names, memory */
#define MARK_WIDTH	30.0
#define FOOT		132.0	/* the legend */
#define LEAVES_SEEN	24	/* at once: more have names below, too */

struct canvas {
	FILE *file;
	struct picture picture;
	double leaf_x, mark_x, width, bottom;
};

/* --- where everything stands -------------------------------------------- */

static void shift(struct picture_node *node, double by)
{
	node->y += by;
	node->top += by;
	node->bottom += by;
	for (size_t i = 0; i < node->child_count; i++)
		shift(&node->children[i], by);
}

static double place(struct picture_node *node, double y);

static double place_children(struct picture_node *node, double y)
{
	for (size_t i = 0; i < node->child_count; i++)
		y = place(&node->children[i], y);
	return y;
}

/* Where @node ends, without the gap that is below a box. */
static double get_end(const struct picture_node *node)
{
	if (node->shape == PICTURE_PORT && node->child_count)
		return get_end(&node->children[node->child_count - 1]);
	return node->bottom;
}

/* A box is as high as what hangs on it, and as its own text. */
static double place_box(struct picture_node *box, double y)
{
	double end = y, missing;

	place_children(box, y);
	if (box->child_count)
		end = get_end(&box->children[box->child_count - 1]);
	missing = BOX_LEAST - (end - y);
	if (missing > 0) {
		for (size_t i = 0; i < box->child_count; i++)
			shift(&box->children[i], missing / 2);
		end += missing;
	}
	box->top = y;
	box->bottom = end;
	box->y = (y + end) / 2;
	return end + GAP;
}

/* Returns where the next one begins. */
static double place(struct picture_node *node, double y)
{
	double end;

	if (node->shape == PICTURE_BOX)
		return place_box(node, y);
	end = place_children(node, y);
	if (end == y)
		end = y + LINE;
	node->top = y;
	node->bottom = end;
	node->y = (y + end) / 2;
	if (node->child_count == 1)
		node->y = node->children[0].y;
	return end;
}

static double get_box_x(const struct picture_node *box)
{
	return MARGIN + box->depth * (BOX_WIDTH + LINK_WIDTH);
}

static double get_left(const struct canvas *canvas,
		       const struct picture_node *node)
{
	return node->shape == PICTURE_BOX ? get_box_x(node) : canvas->leaf_x;
}

static void lay_out(struct canvas *canvas)
{
	struct picture *picture = &canvas->picture;

	canvas->leaf_x = MARGIN + picture->depth * (BOX_WIDTH + LINK_WIDTH);
	canvas->mark_x = canvas->leaf_x + LEAF_WIDTH;
	canvas->width = canvas->mark_x + MARGIN +
			(double)picture->provider_count * MARK_WIDTH;
	canvas->width = MAX(canvas->width, 900);
	canvas->bottom = place_children(&picture->root, HEAD);
	if (picture->leaf_count > LEAVES_SEEN)
		canvas->bottom += LINE;
}

/* --- symbols ------------------------------------------------------------ */

static void draw_drive(const struct canvas *canvas, double x, double y)
{
	fprintf(canvas->file, "<path class=\"drive\" d=\"M%.1f %.1fv12a8 3 0 0 "
		"0 16 0v-12a8 3 0 0 0 -16 0a8 3 0 0 0 16 0\"/>\n", x, y - 6);
}

/* A chip with its legs. */
static void draw_memory(const struct canvas *canvas, double x, double y,
			bool is_published)
{
	fprintf(canvas->file, "<path class=\"legs\" d=\"M%.1f %.1fv18m5 0v-18"
		"m5 0v18\"/>\n", x + 3, y - 9);
	fprintf(canvas->file, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" "
		"width=\"16\" height=\"12\"/>\n",
		is_published ? "memory" : "closed", x, y - 6);
}

static void draw_other(const struct canvas *canvas, double x, double y)
{
	fprintf(canvas->file, "<rect class=\"other\" x=\"%.1f\" y=\"%.1f\" "
		"width=\"16\" height=\"12\"/>\n", x, y - 6);
}

/* A port; with an arrow up to the host where its ACS redirects. */
static void draw_port(const struct canvas *canvas, double x, double y,
		      bool redirects)
{
	fprintf(canvas->file, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" "
		"width=\"14\" height=\"14\"/>\n",
		redirects ? "redirect" : "port", x - 7, y - 7);
	if (redirects)
		fprintf(canvas->file, "<path class=\"arrow\" d=\"M%.1f %.1fv-8"
			"m-3.5 3.5l3.5 -3.5l3.5 3.5\"/>\n", x, y + 4);
}

static void draw_mark(const struct canvas *canvas, double x, double y,
		      const struct picture_cell *cell)
{
	switch (cell->mark) {
	case PICTURE_NONE:
		return;
	case PICTURE_DIRECT:
	case PICTURE_VIA_HOST:
		fprintf(canvas->file, "<circle class=\"%s\" cx=\"%.1f\" "
			"cy=\"%.1f\" r=\"5.5\"/>\n",
			picture_get_mark_name(cell->mark), x, y);
		break;
	case PICTURE_REFUSED:
		fprintf(canvas->file, "<path class=\"refused\" d=\"M%.1f "
			"%.1fl10 10m0 -10l-10 10\"/>\n", x - 5, y - 5);
		break;
	case PICTURE_UNKNOWN:
		svg_text(canvas->file, "mark", x, y + 4, "?");
		break;
	}
	if (cell->has_warning)
		svg_text(canvas->file, "mark", x + 9, y - 1, "!");
}

/* --- links -------------------------------------------------------------- */

/* The root of the rate: from 1 for 1 GB/s to 11 for 64 GT/s x16. */
static double get_thickness(struct json_object *link)
{
	double rate = (double)tree_get_count(link, "bytes_per_sec");

	return MAX(1.0, sqrt(rate / 1e9));
}

static void draw_line(const struct canvas *canvas, const char *style,
		      double thickness, double x, double y, double to_x,
		      double to_y)
{
	double bend = MIN(40.0, (to_x - x) / 2);

	fprintf(canvas->file, "<path class=\"%s\" stroke-width=\"%.1f\" "
		"d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1fH%.1f\"/>\n",
		style, thickness, x, y, x + bend / 2, y, x + bend / 2, to_y,
		x + bend, to_y, to_x);
}

static void label_link(const struct canvas *canvas,
		       const struct picture_node *lower, double x, double y)
{
	struct json_object *link = json_object_object_get(lower->facts, "link");
	struct json_object *best =
		json_object_object_get(lower->facts, "link_max");
	char now[48];

	tree_format_link(link, now, sizeof(now));
	if (tree_is_true(lower->facts, "link_degraded"))
		svg_text(canvas->file, "slow", x,
			 y - get_thickness(link) / 2 - 5,
			 "%s, can %s x%s", now,
			 tree_get_text(best, "speed_gtps"),
			 tree_get_text(best, "width"));
	else
		svg_text(canvas->file, "speed", x,
			 y - get_thickness(link) / 2 - 3,
			 "%s", now);
}

/* From the right side of @upper's box to what is @lower. */
static void draw_link(const struct canvas *canvas,
		      const struct picture_node *box, double y,
		      const struct picture_node *lower)
{
	struct json_object *link = json_object_object_get(lower->facts, "link");
	double x = get_box_x(box) + BOX_WIDTH;
	double to_x = get_left(canvas, lower);

	if (!link) {
		draw_line(canvas, "inside", 1, x, y, to_x, lower->y);
		return;
	}
	if (tree_is_true(lower->facts, "link_degraded"))
		draw_line(canvas, "could", get_thickness(link) + 5, x, y, to_x,
			  lower->y);
	draw_line(canvas, "link", get_thickness(link), x, y, to_x, lower->y);
	label_link(canvas, lower, x + LINK_WIDTH / 2, lower->y);
}

/* --- boxes -------------------------------------------------------------- */

static void draw_links(const struct canvas *canvas,
		       const struct picture_node *box)
{
	for (size_t i = 0; i < box->child_count; i++) {
		const struct picture_node *child = &box->children[i];

		if (child->shape != PICTURE_PORT)
			draw_link(canvas, box, child->y, child);
		for (size_t j = 0; child->shape == PICTURE_PORT &&
				   j < child->child_count; j++)
			draw_link(canvas, box, child->y, &child->children[j]);
	}
}

static void draw_ports(const struct canvas *canvas,
		       const struct picture_node *box)
{
	double x = get_box_x(box) + BOX_WIDTH;

	for (size_t i = 0; i < box->child_count; i++) {
		const struct picture_node *port = &box->children[i];
		struct json_object *acs =
			json_object_object_get(port->facts, "acs");

		if (port->shape != PICTURE_PORT)
			continue;
		draw_port(canvas, x, port->y, tree_is_true(acs, "redirects"));
		svg_text(canvas->file, "address end", x - 11, port->y + 3.5,
			 "%s", port->address);
	}
}

static void title_box(const struct canvas *canvas,
		      const struct picture_node *box, bool is_host)
{
	const char *numa = tree_get_text(box->facts, "numa_node");
	double x = get_box_x(box) + 10, y = box->top + 18;
	char name[64];

	svg_text(canvas->file, "strong", x, y, "%s",
		 is_host ? "Host bridge" : "Switch");
	svg_text(canvas->file, "address", x, y + 14, "%s", box->address);
	if (is_host && numa)
		svg_text(canvas->file, "small", x, y + 27, "NUMA node %s",
			 numa);
	svg_shorten(tree_get_text(box->facts, "name"), 17, name, sizeof(name));
	if (!is_host && *name)
		svg_text(canvas->file, "small", x, y + 27, "%s", name);
}

static void draw_box(const struct canvas *canvas,
		     const struct picture_node *box)
{
	const char *kind = tree_get_text(box->facts, "kind");
	const char *name = tree_get_text(box->facts, "name");
	bool is_host = kind && !strcmp(kind, "host-bridge");

	fprintf(canvas->file, "<g><title>%s ", box->address);
	svg_put(canvas->file, name ? name : "");
	fprintf(canvas->file, "</title><rect class=\"%s\" x=\"%.1f\" "
		"y=\"%.1f\" width=\"%.0f\" height=\"%.1f\" rx=\"%d\"/></g>\n",
		is_host ? "host" : "switch", get_box_x(box), box->top,
		BOX_WIDTH, box->bottom - box->top, is_host ? 12 : 2);
	title_box(canvas, box, is_host);
	draw_ports(canvas, box);
}

static void draw_boxes(const struct canvas *canvas,
		       const struct picture_node *above)
{
	for (size_t i = 0; i < above->child_count; i++) {
		const struct picture_node *node = &above->children[i];

		if (node->shape == PICTURE_BOX) {
			draw_links(canvas, node);
			draw_box(canvas, node);
		}
		draw_boxes(canvas, node);
	}
}

/* --- what hangs at the ends --------------------------------------------- */

static size_t find_provider(const struct picture *picture,
			    const struct picture_node *leaf)
{
	size_t i = 0;

	while (i < picture->provider_count && picture->providers[i] != leaf)
		i++;
	return i;
}

static void draw_provider(const struct canvas *canvas,
			  const struct picture_node *leaf,
			  struct json_object *memory)
{
	bool is_published = tree_is_true(memory, "published");
	char size[32];

	bytes_format(tree_get_count(memory, "size_bytes"), size, sizeof(size));
	draw_memory(canvas, canvas->leaf_x + 26, leaf->y, is_published);
	svg_text(canvas->file, "strong", canvas->leaf_x + 318, leaf->y + 4,
		 "M%zu", find_provider(&canvas->picture, leaf) + 1);
	svg_text(canvas->file, "name", canvas->leaf_x + 348, leaf->y + 4,
		 "%s%s", size, is_published ? "" : ", closed");
}

static void draw_leaf(const struct canvas *canvas,
		      const struct picture_node *leaf)
{
	struct json_object *memory =
		json_object_object_get(leaf->facts, "provider");
	const char *model = tree_get_text(leaf->facts, "model");
	double x = canvas->leaf_x + 4;
	char name[64];

	if (!model)
		model = tree_get_text(leaf->facts, "name");
	if (tree_get_text(leaf->facts, "controller"))
		draw_drive(canvas, x, leaf->y);
	else
		draw_other(canvas, x, leaf->y);
	svg_shorten(picture_get_device(leaf), 9, name, sizeof(name));
	svg_text(canvas->file, "strong", x + 46, leaf->y + 4, "%s", name);
	svg_text(canvas->file, "address", x + 112, leaf->y + 3.5, "%s",
		 leaf->address);
	svg_shorten(model, 16, name, sizeof(name));
	svg_text(canvas->file, "small", x + 196, leaf->y + 4, "%s", name);
	if (memory)
		draw_provider(canvas, leaf, memory);
}

static bool has_marks(const struct picture *picture, size_t leaf)
{
	for (size_t i = 0; i < picture->provider_count; i++)
		if (picture_get_cell(picture, i, leaf)->mark)
			return true;
	return false;
}

/* A ruled line from the leaf to its marks, to follow with the eye. */
static void draw_row(const struct canvas *canvas,
		     const struct picture_node *leaf)
{
	const struct picture *picture = &canvas->picture;

	if (!has_marks(picture, leaf->leaf))
		return;
	fprintf(canvas->file, "<path class=\"rule\" d=\"M%.1f %.1fH%.1f\"/>\n",
		canvas->leaf_x + 4, leaf->y + LINE / 2,
		canvas->mark_x + (double)picture->provider_count * MARK_WIDTH);
	for (size_t i = 0; i < picture->provider_count; i++)
		draw_mark(canvas,
			  canvas->mark_x + ((double)i + 0.5) * MARK_WIDTH,
			  leaf->y, picture_get_cell(picture, i, leaf->leaf));
}

/* --- around it ---------------------------------------------------------- */

static const char style[] =
	"<style>\n"
	"text { font-family: 'DejaVu Sans', Verdana, sans-serif; "
	"font-size: 11px; fill: #1f2933; }\n"
	".title { font-size: 17px; font-weight: bold; }\n"
	".strong { font-weight: bold; }\n"
	".small { font-size: 9.5px; fill: #52606d; }\n"
	".name { font-size: 10.5px; }\n"
	".address { font-family: 'DejaVu Sans Mono', monospace; "
	"font-size: 9.5px; }\n"
	".end { text-anchor: end; }\n"
	".speed, .slow { font-size: 9px; fill: #52606d; "
	"text-anchor: middle; }\n"
	".slow { fill: #8a3b00; font-weight: bold; "
	"font-size: 8.5px; }\n"
	".column { font-weight: bold; text-anchor: middle; }\n"
	".mark { font-weight: bold; text-anchor: middle; }\n"
	".host { fill: #f6f7f9; stroke: #52606d; stroke-width: 1.2; }\n"
	".switch { fill: #dfe8f1; stroke: #243b53; stroke-width: 1.6; }\n"
	".link, .could, .inside { fill: none; stroke: #334e68; }\n"
	".could { stroke: #f0b429; }\n"
	".inside { stroke-dasharray: 2 3; }\n"
	".port { fill: #fff; stroke: #243b53; stroke-width: 1.2; }\n"
	".redirect { fill: #b3261e; stroke: #5c0f0a; stroke-width: 1.2; }\n"
	".arrow { fill: none; stroke: #fff; stroke-width: 1.8; }\n"
	".drive { fill: #fff; stroke: #243b53; stroke-width: 1.2; }\n"
	".other { fill: #fff; stroke: #7b8794; stroke-width: 1.2; }\n"
	".legs { fill: none; stroke: #0b5d3b; stroke-width: 1.6; }\n"
	".memory { fill: #0b5d3b; stroke: #0b5d3b; }\n"
	".closed { fill: #fff; stroke: #0b5d3b; stroke-width: 1.4; }\n"
	".direct { fill: #1f2933; stroke: #1f2933; }\n"
	".via-host { fill: #fff; stroke: #1f2933; stroke-width: 1.8; }\n"
	".refused { fill: none; stroke: #b3261e; stroke-width: 2.4; }\n"
	".rule { stroke: #e4e7eb; stroke-width: 1; }\n"
	"</style>\n";

static void name_columns(const struct canvas *canvas, double y)
{
	const struct picture *picture = &canvas->picture;
	double x = canvas->mark_x + MARK_WIDTH / 2;

	if (picture->provider_count)
		svg_text(canvas->file, "small end", canvas->mark_x - 6, y,
			 "reaches the memory");
	for (size_t i = 0; i < picture->provider_count; i++, x += MARK_WIDTH)
		svg_text(canvas->file, "column", x, y, "M%zu", i + 1);
}

/* Every reason of a refused pair, once; a slow link refuses nothing. */
static void collect_ids(struct json_object *ids, struct json_object *pair)
{
	struct json_object *reasons = json_object_object_get(pair, "reasons");
	const char *reach = tree_get_text(pair, "reach");

	if (!reach || strcmp(reach, "refused"))
		return;
	for (size_t i = 0; i < json_object_array_length(reasons); i++) {
		const char *id = tree_get_text(
			json_object_array_get_idx(reasons, i), "id");

		if (strcmp(id, "link-degraded"))
			tree_add_bool(ids, id, true);
	}
}

static struct json_object *collect_reasons(struct json_object *pairs)
{
	struct json_object *ids = tree_new_object();

	for (size_t i = 0; i < tree_count_rows(pairs); i++) {
		struct json_object *pair = tree_take_row(pairs, i);

		collect_ids(ids, pair);
		json_object_put(pair);
	}
	return ids;
}

static void tell_reasons(const struct canvas *canvas, struct json_object *tree)
{
	struct json_object *ids =
		collect_reasons(json_object_object_get(tree, "pairs"));
	char text[240] = "";

	json_object_object_foreach(ids, id, value) {
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used, "%s%s",
			 used && value ? ", " : "", id);
	}
	if (*text)
		svg_text(canvas->file, "small", MARGIN, 70, "Refused for: %s",
			 text);
	json_object_put(ids);
}

static void draw_head(const struct canvas *canvas, struct json_object *tree)
{
	const struct picture *picture = &canvas->picture;
	const char *kernel = tree_get_text(tree, "kernel");

	svg_text(canvas->file, "title", MARGIN, 34,
		 "PCI peer memory: who reaches whose");
	svg_text(canvas->file, "small", MARGIN, 54, "%s%s%s%zu direct, %zu via "
		 "host, %zu refused, %zu unknown",
		 kernel ? "Linux " : "", kernel ? kernel : "",
		 kernel ? ". Pairs: " : "Pairs: ",
		 picture->mark_counts[PICTURE_DIRECT],
		 picture->mark_counts[PICTURE_VIA_HOST],
		 picture->mark_counts[PICTURE_REFUSED],
		 picture->mark_counts[PICTURE_UNKNOWN]);
	tell_reasons(canvas, tree);
	name_columns(canvas, HEAD - 10);
}

static void draw_sample(const struct canvas *canvas, double x, double y,
			double bytes_per_sec, const char *text)
{
	fprintf(canvas->file, "<path class=\"link\" stroke-width=\"%.1f\" "
		"d=\"M%.1f %.1fh34\"/>\n", sqrt(bytes_per_sec / 1e9), x, y);
	svg_text(canvas->file, "small", x + 42, y + 3.5, "%s", text);
}

static void draw_shapes(const struct canvas *canvas, double x, double y)
{
	draw_drive(canvas, x, y);
	svg_text(canvas->file, "small", x + 24, y + 3.5, "NVMe drive");
	draw_memory(canvas, x, y + 24, true);
	svg_text(canvas->file, "small", x + 24, y + 27.5, "peer memory (white: "
		 "closed to others)");
	draw_other(canvas, x, y + 48);
	svg_text(canvas->file, "small", x + 24, y + 51.5, "other function");
	draw_port(canvas, x + 8, y + 72, true);
	svg_text(canvas->file, "small", x + 24, y + 75.5, "port whose ACS "
		 "redirects to the host");
}

static void draw_marks(const struct canvas *canvas, double x, double y)
{
	static const struct {
		struct picture_cell cell;
		const char *text;
	} rows[] = {
		{ { PICTURE_DIRECT, false }, "direct, below one switch" },
		{ { PICTURE_VIA_HOST, false }, "via host" },
		{ { PICTURE_REFUSED, false }, "refused" },
		{ { PICTURE_DIRECT, true }, "accepted, with a warning "
		  "(? not known)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++, y += 24) {
		draw_mark(canvas, x + 6, y, &rows[i].cell);
		svg_text(canvas->file, "small", x + 24, y + 3.5, "%s",
			 rows[i].text);
	}
}

static void draw_foot(const struct canvas *canvas)
{
	double y = canvas->bottom + 24, x = MARGIN + 560;

	fprintf(canvas->file, "<path class=\"rule\" d=\"M%.1f %.1fH%.1f\"/>\n",
		MARGIN, y - 18, canvas->width - MARGIN);
	draw_shapes(canvas, MARGIN, y);
	draw_marks(canvas, MARGIN + 280, y);
	draw_sample(canvas, x, y, 7876923076.0, "16.0 GT/s x4");
	draw_sample(canvas, x, y + 24, 31507692307.0, "16.0 GT/s x16");
	draw_sample(canvas, x, y + 48, 126030769230.0, "four times as fast is "
		    "twice as thick");
	draw_line(canvas, "could", 6.4, x, y + 72, x + 34, y + 72);
	draw_line(canvas, "link", 1.4, x, y + 72, x + 34, y + 72);
	svg_text(canvas->file, "small", x + 42, y + 75.5,
		 "slower than both ends can (or at rest)");
}

static void draw(const struct canvas *canvas, struct json_object *tree)
{
	const struct picture *picture = &canvas->picture;
	double height = canvas->bottom + FOOT;

	fprintf(canvas->file, "<svg xmlns=\"http://www.w3.org/2000/svg\" "
		"width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n"
		"<title>p2ptopo tree</title>\n%s"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
		canvas->width, height, canvas->width, height, style);
	draw_head(canvas, tree);
	for (size_t i = 0; i < picture->leaf_count; i++)
		draw_row(canvas, picture->leaves[i]);
	draw_boxes(canvas, &picture->root);
	for (size_t i = 0; i < picture->leaf_count; i++)
		draw_leaf(canvas, picture->leaves[i]);
	if (picture->leaf_count > LEAVES_SEEN)
		name_columns(canvas, canvas->bottom - GAP - 8);
	draw_foot(canvas);
	fputs("</svg>\n", canvas->file);
}

int writer_svg(const struct report *report, FILE *file)
{
	struct canvas canvas = { .file = file };

	if (picture_bench_is_one(report->tree)) {
		picture_bench_draw(report->tree, file);
		return 0;
	}
	if (!json_object_object_get(report->tree, "host_bridges"))
		return -EINVAL;
	picture_init(&canvas.picture, report->tree);
	lay_out(&canvas);
	draw(&canvas, report->tree);
	picture_fini(&canvas.picture);
	return 0;
}
