/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/chart.h"
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

static char *drawn;

/* The picture of one curve through @points. */
static void draw(struct chart_point *points, size_t count,
		 enum chart_unit x, enum chart_unit y)
{
	struct chart_series series = {
		.name = "a <curve>",
		.count = count,
		.points = points,
	};
	const struct chart chart = {
		.title = "Title",
		.x = { "axis", x },
		.y = { NULL, y },
		.colours = 1,
		.count = 1,
		.series = &series,
	};
	size_t size;
	FILE *file = open_memstream(&drawn, &size);

	ck_assert_double_eq(chart_draw(file, &chart, 10),
			    10 + chart_get_height());
	fclose(file);
}

static void must_have(const char *text)
{
	ck_assert_msg(strstr(drawn, text), "no %s in %s", text, drawn);
}

static void must_lack(const char *text)
{
	ck_assert_msg(!strstr(drawn, text), "%s in %s", text, drawn);
}

START_TEST(rates_begin_at_nothing_and_are_all_in_one_unit)
{
	struct chart_point points[] = {
		{ 1, 5e8, 5e8, 5e8 }, { 4, 6.9e9, 6.9e9, 6.9e9 },
	};

	draw(points, 2, CHART_COUNT, CHART_RATE);
	must_have(">0 GB/s<");
	must_have(">2 GB/s<");
	must_have(">8 GB/s<");
	must_lack("MB/s");
	must_have(">1<");
	must_have(">2<");
	must_have(">4<");
	must_have(">a &lt;curve&gt;<");
	free(drawn);
}
END_TEST

START_TEST(latencies_go_by_powers_of_ten_in_units_for_people)
{
	struct chart_point points[] = {
		{ 0, 60e3, 60e3, 60e3 }, { 0.5, 90e3, 90e3, 90e3 },
		{ 0.99, 3e6, 3e6, 3e6 },
	};

	draw(points, 3, CHART_SHARE, CHART_TIME);
	must_have(">50 \xc2\xb5s<");
	must_have(">1 ms<");
	must_have(">5 ms<");
	must_lack(">10 ms<");
	must_have(">least<");
	must_have(">99 %<");
	must_lack(">99.9 %<");
	free(drawn);
}
END_TEST

START_TEST(blocks_are_in_bytes_and_spreads_are_drawn)
{
	struct chart_point points[] = {
		{ 4096, 0.9, 0.8, 1.1 }, { 16384, 1, 1, 1 },
	};

	draw(points, 2, CHART_BYTES, CHART_RATIO);
	must_have(">4 KiB<");
	must_have(">16 KiB<");
	must_have(">1.2<");
	must_have("class=\"spread s0\"");
	free(drawn);
}
END_TEST

START_TEST(one_point_is_a_picture_too)
{
	struct chart_point point = { 1, 1, 1, 1 };

	for (unsigned x = CHART_COUNT; x <= CHART_RATIO; x++)
		for (unsigned y = CHART_COUNT; y <= CHART_RATIO; y++) {
			draw(&point, 1, x, y);
			must_lack("nan");
			must_lack("inf");
			free(drawn);
		}
}
END_TEST

START_TEST(a_heat_map_tells_why_a_cell_is_empty)
{
	static const char *const rows[] = { "host", "0000:03:00.0" };
	static const char *const columns[] = { "nvme0n1" };
	struct chart_cell cells[] = {
		{ true, 6e9, "6.00" }, { false, 0, "acs-redirect" },
	};
	const struct chart_heat heat = { "Title", 2, 1, rows, columns, cells };
	size_t size;
	FILE *file = open_memstream(&drawn, &size);

	chart_draw_heat(file, &heat, 0);
	fclose(file);
	must_have(">6.00<");
	must_have(">acs-redirect<");
	must_have(">0000:03:00.0<");
	ck_assert_double_eq(chart_get_heat_width(&heat), CHART_WIDTH);
	free(drawn);
}
END_TEST

/* Of those that show pictures, many know no variables; and paper is white. */
START_TEST(a_picture_is_for_paper_and_for_dark_screens)
{
	size_t size;
	FILE *file = open_memstream(&drawn, &size);

	chart_open(file, "Title", "note", 100, 50);
	chart_close(file);
	fclose(file);
	ck_assert_int_eq(strncmp(drawn, "<svg xmlns=", 11), 0);
	must_have("width=\"100\" height=\"50\"");
	must_have(".paper { fill: #ffffff; }");
	must_have("@media (prefers-color-scheme: dark)");
	must_have("</svg>\n");
	must_lack("var(");
	free(drawn);
}
END_TEST

UNIT_SUITE("chart",
	   rates_begin_at_nothing_and_are_all_in_one_unit,
	   latencies_go_by_powers_of_ten_in_units_for_people,
	   blocks_are_in_bytes_and_spreads_are_drawn,
	   one_point_is_a_picture_too,
	   a_heat_map_tells_why_a_cell_is_empty,
	   a_picture_is_for_paper_and_for_dark_screens);
