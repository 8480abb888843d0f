/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how a program speaks on stderr; must not know of what.
 */
#ifndef P2PDMA_CLI_SAY_H
#define P2PDMA_CLI_SAY_H

#include "cli/option.h"

/* "program: …" and a newline on stderr, below any live progress line. */
void cli_error(const char *program, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same, unless --quiet. */
void cli_notice(const struct cli_common *common, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* That io_uring is not to be had, which said @rc, and what helps. */
void cli_error_no_ring(const char *program, int rc);

/* That peer memory was not overwritten as it was asked for, which said @rc. */
void cli_error_scrub(const char *program, int rc);

#endif
