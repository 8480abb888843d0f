// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows the two ends of a job: what their names mean, whether the copy may
 * touch them, and that what is opened is what was looked at. Must not know
 * what is copied between them.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "engine/copy-job-parts.h"

#define blame	copy_job_blame

/* More runs than these are not worth a call for each. */
#define RESERVES_MOST	4096

static int blame_kind(struct copy_job *job, const struct p2pdma_target *target,
		      const char *deed, const char *path)
{
	return blame(job, COPY_JOB_FAILED,
		     target->kind == P2PDMA_TARGET_DIRECTORY ? -EISDIR :
							       -ENOTBLK,
		     "%s %s", deed, path);
}

static int look_at(const struct endpoint_place *place, const char *path,
		   struct stat *st)
{
	int rc = place->name ? fstatat(place->directory_fd, place->name, st,
				       AT_SYMLINK_NOFOLLOW) : stat(path, st);

	return rc ? -errno : 0;
}

static int remember(const struct endpoint_place *place, const char *path,
		    struct copy_identity *identity)
{
	struct stat st;
	int rc = look_at(place, path, &st);

	if (!rc && S_ISLNK(st.st_mode))
		rc = -ELOOP;
	if (rc)
		return rc;
	*identity = (struct copy_identity){
		.device = st.st_dev,
		.inode = st.st_ino,
		.rdev = S_ISBLK(st.st_mode) ? st.st_rdev : 0,
	};
	return 0;
}

int copy_job_reject_swapped(struct copy_job *job, const char *path)
{
	return blame(job, COPY_JOB_REJECTED, -EAGAIN,
		     "%s became something else while it was looked at: look "
		     "who does that, and try again", path);
}

/* Without a name: the directory itself. */
static int resolve(struct copy_job *job, const struct endpoint_place *place,
		   const char *name, const char *path,
		   struct p2pdma_target **target)
{
	_cleanup_fd_ int fd = -1;

	if (place->name) {
		fd = openat(place->directory_fd, name ? name : ".",
			    O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return -errno;
	}
	return p2pdma_target_resolve(job->context, job->topology, path, fd,
				     target);
}

int copy_job_resolve_source(struct copy_job *job)
{
	const struct endpoint_place *place = &job->args.source_place;
	const char *path = job->args.source;
	int rc;

	rc = remember(place, path, &job->source_identity);
	if (!rc)
		rc = resolve(job, place, place->name, path, &job->source);
	if (rc == -ELOOP && place->name)
		return copy_job_reject_swapped(job, path);
	if (rc)
		return blame(job, COPY_JOB_FAILED, rc, "read %s", path);
	if (copy_job_is_device(job->source) ||
	    job->source->kind == P2PDMA_TARGET_FILE)
		return 0;
	return blame_kind(job, job->source, "read", path);
}

/* As cp: into a directory under its own name. */
static int name_destination(struct copy_job *job)
{
	_cleanup_free_ char *copy = strdup(job->args.source);
	const char *path = job->args.destination;
	struct stat st;

	if (!copy)
		return -ENOMEM;
	if (job->args.destination_place.name || stat(path, &st) ||
	    !S_ISDIR(st.st_mode)) {
		job->destination_path = strdup(path);
		return job->destination_path ? 0 : -ENOMEM;
	}
	if (asprintf(&job->destination_path, "%s/%s", path, basename(copy)) < 0)
		job->destination_path = NULL;
	return job->destination_path ? 0 : -ENOMEM;
}

/* As cp: what could only fail at the end, or surprise, is not begun. */
static int check_name(struct copy_job *job)
{
	const char *path = job->destination_path;
	size_t length = strlen(path);
	struct stat st;

	if (!length)
		return blame(job, COPY_JOB_REJECTED, -ENOENT,
			     "the destination has no name (give one)");
	if (path[length - 1] == '/')
		return blame(job, COPY_JOB_REJECTED, -ENOTDIR,
			     "%s is no directory (make it, or leave the slash "
			     "away)", path);
	if (!job->args.destination_place.name && !lstat(path, &st) &&
	    S_ISLNK(st.st_mode) && stat(path, &st) && errno == ENOENT)
		return blame(job, COPY_JOB_REJECTED, -ENOENT,
			     "not writing through dangling symbolic link %s "
			     "(remove it, or make what it points to)", path);
	return 0;
}

/* Of a file that is not there yet, its directory tells the route. */
static int resolve_parent(struct copy_job *job)
{
	_cleanup_free_ char *copy = strdup(job->destination_path);

	if (!copy)
		return -ENOMEM;
	return resolve(job, &job->args.destination_place, NULL, dirname(copy),
		       &job->destination);
}

int copy_job_resolve_destination(struct copy_job *job)
{
	const struct endpoint_place *place = &job->args.destination_place;
	const char *path;
	int rc;

	rc = name_destination(job);
	if (!rc)
		rc = check_name(job);
	if (rc)
		return rc;
	path = job->destination_path;
	rc = remember(place, path, &job->destination_identity);
	if (!rc)
		rc = resolve(job, place, place->name, path, &job->destination);
	/* A link that has the name of a copy in a tree is replaced itself. */
	if (rc == -ENOENT || (rc == -ELOOP && place->name)) {
		job->is_replaced = true;
		rc = resolve_parent(job);
	}
	if (rc)
		return blame(job, COPY_JOB_FAILED, rc, "write %s", path);
	if (job->is_replaced || copy_job_is_device(job->destination))
		return 0;
	if (job->destination->kind != P2PDMA_TARGET_FILE)
		return blame_kind(job, job->destination, "write", path);
	/* Whoever names a place in a file wants to keep the rest of it. */
	job->is_replaced = !job->args.is_seek_given;
	return 0;
}

/* What sysfs tells as the size of every file that has text in it. */
#define SYSFS_BYTES	4096

/* Its size tells nothing: 0 below /proc, and a page in sysfs. */
static bool has_secret_content(const struct endpoint_place *place,
			       const struct p2pdma_target *target)
{
	_cleanup_fd_ int fd = -1;
	struct statfs system;
	char page[SYSFS_BYTES];
	ssize_t length;

	if (target->kind != P2PDMA_TARGET_FILE ||
	    (target->size_bytes && target->size_bytes != SYSFS_BYTES))
		return false;
	fd = openat(place->name ? place->directory_fd : AT_FDCWD,
		    place->name ? place->name : target->path,
		    O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
		    (place->name ? O_NOFOLLOW : 0));
	if (fd < 0 || fstatfs(fd, &system) ||
	    (target->size_bytes && system.f_type != SYSFS_MAGIC))
		return false;
	length = read(fd, page, sizeof(page));
	if (length < 0)
		return !target->size_bytes;
	return (uint64_t)length != target->size_bytes;
}

int copy_job_check_content(struct copy_job *job)
{
	if (!has_secret_content(&job->args.source_place, job->source))
		return 0;
	return blame(job, COPY_JOB_REJECTED, -EOPNOTSUPP,
		     "%s has content and tells %llu bytes as its size: how "
		     "much to copy is not known (use cat)", job->args.source,
		     (unsigned long long)job->source->size_bytes);
}

int copy_job_find_size(struct copy_job *job)
{
	uint64_t skip = job->args.skip_bytes, size = job->args.size_bytes;
	uint64_t there = job->source->size_bytes, end;

	if (skip > there || (size != COPY_SIZE_REST && size > there - skip))
		return blame(job, COPY_JOB_WRONG, -EINVAL,
			     "%s ends at %llu bytes, before the part that is "
			     "to be copied", job->args.source,
			     (unsigned long long)there);
	job->size_bytes = size == COPY_SIZE_REST ? there - skip : size;
	if (__builtin_add_overflow(job->args.seek_bytes, job->size_bytes,
				   &end) || end > INT64_MAX)
		return blame(job, COPY_JOB_WRONG, -EFBIG,
			     "no destination reaches that far");
	return 0;
}

int copy_job_ask_guards(struct copy_job *job)
{
	const struct guard_question question = {
		.source = job->source,
		.destination = job->destination,
		.source_offset_bytes = job->args.skip_bytes,
		.destination_offset_bytes = job->args.seek_bytes,
		.size_bytes = job->size_bytes,
		.is_replaced = job->is_replaced,
	};

	job->guard_count = guard_ask_all(&question, job->guards);
	job->refusal = guard_find_refusal(job->guards, job->guard_count,
					  job->args.is_forced);
	if (!job->refusal)
		return 0;
	return blame(job, COPY_JOB_REFUSED, -EPERM, "%s", job->refusal->why);
}

/* How an end is opened, besides for what. */
static unsigned get_mode(const struct copy_job *job)
{
	return job->args.engine == COPY_ENGINE_PASSTHROUGH ?
		       ENDPOINT_PASSTHROUGH : 0;
}

static int blame_open(struct copy_job *job, const char *path,
		      const char *purpose, int rc)
{
	const char *why = endpoint_explain(get_mode(job), rc);

	if (why)
		return blame(job, COPY_JOB_UNABLE, rc, "--engine=passthrough: "
			     "%s %s", path, why);
	return blame(job, COPY_JOB_FAILED, rc, "open %s%s", path, purpose);
}

/* Between the plan and now a name may have been given to something else. */
static bool is_as_planned(const struct endpoint *endpoint,
			  const struct copy_identity *planned)
{
	if (endpoint->rdev || planned->rdev)
		return endpoint->rdev == planned->rdev;
	return endpoint->device == planned->device &&
	       endpoint->inode == planned->inode;
}

int copy_job_open_source(struct copy_job *job)
{
	const char *path = job->args.source;
	int rc = endpoint_open_at(&job->args.source_place, path,
				  ENDPOINT_READ | get_mode(job), 0,
				  &job->from);

	if (rc)
		return blame_open(job, path, "", rc);
	return is_as_planned(job->from, &job->source_identity) ?
		       0 : copy_job_reject_swapped(job, path);
}

/* What the guards asked of names, once more of what they opened. */
static int check_opened(struct copy_job *job)
{
	uint64_t from = job->args.skip_bytes, to = job->args.seek_bytes;

	/* A file that we made is new, and nobody else's. */
	if (job->to->is_unseen || job->to->is_made)
		return 0;
	if (!is_as_planned(job->to, &job->destination_identity))
		return copy_job_reject_swapped(job, job->destination_path);
	if (endpoint_is_same(job->from, job->to) &&
	    (job->is_replaced || (from < to + job->size_bytes &&
				  to < from + job->size_bytes)))
		return blame(job, COPY_JOB_REJECTED, -EINVAL,
			     "%s and %s are the same bytes", job->args.source,
			     job->destination_path);
	return 0;
}

/* As cp: a copy of what others must not read is not for them either. */
static mode_t get_new_mode(const struct copy_job *job)
{
	struct stat st;

	if (job->from->kind != ENDPOINT_FILE || fstat(job->from->fd, &st))
		return 0666;
	return st.st_mode & 0777;
}

/* Not for holes, nor for what is there. */
static int reserve(struct copy_job *job)
{
	uint64_t start, end = 0;
	int rc = 0;

	if (job->map->count > RESERVES_MOST)
		return 0;
	while (!rc && extents_find(job->map, end, EXTENT_WANTED, &start, &end))
		rc = endpoint_reserve(job->to, job->args.seek_bytes + start,
				      end - start);
	return rc;
}

int copy_job_open_destination(struct copy_job *job)
{
	const char *path = job->destination_path;
	unsigned mode = ENDPOINT_WRITE | get_mode(job);
	int rc;

	if (job->is_replaced)
		mode |= ENDPOINT_REPLACE;
	/* What a journal speaks of must be there after any crash. */
	if (job->is_replaced && (job->args.is_in_place || job->args.journal))
		mode |= ENDPOINT_IN_PLACE;
	if (!job->args.is_forced)
		mode |= ENDPOINT_EXCLUSIVE;
	rc = endpoint_open_at(&job->args.destination_place, path, mode,
			      get_new_mode(job), &job->to);
	if (rc == -EBUSY)
		return blame(job, COPY_JOB_REFUSED, rc, "%s is in use", path);
	if (rc)
		return blame_open(job, path, " for writing", rc);
	rc = check_opened(job);
	if (rc)
		return rc;
	rc = reserve(job);
	return rc ? blame(job, COPY_JOB_FAILED, rc, "reserve room for %s",
			  path) : 0;
}
