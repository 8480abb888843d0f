// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/report-copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "report/report-bench.h"
#include "report/report-copy-text.h"
#include "report/report-guards.h"
#include "report/report-trouble.h"

/* Without memory of its own yet, a copy that failed early has no kind. */
static const char *get_kind(const struct copy_job *job)
{
	if (!job->memory.block_bytes)
		return NULL;
	if (job->is_offloaded)
		return "drive";
	return report_copy_is_peer(job) ? "peer" : "host";
}

static const char *get_reach(const struct copy_job *job,
			     enum p2pdma_reach reach)
{
	return report_copy_is_peer(job) ? p2pdma_reach_get_name(reach) : NULL;
}

/* --- the tree ----------------------------------------------------------- */

static void add_memory(struct json_object *tree, const struct copy_job *job)
{
	const struct memory *m = &job->memory;
	const struct report_memory memory = {
		.kind = get_kind(job),
		.provider = report_copy_is_peer(job) ? m->providers : NULL,
		.reach_source = get_reach(job, m->reach_source),
		.reach_destination = get_reach(job, m->reach_destination),
		.fallback_reason = m->why.id,
	};

	report_add_memory(tree, &memory);
}

/* What was not measured is null. */
static void add_if(struct json_object *tree, const char *key, uint64_t n,
		   bool is_known)
{
	if (is_known)
		tree_add_count(tree, key, n);
	else
		tree_add_null(tree, key);
}

static void add_numbers(struct json_object *tree, const struct copy_job *job)
{
	const struct copy_result *r = &job->result;

	tree_add_count(tree, "copied_bytes", r->copied_bytes);
	tree_add_count(tree, "peer_bytes", r->peer_bytes);
	tree_add_count(tree, "host_bytes", r->host_bytes);
	tree_add_count(tree, "skipped_bytes", job->is_run ? r->skipped_bytes :
		extents_count(&job->extents, EXTENT_DONE));
	add_if(tree, "bad_bytes", r->bad_bytes, job->is_run);
	add_if(tree, "in_place_bytes", r->in_place_bytes, job->is_run);
	add_if(tree, "duration_ns", r->duration_ns, job->is_run);
	add_if(tree, "rate_bytes_per_sec",
	       bytes_rate(r->copied_bytes, r->duration_ns), job->is_run);
	add_if(tree, "cpu_ns", r->cpu_ns, job->is_run);
	add_if(tree, "submits", r->submits, job->is_run);
}

static const char *get_method(const struct copy_job *job)
{
	return job->is_compared ? "compare" : "read";
}

static void add_verify(struct json_object *tree, const struct copy_job *job)
{
	const struct verify_result *v = &job->verified;
	struct json_object *verify;

	if (!job->is_verified) {
		tree_add_null(tree, "verify");
		return;
	}
	verify = tree_add_object(tree, "verify");
	tree_add_text(verify, "method", get_method(job));
	tree_add_bool(verify, "ok", !v->mismatched_bytes);
	tree_add_count(verify, "mismatched_bytes", v->mismatched_bytes);
	add_if(verify, "first_mismatch_bytes", v->first_mismatch_bytes,
	       v->mismatched_bytes);
	tree_add_text(verify, "fallback_reason", *job->why_not_compared ?
		      job->why_not_compared : NULL);
}

/* More rows than these are read in the journal. */
#define ERRORS_MOST	1000

static struct json_object *add_error(struct json_object *errors,
				     const char *where, uint64_t offset_bytes,
				     uint64_t length_bytes, int error)
{
	struct json_object *e = tree_append_object(errors);

	tree_add_text(e, "where", where);
	tree_add_count(e, "offset_bytes", offset_bytes);
	tree_add_count(e, "length_bytes", length_bytes);
	tree_add_int(e, "errno", -error);
	return e;
}

static void add_first(struct json_object *errors, const struct copy_job *job,
		      const struct copy_error *error, const char *deed)
{
	const char *path = error->side == SIDE_SOURCE ? job->args.source :
							job->destination_path;
	struct json_object *e;
	char *why;

	if (!error->side)
		return;
	e = add_error(errors, path, error->offset_bytes, error->length_bytes,
		      error->error);
	tree_must(asprintf(&why, "%s %s: %s", deed, path,
			   strerror(-error->error)) < 0 ? NULL : why);
	tree_add_text(e, "why", why);
	free(why);
}

/* Neighbours are one range; those of one kind have its last error. */
static void add_bad(struct json_object *errors, const struct copy_job *job,
		    enum extent_state state)
{
	bool is_read = state == EXTENT_BAD_READ;
	uint64_t base = is_read ? job->args.skip_bytes : job->args.seek_bytes;
	uint64_t start, end = 0;

	for (int i = 0; i < ERRORS_MOST &&
	     extents_find(&job->extents, end, state, &start, &end); i++)
		tree_add_null(add_error(errors, is_read ? job->args.source :
							  job->destination_path,
					base + start, end - start,
					is_read ? job->result.read_error :
						  job->result.write_error),
			      "why");
}

static bool is_that(const struct copy_error *error, const struct copy_job *job)
{
	return job->trouble == COPY_JOB_FAILED && error->side &&
	       error->error == job->error;
}

/* What is in no place of what is copied. */
static void add_trouble(struct json_object *errors, const struct copy_job *job)
{
	struct json_object *e;
	char *why;

	if (!job->trouble || is_that(&job->result.error, job) ||
	    is_that(&job->verified.error, job))
		return;
	why = report_trouble_explain(job);
	e = tree_append_object(errors);
	tree_add_text(e, "where", job->where);
	tree_add_null(e, "offset_bytes");
	tree_add_null(e, "length_bytes");
	tree_add_known(e, "errno", (uint64_t)-job->error);
	tree_add_text(e, "why", why);
	free(why);
}

static void add_errors(struct json_object *tree, const struct copy_job *job)
{
	struct json_object *errors = tree_add_array(tree, "errors");
	const struct copy_error *first = &job->result.error;
	const struct copy_job *leg = job->verified_leg ? job->verified_leg :
							 job;

	add_trouble(errors, job);
	add_first(errors, job, first,
		  first->side == SIDE_SOURCE ? "read" : "write");
	for (unsigned i = 0; job->is_run && i < job->also_count; i++)
		add_first(errors, &job->also[i], &job->also_legs[i].error,
			  "write");
	add_first(errors, leg, &job->verified.error, "read");
	if (!job->is_run)
		return;
	add_bad(errors, job, EXTENT_BAD_READ);
	add_bad(errors, job, EXTENT_BAD_WRITE);
}

static void add_also(struct json_object *tree, const struct copy_job *job)
{
	struct json_object *also = tree_add_array(tree, "also");

	for (unsigned i = 0; i < job->also_count; i++) {
		struct json_object *row = tree_append_object(also);

		tree_add_text(row, "destination",
			      copy_job_get_destination(&job->also[i]));
		tree_add_bool(row, "dropped", job->also_legs[i].error.side);
	}
}

static void add_checksum(struct json_object *tree, const struct copy_job *job)
{
	struct json_object *checksum;

	if (!job->is_summed) {
		tree_add_null(tree, "checksum");
		return;
	}
	checksum = tree_add_object(tree, "checksum");
	tree_add_text(checksum, "algorithm", job->args.checksum);
	tree_add_text(checksum, "digest", job->sum);
}

static const char *get_engine(const struct copy_job *job)
{
	if (job->bar)
		return "cpu";
	if (job->is_offloaded)
		return "offload";
	return job->args.engine == COPY_ENGINE_PASSTHROUGH ? "passthrough" :
							     "rw";
}

static void fill_tree(struct json_object *tree, const struct copy_job *job,
		      bool is_plan)
{
	const struct memory *m = &job->memory;

	tree_add_bool(tree, "dry_run", is_plan);
	tree_add_text(tree, "source", job->args.source);
	tree_add_text(tree, "destination",
		      copy_job_get_destination(job));
	add_if(tree, "size_bytes", job->size_bytes, m->block_bytes);
	add_memory(tree, job);
	tree_add_text(tree, "engine", get_engine(job));
	tree_add_text(tree, "engine_fallback_reason",
		      *job->why_not_offloaded ? job->why_not_offloaded : NULL);
	tree_add_known(tree, "bottleneck_bytes_per_sec",
		       report_copy_is_peer(job) ? m->bottleneck_bytes_per_sec :
						  0);
	tree_add_known(tree, "block_bytes", m->block_bytes);
	tree_add_known(tree, "depth", m->pool ?
		       p2pdma_pool_get_slots(m->pool) : m->depth);
	add_numbers(tree, job);
	tree_add_bool(tree, "changed", job->is_changed);
	add_verify(tree, job);
	add_checksum(tree, job);
	tree_add_text(tree, "journal", job->args.journal);
	add_also(tree, job);
	add_errors(tree, job);
	report_add_guards(tree, job->guards, job->guard_count);
}

void report_copy(struct report *report, const struct copy_job *job,
		 bool is_plan)
{
	size_t size = 0;
	char *text = NULL;
	FILE *file = tree_must(open_memstream(&text, &size));

	fill_tree(report->tree, job, is_plan);
	report_copy_print(file, job, is_plan);
	fclose(file);
	report_add_text(report, "%s", (char *)tree_must(text));
	free(text);
}
