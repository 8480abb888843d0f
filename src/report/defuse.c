// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/defuse.h"

#include <ctype.h>

char defuse_char(char c)
{
	return iscntrl((unsigned char)c) ? '?' : c;
}

void defuse_text(char *text)
{
	for (; *text; text++)
		*text = defuse_char(*text);
}

void defuse_put(FILE *file, const char *text)
{
	for (; *text; text++)
		fputc(defuse_char(*text), file);
}
