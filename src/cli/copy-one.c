// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/copy-one.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/macro.h"
#include "cli/apart.h"
#include "cli/copy-status.h"
#include "engine/copy-job.h"
#include "report/progress.h"
#include "report/report-copy.h"
#include "report/report-trouble.h"

#define BLOCK_STEP	4096

/* One copy. */
struct session {
	const struct copy_one *wish;
	const struct cli_common *common;
	const struct copy_options *options;
	struct copy_job job;
	struct report report;
	struct progress progress;
	const char *told_fallback;	/* the id that was said last */
	bool is_offload_told;
	bool is_copied;			/* but for what was told of */
};

static const struct cli_program *const program = &copy_program;

/* --- what is said ------------------------------------------------------- */

static void tick(void *data, uint64_t done_bytes, uint64_t total_bytes)
{
	struct session *s = data;
	const struct progress_tick now = {
		.done_bytes = done_bytes,
		.total_bytes = total_bytes,
	};

	if (!progress_is_shown(&s->progress) && !*s->wish->asked)
		return;
	apart_excuse(s->wish->is_excused, true);
	progress_update(&s->progress, &now);
	if (*s->wish->asked) {
		*s->wish->asked = 0;
		copy_status_tell(&s->progress, done_bytes);
	}
	apart_excuse(s->wish->is_excused, false);
}

/* Host memory in place of peer memory is never silent: also with --quiet. */
static void tell_fallback(struct session *s)
{
	const struct p2pdma_reason *why = &s->job.memory.why;

	if (!why->id || why->id == s->told_fallback ||
	    s->job.args.is_peer_required)
		return;
	s->told_fallback = why->id;
	cli_error(program->name, "host memory instead of peer memory: %s%s%s: "
		  "%s", why->id, why->at ? " at " : "",
		  why->at ? why->at->address : "", why->advice);
}

/* Of several that were named, one that does not take part. */
static void tell_partner(const struct session *s)
{
	const struct memory *m = &s->job.memory;

	if (m->partner_why.id)
		cli_error(program->name, "%s is not used beside %s: %s: %s",
			  m->partner_why_provider->address, m->providers,
			  m->partner_why.id, m->partner_why.advice);
}

/* A drive that was to copy by itself and does not: as loud as above. */
static void tell_offload(struct session *s)
{
	if (!*s->job.why_not_offloaded || s->is_offload_told)
		return;
	s->is_offload_told = true;
	cli_error(program->name, "reading and writing instead of NVMe Copy: %s",
		  s->job.why_not_offloaded);
}

static void tell_block(const struct session *s)
{
	const struct memory *memory = &s->job.memory;
	uint64_t wanted = s->options->block_bytes;

	if (wanted < BLOCK_STEP || wanted - memory->block_bytes < BLOCK_STEP)
		cli_notice(s->common, "--block-size: %u bytes, because it is "
			   "a multiple of %u", memory->block_bytes,
			   (unsigned)BLOCK_STEP);
	else
		cli_notice(s->common, "--block-size: %u bytes, because that "
			   "is what %s takes at once", memory->block_bytes,
			   memory->provider ? "the route through peer memory" :
					      "a drive");
}

static void tell_plan(struct session *s)
{
	const struct copy_job *job = &s->job;

	tell_offload(s);
	tell_fallback(s);
	if (job->bar && bar_is_meant(job->args.source))
		cli_notice(s->common, "%s is read by the processor, a word "
			   "at a time: expect 5 to 15 MB/s", job->args.source);
	if (job->is_source_changing)
		cli_notice(s->common, "%s is mounted and may change while it "
			   "is read: the copy may not be consistent",
			   job->args.source);
	if (job->memory.is_block_changed)
		tell_block(s);
}

static bool tell_resume(const struct session *s)
{
	if (!copy_job_is_resumable(&s->job))
		return false;
	cli_error(program->name, "what is done is in %s: the same command with "
		  "--resume goes on from there", s->job.args.journal);
	return true;
}

static const struct {
	enum copy_job_trouble trouble;
	int code;
} codes[] = {
	{ COPY_JOB_WRONG, EXIT_USAGE },
	{ COPY_JOB_UNABLE, EXIT_MACHINE },
	{ COPY_JOB_NO_PEER, EXIT_MACHINE },
	{ COPY_JOB_REFUSED, EXIT_REFUSED },
};

/* Data that differs from a host read is exit code 4 nowhere but in verify. */
static int blame(const struct session *s)
{
	enum copy_job_trouble trouble = s->job.trouble;
	_cleanup_free_ char *why = report_trouble_explain(&s->job);

	if (trouble == COPY_JOB_INTERRUPTED) {
		cli_error(program->name, "interrupted: what is in flight was "
			  "awaited");
		tell_resume(s);
		return 128 + (int)*s->wish->stop;
	}
	cli_error(program->name, "%s%s", trouble == COPY_JOB_REFUSED ?
		  "refused: " : "", why);
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (codes[i].trouble == trouble)
			return codes[i].code;
	return trouble == COPY_JOB_FAILED && tell_resume(s) ?
		       EXIT_INCOMPLETE : EXIT_FAILED;
}

/* Of several destinations, those that were given up. */
static int tell_drops(const struct session *s)
{
	const struct copy_job *job = &s->job;

	for (unsigned i = 0; i <= job->also_count; i++) {
		const struct copy_error *e = copy_job_get_drop(job, i);

		if (e->side)
			cli_error(program->name, "write %s at %llu: %s: it was "
				  "dropped, and is not complete",
				  copy_job_get_leg(job, i)->destination_path,
				  (unsigned long long)e->offset_bytes,
				  strerror(-e->error));
	}
	return job->result.dropped ? EXIT_FAILED : EXIT_DONE;
}

static int tell_bad(const struct session *s)
{
	const struct copy_result *r = &s->job.result;

	if (!r->bad_bytes)
		return EXIT_DONE;
	cli_error(program->name, "%llu bytes could not be %s: %s: where is in "
		  "the report%s", (unsigned long long)r->bad_bytes,
		  r->read_error ? "read" : "written",
		  strerror(-(r->read_error ? r->read_error : r->write_error)),
		  s->job.args.journal ? " and in the journal" : "");
	return EXIT_FAILED;
}

/* --- the steps ---------------------------------------------------------- */

static int plan(struct session *s)
{
	const struct copy_options *o = s->options;
	bool is_seek_given = o->seek_bytes != SEEK_NONE;
	const struct copy_job_args args = {
		.source = s->common->operands[0],
		.destination = s->common->operands[1],
		.skip_bytes = o->skip_bytes,
		.seek_bytes = is_seek_given ? o->seek_bytes : 0,
		.is_seek_given = is_seek_given,
		.size_bytes = o->size_bytes,
		.provider = o->provider,
		.block_bytes = o->block_bytes,
		.depth = (unsigned)o->depth,
		.is_peer_required = o->is_peer_required,
		.engine = (enum copy_engine)o->engine,
		.is_polled = o->is_polled,
		.is_handed = o->is_handed,
		.is_scrubbed = o->is_scrubbed,
		.verify = (enum copy_verify)o->verify,
		.is_forced = o->is_forced,
		.is_synced = !o->is_unsynced,
		.is_in_place = o->is_in_place,
		.is_sparse = o->sparse == SPARSE_AUTO,
		.also = o->also.items,
		.also_count = (unsigned)o->also.count,
		.journal = o->journal,
		.is_resumed = o->is_resumed,
		.journal_interval_ns = o->journal_interval_ns,
		.is_continued = o->on_error == ON_ERROR_CONTINUE,
		.retries = (unsigned)o->retries,
		.rate_bytes_per_sec = o->rate,
		.checksum = o->sum.name,
		.io_timeout_ns = o->io_timeout_ns,
		.stop = s->wish->stop,
		.tick = tick,
		.tick_data = s,
	};
	int rc;

	rc = copy_job_plan(&s->job, s->wish->context, s->wish->topology, &args);
	tell_plan(s);
	return rc ? blame(s) : EXIT_DONE;
}

static int copy(struct session *s)
{
	int rc;

	rc = copy_job_open(&s->job);
	tell_fallback(s);
	tell_partner(s);
	if (rc)
		return blame(s);
	progress_init(&s->progress, (enum progress_mode)s->common->progress,
		      stderr);
	rc = copy_job_run(&s->job);
	progress_finish(&s->progress);
	tell_offload(s);
	tell_fallback(s);
	if (rc)
		return blame(s);
	if (s->job.is_changed)
		cli_notice(s->common, "%s changed while it was read: its copy "
			   "may not be consistent", s->job.args.source);
	s->is_copied = true;
	return exit_worst(tell_drops(s), tell_bad(s));
}

/* A line for each destination that has it. */
static void print_sums(const struct session *s)
{
	const struct copy_job *job = &s->job;

	for (unsigned i = 0; i <= job->also_count; i++) {
		char *line;

		if (copy_job_get_drop(job, i)->side)
			continue;
		line = checksum_make_line(job->sum, copy_job_get_leg(job, i)->
						    destination_path);
		fprintf(s->wish->sums->file, "%s\n", line ? line : "");
		free(line);
	}
}

static int sum(struct session *s)
{
	int rc;

	progress_init(&s->progress, (enum progress_mode)s->common->progress,
		      stderr);
	rc = copy_job_sum(&s->job);
	progress_finish(&s->progress);
	if (rc)
		return blame(s);
	if (!s->job.is_summed || !s->options->sum.file)
		return EXIT_DONE;
	print_sums(s);
	rc = output_commit(s->wish->sums);
	if (!rc)
		return EXIT_DONE;
	cli_error(program->name, "write %s: %s", s->options->sum.file,
		  strerror(-rc));
	return EXIT_FAILED;
}

static int verify(struct session *s)
{
	const struct verify_result *v = &s->job.verified;
	int rc;

	progress_init(&s->progress, (enum progress_mode)s->common->progress,
		      stderr);
	rc = copy_job_verify(&s->job);
	progress_finish(&s->progress);
	if (*s->job.why_not_compared)
		cli_error(program->name, "verified by reading instead of "
			  "comparing: %s", s->job.why_not_compared);
	if (rc)
		return blame(s);
	if (!v->mismatched_bytes)
		return EXIT_DONE;
	cli_error(program->name, "%s differs from %s in %llu bytes, first %llu "
		  "bytes after the start of the copy",
		  s->job.verified_leg->destination_path, s->job.args.source,
		  (unsigned long long)v->mismatched_bytes,
		  (unsigned long long)v->first_mismatch_bytes);
	return EXIT_DIFFERS;
}

/* Programs read why there is no copy; people have read it. */
static bool is_report_wanted(const struct session *s)
{
	const struct copy_job *job = &s->job;

	return job->is_run || s->common->format == WRITER_JSON ||
	       (s->options->is_dry_run && job->memory.block_bytes);
}

static int run(struct session *s)
{
	int code = plan(s);

	if (code == EXIT_DONE && !s->options->is_dry_run)
		code = copy(s);
	if (s->is_copied && s->options->sum.name)
		code = exit_worst(code, sum(s));
	if (s->is_copied && !s->job.trouble && s->options->verify)
		code = exit_worst(code, verify(s));
	if (!is_report_wanted(s))
		return code;
	report_init(&s->report, program->name);
	report_copy(&s->report, &s->job, s->options->is_dry_run);
	apart_excuse(s->wish->is_excused, true);
	code = exit_worst(code, output_report_to(s->common, &s->report,
						 s->wish->output));
	apart_excuse(s->wish->is_excused, false);
	return code;
}

/* What was asked for and not done is a failure. */
static int tell_scrub(const struct session *s, int code)
{
	const struct memory *m = &s->job.memory;
	bool is_left = s->job.is_silent && m->provider && m->pool;

	if (!s->options->is_scrubbed || (!m->scrub_error && !is_left))
		return code;
	cli_error_scrub(program->name, is_left ? -ETIMEDOUT : m->scrub_error);
	return exit_worst(code, EXIT_FAILED);
}

int copy_one(const struct copy_one *wish, bool *is_silent)
{
	struct session s = {
		.wish = wish,
		.common = wish->common,
		.options = wish->options,
	};
	int code = run(&s);

	report_fini(&s.report);
	copy_job_fini(&s.job);
	*is_silent = s.job.is_silent;
	return tell_scrub(&s, code);
}
