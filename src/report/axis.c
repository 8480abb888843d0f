// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/axis.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/macro.h"

/* Where @value is on the scale of the unit, evenly. */
static double spread_out(enum chart_unit unit, double value)
{
	switch (unit) {
	case CHART_COUNT:
	case CHART_BYTES:
		return log2(value);
	case CHART_TIME:
		return log10(value);
	case CHART_SHARE:
		return -log10(1 - MIN(value, 0.999999));
	case CHART_RATE:
	case CHART_RATIO:
		break;
	}
	return value;
}

double axis_place(const struct axis *axis, double value)
{
	double first = spread_out(axis->unit, axis->first);
	double last = spread_out(axis->unit, axis->last);

	return last > first ?
		       (spread_out(axis->unit, value) - first) /
			       (last - first) : 0.5;
}

static void add_tick(struct axis *axis, double value)
{
	if (axis->count < AXIS_TICKS_MOST)
		axis->ticks[axis->count++] = value;
}

/* 1, 2 or 5 of a power of ten, so that there are about five steps. */
static double get_step(double most)
{
	static const double steps[] = { 1, 2, 5, 10 };
	double power = pow(10, floor(log10(most / 5)));

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (most / (steps[i] * power) <= 6)
			return steps[i] * power;
	return 10 * power;
}

static void find_even_ticks(struct axis *axis)
{
	double step = get_step(axis->last > 0 ? axis->last : 1);

	axis->first = 0;
	axis->last = step * ceil(MAX(axis->last, step) / step - 1e-9);
	for (double i = 0; i * step <= axis->last * (1 + 1e-9); i++)
		add_tick(axis, i * step);
}

static void find_doubling_ticks(struct axis *axis)
{
	double decades = log2(axis->last / axis->first);
	double factor = pow(2, ceil((decades + 1) / 14));

	for (double tick = axis->first; tick <= axis->last * (1 + 1e-9);
	     tick *= factor)
		add_tick(axis, tick);
}

/* Whole powers of ten, and 2 and 5 between them where there is room. */
static void find_ten_ticks(struct axis *axis)
{
	static const double parts[] = { 1, 2, 5 };
	double first = MAX(axis->first, 1), last = MAX(axis->last, 10);
	bool is_wide = last / first > 2000;
	double power = pow(10, floor(log10(first)));

	for (size_t i = 0; i < (is_wide ? 1 : ARRAY_SIZE(parts)); i++)
		if (parts[i] * power <= first)
			axis->first = parts[i] * power;
	for (; power < last * 10; power *= 10)
		for (size_t i = 0; i < (is_wide ? 1 : 3); i++) {
			double tick = parts[i] * power;

			if (tick < axis->first * (1 - 1e-9))
				continue;
			add_tick(axis, tick);
			if (tick >= last) {
				axis->last = tick;
				return;
			}
		}
}

static void find_share_ticks(struct axis *axis)
{
	static const double shares[] = { 0, 0.5, 0.9, 0.99, 0.999, 0.9999 };

	axis->first = 0;
	axis->last = MAX(axis->last, 0.99);
	for (size_t i = 0; i < ARRAY_SIZE(shares); i++)
		if (shares[i] <= axis->last)
			add_tick(axis, shares[i]);
}

static void find_ticks(struct axis *axis)
{
	switch (axis->unit) {
	case CHART_COUNT:
	case CHART_BYTES:
		find_doubling_ticks(axis);
		break;
	case CHART_TIME:
		find_ten_ticks(axis);
		break;
	case CHART_SHARE:
		find_share_ticks(axis);
		break;
	case CHART_RATE:
	case CHART_RATIO:
		find_even_ticks(axis);
		break;
	}
}

void axis_find(struct axis *axis, enum chart_unit unit, double first,
	       double last)
{
	*axis = (struct axis){ .unit = unit, .first = first, .last = last };
	find_ticks(axis);
}

static void format_number(double value, double unit, const char *name,
			  char *text, size_t size)
{
	snprintf(text, size, "%.4g %s", value / unit, name);
}

static void format_time(double ns, char *text, size_t size)
{
	if (ns < 1e3)
		format_number(ns, 1, "ns", text, size);
	else if (ns < 1e6)
		format_number(ns, 1e3, "\xc2\xb5s", text, size);
	else if (ns < 1e9)
		format_number(ns, 1e6, "ms", text, size);
	else
		format_number(ns, 1e9, "s", text, size);
}

/* All numbers of an axis in the unit of its largest one. */
static void format_rate(double rate, double most, char *text, size_t size)
{
	if (most >= 1e9)
		format_number(rate, 1e9, "GB/s", text, size);
	else if (most >= 1e6)
		format_number(rate, 1e6, "MB/s", text, size);
	else
		format_number(rate, 1e3, "kB/s", text, size);
}

void axis_format(const struct axis *axis, double tick, char *text,
			size_t size)
{
	switch (axis->unit) {
	case CHART_COUNT:
		snprintf(text, size, "%.0f", tick);
		break;
	case CHART_BYTES:
		bytes_format((uint64_t)tick, text, size);
		break;
	case CHART_RATE:
		format_rate(tick, axis->last, text, size);
		break;
	case CHART_TIME:
		format_time(tick, text, size);
		break;
	case CHART_SHARE:
		snprintf(text, size, tick > 0 ? "%.6g %%" : "least",
			 tick * 100);
		break;
	case CHART_RATIO:
		snprintf(text, size, "%.3g", tick);
		break;
	}
}
