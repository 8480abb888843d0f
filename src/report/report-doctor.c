// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/report-doctor.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/macro.h"
#include "report/defuse.h"

static const struct column columns[] = {
	{ NULL, "id", FORM_TEXT },
	{ NULL, "status", FORM_TEXT },
	{ NULL, "evidence", FORM_TEXT },
	{ NULL, "advice", FORM_TEXT },
};

static void add_check(struct json_object *row,
		      const struct p2pdma_check *check)
{
	tree_add_text(row, "id", check->id);
	tree_add_text(row, "status", p2pdma_status_get_name(check->status));
	tree_add_text(row, "evidence", check->evidence);
	tree_add_text(row, "advice", check->advice);
	tree_add_text(row, "kernel_parameters", check->parameters);
}

static void print_check(FILE *file, const struct p2pdma_check *check)
{
	fprintf(file, "%-7s  %-14s  ", p2pdma_status_get_name(check->status),
		check->id);
	defuse_put(file, check->evidence ? check->evidence : "");
	if (!check->advice)
		return;
	fprintf(file, "\n%-7s  %-14s  -> ", "", "");
	defuse_put(file, check->advice);
}

static void add_lines(struct report *report,
		      const struct p2pdma_diagnosis *diagnosis, bool is_quiet)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0, shown = 0;
	FILE *file = tree_must(open_memstream(&text, &size));

	for (size_t i = 0; i < diagnosis->count; i++) {
		const struct p2pdma_check *check = &diagnosis->checks[i];

		if (is_quiet && check->status == P2PDMA_STATUS_PASS)
			continue;
		if (shown++)
			fputc('\n', file);
		print_check(file, check);
	}
	if (fclose(file))
		tree_must(NULL);
	if (shown)
		report_add_text(report, "%s", text);
}

static size_t count_status(const struct p2pdma_diagnosis *diagnosis,
			   enum p2pdma_status status)
{
	size_t count = 0;

	for (size_t i = 0; i < diagnosis->count; i++)
		count += diagnosis->checks[i].status == status;
	return count;
}

void report_doctor(struct report *report,
		   const struct p2pdma_diagnosis *diagnosis, bool is_quiet)
{
	struct json_object *rows = tree_add_array(report->tree, "checks");

	for (size_t i = 0; i < diagnosis->count; i++)
		add_check(tree_append_object(rows), &diagnosis->checks[i]);
	tree_add_count(report->tree, "pairs", diagnosis->pairs);
	tree_add_count(report->tree, "reachable_pairs", diagnosis->reachable);
	tree_add_count(report->tree, "unknown_pairs", diagnosis->unknown);
	add_lines(report, diagnosis, is_quiet);
	report_add_table(report, NULL, rows, columns, ARRAY_SIZE(columns),
			 true);
	report_add_text(report, "%zu pass, %zu warn, %zu fail, %zu unknown",
			count_status(diagnosis, P2PDMA_STATUS_PASS),
			count_status(diagnosis, P2PDMA_STATUS_WARN),
			count_status(diagnosis, P2PDMA_STATUS_FAIL),
			count_status(diagnosis, P2PDMA_STATUS_UNKNOWN));
}

/* --- the script ----------------------------------------------------------- */

static bool has_remedy(const struct p2pdma_check *check)
{
	return check->status != P2PDMA_STATUS_PASS && check->advice;
}

static void print_remedy(FILE *file, const struct p2pdma_check *check)
{
	fprintf(file, "\n# %s (%s): ", check->id,
		p2pdma_status_get_name(check->status));
	defuse_put(file, check->evidence);
	fprintf(file, "\n# -> ");
	defuse_put(file, check->advice);
	fputc('\n', file);
	if (check->parameters) {
		fprintf(file, "# kernel parameter, see below: ");
		defuse_put(file, check->parameters);
		fputc('\n', file);
	}
	if (check->commands)
		fprintf(file, "%s\n", check->commands);
}

/* A ";" would end the command of the boot loader, so each word is quoted. */
static void print_parameters(FILE *file,
			     const struct p2pdma_diagnosis *diagnosis)
{
	_cleanup_free_ char *all = tree_must(strdup(""));

	for (size_t i = 0; i < diagnosis->count; i++) {
		_cleanup_free_ char *copy = NULL;
		char *word, *rest;

		if (!diagnosis->checks[i].parameters ||
		    !has_remedy(&diagnosis->checks[i]))
			continue;
		copy = tree_must(strdup(diagnosis->checks[i].parameters));
		rest = copy;
		while ((word = strsep(&rest, " "))) {
			char *longer;

			if (strstr(all, word))
				continue;
			if (asprintf(&longer, "%s '%s'", all, word) < 0)
				tree_must(NULL);
			free(all);
			all = longer;
		}
	}
	if (!*all)
		return;
	fprintf(file, "\n# Kernel parameters; they count from the next boot. "
		"This is for GRUB as\n# Debian has it; for others: add%s\n"
		"mkdir -p /etc/default/grub.d\n"
		"cat >/etc/default/grub.d/70-p2pdma.cfg <<'END'\n"
		"GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX%s\"\n"
		"END\n"
		"update-grub\n", all, all);
}

static void print_script(FILE *file, const struct p2pdma_machine *machine,
			 const struct p2pdma_diagnosis *diagnosis)
{
	size_t remedies = 0;

	fprintf(file, "#!/bin/sh\n"
		"# Remedies by p2ptopo doctor for a machine with Linux ");
	defuse_put(file, machine->kernel_release ? machine->kernel_release :
						   "of unknown release");
	fprintf(file, ".\n# Nothing of it was run. Read it, take out what you "
		"do not want, run the\n# rest as root.\n"
		"set -eu\n");
	for (size_t i = 0; i < diagnosis->count; i++)
		if (has_remedy(&diagnosis->checks[i])) {
			print_remedy(file, &diagnosis->checks[i]);
			remedies++;
		}
	print_parameters(file, diagnosis);
	if (!remedies)
		fprintf(file, "\n# There is nothing to be done.\n");
}

void report_remedies(struct report *report,
		     const struct p2pdma_machine *machine,
		     const struct p2pdma_diagnosis *diagnosis)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *file = tree_must(open_memstream(&text, &size));

	print_script(file, machine, diagnosis);
	if (fclose(file))
		tree_must(NULL);
	if (size)
		text[size - 1] = '\0';	/* the writer adds the newline */
	report_add_text(report, "%s", text);
}
