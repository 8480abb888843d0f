// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/many-alone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/macro.h"
#include "engine/attributes.h"
#include "engine/copy-job-parts.h"
#include "engine/many-done.h"
#include "engine/many-links.h"
#include "engine/many-overlap.h"
#include "engine/many-tell.h"

static const struct {
	enum copy_job_trouble trouble;
	enum many_outcome outcome;
} outcomes[] = {
	{ COPY_JOB_NONE, MANY_DONE },
	{ COPY_JOB_FAILED, MANY_FAILED },
	{ COPY_JOB_WRONG, MANY_REJECTED },
	{ COPY_JOB_REJECTED, MANY_REJECTED },
	{ COPY_JOB_REFUSED, MANY_REFUSED },
	{ COPY_JOB_NO_PEER, MANY_NO_PEER },
	{ COPY_JOB_UNABLE, MANY_NO_PEER },
	{ COPY_JOB_INTERRUPTED, MANY_STOPPED },
	{ COPY_JOB_NO_RING, MANY_FAILED },
};

static enum many_outcome get_outcome(const struct copy_job *job)
{
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++)
		if (outcomes[i].trouble == job->trouble)
			return job->verified.mismatched_bytes ?
				       MANY_DIFFERS : outcomes[i].outcome;
	return MANY_FAILED;
}

/* As many_file.tried of what has all names in it. */
static const char *format_bad(const struct copy_job *job,
			      char tried[COPY_JOB_TRIED_SIZE])
{
	bool is_read = job->result.read_error;

	snprintf(tried, COPY_JOB_TRIED_SIZE, "%s %llu bytes of %s",
		 is_read ? "read" : "write",
		 (unsigned long long)job->result.bad_bytes,
		 is_read ? job->args.source : job->destination_path);
	return tried;
}

static void tell_job(struct many *m, const struct many_later *later,
		     const struct copy_job *job, int rc)
{
	char tried[COPY_JOB_TRIED_SIZE];
	struct many_file file = {
		.kind = WALK_FILE,
		.outcome = get_outcome(job),
		.tried = job->tried,
		.error = rc,
		.size_bytes = job->size_bytes,
		.copied_bytes = job->result.copied_bytes,
		.peer_bytes = job->result.peer_bytes,
		.skipped_bytes = job->result.skipped_bytes,
		.duration_ns = job->result.duration_ns,
		.is_verified = job->is_verified,
		.mismatched_bytes = job->verified.mismatched_bytes,
		.first_mismatch_bytes = job->verified.first_mismatch_bytes,
		.sum = job->is_summed ? job->sum : NULL,
		.bad_bytes = job->result.bad_bytes,
		.map = job->result.bad_bytes ? &job->extents : NULL,
		.map_bytes = later->range.offset_bytes,
		.why = job->memory.why.id ? &job->memory.why : NULL,
		.block_bytes = job->memory.block_bytes,
		.depth = job->memory.depth,
		.guards = job->guards,
		.guard_count = job->guard_count,
		.is_forcible = copy_job_is_forcible(job),
	};

	if (job->memory.function) {
		file.provider = job->memory.providers;
		file.reach_source = job->memory.reach_source;
		file.reach_destination = job->memory.reach_destination;
	}
	if (!rc && m->args.is_planned) {
		file.outcome = MANY_UNKNOWN;
		file.copied_bytes = job->size_bytes;
		file.peer_bytes = file.provider ? job->size_bytes : 0;
	}
	if (!rc && file.bad_bytes && file.outcome == MANY_DONE) {
		file.outcome = MANY_FAILED;
		file.tried = format_bad(job, tried);
		file.error = job->result.read_error ? job->result.read_error :
						      job->result.write_error;
	}
	many_tell(m, later->directory, later->source, later->destination,
		  &file);
}

static int run_job(struct many *m, struct copy_job *job,
		   const struct copy_job_args *args)
{
	int rc;

	rc = copy_job_plan(job, m->args.context, m->args.topology, args);
	if (!rc)
		rc = copy_job_open(job);
	if (!rc)
		rc = copy_job_run(job);
	if (!rc && args->checksum)
		rc = copy_job_sum(job);
	if (!rc && m->args.is_verified)
		rc = copy_job_verify(job);
	return rc;
}

/* What the batch does for the files that go through it. */
static int complete_job(const struct many *m, const struct copy_job *job)
{
	struct attributes attributes;
	struct stat st;

	if (!m->args.is_preserved || job->from->kind != ENDPOINT_FILE ||
	    job->to->kind != ENDPOINT_FILE)
		return 0;
	if (fstat(job->from->fd, &st))
		return -errno;
	attributes_take_stat(&attributes, &st);
	return attributes_copy(&attributes, job->from->fd, job->to->fd);
}

/* Its other names wait for this one; @st: all 0 if it is not there. */
static void end_file(struct many *m, const struct many_later *later,
		     const struct stat *st, const struct copy_job *job, int rc)
{
	const char *sum = job->is_summed ? job->sum : NULL;
	bool is_there = !rc && !job->verified.mismatched_bytes;

	if (is_there && S_ISREG(st->st_mode) && !later->is_range &&
	    !job->result.bad_bytes)
		many_done_add(m, later->directory, later->destination,
			      (uint64_t)st->st_size, st->st_mtim, sum);
	if (many_is_in_tree(later->directory) && st->st_nlink > 1)
		many_links_end(m, st->st_dev, st->st_ino, is_there, sum);
}

/* The ring may have been given up for another one. */
static int fini_job(struct many *m, struct copy_job *job)
{
	m->is_silent |= job->is_silent;
	if (job->ring)
		m->ring = m->routes.ring = job->ring;
	copy_job_fini(job);
	if (job->memory.scrub_error)
		m->scrub_error = job->memory.scrub_error;
	return m->is_silent ? -ETIMEDOUT :
			      batch_regain_ring(m->batch, m->ring);
}

static int plan_job(struct many *m, const struct many_later *later,
		    const struct copy_job_args *args)
{
	struct copy_job job;
	int rc = copy_job_plan(&job, m->args.context, m->args.topology, args);

	tell_job(m, later, &job, rc);
	copy_job_fini(&job);
	return 0;
}

/*
 * In a tree no link is followed, and no path is gone a second time. Of a dry
 * run, the directory of a copy may not be there.
 */
static struct endpoint_place get_place(const struct many_later *later,
				       int directory_fd, const char *name)
{
	bool is_held = many_is_in_tree(later->directory) && directory_fd >= 0;

	return (struct endpoint_place){ directory_fd, is_held ? name : NULL };
}

static int copy_by_job(struct many *m, const struct many_later *later)
{
	_cleanup_free_ char *from = many_format_source(later->directory,
						  later->source);
	_cleanup_free_ char *to = walk_format_path(later->directory,
						   later->destination, true);
	const struct copy_job_args args = {
		.source = from,
		.destination = to,
		.source_place = get_place(later, later->directory->fd,
					  later->source),
		.destination_place = get_place(later, later->directory->to_fd,
					       later->destination),
		.skip_bytes = later->range.offset_bytes,
		.seek_bytes = later->range.offset_bytes,
		.is_seek_given = later->is_range,
		.size_bytes = later->is_range ? later->range.length_bytes :
						COPY_SIZE_REST,
		.provider = m->args.provider,
		.block_bytes = m->args.block_bytes,
		.depth = m->args.depth,
		.is_peer_required = m->args.is_peer_required,
		.engine = COPY_ENGINE_RW,
		.is_handed = m->args.is_handed,
		.is_scrubbed = m->args.is_scrubbed,
		.verify = m->args.is_verified ? COPY_VERIFY_READ :
						COPY_VERIFY_NONE,
		.is_forced = m->args.is_forced,
		.is_synced = m->args.is_synced,
		.is_in_place = m->args.is_in_place,
		.is_sparse = m->args.is_sparse,
		.is_continued = m->args.is_continued,
		.retries = m->args.retries,
		.rate_bytes_per_sec = m->args.rate_bytes_per_sec,
		/* Of a part there is no line that anybody could check. */
		.checksum = later->is_range ? NULL : m->args.checksum,
		.io_timeout_ns = m->args.io_timeout_ns,
		.stop = m->args.stop,
		.ring = m->ring,
	};
	struct stat st = { 0 };
	struct copy_job job;
	int rc;

	if (!from || !to)
		return -ENOMEM;
	if (m->args.is_planned)
		return plan_job(m, later, &args);
	(void)fstatat(many_get_source_fd(later->directory), later->source,
		      &st, 0);
	rc = run_job(m, &job, &args);
	if (!rc)
		rc = complete_job(m, &job);
	many_tick(m, job.result.copied_bytes);
	tell_job(m, later, &job, rc);
	end_file(m, later, &st, &job, rc);
	return fini_job(m, &job);
}

/* --- ranges of a file that several nodes write -------------------------- */

/* Never cut before the end: others write there, too. */
static int open_shared(struct many *m, const struct many_later *later)
{
	const struct ground_file from = {
		later->facts.st_dev, later->facts.st_ino,
	};
	mode_t mode = later->facts.st_mode & 0777;
	struct stat st;
	int fd, rc;

	fd = openat(later->directory->to_fd, later->destination,
		    O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC,
		    mode | S_IRUSR | S_IWUSR);
	if (fd < 0)
		return -errno;
	rc = fstat(fd, &st) ? -errno : 0;
	if (!rc && !S_ISREG(st.st_mode))
		rc = -EEXIST;
	if (!rc && st.st_dev == later->facts.st_dev &&
	    st.st_ino == later->facts.st_ino)
		rc = -EEXIST;
	if (!rc && many_overlap_refuse(m, later->directory, later->source,
				       later->destination, &from,
				       &(struct ground_file){ st.st_dev,
							      st.st_ino }))
		rc = -ECANCELED;
	if (!rc && st.st_size != later->facts.st_size &&
	    ftruncate(fd, later->facts.st_size))
		rc = -errno;
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

static int copy_range(struct many *m, const struct many_later *later)
{
	_cleanup_fd_ int to = open_shared(m, later);

	if (to == -ECANCELED)
		return 0;
	if (to < 0) {
		many_tell_failed(m, later->directory, later->source,
				 later->destination, SIDE_DESTINATION,
				 "share", to);
		return 0;
	}
	return copy_by_job(m, later);
}

int many_alone_copy(struct many *m, const struct many_later *later)
{
	return later->is_range ? copy_range(m, later) :
				 copy_by_job(m, later);
}
