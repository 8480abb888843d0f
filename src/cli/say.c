// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "report/defuse.h"
#include "report/progress.h"
#include "report/report-trouble.h"

static void __attribute__((format(printf, 2, 0)))
say(const char *program, const char *format, va_list args)
{
	char line[2048];

	vsnprintf(line, sizeof(line), format, args);
	defuse_text(line);
	progress_step_aside();
	fprintf(stderr, "%s: %s\n", program, line);
}

void cli_error(const char *program, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(program, format, args);
	va_end(args);
}

void cli_notice(const struct cli_common *common, const char *format, ...)
{
	va_list args;

	if (common->is_quiet)
		return;
	va_start(args, format);
	say(common->program->name, format, args);
	va_end(args);
}

void cli_error_no_ring(const char *program, int rc)
{
	cli_error(program, "use io_uring: %s%s", strerror(-rc),
		  report_trouble_advise_ring(rc));
}

void cli_error_scrub(const char *program, int rc)
{
	cli_error(program, "--scrub: peer memory was given back with what is "
		  "in it: %s", rc == -ETIMEDOUT ? "a drive may still write to "
		  "it" : strerror(-rc));
}
