/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows where numbers are on an axis, which of them have ticks, and how these
 * are written; must not know where the axis is drawn.
 */
#ifndef P2PDMA_REPORT_AXIS_H
#define P2PDMA_REPORT_AXIS_H

#include <stddef.h>

#include "report/chart.h"

#define AXIS_TICKS_MOST	24

/* From one end to the other; the ends are those of the axis, not the data. */
struct axis {
	enum chart_unit unit;
	double first, last;
	double ticks[AXIS_TICKS_MOST];
	size_t count;
};

/* For data from @first to @last. */
void axis_find(struct axis *axis, enum chart_unit unit, double first,
	       double last);

/* 0 at the first end, 1 at the last one. */
double axis_place(const struct axis *axis, double value);

/* All numbers of an axis in the unit of its largest one. */
void axis_format(const struct axis *axis, double tick, char *text,
		 size_t size);

#endif
