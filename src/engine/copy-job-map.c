// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows what of a job's range is to be copied: not what a journal says is
 * done, nor the holes of the source; and whether a journal is of this copy.
 * Must not know how it is copied, nor what a journal looks like.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macro.h"
#include "engine/copy-job-parts.h"
#include "engine/holes.h"
#include "engine/journal.h"

/* Blocks of file systems: smaller holes are no use to anybody. */
#define HOLE_ALIGN	4096

/* --- what the ends are, in a line each ----------------------------------- */

static bool is_file(const struct stat *st)
{
	return S_ISREG(st->st_mode);
}

/* "nvme0n2" and "nvme1n2" may be the same one after the next boot. */
static const char *find_namespace(const struct p2pdma_target *target)
{
	const char *n = target->disk ? strrchr(target->disk, 'n') : NULL;

	return n ? n : "";
}

static const char *find_serial(const struct copy_job *job,
			       const struct p2pdma_target *target)
{
	const struct p2pdma_drive *drive = NULL;

	if (target->client_count)
		drive = p2pdma_topology_find_drive(job->topology,
						   target->clients[0]);
	return drive && drive->serial ? drive->serial : "unknown";
}

static int add_device(struct journal_facts *facts, const char *key,
		      const struct copy_job *job,
		      const struct p2pdma_target *target)
{
	return journal_add_fact(facts, "%s: device serial=%s namespace=%s "
				"start_bytes=%llu size_bytes=%llu", key,
				find_serial(job, target),
				find_namespace(target),
				(unsigned long long)target->start_bytes,
				(unsigned long long)target->size_bytes);
}

static int add_source(struct journal_facts *facts, const struct copy_job *job)
{
	struct stat st;

	if (stat(job->args.source, &st))
		return -errno;
	if (!is_file(&st))
		return add_device(facts, "source", job, job->source);
	return journal_add_fact(facts, "source: file inode=%llu "
				"size_bytes=%llu modified=%lld.%09ld",
				(unsigned long long)st.st_ino,
				(unsigned long long)st.st_size,
				(long long)st.st_mtim.tv_sec,
				st.st_mtim.tv_nsec);
}

/*
 * Another file system may have a file with the same inode number, and be
 * mounted there by now. Its own number may be another one after a boot; when
 * the file was born stays, and is not told everywhere.
 */
static int add_file(struct journal_facts *facts, const char *path,
		    const struct stat *st)
{
	unsigned long long inode = st->st_ino;
	struct statx stx;

	if (statx(AT_FDCWD, path, 0, STATX_BTIME, &stx) ||
	    !(stx.stx_mask & STATX_BTIME))
		return journal_add_fact(facts, "destination: file inode=%llu",
					inode);
	return journal_add_fact(facts, "destination: file inode=%llu "
				"born=%lld.%09u", inode,
				(long long)stx.stx_btime.tv_sec,
				stx.stx_btime.tv_nsec);
}

/* Of a file that is not there: none. */
static int add_destination(struct journal_facts *facts,
			   const struct copy_job *job)
{
	struct stat st;

	if (stat(job->destination_path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!is_file(&st))
		return add_device(facts, "destination", job,
				  job->destination);
	return add_file(facts, job->destination_path, &st);
}

static int add_facts(struct journal_facts *facts, const struct copy_job *job)
{
	int rc;

	rc = journal_add_fact(facts, "range: skip_bytes=%llu seek_bytes=%llu "
			      "size_bytes=%llu",
			      (unsigned long long)job->args.skip_bytes,
			      (unsigned long long)job->args.seek_bytes,
			      (unsigned long long)job->size_bytes);
	if (!rc)
		rc = add_source(facts, job);
	if (!rc)
		rc = add_destination(facts, job);
	for (unsigned i = 0; i < job->also_count && !rc; i++)
		rc = add_destination(facts, &job->also[i]);
	return rc;
}

/* --- does a journal fit? ------------------------------------------------- */

static bool has_key_of(const char *line, const char *other)
{
	size_t length = strcspn(other, ":");

	return !strncmp(line, other, length) && line[length] == ':';
}

/* Journals of older versions say less. */
static bool is_same(const char *theirs, const char *ours)
{
	size_t length = strlen(theirs);

	return !strncmp(theirs, ours, length) &&
	       (!ours[length] || ours[length] == ' ');
}

/* One of ours that the journal tells something else about; NULL: none. */
static const char *find_odd(const struct journal_facts *ours,
			    const struct journal_facts *theirs)
{
	for (unsigned i = 0; i < ours->count; i++) {
		bool is_told = false, has_same = false;

		for (unsigned j = 0; j < theirs->count; j++) {
			is_told |= has_key_of(theirs->lines[j],
					      ours->lines[i]);
			has_same |= is_same(theirs->lines[j], ours->lines[i]);
		}
		if (is_told && !has_same)
			return ours->lines[i];
	}
	return NULL;
}

static int check_facts(struct copy_job *job,
		       const struct journal_facts *theirs)
{
	struct journal_facts ours = { 0 };
	int rc = add_facts(&ours, job);
	const char *odd;

	/* As done-list.h begins. */
	if (!rc && theirs->count && has_key_of(theirs->lines[0], "files:"))
		rc = copy_job_blame(job, COPY_JOB_REJECTED, -EINVAL,
				    "journal %s is of many files: give what "
				    "it was begun with", job->args.journal);
	odd = rc ? NULL : find_odd(&ours, theirs);
	if (odd)
		rc = copy_job_blame(job, COPY_JOB_REJECTED, -ESTALE,
				    "journal %s is of another %.*s, or that "
				    "has changed since: give what it was begun "
				    "with, or remove it and start over",
				    job->args.journal, (int)strcspn(odd, ":"),
				    odd);
	journal_free_facts(&ours);
	return rc;
}

static bool is_missing(const struct copy_job *job)
{
	const struct copy_identity *identity = &job->destination_identity;

	return !identity->inode && !identity->rdev;
}

/* Where the last part that is done ends in a destination; 0: none is. */
static uint64_t find_done_end(const struct copy_job *job)
{
	uint64_t start, end = 0;

	while (extents_find(&job->extents, end, EXTENT_DONE, &start, &end))
		;
	return end ? job->args.seek_bytes + end : 0;
}

static int check_destination(struct copy_job *job, const struct copy_job *leg,
			     uint64_t end_bytes)
{
	const char *path = leg->destination_path;
	struct stat st;

	if (is_missing(leg))
		return copy_job_blame(job, COPY_JOB_REJECTED, -ENOENT,
				      "%s is not there, and journal %s says "
				      "that part of it is done: remove the "
				      "journal to start over", path,
				      job->args.journal);
	if (stat(path, &st) || !is_file(&st) ||
	    (uint64_t)st.st_size >= end_bytes)
		return 0;
	return copy_job_blame(job, COPY_JOB_REJECTED, -ESTALE,
			      "%s has %llu bytes, and journal %s says that it "
			      "is done up to %llu: remove the journal to start "
			      "over", path, (unsigned long long)st.st_size,
			      job->args.journal,
			      (unsigned long long)end_bytes);
}

/* What was done is gone together with the file, or with its end. */
static int check_destinations(struct copy_job *job)
{
	uint64_t end_bytes = find_done_end(job);
	int rc;

	if (!end_bytes)
		return 0;
	rc = check_destination(job, job, end_bytes);
	for (unsigned i = 0; i < job->also_count && !rc; i++)
		rc = check_destination(job, &job->also[i], end_bytes);
	return rc;
}

static int blame_load(struct copy_job *job, int rc, unsigned line)
{
	const char *path = job->args.journal;

	if (rc == -EINVAL)
		return copy_job_blame(job, COPY_JOB_REJECTED, rc, "%s is no "
				      "map of ddrescue's: line %u is not "
				      "understood", path, line);
	if (rc == -ERANGE)
		return copy_job_blame(job, COPY_JOB_REJECTED, rc, "journal %s "
				      "reaches beyond what is to be copied: "
				      "it is of another source or part", path);
	return copy_job_blame(job, COPY_JOB_FAILED, rc, "read journal %s",
			      path);
}

/* What is not in place is copied, unless bad places are lived with. */
static void choose_states(struct copy_job *job)
{
	static const enum extent_state states[] = {
		EXTENT_UNTRIMMED, EXTENT_UNSCRAPED, EXTENT_BAD_READ,
	};

	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (!job->args.is_continued)
			extents_turn(&job->extents, states[i], EXTENT_WANTED);
}

static int resume(struct copy_job *job)
{
	struct journal_facts facts = { 0 };
	unsigned line = 0;
	int rc;

	rc = journal_load(job->args.journal, job->args.skip_bytes,
			  &job->extents, &facts, &line);
	if (rc && rc != -ENOENT)
		rc = blame_load(job, rc, line);
	else if (!rc)
		rc = check_facts(job, &facts);
	else
		rc = 0;	/* nothing to go on from: from the start */
	journal_free_facts(&facts);
	if (!rc)
		rc = check_destinations(job);
	if (!rc)
		choose_states(job);
	return rc;
}

int copy_job_plan_map(struct copy_job *job)
{
	const char *path = job->args.journal;
	bool is_there;
	struct stat st;
	int rc;

	rc = extents_init(&job->extents, job->size_bytes, EXTENT_WANTED);
	job->map = &job->extents;
	for (unsigned i = 0; i < job->also_count; i++)
		job->also[i].map = job->map;
	if (rc || !path)
		return rc;
	is_there = !stat(path, &st);
	/* A file would take the place of the node of a device. */
	if (is_there && !is_file(&st))
		return copy_job_blame(job, COPY_JOB_REJECTED, -EINVAL,
				      "journal %s is no regular file: give it "
				      "a name of its own", path);
	if (job->args.is_resumed)
		return resume(job);
	if (!is_there || !st.st_size)
		return 0;
	return copy_job_blame(job, COPY_JOB_REJECTED, -EEXIST, "journal %s is "
			      "there already: add --resume to go on from it, "
			      "or remove it", path);
}

/* --- holes --------------------------------------------------------------- */

/* A file that keeps what else it holds grows only by what is written. */
static bool has_to_grow(const struct copy_job *job)
{
	bool is_kept = !job->is_replaced && !job->destination_identity.rdev;

	for (unsigned i = 0; i < job->also_count; i++)
		is_kept |= !job->also[i].is_replaced &&
			   !job->also[i].destination_identity.rdev;
	return is_kept;
}

static int keep_last_block(struct copy_job *job)
{
	uint64_t size = job->size_bytes, start, end;
	uint64_t last = size ? round_down(size - 1, HOLE_ALIGN) : 0;

	if (!extents_find(&job->extents, last, EXTENT_HOLE, &start, &end))
		return 0;
	return extents_mark(&job->extents, start, end, EXTENT_WANTED);
}

int copy_job_find_holes(struct copy_job *job)
{
	int rc;

	if (!job->args.is_sparse || job->from->kind != ENDPOINT_FILE)
		return 0;
	rc = holes_find(job->from->fd, job->args.skip_bytes,
			MAX(HOLE_ALIGN, job->from->offset_align),
			&job->extents);
	if (!rc && has_to_grow(job))
		rc = keep_last_block(job);
	return rc ? copy_job_blame(job, COPY_JOB_FAILED, rc,
				   "look for holes in %s", job->args.source) :
		    0;
}

/* --- the journal --------------------------------------------------------- */

static bool is_end(const struct copy_job *job, const struct stat *st)
{
	const struct endpoint *ends[] = { job->from, job->to };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (st->st_dev == ends[i]->device &&
		    st->st_ino == ends[i]->inode)
			return true;
	return false;
}

int copy_job_open_journal(struct copy_job *job)
{
	const char *path = job->args.journal;
	struct journal_facts facts = { 0 };
	struct stat st;
	int rc;

	if (!path)
		return 0;
	if (!stat(path, &st) && is_end(job, &st))
		return copy_job_blame(job, COPY_JOB_REJECTED, -EINVAL,
				      "journal %s is what is copied itself",
				      path);
	rc = add_facts(&facts, job);
	if (!rc)
		rc = journal_open(path, job->args.skip_bytes, &facts,
				  &job->journal);
	if (!rc)
		rc = journal_save(job->journal, &job->extents, false);
	journal_free_facts(&facts);
	if (!rc)
		return 0;
	/* There is none to go on from. */
	journal_close(job->journal);
	job->journal = NULL;
	return copy_job_blame(job, COPY_JOB_FAILED, rc, "write journal %s",
			      path);
}
