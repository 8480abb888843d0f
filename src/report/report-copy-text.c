// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/report-copy-text.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "report/defuse.h"
#include "report/tree.h"

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
	if (report_copy_is_peer(job))
		print_provider(file, job);
	else
		fputs("host memory", file);
	if (m->why.id)
		fprintf(file, " (no%s peer memory: %s)",
			report_copy_is_peer(job) ? " more" : "", m->why.id);
	fprintf(file, "\n  blocks of %s, %u in flight",
		bytes_format(m->block_bytes, text, sizeof(text)),
		m->pool ? p2pdma_pool_get_slots(m->pool) : m->depth);
	if (report_copy_is_peer(job) && m->bottleneck_bytes_per_sec)
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
		defuse_put(file, copy_job_get_destination(&job->also[i]));
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

void report_copy_print(FILE *file, const struct copy_job *job, bool is_plan)
{
	defuse_put(file, job->args.source);
	fputs(" -> ", file);
	defuse_put(file, copy_job_get_destination(job));
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
