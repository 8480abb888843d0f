// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/report-files.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/macro.h"
#include "engine/checksum.h"
#include "engine/extents.h"
#include "report/report-bench.h"
#include "report/report-guards.h"
#include "report/report-trouble.h"

static const char *const kinds[] = {
	[WALK_UNKNOWN] = NULL,
	[WALK_FILE] = "file",
	[WALK_SYMLINK] = "symlink",
	[WALK_SPECIAL] = "special",
	[WALK_DIRECTORY] = "directory",
};

static const char *const outcomes[] = {
	[MANY_UNKNOWN] = "planned",
	[MANY_DONE] = "copied",
	[MANY_LINKED] = "linked",
	[MANY_DONE_BEFORE] = "done-before",
	[MANY_FAILED] = "failed",
	[MANY_REJECTED] = "failed",
	[MANY_REFUSED] = "refused",
	[MANY_NO_PEER] = "no-peer",
	[MANY_DIFFERS] = "differs",
	[MANY_STOPPED] = "interrupted",
};

/* --- names -------------------------------------------------------------- */

static const struct {
	char c, letter;
} escapes[] = {
	{ '\a', 'a' }, { '\b', 'b' }, { '\t', 't' }, { '\n', 'n' },
	{ '\v', 'v' }, { '\f', 'f' }, { '\r', 'r' }, { '\\', '\\' },
};

static char *put_escaped(char *to, char c)
{
	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++)
		if (escapes[i].c == c)
			return to + sprintf(to, "\\%c", escapes[i].letter);
	return to + sprintf(to, "\\%03o", (unsigned char)c);
}

/* How many bytes the printable character at @name has; 0: there is none. */
static size_t get_printable(const char *name, mbstate_t *state)
{
	wchar_t wide;
	size_t length = mbrtowc(&wide, name, strlen(name), state);

	if (length == (size_t)-1 || length == (size_t)-2) {
		memset(state, 0, sizeof(*state));
		return 0;
	}
	return *name != '\\' && iswprint((wint_t)wide) ? length : 0;
}

char *report_escape(const char *name)
{
	char *text = tree_must(malloc(4 * strlen(name) + 1)), *to = text;
	mbstate_t state = { 0 };

	while (*name) {
		size_t length = get_printable(name, &state);

		if (length)
			to = mempcpy(to, name, length);
		else
			to = put_escaped(to, *name);
		name += length ? length : 1;
	}
	*to = '\0';
	return text;
}

/* --- one file ----------------------------------------------------------- */

char *report_files_explain(const struct many_file *file)
{
	_cleanup_free_ char *name =
		report_escape(file->side == SIDE_DESTINATION ?
				      file->destination : file->source);
	char *text;
	int rc;

	if (file->outcome == MANY_STOPPED)
		return tree_must(strdup("interrupted"));
	/* What a copy by itself tells has its name already. */
	if (file->outcome == MANY_REJECTED || file->outcome == MANY_REFUSED ||
	    !file->error)
		rc = asprintf(&text, "%s%s", file->tried,
			      report_trouble_hint(file->is_forcible));
	else if (!file->side && strchr(file->tried, ' '))
		rc = asprintf(&text, "%s: %s", file->tried,
			      strerror(-file->error));
	else
		rc = asprintf(&text, "%s %s: %s", file->tried, name,
			      file->error == TRANSFER_ENDED_EARLY ?
				      "it ended early (it was cut while it was "
				      "read)" : strerror(-file->error));
	return tree_must(rc < 0 ? NULL : text);
}

static bool has_failed(const struct many_file *file)
{
	return file->outcome != MANY_UNKNOWN && file->outcome != MANY_DONE &&
	       file->outcome != MANY_LINKED &&
	       file->outcome != MANY_DONE_BEFORE;
}

/* More rows than these nobody reads. */
#define ERRORS_MOST	1000

static void add_bad(struct json_object *errors, const struct many_file *file,
		    enum extent_state state)
{
	uint64_t start, end = 0;

	for (int i = 0; i < ERRORS_MOST &&
	     extents_find(file->map, end, state, &start, &end); i++) {
		struct json_object *e = tree_append_object(errors);

		tree_add_text(e, "where", state == EXTENT_BAD_READ ?
				      file->source : file->destination);
		tree_add_count(e, "offset_bytes", file->map_bytes + start);
		tree_add_count(e, "length_bytes", end - start);
		tree_add_int(e, "errno", -file->error);
		tree_add_null(e, "why");
	}
}

static void add_error(struct json_object *tree, const struct many_file *file)
{
	struct json_object *errors = tree_add_array(tree, "errors"), *e;
	_cleanup_free_ char *why = NULL;

	if (file->map) {
		add_bad(errors, file, EXTENT_BAD_READ);
		add_bad(errors, file, EXTENT_BAD_WRITE);
	}
	if (!has_failed(file) || file->map)
		return;
	e = tree_append_object(errors);
	why = report_files_explain(file);
	tree_add_text(e, "where", file->side == SIDE_DESTINATION ?
					  file->destination : file->source);
	tree_add_count(e, "offset_bytes", file->error_bytes);
	tree_add_null(e, "length_bytes");
	tree_add_known(e, "errno", (uint64_t)-file->error);
	tree_add_text(e, "why", why);
}

static void add_verify(struct json_object *tree, const struct many_file *file)
{
	struct json_object *verify;

	if (!file->is_verified) {
		tree_add_null(tree, "verify");
		return;
	}
	verify = tree_add_object(tree, "verify");
	tree_add_text(verify, "method", file->is_compared ? "compare" :
							    "read");
	tree_add_bool(verify, "ok", !file->mismatched_bytes);
	tree_add_count(verify, "mismatched_bytes", file->mismatched_bytes);
	if (file->mismatched_bytes)
		tree_add_count(verify, "first_mismatch_bytes",
			       file->first_mismatch_bytes);
	else
		tree_add_null(verify, "first_mismatch_bytes");
	tree_add_text(verify, "fallback_reason", file->why_not_compared);
}

static void add_checksum(struct json_object *tree,
			 const struct report_files *report,
			 const struct many_file *file)
{
	struct json_object *checksum;

	if (!file->sum) {
		tree_add_null(tree, "checksum");
		return;
	}
	checksum = tree_add_object(tree, "checksum");
	tree_add_text(checksum, "algorithm", report->algorithm);
	tree_add_text(checksum, "digest", file->sum);
}

static const char *get_reach(const struct many_file *file,
			     enum p2pdma_reach reach)
{
	return file->provider ? p2pdma_reach_get_name(reach) : NULL;
}

static const char *get_kind(const struct many_file *file)
{
	if (file->is_offloaded)
		return "drive";
	return file->provider ? "peer" : "host";
}

static void add_memory(struct json_object *tree, const struct many_file *file)
{
	const struct report_memory memory = {
		.kind = get_kind(file),
		.provider = file->provider,
		.reach_source = get_reach(file, file->reach_source),
		.reach_destination = get_reach(file, file->reach_destination),
		.fallback_reason = file->why ? file->why->id : NULL,
	};

	if (file->kind == WALK_FILE)
		report_add_memory(tree, &memory);
	else
		tree_add_null(tree, "memory");
	tree_add_known(tree, "block_bytes", file->block_bytes);
	tree_add_known(tree, "depth", file->depth);
}

static void add_numbers(struct json_object *tree, uint64_t copied,
			uint64_t peer, uint64_t drive, uint64_t skipped)
{
	tree_add_count(tree, "copied_bytes", copied);
	tree_add_count(tree, "peer_bytes", peer);
	tree_add_count(tree, "host_bytes", copied - peer - drive);
	tree_add_count(tree, "skipped_bytes", skipped);
}

static void fill(struct json_object *tree, const struct report_files *report,
		 const struct many_file *file)
{
	tree_add_text(tree, "source", file->source);
	tree_add_text(tree, "destination", file->destination);
	tree_add_text(tree, "type", kinds[file->kind]);
	tree_add_text(tree, "outcome", outcomes[file->outcome]);
	add_memory(tree, file);
	add_numbers(tree, file->copied_bytes, file->peer_bytes,
		    file->is_offloaded ? file->copied_bytes : 0,
		    file->skipped_bytes);
	tree_add_known(tree, "duration_ns", file->duration_ns);
	tree_add_known(tree, "rate_bytes_per_sec",
		       bytes_rate(file->copied_bytes, file->duration_ns));
	/* Side by side, nobody knows whose it was. */
	tree_add_null(tree, "cpu_ns");
	tree_add_bool(tree, "changed", file->is_changed);
	tree_add_count(tree, "bad_bytes", file->bad_bytes);
	add_verify(tree, file);
	add_checksum(tree, report, file);
	add_error(tree, file);
	report_add_guards(tree, file->guards, file->guard_count);
}

static void print_object(FILE *file, struct json_object *tree)
{
	fputs(json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN |
				JSON_C_TO_STRING_NOSLASHESCAPE), file);
	json_object_put(tree);
}

/* What every object begins with; of the one with "files", only once. */
static struct json_object *new_object(const struct report_files *report)
{
	struct json_object *tree = tree_new_object();

	tree_add_text(tree, "schema", "p2pdma-utils/1");
	tree_add_text(tree, "command", report->command);
	return tree;
}

static void begin_json(struct report_files *report)
{
	if (!report->has_begun && !report->is_stream)
		fprintf(report->file, "{\"schema\":\"p2pdma-utils/1\","
			"\"command\":\"%s\",\"dry_run\":%s,\"files\":[",
			report->command, report->is_plan ? "true" : "false");
}

static void add_json(struct report_files *report, const struct many_file *file)
{
	struct json_object *tree = report->is_stream ? new_object(report) :
						       tree_new_object();

	begin_json(report);
	fill(tree, report, file);
	if (!report->is_stream)
		fputs(report->has_begun ? ",\n" : "\n", report->file);
	print_object(report->file, tree);
	if (report->is_stream) {
		fputc('\n', report->file);
		fflush(report->file);
	}
	report->has_begun = true;
}

static void add_line(struct report_files *report, const struct many_file *file)
{
	_cleanup_free_ char *from = report_escape(file->source);
	_cleanup_free_ char *to = report_escape(file->destination);

	if (has_failed(file)) {
		_cleanup_free_ char *why = report_files_explain(file);

		fprintf(report->file, "FAILED %s -> %s: %s\n", from, to, why);
	} else if (file->outcome == MANY_DONE_BEFORE) {
		fprintf(report->file, "%s -> %s: done before\n", from, to);
	} else if (file->kind == WALK_FILE && file->outcome != MANY_LINKED) {
		fprintf(report->file, "%s -> %s: %llu bytes%s\n", from, to,
			(unsigned long long)file->copied_bytes,
			file->is_changed ? ", CHANGED while it was read" : "");
	} else {
		fprintf(report->file, "%s -> %s: %s\n", from, to,
			file->outcome == MANY_LINKED ? "linked" :
						       kinds[file->kind]);
	}
	if (report->is_stream)
		fflush(report->file);
}

void report_files_print_sum(FILE *file, const struct many_file *copy)
{
	char *line = tree_must(checksum_make_line(copy->sum,
						  copy->destination));

	fprintf(file, "%s\n", line);
	free(line);
}

void report_files_add(struct report_files *report,
		      const struct many_file *file)
{
	if (report->format == WRITER_JSON) {
		add_json(report, file);
		return;
	}
	if (report->is_each_told)
		add_line(report, file);
	if (report->is_sum_told && file->sum)
		report_files_print_sum(report->file, file);
}

/* --- all of them -------------------------------------------------------- */

static void fill_totals(struct json_object *tree, const struct many_totals *t,
			bool is_complete)
{
	tree_add_count(tree, "copied_files", t->files);
	tree_add_count(tree, "directories", t->directories);
	tree_add_count(tree, "links", t->links);
	tree_add_count(tree, "others", t->others);
	tree_add_count(tree, "failed_files", t->failed);
	tree_add_count(tree, "changed_files", t->changed);
	tree_add_count(tree, "done_before_files", t->done_before);
	add_numbers(tree, t->copied_bytes, t->peer_bytes, t->drive_bytes,
		    t->skipped_bytes);
	tree_add_count(tree, "duration_ns", t->duration_ns);
	tree_add_count(tree, "rate_bytes_per_sec",
		       bytes_rate(t->copied_bytes, t->duration_ns));
	tree_add_count(tree, "cpu_ns", t->cpu_ns);
	tree_add_count(tree, "submits", t->submits);
	tree_add_bool(tree, "complete", is_complete);
}

static void finish_json(struct report_files *report,
			const struct many_totals *totals, bool is_complete)
{
	struct json_object *tree = tree_new_object(), *total;

	begin_json(report);
	if (report->is_stream) {
		json_object_put(tree);
		tree = new_object(report);
		tree_add_bool(tree, "dry_run", report->is_plan);
	} else {
		fputs("\n],\"total\":", report->file);
	}
	total = report->is_stream ? tree_add_object(tree, "total") : tree;
	fill_totals(total, totals, is_complete);
	print_object(report->file, tree);
	fputs(report->is_stream ? "\n" : "}\n", report->file);
}

#define TEXT_SIZE	64

static void print_count(FILE *file, uint64_t count, const char *one,
			const char *more)
{
	if (count)
		fprintf(file, ", %llu %s", (unsigned long long)count,
			count == 1 ? one : more);
}

static void finish_text(const struct report_files *report,
			const struct many_totals *t)
{
	char size[TEXT_SIZE], time[TEXT_SIZE], rate[TEXT_SIZE];
	FILE *file = report->file;

	fprintf(file, "%llu file%s", (unsigned long long)t->files,
		t->files == 1 ? "" : "s");
	print_count(file, t->directories, "directory", "directories");
	print_count(file, t->links, "hard link", "hard links");
	print_count(file, t->others, "link or node", "links and nodes");
	print_count(file, t->done_before, "done before", "done before");
	print_count(file, t->failed, "FAILED", "FAILED");
	print_count(file, t->changed, "changed meanwhile",
		    "changed meanwhile");
	fprintf(file, ": %llu bytes (%s) %s",
		(unsigned long long)t->copied_bytes,
		bytes_format(t->copied_bytes, size, sizeof(size)),
		report->is_plan ? "would be copied" : "copied");
	if (t->peer_bytes)
		fprintf(file, ", %s through peer memory",
			bytes_format(t->peer_bytes, size, sizeof(size)));
	if (t->copied_bytes > t->peer_bytes && report->fallback_reason)
		fprintf(file, ", %s through host memory (no peer memory: %s)",
			bytes_format(t->copied_bytes - t->peer_bytes, size,
				     sizeof(size)), report->fallback_reason);
	if (t->skipped_bytes)
		fprintf(file, ", %s %s",
			bytes_format(t->skipped_bytes, size, sizeof(size)),
			t->done_before ? "skipped" : "of holes");
	if (!report->is_plan)
		fprintf(file, ", %s, %s",
			clock_format_duration(t->duration_ns, time,
					      sizeof(time)),
			bytes_format_rate(bytes_rate(t->copied_bytes,
						     t->duration_ns),
					  rate, sizeof(rate)));
	fputc('\n', file);
}

void report_files_finish(struct report_files *report,
			 const struct many_totals *totals, bool is_complete)
{
	if (report->format == WRITER_JSON)
		finish_json(report, totals, is_complete);
	else
		finish_text(report, totals);
}
