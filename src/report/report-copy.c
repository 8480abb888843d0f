// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/report-copy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/macro.h"
#include "report/defuse.h"
#include "report/report-bench.h"

/* A copy that changed over in the middle is told as what it ended as. */
static bool is_peer(const struct copy_job *job)
{
	return job->memory.provider &&
	       !(job->result.refused_by && !job->result.peer_bytes);
}

/* Without memory of its own yet, a copy that failed early has no kind. */
static const char *get_kind(const struct copy_job *job)
{
	if (!job->memory.block_bytes)
		return NULL;
	if (job->is_offloaded)
		return "drive";
	return is_peer(job) ? "peer" : "host";
}

static const char *get_reach(const struct copy_job *job,
			     enum p2pdma_reach reach)
{
	return is_peer(job) ? p2pdma_reach_get_name(reach) : NULL;
}

/* --- the tree ----------------------------------------------------------- */

static void add_memory(struct json_object *tree, const struct copy_job *job)
{
	const struct memory *m = &job->memory;
	const struct report_memory memory = {
		.kind = get_kind(job),
		.provider = is_peer(job) ? m->providers : NULL,
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

static void add_error(struct json_object *errors, const char *where,
		      uint64_t offset_bytes, uint64_t length_bytes, int error)
{
	struct json_object *e = tree_append_object(errors);

	tree_add_text(e, "where", where);
	tree_add_count(e, "offset_bytes", offset_bytes);
	tree_add_count(e, "length_bytes", length_bytes);
	tree_add_int(e, "errno", -error);
}

static void add_first(struct json_object *errors, const struct copy_job *job,
		      const struct copy_error *error)
{
	if (error->side)
		add_error(errors, error->side == SIDE_SOURCE ?
					  job->args.source :
					  job->destination_path,
			  error->offset_bytes, error->length_bytes,
			  error->error);
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
		add_error(errors, is_read ? job->args.source :
					    job->destination_path,
			  base + start, end - start,
			  is_read ? job->result.read_error :
				    job->result.write_error);
}

static void add_errors(struct json_object *tree, const struct copy_job *job)
{
	struct json_object *errors = tree_add_array(tree, "errors");

	add_first(errors, job, &job->result.error);
	for (unsigned i = 0; job->is_run && i < job->also_count; i++)
		add_first(errors, &job->also[i], &job->also_legs[i].error);
	add_first(errors, job->verified_leg ? job->verified_leg : job,
		  &job->verified.error);
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
			      job->also[i].destination_path);
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

static const char *get_answer(enum p2pdma_answer answer)
{
	if (answer == P2PDMA_UNKNOWN)
		return "unknown";
	return answer == P2PDMA_YES ? "yes" : "no";
}

static void add_guards(struct json_object *tree, const struct copy_job *job)
{
	struct json_object *guards = tree_add_array(tree, "guards");

	for (unsigned i = 0; i < job->guard_count; i++) {
		const struct guard_answer *a = &job->guards[i];
		struct json_object *g = tree_append_object(guards);

		tree_add_text(g, "id", a->guard->id);
		tree_add_text(g, "asks", a->guard->asks);
		tree_add_bool(g, "refuses", a->is_refusing);
		tree_add_text(g, "answer", get_answer(a->answer));
		tree_add_bool(g, "can_be_forced", a->guard->can_be_forced);
		tree_add_text(g, "why", a->is_refusing ? a->why : NULL);
	}
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
	tree_add_text(tree, "destination", job->destination_path);
	add_if(tree, "size_bytes", job->size_bytes, m->block_bytes);
	add_memory(tree, job);
	tree_add_text(tree, "engine", get_engine(job));
	tree_add_text(tree, "engine_fallback_reason",
		      *job->why_not_offloaded ? job->why_not_offloaded : NULL);
	tree_add_known(tree, "bottleneck_bytes_per_sec",
		       is_peer(job) ? m->bottleneck_bytes_per_sec : 0);
	tree_add_known(tree, "block_bytes", m->block_bytes);
	tree_add_known(tree, "depth", m->pool ?
		       p2pdma_pool_get_slots(m->pool) : m->depth);
	add_numbers(tree, job);
	add_verify(tree, job);
	add_checksum(tree, job);
	tree_add_text(tree, "journal", job->args.journal);
	add_also(tree, job);
	add_errors(tree, job);
	add_guards(tree, job);
}

/* --- lines for people --------------------------------------------------- */

#define TEXT_SIZE	64
#define BAD_SHOWN	10

static void print_provider(FILE *file, const struct copy_job *job)
{
	const struct p2pdma_function *f = job->memory.function;
	const struct p2pdma_drive *drive =
		p2pdma_topology_find_drive(job->topology, f);
	const char *name = drive ? NULL :
		p2pdma_topology_get_name(job->topology, f);

	fprintf(file, "peer memory of %s", job->memory.providers);
	if (job->memory.partner_count)
		fputs(" side by side", file);
	else if (drive)
		fprintf(file, " (CMB of %s)", drive->controller);
	else if (name)
		fprintf(file, " (%s)", name);
	fprintf(file, "; source %s, destination %s",
		p2pdma_reach_get_name(job->memory.reach_source),
		p2pdma_reach_get_name(job->memory.reach_destination));
}

static void print_route(FILE *file, const struct copy_job *job)
{
	const struct memory *m = &job->memory;
	char text[TEXT_SIZE];

	fputs("  through ", file);
	if (job->bar) {
		fputs("the processor, a word at a time\n", file);
		return;
	}
	if (job->is_offloaded) {
		fputs("the drive itself (NVMe Copy)\n", file);
		return;
	}
	if (is_peer(job))
		print_provider(file, job);
	else
		fputs("host memory", file);
	if (m->why.id)
		fprintf(file, " (no%s peer memory: %s)",
			is_peer(job) ? " more" : "", m->why.id);
	fprintf(file, "\n  blocks of %s, %u in flight",
		bytes_format(m->block_bytes, text, sizeof(text)),
		m->pool ? p2pdma_pool_get_slots(m->pool) : m->depth);
	if (is_peer(job) && m->bottleneck_bytes_per_sec)
		fprintf(file, "; slowest link %s",
			bytes_format_rate(m->bottleneck_bytes_per_sec,
					  text, sizeof(text)));
	fputc('\n', file);
}

static void print_guards(FILE *file, const struct copy_job *job)
{
	for (unsigned i = 0; i < job->guard_count; i++) {
		const struct guard_answer *a = &job->guards[i];
		bool is_forced = a->is_refusing && job->args.is_forced &&
				 a->guard->can_be_forced;

		fprintf(file, "  guard %s: %s\n", a->guard->id,
			!a->is_refusing ? a->guard->asks :
			is_forced	? "overruled by --force" : a->why);
	}
}

static void print_verify(FILE *file, const struct copy_job *job)
{
	const struct verify_result *v = &job->verified;
	const char *how = job->is_compared ? "the drive's comparing" :
					     "reading";

	if (!job->is_verified)
		return;
	if (!v->mismatched_bytes)
		fprintf(file, "  verified by %s: the same\n", how);
	else
		fprintf(file, "  verified by %s: %llu bytes DIFFER, the "
			"first one %llu after the start\n", how,
			(unsigned long long)v->mismatched_bytes,
			(unsigned long long)v->first_mismatch_bytes);
}

static void print_split(FILE *file, const struct copy_result *r)
{
	char peer[TEXT_SIZE], host[TEXT_SIZE];

	if (!r->peer_bytes || !r->host_bytes)
		return;
	fprintf(file, "  %s through peer memory, %s through host memory\n",
		bytes_format(r->peer_bytes, peer, sizeof(peer)),
		bytes_format(r->host_bytes, host, sizeof(host)));
}

/* What is in place from now on; copied, a hole, or there before. */
static uint64_t count_whole(const struct copy_job *job)
{
	return extents_count(&job->extents, EXTENT_DONE) +
	       extents_count(&job->extents, EXTENT_HOLE);
}

static void print_bad(FILE *file, const struct copy_job *job)
{
	uint64_t start, end = 0;

	if (!job->result.bad_bytes)
		return;
	fprintf(file, "  NOT complete: %llu bytes are bad, the first at",
		(unsigned long long)job->result.bad_bytes);
	for (int i = 0; i < BAD_SHOWN &&
	     extents_find_other(&job->extents, end, 1u << EXTENT_DONE |
				1u << EXTENT_HOLE, &start, &end); i++)
		fprintf(file, "%s %llu", i ? "," : "",
			(unsigned long long)(job->args.skip_bytes + start));
	fputc('\n', file);
}

static void print_skipped(FILE *file, const struct copy_job *job)
{
	char size[TEXT_SIZE];

	if (job->result.skipped_bytes)
		fprintf(file, "  %s were holes, or done before\n",
			bytes_format(job->result.skipped_bytes, size,
				     sizeof(size)));
}

static void print_legs(FILE *file, const struct copy_job *job)
{
	for (unsigned i = 0; i < job->also_count; i++) {
		fputs("  also to ", file);
		defuse_put(file, job->also[i].destination_path);
		fputs(job->also_legs[i].error.side ? ": DROPPED\n" : "\n",
		      file);
	}
}

/* As the tools print it, so that these can check it. */
static void print_sum_of(FILE *file, const struct copy_job *job)
{
	for (unsigned i = 0; job->is_summed && i <= job->also_count; i++) {
		char *line;

		if (copy_job_get_drop(job, i)->side)
			continue;
		line = checksum_make_line(job->sum, copy_job_get_leg(job, i)->
						    destination_path);
		fprintf(file, "%s\n", (char *)tree_must(line));
		free(line);
	}
}

static void print_partial(FILE *file, const struct copy_job *job)
{
	print_bad(file, job);
	if (count_whole(job) + job->result.bad_bytes == job->size_bytes &&
	    !job->result.error.side)
		return;
	fprintf(file, "  NOT complete: of %llu bytes the first %llu are "
		"written\n", (unsigned long long)job->size_bytes,
		(unsigned long long)job->result.in_place_bytes);
}

/* As dd says it. */
static void print_sum(FILE *file, const struct copy_result *r)
{
	char size[TEXT_SIZE], time[TEXT_SIZE], rate[TEXT_SIZE];

	bytes_format_rate(bytes_rate(r->copied_bytes, r->duration_ns), rate,
			  sizeof(rate));
	fprintf(file, "%llu bytes (%s) copied, %s, %s",
		(unsigned long long)r->copied_bytes,
		bytes_format(r->copied_bytes, size, sizeof(size)),
		clock_format_duration(r->duration_ns, time, sizeof(time)),
		rate);
}

static void print_plan(FILE *file, const struct copy_job *job)
{
	char size[TEXT_SIZE];

	uint64_t bytes = extents_count(&job->extents, EXTENT_WANTED);

	print_guards(file, job);
	fprintf(file, "%llu bytes (%s) would be copied",
		(unsigned long long)bytes,
		bytes_format(bytes, size, sizeof(size)));
}

static void print(FILE *file, const struct copy_job *job, bool is_plan)
{
	defuse_put(file, job->args.source);
	fputs(" -> ", file);
	defuse_put(file, job->destination_path);
	fputc('\n', file);
	if (job->memory.block_bytes)
		print_route(file, job);
	if (is_plan) {
		print_plan(file, job);
		return;
	}
	print_legs(file, job);
	print_split(file, &job->result);
	print_skipped(file, job);
	print_verify(file, job);
	print_partial(file, job);
	print_sum_of(file, job);
	print_sum(file, &job->result);
}

void report_copy(struct report *report, const struct copy_job *job,
		 bool is_plan)
{
	size_t size = 0;
	char *text = NULL;
	FILE *file = tree_must(open_memstream(&text, &size));

	fill_tree(report->tree, job, is_plan);
	print(file, job, is_plan);
	fclose(file);
	report_add_text(report, "%s", (char *)tree_must(text));
	free(text);
}
