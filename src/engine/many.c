// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/many.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/macro.h"
#include "engine/attributes.h"
#include "engine/many-ops.h"

/* What is shorter proves nothing about peer memory, and gains nothing. */
#define PEER_LEAST	4096

/* --- what is told ------------------------------------------------------- */

static bool has_failed(const struct many_file *file)
{
	return file->outcome != MANY_DONE && file->outcome != MANY_LINKED &&
	       file->outcome != MANY_UNKNOWN;
}

static void count(struct many_totals *t, const struct many_file *file)
{
	if (has_failed(file)) {
		t->failed++;
		return;
	}
	t->files += file->kind == WALK_FILE && file->outcome != MANY_LINKED;
	t->links += file->outcome == MANY_LINKED;
	t->directories += file->kind == WALK_DIRECTORY;
	t->others += file->kind == WALK_SYMLINK || file->kind == WALK_SPECIAL;
	t->changed += file->is_changed;
	t->copied_bytes += file->copied_bytes;
	t->peer_bytes += file->peer_bytes;
	t->skipped_bytes += file->skipped_bytes;
}

/* Of a pair, the source is a path by itself. */
static char *format_source(const struct walk_directory *directory,
			   const char *name)
{
	if (directory && directory->fd >= 0)
		return walk_format_path(directory, name, false);
	return strdup(name);
}

void many_tell(struct many *m, struct walk_directory *directory,
	       const char *source, const char *destination,
	       struct many_file *file)
{
	_cleanup_free_ char *from = NULL, *to = NULL;

	count(&m->totals, file);
	if (!m->args.ended)
		return;
	from = format_source(directory, source);
	to = directory ? walk_format_path(directory, destination, true) :
			 strdup(destination);
	file->source = from ? from : source;
	file->destination = to ? to : destination;
	m->args.ended(m->args.data, file);
}

void many_tell_failed(struct many *m, struct walk_directory *directory,
		      const char *source, const char *destination,
		      enum side side, const char *tried, int error)
{
	struct many_file file = {
		.outcome = MANY_FAILED,
		.tried = tried,
		.side = side,
		.error = error,
	};

	many_tell(m, directory, source, destination, &file);
}

bool many_is_stopped(const struct many *m)
{
	return m->args.stop && *m->args.stop;
}

/* --- what comes later --------------------------------------------------- */

static void free_later(struct many *m, struct many_later *later)
{
	walk_release(&m->walk, later->directory);
	free(later->source);
	free(later->destination);
	free(later);
}

/* NULL: no memory, which has been told. */
static struct many_later *do_later(struct many *m,
				   struct walk_directory *directory,
				   const char *source, const char *destination)
{
	struct many_later *later = calloc(1, sizeof(*later));

	if (!later)
		goto fail;
	later->source = strdup(source);
	later->destination = strdup(destination);
	if (!later->source || !later->destination)
		goto fail;
	later->directory = directory;
	walk_hold(directory);
	*m->later_end = later;
	m->later_end = &later->next;
	return later;
fail:
	if (later)
		free(later->source);
	free(later);
	many_tell_failed(m, directory, source, destination, SIDE_NONE, "copy",
			 -ENOMEM);
	return NULL;
}

/* --- answers ------------------------------------------------------------ */

static const struct route_plan *find_plan(const struct many *m,
					  unsigned number)
{
	for (unsigned i = 0; i < m->routes.count; i++)
		if (m->routes.plans[i].is_peer &&
		    m->routes.plans[i].number == number)
			return &m->routes.plans[i];
	return NULL;
}

static void tell_answer(struct many *m, const struct batch_answer *a,
			enum many_outcome outcome)
{
	const struct route_plan *plan = find_plan(m, a->route);
	struct many_file file = {
		.kind = WALK_FILE,
		.outcome = outcome,
		.tried = a->deed,
		.side = a->side,
		.error = a->error,
		.error_bytes = a->offset_bytes,
		.size_bytes = a->facts ? a->facts->stx_size : 0,
		.copied_bytes = a->copied_bytes,
		.peer_bytes = a->peer_bytes,
		.skipped_bytes = a->skipped_bytes,
		.duration_ns = a->duration_ns,
		.is_changed = a->is_changed,
		.is_verified = a->is_verified,
		.mismatched_bytes = a->mismatched_bytes,
		.first_mismatch_bytes = a->first_mismatch_bytes,
		.provider = plan ? plan->memory.function->address : NULL,
	};

	many_tell(m, a->owner, a->source, a->destination, &file);
}

static bool is_in_tree(const struct walk_directory *directory)
{
	return directory->fd >= 0;
}

static void end_link(struct many *m, const struct batch_answer *a,
		     bool is_there)
{
	if (a->facts && a->facts->stx_nlink > 1 && is_in_tree(a->owner))
		many_link_ended(m, makedev(a->facts->stx_dev_major,
					   a->facts->stx_dev_minor),
				a->facts->stx_ino, is_there);
}

/* A device, or a file that has to be written in place. */
static void copy_alone(struct many *m, const struct batch_answer *a)
{
	struct many_later *later;

	if (a->outcome == BATCH_NOT_REGULAR && a->facts &&
	    S_ISDIR(a->facts->stx_mode)) {
		many_tell_failed(m, a->owner, a->source, a->destination,
				 SIDE_SOURCE, "read", -EISDIR);
		return;
	}
	later = do_later(m, a->owner, a->source, a->destination);
	if (later)
		later->is_alone = true;
}

static void copy_again(struct many *m, const struct batch_answer *a)
{
	struct walk_directory *directory = a->owner;
	struct many_later *later;
	_cleanup_free_ char *path = format_source(directory, a->source);

	routes_give_up(&m->routes, a->route, path ? path : a->source,
		       a->error);
	later = do_later(m, directory, a->source, a->destination);
	if (later)
		later->is_followed = !is_in_tree(directory);
}

static void take_answer(void *data, const struct batch_answer *a)
{
	struct many *m = data;

	switch (a->outcome) {
	case BATCH_DONE:
		tell_answer(m, a, a->mismatched_bytes ? MANY_DIFFERS :
							MANY_DONE);
		end_link(m, a, !a->mismatched_bytes);
		break;
	case BATCH_NOT_REGULAR:
	case BATCH_IN_PLACE:
		copy_alone(m, a);
		break;
	case BATCH_NO_PEER:
		copy_again(m, a);
		break;
	case BATCH_LEFT:
		break;
	case BATCH_STOPPED:
		tell_answer(m, a, MANY_STOPPED);
		end_link(m, a, false);
		break;
	case BATCH_UNKNOWN:
	case BATCH_FAILED:
		tell_answer(m, a, MANY_FAILED);
		end_link(m, a, false);
		break;
	}
	walk_release(&m->walk, a->owner);
}

static bool is_wanted(void *data, const struct batch_answer *a)
{
	struct many *m = data;

	if (a->facts->stx_nlink < 2 || !is_in_tree(a->owner))
		return true;
	return many_is_link_wanted(m, a->owner, a->source,
				   makedev(a->facts->stx_dev_major,
					   a->facts->stx_dev_minor),
				   a->facts->stx_ino, a->facts->stx_nlink);
}

static void tick(void *data, uint64_t bytes)
{
	struct many *m = data;

	if (m->args.tick)
		m->args.tick(m->args.data, bytes);
}

/* --- turns -------------------------------------------------------------- */

static int run_later(struct many *m);

static int turn(struct many *m)
{
	int rc = batch_turn(m->batch);

	m->is_silent |= rc == -ETIMEDOUT;
	m->is_ring_dead |= rc;
	if (rc || m->is_busy_with_later)
		return rc;
	m->is_busy_with_later = true;
	rc = run_later(m);
	m->is_busy_with_later = false;
	return rc;
}

static int drain(struct many *m)
{
	int rc = 0;

	while (!rc && batch_is_busy(m->batch))
		rc = turn(m);
	return rc;
}

/* --- routes ------------------------------------------------------------- */

static int plan_route(struct many *m, struct walk_directory *directory,
		      const char *source, const struct stat *from,
		      dev_t to_device, struct route_plan **plan)
{
	_cleanup_free_ char *path = format_source(directory, source);
	_cleanup_free_ char *there = walk_format_path(directory, NULL, true);
	const struct routes_ends ends = {
		.source_device = from->st_dev,
		.destination_device = to_device,
		.source = path,
		.directory = there,
	};
	int rc;

	if (!path || !there)
		return -ENOMEM;
	rc = drain(m);
	if (rc)
		return rc;
	rc = routes_plan(&m->routes, &ends, plan);
	m->ring = m->routes.ring;
	m->is_silent |= m->routes.is_silent;
	return rc;
}

static void tell_no_peer(struct many *m, struct walk_directory *directory,
			 const char *source, const char *destination,
			 const struct route_plan *plan)
{
	struct many_file file = {
		.kind = WALK_FILE,
		.outcome = MANY_NO_PEER,
		.tried = "reach through peer memory",
		.why = &plan->memory.why,
	};

	many_tell(m, directory, source, destination, &file);
}

/* 0: @route is good; 1: it was told why there is none; -errno. */
static int choose_route(struct many *m, struct walk_directory *directory,
			const char *source, const char *destination,
			bool is_followed, unsigned *route)
{
	struct route_plan *plan;
	struct stat from, to;
	int rc;

	*route = m->routes.host_number;
	if (m->routes.is_host_only || fstat(directory->to_fd, &to) ||
	    fstatat(is_in_tree(directory) ? directory->fd : AT_FDCWD, source,
		    &from, is_followed ? 0 : AT_SYMLINK_NOFOLLOW))
		return 0;
	if (!S_ISREG(from.st_mode))
		return 0;
	plan = routes_find(&m->routes, from.st_dev, to.st_dev);
	if (!plan && from.st_size < PEER_LEAST)
		return 0;
	rc = plan ? 0 : plan_route(m, directory, source, &from, to.st_dev,
				   &plan);
	if (rc && !m->is_silent && !m->is_ring_dead) {
		many_tell_failed(m, directory, source, destination, SIDE_NONE,
				 "find memory for", rc);
		return 1;
	}
	if (rc)
		return rc;
	if (m->args.is_peer_required && !plan->is_peer) {
		tell_no_peer(m, directory, source, destination, plan);
		return 1;
	}
	*route = plan->number;
	return 0;
}

/* --- files -------------------------------------------------------------- */

static int push_request(struct many *m, const struct batch_request *request)
{
	int rc;

	while ((rc = batch_push(m->batch, request)) == -EBUSY) {
		rc = turn(m);
		if (rc)
			return rc;
	}
	if (rc)
		many_tell_failed(m, request->owner, request->source,
				 request->destination, SIDE_NONE, "name", rc);
	else
		walk_hold(request->owner);
	return 0;
}

/* Of a dry run: its size, and nothing else. */
static int plan_file(struct many *m, struct walk_directory *directory,
		     const char *source, const char *destination,
		     bool is_followed)
{
	struct many_file file = { .kind = WALK_FILE };
	struct stat st;

	if (fstatat(is_in_tree(directory) ? directory->fd : AT_FDCWD, source,
		    &st, is_followed ? 0 : AT_SYMLINK_NOFOLLOW)) {
		many_tell_failed(m, directory, source, destination,
				 SIDE_SOURCE, "look at", -errno);
		return 0;
	}
	file.size_bytes = file.copied_bytes = (uint64_t)st.st_size;
	if (S_ISDIR(st.st_mode)) {
		many_tell_failed(m, directory, source, destination,
				 SIDE_SOURCE, "read", -EISDIR);
		return 0;
	}
	many_tell(m, directory, source, destination, &file);
	return 0;
}

int many_push(struct many *m, struct walk_directory *directory,
	      const char *source, const char *destination, bool is_followed,
	      bool is_regular)
{
	struct batch_request request = {
		.source_directory = is_in_tree(directory) ? directory->fd :
							    AT_FDCWD,
		.source = source,
		.is_followed = is_followed,
		.is_regular = is_regular,
		.destination_directory = directory->to_fd,
		.destination = destination,
		.owner = directory,
	};
	int rc;

	if (m->args.is_planned)
		return plan_file(m, directory, source, destination,
				 is_followed);
	rc = choose_route(m, directory, source, destination, is_followed,
			  &request.route);
	if (rc)
		return rc < 0 ? rc : 0;
	return push_request(m, &request);
}

bool many_is_dealt(struct many *m)
{
	struct shard_range range;

	return !m->shard || shard_deal(m->shard, 0, 1, 0, &range);
}

static int push_ranges(struct many *m, struct walk_directory *directory,
		       const char *source, const char *destination,
		       const struct stat *facts, unsigned parts)
{
	uint64_t size = (uint64_t)facts->st_size;
	struct shard_range range;
	struct many_later *later;

	for (unsigned i = 0; i < parts; i++) {
		if (!shard_deal(m->shard, size, parts, i, &range))
			continue;
		later = do_later(m, directory, source, destination);
		if (!later)
			return 0;
		later->is_alone = later->is_range = true;
		later->range = range;
		later->facts = *facts;
	}
	/* With nobody in flight, nobody else would come to it. */
	return turn(m);
}

int many_push_dealt(struct many *m, struct walk_directory *directory,
		    const char *source, const char *destination,
		    bool is_followed, const struct stat *facts)
{
	uint64_t size = (uint64_t)facts->st_size;
	struct shard_range range;
	unsigned parts;

	parts = S_ISREG(facts->st_mode) ? shard_count_parts(m->shard, size) :
					  1;
	if (parts > 1)
		return push_ranges(m, directory, source, destination, facts,
				   parts);
	if (!shard_deal(m->shard, size, 1, 0, &range))
		return 0;
	return many_push(m, directory, source, destination, is_followed,
			 S_ISREG(facts->st_mode));
}

/* --- one alone, by a copy job ------------------------------------------- */

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
};

static enum many_outcome get_outcome(const struct copy_job *job)
{
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++)
		if (outcomes[i].trouble == job->trouble)
			return job->verified.mismatched_bytes ?
				       MANY_DIFFERS : outcomes[i].outcome;
	return MANY_FAILED;
}

static void tell_job(struct many *m, const struct many_later *later,
		     const struct copy_job *job, int rc)
{
	struct many_file file = {
		.kind = WALK_FILE,
		.outcome = get_outcome(job),
		.tried = job->tried,
		.error = rc,
		.size_bytes = job->size_bytes,
		.copied_bytes = job->result.copied_bytes,
		.peer_bytes = job->result.peer_bytes,
		.duration_ns = job->result.duration_ns,
		.is_verified = job->is_verified,
		.mismatched_bytes = job->verified.mismatched_bytes,
		.first_mismatch_bytes = job->verified.first_mismatch_bytes,
		.why = job->memory.why.id ? &job->memory.why : NULL,
		.provider = job->memory.function ?
				    job->memory.function->address : NULL,
	};

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
	if (!rc && m->args.is_verified)
		rc = copy_job_verify(job);
	return rc;
}

/* What the batch does for the files that go through it. */
static int complete_job(struct many *m, const struct many_later *later)
{
	struct walk_directory *d = later->directory;
	int at = is_in_tree(d) ? d->fd : AT_FDCWD;
	struct attributes attributes;
	_cleanup_fd_ int from = -1, to = -1;
	struct stat st;

	from = openat(at, later->source, O_RDONLY | O_NONBLOCK | O_NOCTTY |
					 O_CLOEXEC);
	if (from < 0 || fstat(from, &st))
		return -errno;
	if (is_in_tree(d) && st.st_nlink > 1)
		many_link_ended(m, st.st_dev, st.st_ino, true);
	if (!m->args.is_preserved || !S_ISREG(st.st_mode))
		return 0;
	to = openat(d->to_fd, later->destination, O_RDONLY | O_NONBLOCK |
						  O_NOCTTY | O_CLOEXEC);
	if (to < 0)
		return -errno;
	attributes_take_stat(&attributes, &st);
	return attributes_copy(&attributes, from, to);
}

/* The ring may have been given up for another one. */
static int fini_job(struct many *m, struct copy_job *job)
{
	m->is_silent |= job->is_silent;
	if (job->ring)
		m->ring = m->routes.ring = job->ring;
	copy_job_fini(job);
	return m->is_silent ? -ETIMEDOUT :
			      batch_regain_ring(m->batch, m->ring);
}

static int copy_by_job(struct many *m, const struct many_later *later)
{
	_cleanup_free_ char *from = format_source(later->directory,
						  later->source);
	_cleanup_free_ char *to = walk_format_path(later->directory,
						   later->destination, true);
	const struct copy_job_args args = {
		.source = from,
		.destination = to,
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
		.is_scrubbed = m->args.is_scrubbed,
		.verify = m->args.is_verified ? COPY_VERIFY_READ :
						COPY_VERIFY_NONE,
		.is_forced = m->args.is_forced,
		.is_synced = m->args.is_synced,
		.is_sparse = m->args.is_sparse,
		.io_timeout_ns = m->args.io_timeout_ns,
		.stop = m->args.stop,
		.ring = m->ring,
	};
	struct copy_job job;
	int rc;

	if (!from || !to)
		return -ENOMEM;
	rc = run_job(m, &job, &args);
	if (!rc)
		rc = complete_job(m, later);
	tick(m, job.result.copied_bytes);
	tell_job(m, later, &job, rc);
	return fini_job(m, &job);
}

/* --- ranges of a file that several nodes write -------------------------- */

/* Never cut before the end: others write there, too. */
static int open_shared(const struct many_later *later)
{
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
	_cleanup_fd_ int to = open_shared(later);

	if (to < 0) {
		many_tell_failed(m, later->directory, later->source,
				 later->destination, SIDE_DESTINATION,
				 "share", to);
		return 0;
	}
	return copy_by_job(m, later);
}

static int run_one(struct many *m, const struct many_later *later)
{
	int rc;

	if (!later->is_alone)
		return many_push(m, later->directory, later->source,
				 later->destination, later->is_followed,
				 true);
	rc = drain(m);
	if (rc)
		return rc;
	return later->is_range ? copy_range(m, later) :
				 copy_by_job(m, later);
}

static int run_later(struct many *m)
{
	int rc = 0;

	while (!rc && m->later) {
		struct many_later *later = m->later;

		m->later = later->next;
		if (!m->later)
			m->later_end = &m->later;
		if (!many_is_stopped(m))
			rc = run_one(m, later);
		if (!m->is_silent)
			free_later(m, later);
	}
	return rc;
}

/* --- pairs -------------------------------------------------------------- */

int many_will_sync(struct many *m, int fd)
{
	struct many_sync *sync;
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	for (size_t i = 0; i < m->sync_count; i++)
		if (m->syncs[i].device == st.st_dev)
			return 0;
	sync = array_add(m->syncs, m->sync_count);
	if (!sync)
		return -ENOMEM;
	sync->device = st.st_dev;
	sync->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return sync->fd < 0 ? -errno : 0;
}

/* "a/b/" is the directory "a/b", and nothing in it; "b" is in "". */
static size_t find_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) + 1 : 0;
}

static int open_place(struct many *m, const char *destination, size_t length,
		      struct walk_directory **place)
{
	struct walk_directory *d = calloc(1, sizeof(*d));
	int rc = 0;

	if (!d)
		return -ENOMEM;
	d->users = 1;
	d->fd = -1;
	d->name = strdup("");
	d->to_name = strndup(destination, length);
	d->to_fd = !d->to_name ? -1 :
		open(length ? d->to_name : ".",
		     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!d->name || !d->to_name)
		rc = -ENOMEM;
	else if (d->to_fd < 0)
		rc = -errno;
	else
		rc = many_will_sync(m, d->to_fd);
	if (rc) {
		walk_release(&m->walk, d);
		return rc;
	}
	*place = d;
	return 0;
}

/* Mostly that of the pair before. */
static int find_place(struct many *m, const char *destination, size_t length,
		      struct walk_directory **place)
{
	struct walk_directory *last = m->place;
	int rc;

	if (last && strlen(last->to_name) == length &&
	    !strncmp(last->to_name, destination, length)) {
		*place = last;
		return 0;
	}
	rc = open_place(m, destination, length, place);
	if (rc)
		return rc;
	if (last)
		walk_release(&m->walk, last);
	m->place = *place;
	return 0;
}

static bool ends_in_slash(const char *path)
{
	size_t length = strlen(path);

	return length && path[length - 1] == '/';
}

static int push_pair(struct many *m, struct walk_directory *place,
		     const char *source, const char *name)
{
	struct stat st = { 0 };
	struct many_later *later;

	/* What is no file there is never replaced by one. */
	if (!m->args.is_planned &&
	    !fstatat(place->to_fd, name, &st, AT_SYMLINK_NOFOLLOW) &&
	    !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		later = do_later(m, place, source, name);
		if (later)
			later->is_alone = true;
		return turn(m);
	}
	if (!m->shard)
		return many_push(m, place, source, name, true, false);
	st = (struct stat){ 0 };
	(void)stat(source, &st);
	return many_push_dealt(m, place, source, name, true, &st);
}

static int add_pair(struct many *m, const char *source,
		    const char *destination)
{
	size_t length = find_name(destination);
	const char *name = destination + length;
	struct walk_directory *place;
	int rc;

	/* Into a directory, under its own name. */
	if (!*name)
		name = source + find_name(source);
	rc = find_place(m, destination, length, &place);
	if (rc) {
		many_tell_failed(m, NULL, source, destination,
				 SIDE_DESTINATION, "write into the directory "
				 "of", rc);
		return 0;
	}
	return push_pair(m, place, source, name);
}

/* As cp -r: a link is one, unless a slash follows it. */
static enum walk_kind find_kind(const char *source)
{
	struct stat st;

	if (ends_in_slash(source) ? stat(source, &st) : lstat(source, &st))
		return WALK_UNKNOWN;
	if (S_ISDIR(st.st_mode))
		return WALK_DIRECTORY;
	if (S_ISLNK(st.st_mode))
		return WALK_SYMLINK;
	if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))
		return WALK_FILE;
	return WALK_SPECIAL;
}

static int add_node(struct many *m, const char *source,
		    const char *destination, enum walk_kind kind)
{
	size_t length = find_name(destination);
	const char *name = destination + length;
	struct walk_directory *place;
	int rc;

	if (!many_is_dealt(m))
		return 0;
	rc = find_place(m, destination, length, &place);
	if (rc)
		many_tell_failed(m, NULL, source, destination,
				 SIDE_DESTINATION, "write into the directory "
				 "of", rc);
	else
		many_copy_node(m, place, source,
			       *name ? name : source + find_name(source),
			       kind);
	return 0;
}

int many_add(struct many *many, const char *source, const char *destination)
{
	enum walk_kind kind = WALK_FILE;

	if (many_is_stopped(many))
		return -EINTR;
	if (many->args.is_recursive)
		kind = find_kind(source);
	if (kind == WALK_DIRECTORY)
		return many_add_tree(many, source, destination);
	if (kind == WALK_SYMLINK || kind == WALK_SPECIAL)
		return add_node(many, source, destination, kind);
	return add_pair(many, source, destination);
}

/* --- all of it ---------------------------------------------------------- */

static int open_all(struct many *m)
{
	const struct batch_plan plan = {
		.is_preserved = m->args.is_preserved,
		.is_sparse = m->args.is_sparse,
		.is_verified = m->args.is_verified,
		.io_timeout_ns = m->args.io_timeout_ns,
		.stop = m->args.stop,
		.is_wanted = is_wanted,
		.done = take_answer,
		.tick = tick,
		.data = m,
		.ring = m->ring,
	};
	const struct routes_wish wish = {
		.context = m->args.context,
		.topology = m->args.topology,
		.provider = m->args.provider,
		.block_bytes = m->args.block_bytes,
		.depth = m->args.depth,
		.is_scrubbed = m->args.is_scrubbed,
		.io_timeout_ns = m->args.io_timeout_ns,
	};
	int rc;

	rc = batch_create(&plan, &m->batch);
	return rc ? rc : routes_init(&m->routes, &wish, m->ring, m->batch);
}

int many_create(const struct many_args *args, struct many **many)
{
	struct many *m = calloc(1, sizeof(*m));
	int rc = 0;

	if (!m)
		return -ENOMEM;
	m->args = *args;
	m->later_end = &m->later;
	m->started_ns = clock_now_ns();
	m->started_cpu_ns = clock_cpu_ns();
	m->walk = (struct walk){
		.is_by_name = args->shard_count,
		.leave = many_leave,
		.data = m,
	};
	if (args->shard_count)
		rc = shard_create(args->shard_index, args->shard_count,
				  &m->shard);
	if (!rc && !args->is_planned)
		rc = ring_open(BATCH_RING_DEPTH, &m->ring);
	if (!rc && !args->is_planned)
		rc = open_all(m);
	if (rc) {
		many_destroy(m);
		return rc;
	}
	*many = m;
	return 0;
}

bool many_is_busy(const struct many *many)
{
	return many->batch && (many->later || batch_is_busy(many->batch));
}

int many_work(struct many *many)
{
	return turn(many);
}

/* A file that another descriptor of its file system could not write, too. */
static int sync_all(struct many *m)
{
	for (size_t i = 0; i < m->sync_count; i++)
		if (m->syncs[i].fd >= 0 && syncfs(m->syncs[i].fd))
			return -errno;
	return 0;
}

int many_finish(struct many *many)
{
	int rc = 0;

	while (!rc && !many->is_ring_dead && many_is_busy(many))
		rc = turn(many);
	if (!rc && many->args.is_synced)
		rc = sync_all(many);
	many->totals.duration_ns = clock_now_ns() - many->started_ns;
	many->totals.cpu_ns = clock_cpu_ns() - many->started_cpu_ns;
	if (many->ring)
		many->totals.submits = ring_get_submits(many->ring);
	if (!rc && many_is_stopped(many))
		rc = -EINTR;
	return rc;
}

const struct many_totals *many_get_totals(const struct many *many)
{
	return &many->totals;
}

bool many_is_silent(const struct many *many)
{
	return many->is_silent;
}

void many_destroy(struct many *many)
{
	if (!many)
		return;
	many_forget_links(many);
	walk_fini(&many->walk);
	if (many->place)
		walk_release(&many->walk, many->place);
	ring_close(many->ring);
	routes_fini(&many->routes);
	batch_destroy(many->batch);
	shard_destroy(many->shard);
	for (size_t i = 0; i < many->sync_count; i++)
		cleanup_fd(&many->syncs[i].fd);
	free(many->syncs);
	free(many);
}
