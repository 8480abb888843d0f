/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows where a report goes and whether it got there; must not know what it
 * says. A file is there whole or, after any failure, as it was before.
 */
#ifndef P2PDMA_CLI_OUTPUT_H
#define P2PDMA_CLI_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/option.h"
#include "report/writer.h"

/*
 * First thing in main(): what was closed is opened, so that no file of ours
 * gets the number of a standard stream. Such a stream still fails.
 */
void output_hold_standard(void);

struct output {
	FILE *file;	/* to be written to */
	char *path;	/* NULL: stdout */
	char *temp;	/* renamed to path at the end; NULL: path itself */
	bool is_new;	/* nothing was there when it was opened */
};

/*
 * Why a report, a journal or the like must not go into the file @path (NULL:
 * none), as the end of "it is "; NULL: it may. An operand's data is worth
 * more than any report.
 */
const char *output_find_trouble(const struct cli_common *common,
				const char *path);

/*
 * True when @path is @end or, where that is a directory, what @source (NULL:
 * nothing) is called in it. Neither has to be there.
 */
bool output_is_same(const char *path, const char *end, const char *source);

/*
 * @path NULL is stdout. What a standard stream writes to is written to as
 * well, not replaced. Open it before the work, so that a path that cannot
 * be had is known at once. 0 or -errno.
 */
int output_open(struct output *output, const char *path);

/*
 * Makes it final; @output holds nothing then, also on failure. 0, or -errno
 * of whatever was not written (-ENOSPC on a full disk).
 */
int output_commit(struct output *output);

/* Leaves everything as it was; after output_commit() it does nothing. */
void output_discard(struct output *output);

/* True for a terminal, unless NO_COLOR has something to say. */
bool output_takes_colour(const struct cli_common *common);

/* Says that the report could not be written, which said @rc. EXIT_FAILED. */
int output_fail(const struct cli_common *common, int rc);

/*
 * Writes @report where and as the user asked. An exit code: 0, or 1 when it
 * could not be written, which has been said then.
 */
int output_report(const struct cli_common *common,
		  const struct report *report);

/* The same into an @output that was opened before the work, and commits it. */
int output_report_to(const struct cli_common *common,
		     const struct report *report, struct output *output);

#endif
