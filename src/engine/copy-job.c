// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/copy-job.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/macro.h"
#include "engine/copy-job-parts.h"
#include "engine/endpoint-null.h"
#include "engine/journal.h"

#define blame	copy_job_blame

/* Of a copy with a limited rate. */
#define STEPS_PER_SEC	8
#define STEP_LEAST	(4 * KIB)
#define STEP_MOST	MIB
/* More runs than these are not worth a call for each. */
#define RESERVES_MOST	4096

int copy_job_blame(struct copy_job *job, enum copy_job_trouble trouble, int rc,
		   const char *format, ...)
{
	va_list args;

	job->trouble = trouble;
	va_start(args, format);
	vsnprintf(job->tried, sizeof(job->tried), format, args);
	va_end(args);
	return rc;
}

static bool is_device(const struct p2pdma_target *target)
{
	return target->kind == P2PDMA_TARGET_BLOCK ||
	       target->kind == P2PDMA_TARGET_PARTITION;
}

/* --- plan --------------------------------------------------------------- */

static int blame_kind(struct copy_job *job, const struct p2pdma_target *target,
		      const char *deed, const char *path)
{
	return blame(job, COPY_JOB_FAILED,
		     target->kind == P2PDMA_TARGET_DIRECTORY ? -EISDIR :
							       -ENOTBLK,
		     "%s %s", deed, path);
}

static int remember(const char *path, struct copy_identity *identity)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	*identity = (struct copy_identity){
		.device = st.st_dev,
		.inode = st.st_ino,
		.rdev = S_ISBLK(st.st_mode) ? st.st_rdev : 0,
	};
	return 0;
}

static int resolve_source(struct copy_job *job)
{
	const char *path = job->args.source;
	int rc;

	rc = remember(path, &job->source_identity);
	if (!rc)
		rc = p2pdma_target_resolve(job->context, job->topology, path,
					   -1, &job->source);
	if (rc)
		return blame(job, COPY_JOB_FAILED, rc, "read %s", path);
	if (is_device(job->source) || job->source->kind == P2PDMA_TARGET_FILE)
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
	if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
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
	if (!lstat(path, &st) && S_ISLNK(st.st_mode) && stat(path, &st) &&
	    errno == ENOENT)
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
	return p2pdma_target_resolve(job->context, job->topology,
				     dirname(copy), -1, &job->destination);
}

int copy_job_resolve_destination(struct copy_job *job)
{
	const char *path;
	int rc;

	rc = name_destination(job);
	if (!rc)
		rc = check_name(job);
	if (rc)
		return rc;
	path = job->destination_path;
	remember(path, &job->destination_identity);
	rc = p2pdma_target_resolve(job->context, job->topology, path, -1,
				   &job->destination);
	if (rc == -ENOENT) {
		job->is_replaced = true;
		rc = resolve_parent(job);
	}
	if (rc)
		return blame(job, COPY_JOB_FAILED, rc, "write %s", path);
	if (job->is_replaced || is_device(job->destination))
		return 0;
	if (job->destination->kind != P2PDMA_TARGET_FILE)
		return blame_kind(job, job->destination, "write", path);
	/* Whoever names a place in a file wants to keep the rest of it. */
	job->is_replaced = !job->args.is_seek_given;
	return 0;
}

/* As below /proc, where the size tells nothing. */
static bool has_secret_content(const struct p2pdma_target *target)
{
	_cleanup_fd_ int fd = -1;
	char byte;

	if (target->kind != P2PDMA_TARGET_FILE || target->size_bytes)
		return false;
	fd = open(target->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd >= 0 && read(fd, &byte, 1) > 0;
}

static int check_content(struct copy_job *job)
{
	if (!has_secret_content(job->source))
		return 0;
	return blame(job, COPY_JOB_REJECTED, -EOPNOTSUPP,
		     "%s has content and tells 0 bytes as its size: how much "
		     "to copy is not known (use cat)", job->args.source);
}

static int find_size(struct copy_job *job)
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

/* Whoever asks for peer memory wants the data to go through it. */
static bool is_offload_wanted(const struct copy_job *job)
{
	const struct copy_job_args *args = &job->args;

	if (args->engine == COPY_ENGINE_OFFLOAD)
		return true;
	return args->engine == COPY_ENGINE_AUTO && !args->is_peer_required &&
	       (!args->provider || !strcmp(args->provider, "auto")) &&
	       is_device(job->source) && is_device(job->destination) &&
	       job->source->disk && job->destination->disk &&
	       !strcmp(job->source->disk, job->destination->disk);
}

/* Nobody waited for it unless it was asked for by its name. */
static void excuse_offload(struct copy_job *job, const char *why, int error)
{
	job->is_offloaded = false;
	if (job->args.engine == COPY_ENGINE_OFFLOAD || job->is_run)
		snprintf(job->why_not_offloaded,
			 sizeof(job->why_not_offloaded), "%s%s%s", why,
			 error ? ": " : "", error ? strerror(-error) : "");
}

static void close_ends(struct offload_plan *plan)
{
	endpoint_close(plan->source);
	endpoint_close(plan->destination);
}

/* Both as drives that take commands; 0, or -errno and @plan is empty. */
static int open_ends(const struct copy_job *job, unsigned mode,
		     struct offload_plan *plan)
{
	int rc;

	*plan = (struct offload_plan){
		.source_offset_bytes = job->args.skip_bytes,
		.destination_offset_bytes = job->args.seek_bytes,
		.size_bytes = job->size_bytes,
		.ring = job->ring,
		.is_synced = job->args.is_synced,
		.io_timeout_ns = job->args.io_timeout_ns,
		.stop = job->args.stop,
	};
	rc = endpoint_open(job->args.source,
			   ENDPOINT_READ | ENDPOINT_PASSTHROUGH,
			   &plan->source);
	if (!rc)
		rc = endpoint_open(job->destination_path,
				   mode | ENDPOINT_PASSTHROUGH,
				   &plan->destination);
	if (rc)
		close_ends(plan);
	return rc;
}

/* Asks the drive, and changes nothing. */
/* Than that the bytes get there, at once or not at all. */
static bool is_more_wanted(const struct copy_job_args *args)
{
	return args->also_count || args->journal || args->is_continued ||
	       args->rate_bytes_per_sec;
}

static void plan_offload(struct copy_job *job)
{
	struct offload_plan plan;
	const char *why;
	int rc;

	if (!is_offload_wanted(job))
		return;
	if (is_more_wanted(&job->args)) {
		excuse_offload(job, "a drive by itself knows nothing of "
			       "--also, --journal, --rate and --on-error", 0);
		return;
	}
	rc = open_ends(job, ENDPOINT_READ, &plan);
	if (rc) {
		why = endpoint_explain(ENDPOINT_PASSTHROUGH, rc);
		excuse_offload(job, why ? "one of the ends is no NVMe drive "
			       "or partition" : "open it for commands",
			       why ? 0 : rc);
		return;
	}
	why = offload_find_obstacle(&plan);
	job->is_offloaded = !why;
	if (why)
		excuse_offload(job, why, 0);
	close_ends(&plan);
}

static int check_required(struct copy_job *job)
{
	if (!job->args.is_peer_required || job->memory.provider)
		return 0;
	return blame(job, COPY_JOB_NO_PEER, -EREMOTEIO,
		     "peer memory is required and not to be had");
}

/* What has no poll queues would be waited for, or refused in the middle. */
static int check_polled(struct copy_job *job)
{
	const struct p2pdma_target *ends[] = { job->source, job->destination };

	for (size_t i = 0; job->args.is_polled && i < ARRAY_SIZE(ends); i++)
		if (ends[i]->has_poll_queues != P2PDMA_YES)
			return blame(job, COPY_JOB_UNABLE, -EOPNOTSUPP,
				     "--iopoll: %s has no poll queues (boot "
				     "with nvme.poll_queues=2)",
				     ends[i]->device ? ends[i]->device :
						       ends[i]->path);
	return 0;
}

/* A slow copy goes in small steps, not in one large one now and then. */
static uint64_t get_block_wish(const struct copy_job *job)
{
	uint64_t step = job->args.rate_bytes_per_sec / STEPS_PER_SEC;

	if (job->args.block_bytes || !step || step >= STEP_MOST)
		return job->args.block_bytes;
	return MAX(round_down(step, STEP_LEAST), STEP_LEAST);
}

static int plan_memory(struct copy_job *job)
{
	const struct memory_place place = {
		.context = job->context,
		.topology = job->topology,
		.source = job->source,
		.destination = job->destination,
	};
	const struct memory_wish wish = {
		.provider = job->is_offloaded ? "host" : job->args.provider,
		.block_bytes = get_block_wish(job),
		.depth = job->args.depth,
		.size_bytes = job->size_bytes,
		.is_scrubbed = job->args.is_scrubbed,
		.is_uncut = job->args.engine == COPY_ENGINE_PASSTHROUGH,
	};
	int rc;

	rc = memory_plan(&job->memory, &place, &wish);
	if (rc == -ENXIO)
		return blame(job, COPY_JOB_WRONG, rc,
			     "there is no provider \"%s\"", wish.provider);
	return rc ? rc : check_required(job);
}

int copy_job_plan(struct copy_job *job, struct p2pdma_context *context,
		  const struct p2pdma_topology *topology,
		  const struct copy_job_args *args)
{
	int rc, refused;

	*job = (struct copy_job){
		.args = *args, .context = context, .topology = topology,
	};
	if (bar_is_meant(args->source) || bar_is_meant(args->destination)) {
		rc = copy_bar_plan(job);
		goto out;
	}
	rc = resolve_source(job);
	if (!rc)
		rc = copy_job_resolve_destination(job);
	if (!rc)
		rc = check_content(job);
	if (!rc)
		rc = find_size(job);
	if (!rc)
		rc = check_polled(job);
	if (!rc)
		rc = copy_job_plan_also(job);
	if (!rc)
		rc = copy_job_plan_map(job);
	if (rc)
		goto out;
	job->is_source_changing = guard_is_mounted_writable(job->source);
	/* The memory belongs to the plan, also to one that is refused. */
	refused = copy_job_ask_guards(job);
	if (!refused)
		plan_offload(job);
	rc = plan_memory(job);
	if (refused) {
		rc = refused;
		blame(job, COPY_JOB_REFUSED, rc, "%s", job->refusal->why);
	}
out:
	if (rc && !job->trouble)
		blame(job, COPY_JOB_FAILED, rc, "plan the copy");
	return rc;
}

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
	return rc ? blame(job, COPY_JOB_FAILED, rc, "use io_uring") : 0;
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

static int reject_swapped(struct copy_job *job, const char *path)
{
	return blame(job, COPY_JOB_REJECTED, -EAGAIN,
		     "%s became something else while it was looked at: look "
		     "who does that, and try again", path);
}

static int open_source(struct copy_job *job)
{
	const char *path = job->args.source;
	int rc = endpoint_open(path, ENDPOINT_READ | get_mode(job),
			       &job->from);

	if (rc)
		return blame_open(job, path, "", rc);
	return is_as_planned(job->from, &job->source_identity) ?
		       0 : reject_swapped(job, path);
}

/* What the guards asked of names, once more of what they opened. */
static int check_opened(struct copy_job *job)
{
	uint64_t from = job->args.skip_bytes, to = job->args.seek_bytes;

	/* A file that we made is new, and nobody else's. */
	if (job->to->is_unseen || job->to->is_made)
		return 0;
	if (!is_as_planned(job->to, &job->destination_identity))
		return reject_swapped(job, job->destination_path);
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
	rc = endpoint_open_new(path, mode, get_new_mode(job), &job->to);
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
	rc = check_required(job);
	if (rc)
		return rc;
	rc = memory_take(&job->memory, &trial);
	if (rc)
		return blame_memory(job, rc);
	rc = check_required(job);
	return rc ? rc : leave_silent(job);
}

static int open_sum(struct copy_job *job)
{
	const char *name = job->args.checksum;
	int rc = name ? checksum_create(name, &job->checksum) : 0;

	return rc ? blame(job, COPY_JOB_FAILED, rc, "use %s", name) : 0;
}

int copy_job_open(struct copy_job *job)
{
	int rc;

	if (job->bar)
		return copy_bar_open(job);
	rc = open_ring(job);
	if (rc)
		return rc;
	rc = open_source(job);
	if (!rc)
		rc = copy_job_find_holes(job);
	if (!rc)
		rc = copy_job_open_destination(job);
	if (!rc)
		rc = copy_job_open_also(job);
	if (!rc)
		rc = take_memory(job);
	if (!rc)
		rc = copy_job_open_journal(job);
	return rc ? rc : open_sum(job);
}

/* --- run ---------------------------------------------------------------- */

static void tick(void *data, uint64_t done_bytes)
{
	struct copy_job *job = data;

	if (job->args.tick)
		job->args.tick(job->args.tick_data, done_bytes,
			       job->todo_bytes);
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
		return blame(job, COPY_JOB_FAILED, rc, "copy");
	if (is_device(target) && target->lba_bytes)
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
	why->id = "probe-refused";
	why->at = NULL;
	snprintf(why->advice, sizeof(why->advice), "the kernel refused peer "
		 "memory for %s: %s; see the kernel log",
		 r->refused_by == SIDE_SOURCE ? job->args.source :
						job->destination_path,
		 strerror(-r->refused_error));
}

static int run_offload(struct copy_job *job)
{
	struct offload_plan plan;
	int rc = open_ends(job, ENDPOINT_WRITE, &plan);

	if (rc)
		return rc;
	plan.tick = tick;
	plan.tick_data = job;
	if (endpoint_is_same(plan.source, job->from) &&
	    endpoint_is_same(plan.destination, job->to))
		rc = offload_run(&plan, &job->result);
	else
		rc = -EAGAIN;
	if (!job->result.is_silent)
		close_ends(&plan);
	return rc;
}

/* True when it is over, one way or the other; else the ordinary way is next. */
static bool is_done_by_drive(struct copy_job *job, int *rc)
{
	if (!job->is_offloaded)
		return false;
	*rc = run_offload(job);
	job->is_run = true;
	if (!*rc)
		*rc = extents_mark(&job->extents, 0, job->size_bytes,
				   EXTENT_DONE);
	if (!*rc || job->result.is_interrupted || job->result.is_silent)
		return true;
	excuse_offload(job, "the drive refuses to copy", *rc);
	return false;
}

int copy_job_run(struct copy_job *job)
{
	const struct copy_plan plan = {
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
		.tick = tick,
		.tick_data = job,
	};
	int rc;

	if (job->bar)
		return copy_bar_run(job);
	job->todo_bytes = job->size_bytes -
			  extents_count(&job->extents, EXTENT_DONE) -
			  extents_count(&job->extents, EXTENT_HOLE);
	if (!is_done_by_drive(job, &rc))
		rc = copy_run(&plan, &job->result);
	job->is_run = true;
	job->is_silent = job->result.is_silent;
	explain_refusal(job);
	if (!rc)
		return 0;
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

/* --- verify ------------------------------------------------------------- */

static int excuse(struct copy_job *job, const char *path, const char *why,
		  int error)
{
	snprintf(job->why_not_compared, sizeof(job->why_not_compared),
		 "%s: %s%s%s", path, why,
		 error ? ": " : "", error ? strerror(-error) : "");
	return 0;
}

/* The destination as a drive that takes commands; 0 with *drive NULL: no. */
static int open_drive(struct copy_job *job, const struct endpoint *to,
		      struct endpoint **drive)
{
	const char *why;
	int rc;

	rc = endpoint_open(to->path,
			   ENDPOINT_WRITE | ENDPOINT_PASSTHROUGH, drive);
	if (rc) {
		*drive = NULL;
		why = endpoint_explain(ENDPOINT_PASSTHROUGH, rc);
		return excuse(job, to->path, why ? why :
			      "cannot be opened for commands", why ? 0 : rc);
	}
	if (endpoint_is_same(*drive, to))
		return 0;
	return reject_swapped(job, to->path);
}

static int compare_by_drive(struct copy_job *job,
			    const struct verify_plan *read,
			    struct endpoint *drive)
{
	const struct compare_plan plan = {
		.read = read,
		.drive = drive,
		.pool = job->memory.pool,
		.is_peer = job->memory.provider,
	};
	struct compare_result result;
	int rc;

	rc = compare_run(&plan, &result);
	if (!rc && result.why_not)
		return excuse(job, read->destination->path, result.why_not,
			      result.why_error);
	job->verified = result.verified;
	job->is_compared = true;
	return rc;
}

/* By the drive, where that can be; else by reading, and why. */
static int prove(struct copy_job *job, const struct verify_plan *read)
{
	struct endpoint *drive = NULL;
	int rc = 0;

	job->is_compared = false;
	if (job->args.verify == COPY_VERIFY_COMPARE && job->result.bad_bytes)
		excuse(job, read->destination->path,
		       "what could not be copied would differ", 0);
	else if (job->args.verify == COPY_VERIFY_COMPARE)
		rc = open_drive(job, read->destination, &drive);
	if (!rc && drive)
		rc = compare_by_drive(job, read, drive);
	if (!job->verified.is_silent)
		endpoint_close(drive);
	if (rc || job->is_compared)
		return rc;
	return verify_run(read, &job->verified);
}

static int verify_leg(struct copy_job *job, const struct copy_job *leg)
{
	const struct verify_plan plan = {
		.ring = job->ring,
		.source = job->from,
		.destination = leg->to,
		.source_offset_bytes = job->args.skip_bytes,
		.destination_offset_bytes = job->args.seek_bytes,
		.size_bytes = job->size_bytes,
		.extents = &job->extents,
		.host = job->memory.host,
		.block_bytes = job->memory.block_bytes,
		.depth = MAX(p2pdma_pool_get_slots(job->memory.pool) / 2, 1),
		.io_timeout_ns = job->args.io_timeout_ns,
		.stop = job->args.stop,
		.tick = tick,
		.tick_data = job,
	};
	int rc;

	rc = prove(job, &plan);
	job->is_silent = job->verified.is_silent;
	job->is_verified = !rc;
	job->verified_leg = leg;
	if (rc == -EINTR)
		return blame(job, COPY_JOB_INTERRUPTED, rc, "interrupted");
	if (!rc || job->trouble)
		return rc;
	return blame(job, COPY_JOB_FAILED, rc, "read %s again at %llu",
		     job->verified.error.side == SIDE_SOURCE ?
			     job->args.source : leg->destination_path,
		     (unsigned long long)job->verified.error.offset_bytes);
}

/* One after the other; the first that differs is told. */
int copy_job_verify(struct copy_job *job)
{
	int rc = 0;

	job->todo_bytes = job->size_bytes;
	for (unsigned i = 0; i <= job->also_count && !rc; i++) {
		if (copy_job_get_drop(job, i)->side)
			continue;
		rc = verify_leg(job, copy_job_get_leg(job, i));
		if (job->verified.mismatched_bytes)
			break;
	}
	return rc;
}

/* --- checksum ----------------------------------------------------------- */

/* The first destination that is whole. */
static struct endpoint *find_whole(const struct copy_job *job)
{
	unsigned i = 0;

	while (i < job->also_count && copy_job_get_drop(job, i)->side)
		i++;
	return copy_job_get_leg(job, i)->to;
}

/* What was not seen on its way is read again: a copy to nowhere. */
static int read_again(struct copy_job *job, struct endpoint *sink,
		      struct copy_result *result)
{
	const struct copy_plan plan = {
		.ring = job->ring,
		.source = find_whole(job),
		.destination = sink,
		.source_offset_bytes = job->args.seek_bytes,
		.size_bytes = job->size_bytes,
		.checksum = job->checksum,
		.host = job->memory.host,
		.pool = job->sum_pool,
		.block_bytes = job->memory.block_bytes,
		.io_timeout_ns = job->args.io_timeout_ns,
		.stop = job->args.stop,
		.tick = tick,
		.tick_data = job,
	};

	checksum_restart(job->checksum);
	job->todo_bytes = job->size_bytes;
	return copy_run(&plan, result);
}

static int sum_again(struct copy_job *job)
{
	const struct endpoint_faults none = { 0 };
	unsigned slots = p2pdma_pool_get_slots(job->memory.pool);
	struct endpoint *sink = NULL;
	struct copy_result result = { 0 };
	int rc;

	rc = endpoint_null_open(NULL, ENDPOINT_WRITE, &none, &sink);
	if (!rc)
		rc = p2pdma_pool_create(job->memory.host,
					job->memory.block_bytes, slots, slots,
					&job->sum_pool);
	if (!rc)
		rc = read_again(job, sink, &result);
	job->is_silent = result.is_silent;
	if (!result.is_silent)
		endpoint_close(sink);
	if (result.is_interrupted)
		return blame(job, COPY_JOB_INTERRUPTED, rc, "interrupted");
	return rc ? blame(job, COPY_JOB_FAILED, rc, "read %s again at %llu",
			  job->destination_path,
			  (unsigned long long)result.error.offset_bytes) : 0;
}

/* With bytes missing there is no sum of what was to be copied. */
int copy_job_sum(struct copy_job *job)
{
	int rc = 0;

	if (!job->checksum || job->result.bad_bytes)
		return 0;
	if (!job->result.is_checksummed)
		rc = sum_again(job);
	if (rc)
		return rc;
	checksum_finish(job->checksum, job->sum);
	job->is_summed = true;
	return 0;
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
	return index ? &job->also_legs[index - 1].error : &job->result.error;
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
