// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/cli.h"

#include <string.h>

#include "cli/help.h"
#include "cli/output.h"

static int show(const struct cli_common *common)
{
	const struct cli_program *program = common->program;
	const struct cli_option *row = common->shown;
	struct output output;
	int rc;

	output_open(&output, NULL);
	if (row->kind == CLI_HELP)
		help_print(program, output.file);
	else if (row->kind == CLI_VERSION)
		help_print_version(program, output.file);
	else
		help_print_choices(row->choices ? row->choices :
						  program->formats,
				   output.file);
	rc = output_commit(&output);
	if (rc) {
		cli_error(program->name, "standard output: %s", strerror(-rc));
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

static int check_output(const struct cli_common *common)
{
	const char *trouble = output_find_trouble(common,
						  common->output);

	if (!trouble)
		return CLI_GO_ON;
	cli_error(common->program->name, "--output=%s: is %s (choose another "
		  "file)", common->output, trouble);
	return EXIT_USAGE;
}

int cli_parse(const struct cli_program *program, int argc, char **argv,
	      struct cli_common *common, void *args)
{
	char error[1024];

	if (cli_scan(program, argc, argv, common, args, error,
		     sizeof(error))) {
		cli_error(program->name, "%s", error);
		return EXIT_USAGE;
	}
	return common->shown ? show(common) : check_output(common);
}
