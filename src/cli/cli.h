/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how every program begins: with its arguments (option.h), or with what
 * it prints instead of running. Must not know what any option is for.
 *
 *	int code = cli_parse(&program, argc, argv, &common, &args);
 *	if (code != CLI_GO_ON)
 *		return code;
 */
#ifndef P2PDMA_CLI_CLI_H
#define P2PDMA_CLI_CLI_H

#include "cli/exit.h"
#include "cli/option.h"
#include "cli/say.h"

/* cli_parse() has nothing to say: the program may run. */
#define CLI_GO_ON	(-1)

/*
 * As cli_scan(), and prints help, version, listings and errors. CLI_GO_ON, or
 * the code to exit with.
 */
int cli_parse(const struct cli_program *program, int argc, char **argv,
	      struct cli_common *common, void *args);

#endif
