/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how text gets into a picture without becoming part of its language;
 * must not know what is drawn.
 */
#ifndef P2PDMA_REPORT_SVG_H
#define P2PDMA_REPORT_SVG_H

#include <stddef.h>
#include <stdio.h>

void svg_put(FILE *file, const char *text);

/* A line of text of the classes @style, cut after 255 bytes. */
void svg_text(FILE *file, const char *style, double x, double y,
	      const char *format, ...) __attribute__((format(printf, 5, 6)));

/* At most @most characters (not bytes), the last one an ellipsis if need be. */
void svg_shorten(const char *text, size_t most, char *out, size_t size);

#endif
