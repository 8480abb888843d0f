// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows the words and options of p2ptopo; the facts come from libp2pdma and
 * how they look is the report's business.
 */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/macro.h"
#include "cli/output.h"
#include "cli/topo.h"
#include "report/report-path.h"
#include "report/report-target.h"
#include "report/report-tree.h"
#include "report/report-verdict.h"

#define IO_TIMEOUT_NS	(10 * NS_PER_SEC)

enum word {
	WORD_NONE = 0,
	WORD_LIST,
	WORD_MATRIX,
	WORD_TREE,
	WORD_PATH,
	WORD_BEST,
	WORD_PROBE,
	WORD_USERS,
	WORD_DOCTOR,
};

static const struct cli_choice words[] = {
	{ "list", WORD_LIST, "providers of peer memory, and NVMe drives" },
	{ "matrix", WORD_MATRIX,
	  "who reaches whom, how far, and why not; with list, the default" },
	{ "tree", WORD_TREE,
	  "the PCI tree with what decides: links, ACS, memory, drives" },
	{ "path", WORD_PATH,
	  "the way between two functions hop by hop, with its bandwidth" },
	{ "best", WORD_BEST,
	  "providers in the order in which p2pcopy takes them for a client, "
	  "or for a source and its destinations" },
	{ "probe", WORD_PROBE,
	  "asks the kernel by one read for each pair, of a PROVIDER and a "
	  "CLIENT if they are named; writes to no drive" },
	{ "users", WORD_USERS, "which processes hold peer memory" },
	{ "doctor", WORD_DOCTOR,
	  "every condition that peer traffic needs: evidence and remedy" },
	{ 0 }
};

#define AT(member)	offsetof(struct topo, member)

static const struct cli_option options[] = {
	{ .help = "Of one word" },
	{ .name = "fix",
	  .help = "doctor: print the remedies as a shell script, which is for "
		  "you to read and run",
	  .kind = CLI_FLAG, .offset = AT(is_fix) },
	{ .name = "io-timeout", .argument = "DURATION",
	  .help = "probe: how long one read may take [10s]; 0: for ever",
	  .kind = CLI_DURATION, .offset = AT(io_timeout_ns) },
};

static const struct cli_choice formats[] = {
	{ "text", WRITER_TEXT, "tables for people" },
	{ "json", WRITER_JSON, "one object with everything" },
	{ "csv", WRITER_CSV, "the table of list, matrix or best" },
	{ "dot", WRITER_DOT, "tree as a graph, for Graphviz" },
	{ "svg", WRITER_SVG, "tree as a picture" },
	{ 0 }
};

static const struct cli_program program = {
	.name = "p2ptopo",
	.usage = "[WORD] [OPTION]... [FUNCTION]...",
	.summary = "Show which PCI functions reach whose peer memory, how "
		   "far, and why not.",
	.words = words,
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.has = CLI_HAS_SYSROOT,
	.epilog = "A FUNCTION is 0000:03:00.0, 03:00.0, or a device or file "
		  "that lies on one:\n/dev/nvme0, /dev/nvme0n1, a partition. "
		  "Only what it takes part in is shown.",
};

/* --- words -------------------------------------------------------------- */

/* An operand without digit, dot, slash or colon can only be a word. */
static bool looks_like_word(const char *text)
{
	return !text[strspn(text, "abcdefghijklmnopqrstuvwxyz")];
}

static int blame_word(const char *text)
{
	cli_error(program.name,
		  "%s: no such word (p2ptopo --help lists them; a file of "
		  "that name is ./%s)", text, text);
	return EXIT_USAGE;
}

/* Takes the word off the operands, if there is one. */
static int take_word(struct cli_common *common, enum word *word)
{
	*word = WORD_NONE;
	if (!common->operand_count || !looks_like_word(*common->operands))
		return CLI_GO_ON;
	for (const struct cli_choice *w = words; w->name; w++)
		if (!strcmp(w->name, *common->operands))
			*word = (enum word)w->value;
	if (!*word)
		return blame_word(*common->operands);
	common->operands++;
	common->operand_count--;
	return CLI_GO_ON;
}

static int blame_usage(const char *why)
{
	cli_error(program.name, "%s", why);
	return EXIT_USAGE;
}

/* --fix and --sysroot are not for every word. */
static int check_options(const struct topo *topo, enum word word)
{
	if (topo->is_fix && word != WORD_DOCTOR)
		return blame_usage("--fix: only doctor has remedies");
	if (topo->is_fix && topo->common.format != WRITER_TEXT)
		return blame_usage("--fix: prints a shell script, and no "
				   "other format");
	if (word == WORD_PROBE && topo->common.sysroot)
		return blame_usage("probe: asks the kernel that runs here, not "
				   "a tree (leave out --sysroot)");
	return CLI_GO_ON;
}

#define BIT(n)	(1u << (n))

/* What a word may be followed by, and the formats that it has no use for. */
static const struct {
	const char *command;
	size_t least, most;		/* operands */
	const char *needs;
	unsigned not_formats;
	const char *instead;
} rules[] = {
	[WORD_NONE] = { "p2ptopo", 0, 0, NULL,
			BIT(WRITER_CSV) | BIT(WRITER_DOT) | BIT(WRITER_SVG),
			"one word at a time (write p2ptopo list, matrix or "
			"tree)" },
	[WORD_LIST] = { "p2ptopo list", 0, 0, NULL,
			BIT(WRITER_DOT) | BIT(WRITER_SVG),
			"only p2ptopo tree is a picture" },
	[WORD_MATRIX] = { "p2ptopo matrix", 0, 0, NULL,
			  BIT(WRITER_DOT) | BIT(WRITER_SVG),
			  "only p2ptopo tree is a picture" },
	[WORD_TREE] = { "p2ptopo tree", 0, 0, NULL, BIT(WRITER_CSV),
			"a tree is no table (json has all of it)" },
	[WORD_PATH] = { "p2ptopo path", 2, 2, "two functions",
			BIT(WRITER_CSV) | BIT(WRITER_DOT) | BIT(WRITER_SVG),
			"a path is text or json" },
	[WORD_BEST] = { "p2ptopo best", 1, SIZE_MAX,
			"a client, or a source and its destinations",
			BIT(WRITER_DOT) | BIT(WRITER_SVG),
			"only p2ptopo tree is a picture" },
	[WORD_PROBE] = { "p2ptopo probe", 0, 2,
			 "no more than a provider and a client",
			 BIT(WRITER_DOT) | BIT(WRITER_SVG),
			 "only p2ptopo tree is a picture" },
	[WORD_USERS] = { "p2ptopo users", 0, 0,
			 "no name, it looks at the whole machine",
			 BIT(WRITER_DOT) | BIT(WRITER_SVG),
			 "only p2ptopo tree is a picture" },
	[WORD_DOCTOR] = { "p2ptopo doctor", 0, 0,
			  "no name, it looks at the whole machine",
			  BIT(WRITER_DOT) | BIT(WRITER_SVG),
			  "only p2ptopo tree is a picture" },
};

static const char *get_format_name(int format)
{
	const struct cli_choice *choice = formats;

	while (choice->value != format)
		choice++;
	return choice->name;
}

static int check_usage(const struct topo *topo, enum word word)
{
	size_t count = topo->common.operand_count;

	if (BIT(topo->common.format) & rules[word].not_formats) {
		cli_error(program.name, "--format=%s: %s",
			  get_format_name(topo->common.format),
			  rules[word].instead);
		return EXIT_USAGE;
	}
	if (rules[word].needs && (count < rules[word].least ||
				  count > rules[word].most)) {
		cli_error(program.name, "%s: needs %s, not %zu",
			  rules[word].command + strlen("p2ptopo "),
			  rules[word].needs, count);
		return EXIT_USAGE;
	}
	return check_options(topo, word);
}

/* --- facts -------------------------------------------------------------- */

static void log_line(void *data, int priority, const char *line)
{
	const struct topo *topo = data;

	if (priority <= LOG_WARNING || topo->common.is_verbose)
		cli_notice(&topo->common, "%s", line);
}

static int scan(struct topo *topo)
{
	const char *root = topo->common.sysroot ? topo->common.sysroot : "/";
	size_t count = 0;
	int rc;

	rc = p2pdma_context_create(root, &topo->context);
	if (rc)
		return topo_fail(root, rc);
	p2pdma_context_set_log(topo->context, log_line, topo);
	rc = p2pdma_topology_scan(topo->context, &topo->topology);
	if (!rc)
		p2pdma_topology_get_functions(topo->topology, &count);
	if (!rc && !count) {
		cli_error(program.name, "%s: no PCI functions below "
			  "sys/bus/pci (is sysfs mounted there?)", root);
		return EXIT_FAILED;
	}
	return rc ? topo_fail(root, rc) : CLI_GO_ON;
}

static void add_to_scope(struct scope *scope,
			 const struct p2pdma_target *target)
{
	scope->functions =
		tree_must(reallocarray(scope->functions,
				       scope->count + target->client_count,
				       sizeof(*scope->functions)));
	for (size_t i = 0; i < target->client_count; i++)
		scope->functions[scope->count++] = target->clients[i];
}

/* What lies between the path and the drive that is not there. */
static int blame_target(const struct p2pdma_target *target)
{
	const char *why = target->reason_count ?
				  target->reasons[0].advice :
				  "name an NVMe drive or what lies on one";

	cli_error(program.name, "%s: no PCI function does its I/O (%s)",
		  target->path, why);
	return EXIT_FAILED;
}

static int resolve(struct topo *topo, enum word word, const char *path)
{
	struct p2pdma_target *target;
	int rc;

	rc = p2pdma_target_resolve(topo->context, topo->topology, path, -1,
				   &target);
	if (rc == -ENXIO) {
		cli_error(program.name, "%s: no such PCI function "
			  "(p2ptopo list shows those that matter)", path);
		return EXIT_FAILED;
	}
	if (rc)
		return topo_fail(path, rc);
	topo->targets[topo->target_count++] = target;
	if (!target->client_count)
		return word == WORD_BEST ? CLI_GO_ON : blame_target(target);
	add_to_scope(&topo->scope, target);
	return CLI_GO_ON;
}

static int resolve_operands(struct topo *topo, enum word word)
{
	const struct cli_common *common = &topo->common;
	int code = CLI_GO_ON;

	topo->targets = tree_must(calloc(common->operand_count + 1,
					 sizeof(*topo->targets)));
	for (size_t i = 0; i < common->operand_count && code == CLI_GO_ON; i++)
		code = resolve(topo, word, common->operands[i]);
	return code;
}

/* --- answers ------------------------------------------------------------ */

static int answer_best(struct topo *topo)
{
	size_t destinations = topo->target_count - 1;
	_cleanup_free_ struct p2pdma_choice *choices = NULL;
	size_t count = 0;
	int rc;

	rc = p2pdma_choices_rank_all(topo->topology, topo->targets[0],
				     (const struct p2pdma_target *const *)
					     topo->targets + 1, destinations,
				     &choices, &count);
	if (rc)
		return topo_fail("ranking the providers", rc);
	report_choices(&topo->report, choices, count, destinations);
	return CLI_GO_ON;
}

/* The end that has memory is the provider; the first one if both have. */
static void answer_pair(struct topo *topo, const struct p2pdma_function *a,
			const struct p2pdma_function *b)
{
	if (!a->memory && b->memory)
		report_path(&topo->report, topo->topology, b, a);
	else
		report_path(&topo->report, topo->topology, a, b);
}

/* A multipath head has a path to each of its drives. */
static int answer_path(struct topo *topo)
{
	const struct p2pdma_target *a = topo->targets[0];
	const struct p2pdma_target *b = topo->targets[1];

	for (size_t i = 0; i < a->client_count; i++)
		for (size_t j = 0; j < b->client_count; j++)
			answer_pair(topo, a->clients[i], b->clients[j]);
	return CLI_GO_ON;
}

static int answer_tree(struct topo *topo)
{
	const struct tree_view view = {
		.scope = &topo->scope,
		.has_everything = topo->common.is_verbose,
		.is_quiet = topo->common.is_quiet,
	};

	report_tree(&topo->report, topo->topology, &view);
	return CLI_GO_ON;
}

static int answer(struct topo *topo, enum word word)
{
	static int (*const answers[])(struct topo *topo) = {
		[WORD_TREE] = answer_tree,
		[WORD_PATH] = answer_path,
		[WORD_BEST] = answer_best,
		[WORD_PROBE] = topo_probe,
		[WORD_USERS] = topo_users,
		[WORD_DOCTOR] = topo_doctor,
	};

	report_init(&topo->report, rules[word].command);
	topo->report.is_text = topo->common.format == WRITER_TEXT;
	topo->report.has_colour = output_takes_colour(&topo->common);
	report_targets(&topo->report,
		       (const struct p2pdma_target *const *)topo->targets,
		       topo->target_count);
	if (answers[word])
		return answers[word](topo);
	if (word != WORD_MATRIX)
		report_topology(&topo->report, topo->topology, &topo->scope);
	if (word != WORD_LIST)
		report_matrix(&topo->report, topo->topology, &topo->scope,
			      topo->common.is_quiet);
	return CLI_GO_ON;
}

static int run(struct topo *topo, enum word word)
{
	int code;

	code = scan(topo);
	if (code == CLI_GO_ON)
		code = resolve_operands(topo, word);
	if (code == CLI_GO_ON)
		code = answer(topo, word);
	if (code == CLI_GO_ON)
		code = exit_worst(output_report(&topo->common, &topo->report),
				  topo->code);
	return code;
}

static void fini(struct topo *topo)
{
	report_fini(&topo->report);
	free(topo->scope.functions);
	for (size_t i = 0; i < topo->target_count; i++)
		p2pdma_target_destroy(topo->targets[i]);
	free(topo->targets);
	p2pdma_topology_destroy(topo->topology);
	p2pdma_context_destroy(topo->context);
}

int main(int argc, char **argv)
{
	struct topo topo = { .io_timeout_ns = IO_TIMEOUT_NS };
	enum word word;
	int code;

	output_hold_standard();
	setlocale(LC_CTYPE, "");
	code = cli_parse(&program, argc, argv, &topo.common, &topo);
	if (code == CLI_GO_ON)
		code = take_word(&topo.common, &word);
	if (code == CLI_GO_ON)
		code = check_usage(&topo, word);
	if (code == CLI_GO_ON)
		code = run(&topo, word);
	fini(&topo);
	return code;
}
