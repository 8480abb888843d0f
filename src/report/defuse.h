/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what a terminal takes for a command in a name that somebody else
 * chose; must not know whose name it is.
 */
#ifndef P2PDMA_REPORT_DEFUSE_H
#define P2PDMA_REPORT_DEFUSE_H

#include <stdio.h>

/* A control character becomes '?'. */
char defuse_char(char c);
void defuse_text(char *text);

/* @text, defused, to @file. */
void defuse_put(FILE *file, const char *text);

#endif
