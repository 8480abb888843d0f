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

/* Where it is copied to. */
struct places {
	struct walk_directory *directories[MANY_PLACES_MOST];
	const char *names[MANY_PLACES_MOST];
	char *paths[MANY_PLACES_MOST];		/* heap */
	struct endpoint_place held[MANY_PLACES_MOST];
	unsigned count;
};

static bool differs(const struct copy_job *job, unsigned index)
{
	return job->verified.mismatched_bytes &&
	       job->verified_leg == copy_job_get_leg(job, index);
}

static enum many_outcome get_outcome(const struct copy_job *job)
{
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++)
		if (outcomes[i].trouble == job->trouble)
			return outcomes[i].outcome;
	return MANY_FAILED;
}

/* As many_file.tried of what has all names in it. */
static const char *format_bad(const struct copy_job *job, const char *path,
			      char tried[COPY_JOB_TRIED_SIZE])
{
	bool is_read = job->result.read_error;

	snprintf(tried, COPY_JOB_TRIED_SIZE, "%s %llu bytes of %s",
		 is_read ? "read" : "write",
		 (unsigned long long)job->result.bad_bytes,
		 is_read ? job->args.source : path);
	return tried;
}

static void describe_memory(const struct many *m, const struct copy_job *job,
			    int rc, struct many_file *file)
{
	if (job->memory.function) {
		file->provider = job->memory.providers;
		file->reach_source = job->memory.reach_source;
		file->reach_destination = job->memory.reach_destination;
	}
	if (rc || !m->args.is_planned)
		return;
	file->outcome = MANY_UNKNOWN;
	file->copied_bytes = job->size_bytes;
	file->peer_bytes = file->provider ? job->size_bytes : 0;
}

static void describe_trouble(const struct copy_job *job, unsigned index,
			     const char *bad, struct many_file *file)
{
	const struct copy_error *drop = copy_job_get_drop(job, index);

	if (file->outcome != MANY_DONE)
		return;
	if (drop->side) {
		file->outcome = MANY_FAILED;
		file->tried = "write";
		file->side = SIDE_DESTINATION;
		file->error = drop->error;
		file->error_bytes = drop->offset_bytes;
	} else if (differs(job, index)) {
		file->outcome = MANY_DIFFERS;
	} else if (file->bad_bytes) {
		file->outcome = MANY_FAILED;
		file->tried = bad;
		file->error = job->result.read_error ? job->result.read_error :
						      job->result.write_error;
	}
}

static void tell_place(struct many *m, const struct many_later *later,
		       const struct copy_job *job, int rc,
		       const struct places *to, unsigned index)
{
	char bad[COPY_JOB_TRIED_SIZE];
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
		.is_compared = job->is_compared,
		.why_not_compared = *job->why_not_compared ?
					    job->why_not_compared : NULL,
		.sum = job->is_summed ? job->sum : NULL,
		.bad_bytes = job->result.bad_bytes,
		.map = job->result.bad_bytes ? &job->extents : NULL,
		.map_bytes = later->range.offset_bytes,
		.why = job->memory.why.id ? &job->memory.why : NULL,
		.is_offloaded = job->is_offloaded,
		.block_bytes = job->memory.block_bytes,
		.depth = job->memory.depth,
		.guards = job->guards,
		.guard_count = job->guard_count,
		.is_forcible = copy_job_is_forcible(job),
	};

	if (differs(job, index)) {
		file.mismatched_bytes = job->verified.mismatched_bytes;
		file.first_mismatch_bytes = job->verified.first_mismatch_bytes;
	}
	format_bad(job, to->paths[index], bad);
	describe_memory(m, job, rc, &file);
	describe_trouble(job, index, bad, &file);
	many_tell(m, to->directories[index], later->source, to->names[index],
		  &file);
}

static void tell_job(struct many *m, const struct many_later *later,
		     const struct copy_job *job, int rc,
		     const struct places *to)
{
	for (unsigned i = 0; i < to->count; i++)
		tell_place(m, later, job, rc, to, i);
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
static int complete_leg(const struct copy_job *job, const struct copy_job *leg)
{
	struct attributes attributes;
	struct stat st;

	if (job->from->kind != ENDPOINT_FILE || leg->to->kind != ENDPOINT_FILE)
		return 0;
	if (fstat(job->from->fd, &st))
		return -errno;
	attributes_take_stat(&attributes, &st);
	return attributes_copy(&attributes, job->from->fd, leg->to->fd);
}

static int complete_job(const struct many *m, const struct copy_job *job)
{
	int rc = 0;

	for (unsigned i = 0; m->args.is_preserved && i <= job->also_count;
	     i++)
		if (!rc && !copy_job_get_drop(job, i)->side)
			rc = complete_leg(job, copy_job_get_leg(job, i));
	return rc;
}

/* Its other names wait for this one; @st: all 0 if it is not there. */
static void end_place(struct many *m, const struct many_later *later,
		      const struct stat *st, const struct copy_job *job,
		      const struct places *to, unsigned index, bool is_there)
{
	const char *sum = job->is_summed ? job->sum : NULL;
	struct walk_directory *d = to->directories[index];

	is_there &= !differs(job, index) &&
		    !copy_job_get_drop(job, index)->side;
	if (is_there && S_ISREG(st->st_mode) && !later->is_range &&
	    !job->result.bad_bytes)
		many_done_add(m, d, to->names[index], (uint64_t)st->st_size,
			      st->st_mtim, sum);
	if (many_is_in_tree(d) && st->st_nlink > 1)
		many_links_end(m, d, st->st_dev, st->st_ino, is_there, sum);
}

static bool is_device(int directory, const char *name)
{
	struct stat st;

	return !fstatat(directory, name, &st, 0) && S_ISBLK(st.st_mode);
}

/* Commands to drives, and polling for them, are nothing for files. */
static bool is_for_drives(const struct many *m, const struct many_later *later,
			  const struct places *to)
{
	return many_is_for_drives(m) || m->args.is_compared ||
	       (m->args.engine != COPY_ENGINE_RW &&
		is_device(many_get_source_fd(later->directory),
			  later->source) &&
		is_device(AT_FDCWD, to->paths[0]));
}

/* Stays open beside the other one until the end (ring.h). */
static int open_drives(struct many *m)
{
	unsigned options = RING_COMMANDS |
			   (m->args.is_polled ? RING_POLLED : 0) |
			   (m->args.is_handed ? RING_HANDED : 0);

	return m->drives ? 0 : ring_open_with(BATCH_RING_DEPTH, options,
					      &m->drives);
}

/* The ring may have been given up for another one. */
static int fini_job(struct many *m, struct copy_job *job, struct ring **ring)
{
	m->is_silent |= job->is_silent;
	if (job->ring)
		*ring = job->ring;
	m->routes.ring = m->ring;
	copy_job_fini(job);
	if (job->memory.scrub_error)
		m->scrub_error = job->memory.scrub_error;
	return m->is_silent ? -ETIMEDOUT :
			      batch_regain_ring(m->batch, m->ring);
}

/* A job has all its places or none; and one that is bad stops no other. */
static bool is_to_be_split(const struct many *m, const struct copy_job *job,
			   int rc, const struct places *to)
{
	return rc && to->count > 1 && !job->is_run && !job->is_silent &&
	       !many_is_stopped(m);
}

/* 1: each place is to be tried by itself. */
static int plan_job(struct many *m, const struct many_later *later,
		    const struct copy_job_args *args, const struct places *to)
{
	struct copy_job job;
	int rc = copy_job_plan(&job, m->args.context, m->args.topology, args);
	bool is_split = is_to_be_split(m, &job, rc, to);

	if (!is_split)
		tell_job(m, later, &job, rc, to);
	copy_job_fini(&job);
	return is_split;
}

/* As plan_job(). */
static int do_job(struct many *m, const struct many_later *later,
		  struct copy_job_args *args, const struct places *to)
{
	struct ring **ring = is_for_drives(m, later, to) ? &m->drives :
							   &m->ring;
	struct stat st = { 0 };
	struct copy_job job;
	int rc = ring == &m->drives ? open_drives(m) : 0;

	if (rc)
		return rc;
	args->ring = *ring;
	(void)fstatat(many_get_source_fd(later->directory), later->source,
		      &st, 0);
	rc = run_job(m, &job, args);
	if (is_to_be_split(m, &job, rc, to)) {
		rc = fini_job(m, &job, ring);
		return rc ? rc : 1;
	}
	if (!rc)
		rc = complete_job(m, &job);
	many_tick(m, job.result.copied_bytes * to->count);
	tell_job(m, later, &job, rc, to);
	for (unsigned i = 0; i < to->count; i++)
		end_place(m, later, &st, &job, to, i, !rc);
	return fini_job(m, &job, ring);
}

static enum copy_verify get_verify(const struct many *m)
{
	if (!m->args.is_verified)
		return COPY_VERIFY_NONE;
	return m->args.is_compared ? COPY_VERIFY_COMPARE : COPY_VERIFY_READ;
}

/*
 * In a tree no link is followed, and no path is gone a second time. In a dry
 * run the directory of a copy may not be there.
 */
static struct endpoint_place get_held(const struct many_later *later,
				      int directory_fd, const char *name)
{
	bool is_held = many_is_in_tree(later->directory) && directory_fd >= 0;

	return (struct endpoint_place){ directory_fd, is_held ? name : NULL };
}

static int copy_by_job(struct many *m, const struct many_later *later,
		       const struct places *to)
{
	_cleanup_free_ char *from = many_format_source(later->directory,
						  later->source);
	struct copy_job_args args = {
		.source = from,
		.destination = to->paths[0],
		.source_place = get_held(later, later->directory->fd,
					 later->source),
		.destination_place = to->held[0],
		.also = (const char *const *)&to->paths[1],
		.also_places = &to->held[1],
		.also_count = to->count - 1,
		.skip_bytes = later->range.offset_bytes,
		.seek_bytes = later->range.offset_bytes,
		.is_seek_given = later->is_range,
		.size_bytes = later->is_range ? later->range.length_bytes :
						COPY_SIZE_REST,
		.provider = m->args.provider,
		.block_bytes = m->args.block_bytes,
		.depth = m->args.depth,
		.is_peer_required = m->args.is_peer_required,
		.engine = m->args.engine,
		.is_polled = m->args.is_polled,
		.is_handed = m->args.is_handed,
		.is_scrubbed = m->args.is_scrubbed,
		.verify = get_verify(m),
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
	};

	if (!from)
		return -ENOMEM;
	return m->args.is_planned ? plan_job(m, later, &args, to) :
				    do_job(m, later, &args, to);
}

/* --- ranges of a file that several nodes write -------------------------- */

/* Never cut before the end: others write there, too. */
static int open_shared(struct many *m, const struct many_later *later,
		       struct walk_directory *d, const char *name)
{
	const struct ground_file from = {
		later->facts.st_dev, later->facts.st_ino,
	};
	mode_t mode = later->facts.st_mode & 0777;
	struct stat st;
	int fd, rc;

	fd = openat(d->to_fd, name,
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
	if (!rc && many_overlap_refuse(m, d, later->source, name, &from,
				       &(struct ground_file){ st.st_dev,
							      st.st_ino }))
		rc = -ECANCELED;
	if (!rc && st.st_size != later->facts.st_size &&
	    ftruncate(fd, later->facts.st_size))
		rc = -errno;
	close(fd);
	return rc;
}

/* --- places ------------------------------------------------------------- */

/* -ECANCELED: not to this one, which has been told. */
static int make_ready(struct many *m, const struct many_later *later,
		      struct walk_directory *d, const char *name)
{
	int rc = later->is_range && !m->args.is_planned ?
			 open_shared(m, later, d, name) : 0;

	if (rc && rc != -ECANCELED)
		many_tell_failed(m, d, later->source, name, SIDE_DESTINATION,
				 "share", rc);
	return rc ? -ECANCELED : 0;
}

static int add_place(struct many *m, const struct many_later *later,
		     struct walk_directory *d, const char *name,
		     struct places *to)
{
	if (make_ready(m, later, d, name))
		return 0;
	to->directories[to->count] = d;
	to->names[to->count] = name;
	to->paths[to->count] = walk_format_path(d, name, true);
	to->held[to->count] = get_held(later, d->to_fd, name);
	return to->paths[to->count++] ? 0 : -ENOMEM;
}

static int find_places(struct many *m, const struct many_later *later,
		       struct places *to)
{
	struct walk_directory *d = later->directory;
	int rc = add_place(m, later, d, later->destination, to);

	if (!later->is_parted)
		return rc;
	while (!rc && (d = many_find_place(d->also)))
		rc = add_place(m, later, d,
			       many_get_name(d, later->destination), to);
	return rc;
}

/* One by one, what could not be had together. */
static int copy_each(struct many *m, const struct many_later *later,
		     const struct places *to)
{
	int rc = 0;

	for (unsigned i = 0; i < to->count && !rc; i++) {
		const struct places one = {
			.directories = { to->directories[i] },
			.names = { to->names[i] },
			.paths = { to->paths[i] },
			.held = { to->held[i] },
			.count = 1,
		};

		rc = copy_by_job(m, later, &one);
	}
	return rc;
}

int many_alone_copy(struct many *m, const struct many_later *later)
{
	struct places to = { .count = 0 };
	int rc = find_places(m, later, &to);

	if (!rc && to.count)
		rc = copy_by_job(m, later, &to);
	if (rc == 1)
		rc = copy_each(m, later, &to);
	for (unsigned i = 0; i < to.count; i++)
		free(to.paths[i]);
	return rc;
}
