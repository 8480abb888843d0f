// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/svg.h"

#include <stdarg.h>
#include <string.h>

#include "base/macro.h"

void svg_put(FILE *file, const char *text)
{
	static const char *const entities[] = {
		['<'] = "&lt;", ['>'] = "&gt;",
		['&'] = "&amp;", ['"'] = "&quot;",
	};

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ARRAY_SIZE(entities) && entities[c])
			fputs(entities[c], file);
		else
			fputc(c < ' ' || c == 0x7f ? '?' : c, file);
	}
}

void svg_shorten(const char *text, size_t most, char *out, size_t size)
{
	size_t characters = 0, used = 0, kept = 0;

	for (; text && text[used] && used + 4 < size; used++) {
		if ((text[used] & 0xc0) != 0x80 && ++characters == most)
			kept = used;
		if (characters > most)
			break;
		out[used] = text[used];
	}
	if (characters > most)
		strcpy(out + kept, "\xe2\x80\xa6");
	else
		out[used] = '\0';
}

void svg_text(FILE *file, const char *style, double x, double y,
	      const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(file, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", style, x,
		y);
	svg_put(file, text);
	fputs("</text>\n", file);
}
