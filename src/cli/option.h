/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how a program's option table becomes parsed values; must not know
 * what any option is for, and prints nothing.
 *
 * A program has one table. --help prints it, and the shell completion reads
 * --help, so an option that is in the table is everywhere but the man page.
 *
 *	static const struct cli_option options[] = {
 *		{ .help = "What is copied" },			(a heading)
 *		{ .name = "block-size", .letter = 'b', .argument = "BYTES",
 *		  .help = "bytes a transfer", .kind = CLI_SIZE,
 *		  .offset = offsetof(struct copy_args, block_bytes),
 *		  .least = 512, .aliases = { "bs" } },
 *		{ .name = "verify", .argument = "[=read|compare]", …
 *		  .kind = CLI_CHOICE, .choices = verifies, .preset = "read" },
 *	};
 *	static const struct cli_program program = {
 *		.name = "p2pcopy", .usage = "[OPTION]... SOURCE... DEST",
 *		.summary = "Copy through peer memory.",
 *		.options = options, .option_count = ARRAY_SIZE(options),
 *		.formats = formats, .has = CLI_HAS_PROGRESS,
 *	};
 *
 * -h -V -F -J -q -v -o are in every program from a table of their own.
 */
#ifndef P2PDMA_CLI_OPTION_H
#define P2PDMA_CLI_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an option's text becomes, and the type at its offset. */
enum cli_kind {
	CLI_FLAG,	/* bool: true */
	CLI_TEXT,	/* const char *: borrowed from argv */
	CLI_LIST,	/* struct cli_list: every time it is given */
	CLI_SIZE,	/* uint64_t: bytes */
	CLI_DURATION,	/* uint64_t: nanoseconds */
	CLI_NUMBER,	/* uint64_t */
	CLI_CHOICE,	/* int: the value of the choice */
	CLI_PARSED,	/* what .parse makes of it */
	CLI_HELP,	/* print the help, done */
	CLI_VERSION,	/* print the version, done */
};

struct cli_list {
	const char **items;	/* heap; the strings are argv's */
	size_t count;
};

/* One allowed word. A table ends with a NULL name. */
struct cli_choice {
	const char *name;
	int value;
	const char *help;	/* for the listing that the word "help" gives */
};

#define CLI_ALIASES_MAX	3

/* One row. Without a name it is a heading, its text in .help. */
struct cli_option {
	const char *name;	/* long, with dashes */
	char letter;		/* short; 0: none */
	const char *argument;	/* "BYTES"; "[=WORD]" optional; NULL: none */
	const char *help;	/* lower case, no full stop */
	enum cli_kind kind;
	size_t offset;		/* of the value in the program's args */
	uint64_t least, most;	/* SIZE, DURATION, NUMBER; 0: no limit */
	const struct cli_choice *choices; /* CHOICE; NULL: the formats */
	const char *preset;	/* the text when no argument is given */
	/*
	 * PARSED: 0, -EINVAL, -ERANGE, -ENOENT (not in the environment);
	 * @value points at the offset
	 */
	int (*parse)(const char *text, void *value);
	const char *aliases[CLI_ALIASES_MAX]; /* other long names */
	unsigned needs;		/* common rows: a CLI_HAS_ bit */
};

#define CLI_HAS_SYSROOT		1	/* --sysroot=DIR */
#define CLI_HAS_PROGRESS	2	/* --progress=MODE */

struct cli_program {
	const char *name;
	const char *usage;	/* what follows the name on the usage line */
	const char *summary;	/* a sentence */
	const struct cli_choice *words;	/* first operands; NULL: none */
	const struct cli_option *options;
	size_t option_count;
	const struct cli_choice *formats; /* the first is the default */
	unsigned has;		/* CLI_HAS_ bits */
	const char *epilog;	/* lines below the options; NULL: none */
};

/* What every program is told. */
struct cli_common {
	const struct cli_program *program;
	int format;		/* value of the row in program->formats */
	bool is_quiet;
	bool is_verbose;
	const char *output;	/* NULL: stdout */
	const char *sysroot;	/* NULL: this machine */
	int progress;		/* enum progress_mode */
	char **operands;	/* in argv, in their order; NULL after them */
	size_t operand_count;
	const struct cli_option *shown; /* the row that ended the scan */
};

/*
 * Fills @common and @args (initialised by the caller with the defaults) from
 * @argv, whose operands are moved to its front. 0, and common->shown is the
 * row that asks for help, the version or a listing, if one does; or -EINVAL
 * with a sentence without the program in @error.
 */
int cli_scan(const struct cli_program *program, int argc, char **argv,
	     struct cli_common *common, void *args, char *error, size_t size);

/* The row number @index: the program's, then the common ones; NULL: no more */
const struct cli_option *cli_row(const struct cli_program *program,
				 size_t index);

#endif
