// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/copy-job.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"
#include "engine/copy-job-parts.h"
#include "engine/journal.h"

#define blame	copy_job_blame

/* --- open --------------------------------------------------------------- */

/*
 * One for all stages (ring.h), deep enough for whatever memory it is: a block
 * is written to all destinations at once, or both ends of it are read.
 */
static unsigned get_ring_depth(const struct copy_job *job)
{
	uint64_t legs = 1 + (uint64_t)job->also_count;
	uint64_t depth = MAX(job->args.depth, MEMORY_DEPTH_MOST);

	return (unsigned)MIN(MAX(depth * legs + legs, 2 * depth), UINT32_MAX);
}

static int open_ring(struct copy_job *job)
{
	unsigned depth = get_ring_depth(job), options = 0;
	int rc = 0;

	if (depth > RING_DEPTH_MAX)
		return blame(job, COPY_JOB_WRONG, -EINVAL, "--depth: too many "
			     "blocks in flight for %u destinations",
			     1 + job->also_count);
	if (job->args.engine == COPY_ENGINE_PASSTHROUGH ||
	    job->args.verify == COPY_VERIFY_COMPARE || job->is_offloaded)
		options |= RING_COMMANDS;
	if (job->args.is_polled)
		options |= RING_POLLED;
	if (job->args.is_handed)
		options |= RING_HANDED;
	if (job->args.ring)
		job->ring = job->args.ring;
	else
		rc = ring_open_with(depth, options, &job->ring);
	return rc ? blame(job, COPY_JOB_NO_RING, rc, "use io_uring") : 0;
}

static void give_up_peer(struct copy_job *job, const char *id,
			 const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void give_up_peer(struct copy_job *job, const char *id,
			 const char *format, ...)
{
	struct p2pdma_reason why = { .id = id };
	va_list args;

	va_start(args, format);
	vsnprintf(why.advice, sizeof(why.advice), format, args);
	va_end(args);
	memory_give_up_peer(&job->memory, &why);
}

/* A part that no direct I/O can move never meets peer memory. */
static void check_shape(struct copy_job *job)
{
	const struct copy_plan plan = {
		.source = job->from,
		.destination = job->to,
		.source_offset_bytes = job->args.skip_bytes,
		.destination_offset_bytes = job->args.seek_bytes,
		.size_bytes = job->size_bytes,
		.also = job->also_legs,
		.also_count = job->also_count,
	};
	struct shape shape;

	if (!job->memory.provider)
		return;
	copy_find_shape(&plan, &shape);
	if (job->from->direct_fd < 0 || job->to->direct_fd < 0)
		give_up_peer(job, "filesystem", "%s has no direct I/O: use "
			     "ext4 or xfs on NVMe", job->from->direct_fd < 0 ?
			     job->args.source : job->destination_path);
	else if (!shape.body_bytes)
		give_up_peer(job, "too-short", "there is not one whole block "
			     "to be moved");
	else if (!shape.is_source_direct || !shape.is_destination_direct)
		give_up_peer(job, "offset-misaligned", "--skip and --seek do "
			     "not fall onto blocks together: make their "
			     "difference a multiple of %u",
			     MIN(job->from->offset_align,
				 job->to->offset_align));
}

static int blame_memory(struct copy_job *job, int rc)
{
	const struct memory *m = &job->memory;

	if (rc == -ETIMEDOUT) {
		job->is_silent = true;
		job->silent_side = m->failed == job->to ? SIDE_DESTINATION :
							  SIDE_SOURCE;
	}
	if (m->failed)
		return blame(job, COPY_JOB_FAILED, rc, "read a block of %s",
			     m->failed->path);
	return blame(job, COPY_JOB_FAILED, rc, "take %u buffers of %u bytes",
		     m->depth, m->block_bytes);
}

/*
 * The request may still end, at any time. What it would write must not come
 * into the copy, so that another file is written.
 */
static int leave_silent(struct copy_job *job)
{
	const struct endpoint *silent = job->memory.silent;

	for (unsigned i = 0; i < job->also_count; i++)
		if (silent && silent == job->also[i].to)
			return blame(job, COPY_JOB_FAILED, -ETIMEDOUT,
				     "write %s", silent->path);
	if (!silent || silent != job->to || !silent->is_unseen)
		return 0;
	endpoint_abandon(job->to);
	return copy_job_open_destination(job);
}

static int take_memory(struct copy_job *job)
{
	const struct memory_trial trial = {
		.source = job->from,
		.destination = job->to,
		.also = job->also_endpoints,
		.also_count = job->also_count,
		.source_offset_bytes = job->args.skip_bytes,
		.destination_offset_bytes = job->args.seek_bytes,
		.ring = &job->ring,
		.io_timeout_ns = job->args.io_timeout_ns,
	};
	int rc;

	check_shape(job);
	rc = copy_job_check_required(job);
	if (rc)
		return rc;
	rc = memory_take(&job->memory, &trial);
	if (rc)
		return blame_memory(job, rc);
	rc = copy_job_check_required(job);
	return rc ? rc : leave_silent(job);
}

static int open_sum(struct copy_job *job)
{
	const char *name = job->args.checksum;
	int rc = name ? checksum_create(name, &job->checksum) : 0;

	return rc ? blame(job, COPY_JOB_FAILED, rc, "use %s", name) : 0;
}

static const struct copy_job_step open_steps[] = {
	{ open_ring, ABOUT_NOTHING },
	{ copy_job_open_source, ABOUT_SOURCE },
	{ copy_job_find_holes, ABOUT_SOURCE },
	{ copy_job_open_destination, ABOUT_DESTINATION },
	{ copy_job_open_also, ABOUT_NOTHING },
	{ take_memory, ABOUT_NOTHING },
	{ copy_job_open_journal, ABOUT_JOURNAL },
	{ open_sum, ABOUT_NOTHING },
};

int copy_job_open(struct copy_job *job)
{
	if (job->bar)
		return copy_bar_open(job);
	return copy_job_take_steps(job, open_steps, ARRAY_SIZE(open_steps));
}

/* --- run ---------------------------------------------------------------- */

/* No request of ours is answered so by a drive or a file. */
static bool is_ring_denied(int rc)
{
	return rc == -EPERM || rc == -ENOSYS;
}

/* A drive counts in blocks of its own. */
static int blame_side(struct copy_job *job, const struct copy_error *error,
		      int rc)
{
	bool is_source = error->side == SIDE_SOURCE;
	const char *path = is_source ? job->args.source :
				       job->destination_path;
	const struct p2pdma_target *target = is_source ? job->source :
							 job->destination;
	char lba[48] = "";

	if (!error->side)
		return blame(job, is_ring_denied(rc) ? COPY_JOB_NO_RING :
						       COPY_JOB_FAILED,
			     rc, "copy");
	if (copy_job_is_device(target) && target->lba_bytes)
		snprintf(lba, sizeof(lba), " (LBA %llu)",
			 (unsigned long long)(error->offset_bytes /
					      target->lba_bytes));
	return blame(job, COPY_JOB_FAILED, rc, "%s %s at %llu%s",
		     is_source ? "read" : "write", path,
		     (unsigned long long)error->offset_bytes, lba);
}

static void explain_refusal(struct copy_job *job)
{
	const struct copy_result *r = &job->result;
	struct p2pdma_reason *why = &job->memory.why;

	if (!r->refused_by || why->id)
		return;
	memory_explain_refusal(why, r->refused_by == SIDE_SOURCE ?
					    job->args.source :
					    job->destination_path,
			       r->refused_error);
}

/* A file into another part of itself changes by us. */
static bool is_own(const struct copy_job *job)
{
	for (unsigned i = 0; i <= job->also_count; i++) {
		const struct endpoint *to = i ? job->also_endpoints[i - 1] :
						job->to;

		if (to && to->device == job->from->device &&
		    to->inode == job->from->inode)
			return true;
	}
	return false;
}

/* Its size and its time, that of what was planned; false: it has none. */
static bool learn_source(const struct copy_job *job, struct stat *st)
{
	return job->from->kind == ENDPOINT_FILE &&
	       !fstat(job->from->fd, st) && !is_own(job);
}

static bool has_changed(const struct copy_job *job, const struct stat *before)
{
	struct stat st;

	return learn_source(job, &st) &&
	       ((uint64_t)st.st_size != job->source->size_bytes ||
		st.st_mtim.tv_sec != before->st_mtim.tv_sec ||
		st.st_mtim.tv_nsec != before->st_mtim.tv_nsec);
}

static int blame_run(struct copy_job *job, int rc)
{
	/* Nobody will ever see what was written of it. */
	if (job->to->is_unseen)
		job->result.in_place_bytes = 0;
	if (job->result.is_interrupted)
		return blame(job, COPY_JOB_INTERRUPTED, rc, "interrupted");
	if (rc == -EREMOTEIO && job->args.is_peer_required &&
	    job->result.refused_by)
		return blame(job, COPY_JOB_NO_PEER, rc,
			     "peer memory is required and not to be had");
	if (job->result.journal_error)
		return blame(job, COPY_JOB_FAILED, rc, "write journal %s",
			     job->args.journal);
	if (job->result.is_silent_on_both)
		return blame(job, COPY_JOB_FAILED, rc, "read %s and write %s",
			     job->args.source, job->destination_path);
	return blame_side(job, &job->result.error, rc);
}

int copy_job_run(struct copy_job *job)
{
	const struct copy_plan plan = {
		.context = job->context,
		.ring = job->ring,
		.source = job->from,
		.destination = job->to,
		.source_offset_bytes = job->args.skip_bytes,
		.destination_offset_bytes = job->args.seek_bytes,
		.size_bytes = job->size_bytes,
		.extents = &job->extents,
		.also = job->also_legs,
		.also_count = job->also_count,
		.is_continued = job->args.is_continued,
		.retries = job->args.retries,
		.rate_bytes_per_sec = job->args.rate_bytes_per_sec,
		.journal = job->journal,
		.journal_interval_ns = job->args.journal_interval_ns,
		.checksum = job->checksum,
		.pool = job->memory.pool,
		.block_bytes = job->memory.block_bytes,
		.is_peer = job->memory.provider,
		.is_peer_required = job->args.is_peer_required,
		.host = job->memory.host,
		.is_synced = job->args.is_synced,
		.io_timeout_ns = job->args.io_timeout_ns,
		.stop = job->args.stop,
		.tick = copy_job_tick,
		.tick_data = job,
	};
	struct stat before;
	bool is_known;
	int rc;

	if (job->bar)
		return copy_bar_run(job);
	is_known = learn_source(job, &before);
	job->todo_bytes = job->size_bytes -
			  extents_count(&job->extents, EXTENT_DONE) -
			  extents_count(&job->extents, EXTENT_HOLE);
	if (!copy_job_try_offload(job, &rc))
		rc = copy_run(&plan, &job->result);
	job->is_run = true;
	job->is_changed = is_known && has_changed(job, &before);
	job->is_silent = job->result.is_silent;
	explain_refusal(job);
	return rc ? blame_run(job, rc) : 0;
}

/* --- what became of it -------------------------------------------------- */

const struct copy_job *copy_job_get_leg(const struct copy_job *job,
					unsigned index)
{
	return index ? &job->also[index - 1] : job;
}

const struct copy_error *copy_job_get_drop(const struct copy_job *job,
					   unsigned index)
{
	/* One that never began has no legs. */
	return index && job->also_legs ? &job->also_legs[index - 1].error :
					 &job->result.error;
}

bool copy_job_is_forcible(const struct copy_job *job)
{
	return job->trouble == COPY_JOB_REFUSED && !job->args.is_forced &&
	       (!job->refusal || job->refusal->guard->can_be_forced);
}

bool copy_job_is_resumable(const struct copy_job *job)
{
	return job->journal && !job->result.journal_error;
}

/* A destination that is silent itself would not even forget a name. */
static void abandon(struct copy_job *job)
{
	enum side side = job->silent_side ? job->silent_side :
					    job->result.error.side;

	if (job->to && side == SIDE_SOURCE && !job->result.is_silent_on_both)
		endpoint_abandon(job->to);
}

void copy_job_fini(struct copy_job *job)
{
	if (job->is_silent) {
		abandon(job);
		return;
	}
	copy_bar_fini(job);
	if (!job->args.ring)
		ring_close(job->ring);
	p2pdma_pool_destroy(job->sum_pool);
	checksum_destroy(job->checksum);
	journal_close(job->journal);
	copy_job_fini_also(job);
	extents_fini(&job->extents);
	memory_release(&job->memory);
	endpoint_close(job->from);
	endpoint_close(job->to);
	p2pdma_target_destroy(job->source);
	p2pdma_target_destroy(job->destination);
	free(job->destination_path);
}
