/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how an option table looks on paper; must not know how it is parsed.
 */
#ifndef P2PDMA_CLI_HELP_H
#define P2PDMA_CLI_HELP_H

#include <stdio.h>

#include "cli/option.h"

void help_print(const struct cli_program *program, FILE *file);
void help_print_version(const struct cli_program *program, FILE *file);
void help_print_choices(const struct cli_choice *choices, FILE *file);

#endif
