// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/copy-bar.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/macro.h"
#include "engine/copy-job.h"
#include "engine/copy-job-parts.h"

#define PREFIX	    "pci:"
#define BAR_WORD    "/bar"
#define BAR_MEMORY  0x200u /* of a BAR's flags: no I/O ports */
#define BLOCK_USUAL (256 * KIB)
#define WORD	    8

struct copy_bar {
	struct bar_name name;
	uint64_t start_bytes; /* of the copy, in the BAR */
	uint64_t bar_bytes;
	bool is_source;
	struct p2pdma_provider *provider, *host;
	struct p2pdma_pool *bar;     /* one slot: all of it */
	struct p2pdma_pool *buffers; /* one slot: a block */
};

#define blame	copy_job_blame

/* --- names -------------------------------------------------------------- */

bool bar_is_meant(const char *text)
{
	return !strncmp(text, PREFIX, strlen(PREFIX));
}

int bar_parse(const char *text, struct bar_name *name)
{
	struct bar_name n = { 0 };
	const char *address, *word;
	int rc = 0;

	if (!bar_is_meant(text))
		return -EINVAL;
	address = text + strlen(PREFIX);
	word = strstr(address, BAR_WORD);
	if (!word || word == address ||
	    (size_t)(word - address) >= sizeof(n.address))
		return -EINVAL;
	memcpy(n.address, address, (size_t)(word - address));
	word += strlen(BAR_WORD);
	if (*word < '0' || *word > '5' || (word[1] && word[1] != '+'))
		return -EINVAL;
	n.index = (unsigned)(*word - '0');
	if (word[1])
		rc = bytes_parse(word + 2, &n.offset_bytes);
	if (!rc)
		*name = n;
	return rc;
}

/* --- plan --------------------------------------------------------------- */

static const char *get_name(const struct copy_job *job)
{
	return job->bar->is_source ? job->args.source : job->args.destination;
}

/* What a careful user would want to hear before anything is touched. */
static int find_bar(struct copy_job *job)
{
	const struct p2pdma_function *function =
		p2pdma_topology_find(job->topology, job->bar->name.address);
	const struct p2pdma_bar *bar;

	if (!function)
		return blame(job, COPY_JOB_WRONG, -ENXIO,
			     "there is no PCI function %s",
			     job->bar->name.address);
	bar = &function->bars[job->bar->name.index];
	if (!bar->end || !(bar->flags & BAR_MEMORY))
		return blame(job, COPY_JOB_WRONG, -ENXIO,
			     "%s has no memory in BAR %u", function->address,
			     job->bar->name.index);
	job->bar->bar_bytes = bar->end - bar->start + 1;
	if (!function->driver || job->args.is_forced)
		return 0;
	return blame(job, COPY_JOB_REFUSED, -EPERM,
		     "the driver %s uses %s, also its BARs (unbind "
		     "it)",
		     function->driver, function->address);
}

static int name_bar(struct copy_job *job)
{
	const char *text = get_name(job);
	struct bar_name *name = &job->bar->name;

	if (bar_parse(text, name))
		return blame(job, COPY_JOB_WRONG, -EINVAL,
			     "\"%s\" is no pci:FUNCTION/barN[+OFFSET]", text);
	job->bar->start_bytes = name->offset_bytes +
				(job->bar->is_source ? job->args.skip_bytes
						     : job->args.seek_bytes);
	if (job->bar->start_bytes % WORD)
		return blame(job, COPY_JOB_WRONG, -EINVAL,
			     "a BAR is copied from and to multiples "
			     "of %u bytes",
			     WORD);
	return find_bar(job);
}

static int check_wishes(struct copy_job *job)
{
	const struct copy_job_args *args = &job->args;

	if (bar_is_meant(args->source) && bar_is_meant(args->destination))
		return blame(job, COPY_JOB_WRONG, -EINVAL,
			     "one end is a BAR, and the other one a "
			     "device or a file");
	if (args->is_peer_required)
		return blame(job, COPY_JOB_UNABLE, -EOPNOTSUPP,
			     "--require-peer: the processor copies to "
			     "and from a BAR");
	if (args->also_count || args->journal || args->is_continued ||
	    args->rate_bytes_per_sec || args->checksum)
		return blame(job, COPY_JOB_WRONG, -EOPNOTSUPP,
			     "a BAR is copied without --also, --journal, "
			     "--on-error, --rate and --checksum");
	if (args->engine == COPY_ENGINE_PASSTHROUGH ||
	    args->engine == COPY_ENGINE_OFFLOAD)
		return blame(job, COPY_JOB_WRONG, -EOPNOTSUPP,
			     "--engine: the processor copies to and from a "
			     "BAR (leave it away)");
	if (args->verify)
		return blame(job, COPY_JOB_WRONG, -EOPNOTSUPP,
			     "--verify: a BAR is not read again (copy "
			     "it to a file and compare that)");
	return 0;
}

/* The end that is no BAR. Of a file that is not there yet, its directory. */
static int resolve(struct copy_job *job, const char *path,
		   struct p2pdma_target **target)
{
	_cleanup_free_ char *copy = strdup(path);
	int rc;

	if (!copy)
		return -ENOMEM;
	rc = p2pdma_target_resolve(job->context, job->topology, path, -1,
				   target);
	if (rc != -ENOENT || !job->bar->is_source)
		return rc;
	job->is_replaced = true;
	return p2pdma_target_resolve(job->context, job->topology, dirname(copy),
				     -1, target);
}

static int check_other(struct copy_job *job, const char *path,
		       const struct p2pdma_target *target)
{
	switch (target->kind) {
	case P2PDMA_TARGET_BLOCK:
	case P2PDMA_TARGET_PARTITION:
		return 0;
	case P2PDMA_TARGET_FILE:
		job->is_replaced = !job->args.is_seek_given;
		return 0;
	default:
		if (job->is_replaced)
			return 0;
		return blame(job, COPY_JOB_REJECTED, -ENOTBLK,
			     "%s is no block device and no regular "
			     "file",
			     path);
	}
}

static int resolve_other(struct copy_job *job)
{
	const char *path =
		job->bar->is_source ? job->args.destination : job->args.source;
	struct p2pdma_target **target =
		job->bar->is_source ? &job->destination : &job->source;
	int rc = resolve(job, path, target);

	if (rc)
		return blame(job, COPY_JOB_FAILED, rc, "%s %s",
			     job->bar->is_source ? "write" : "read", path);
	return check_other(job, path, *target);
}

/* As the guard of that name, and as little to be overruled. */
static const struct guard too_small = { .id = "too-small" };
static const struct guard_answer no_room = { .guard = &too_small };

static int find_size(struct copy_job *job)
{
	uint64_t bar = job->bar->bar_bytes, start = job->bar->start_bytes;
	uint64_t room = start < bar ? bar - start : 0, there = room;

	if (!job->bar->is_source)
		there = job->args.skip_bytes < job->source->size_bytes
				? job->source->size_bytes - job->args.skip_bytes
				: 0;
	job->size_bytes = job->args.size_bytes == COPY_SIZE_REST
				  ? there
				  : job->args.size_bytes;
	if (job->size_bytes > there)
		return blame(job, COPY_JOB_WRONG, -EINVAL,
			     "%s ends before the part that is to be "
			     "copied",
			     job->args.source);
	if (job->size_bytes > room) {
		job->refusal = &no_room;
		return blame(job, COPY_JOB_REFUSED, -ENOSPC,
			     "%s has room for %llu bytes of %llu",
			     get_name(job), (unsigned long long)room,
			     (unsigned long long)job->size_bytes);
	}
	return 0;
}

static int ask_guards(struct copy_job *job)
{
	const struct guard_question question = {
		.destination = job->destination,
		.destination_offset_bytes = job->args.seek_bytes,
		.size_bytes = job->size_bytes,
		.is_replaced = job->is_replaced,
	};

	if (!job->destination)
		return 0;
	job->guard_count = guard_ask_all(&question, job->guards);
	job->refusal = guard_find_refusal(job->guards, job->guard_count,
					  job->args.is_forced);
	if (!job->refusal)
		return 0;
	return blame(job, COPY_JOB_REFUSED, -EPERM, "%s", job->refusal->why);
}

int copy_bar_plan(struct copy_job *job)
{
	uint64_t block = job->args.block_bytes;
	int rc;

	job->bar = calloc(1, sizeof(*job->bar));
	job->destination_path = strdup(job->args.destination);
	if (!job->bar || !job->destination_path)
		return -ENOMEM;
	job->bar->is_source = bar_is_meant(job->args.source);
	rc = check_wishes(job);
	if (!rc)
		rc = name_bar(job);
	if (!rc)
		rc = resolve_other(job);
	if (!rc)
		rc = find_size(job);
	if (!rc)
		rc = ask_guards(job);
	if (rc)
		return rc;
	job->memory.depth = 1;
	job->memory.block_bytes =
		(uint32_t)round_up(block ? block : BLOCK_USUAL, WORD);
	return 0;
}

/* --- open --------------------------------------------------------------- */

static int map_bar(struct copy_job *job)
{
	struct copy_bar *bar = job->bar;
	struct p2pdma_reason why = { 0 };
	char name[BAR_ADDRESS_SIZE + 16];
	int rc;

	snprintf(name, sizeof(name), PREFIX "%s" BAR_WORD "%u",
		 bar->name.address, bar->name.index);
	rc = p2pdma_provider_open(job->context, name, &why, &bar->provider);
	if (rc)
		return blame(job, COPY_JOB_REJECTED, rc, "%s: %s", name,
			     why.advice);
	rc = p2pdma_pool_create(bar->provider, bar->bar_bytes, 1, 1, &bar->bar);
	if (rc)
		return blame(job, COPY_JOB_FAILED, rc, "map %s%s", name,
			     rc == -EINVAL ? " (a driver has it to itself)"
					   : "");
	return 0;
}

static int open_other(struct copy_job *job)
{
	unsigned mode = ENDPOINT_WRITE;
	int rc;

	if (!job->bar->is_source) {
		rc = endpoint_open(job->args.source, ENDPOINT_READ, &job->from);
		return rc ? blame(job, COPY_JOB_FAILED, rc, "open %s",
				  job->args.source)
			  : 0;
	}
	if (job->is_replaced)
		mode |= ENDPOINT_REPLACE;
	if (!job->args.is_forced)
		mode |= ENDPOINT_EXCLUSIVE;
	rc = endpoint_open(job->destination_path, mode, &job->to);
	if (rc == -EBUSY)
		return blame(job, COPY_JOB_REFUSED, rc, "%s is in use",
			     job->destination_path);
	return rc ? blame(job, COPY_JOB_FAILED, rc, "open %s for writing",
			  job->destination_path)
		  : 0;
}

int copy_bar_open(struct copy_job *job)
{
	struct copy_bar *bar = job->bar;
	int rc = map_bar(job);

	if (!rc)
		rc = open_other(job);
	if (rc)
		return rc;
	rc = p2pdma_provider_open(job->context, "host", NULL, &bar->host);
	if (!rc)
		rc = p2pdma_pool_create(bar->host, job->memory.block_bytes, 1,
					1, &bar->buffers);
	return rc ? blame(job, COPY_JOB_FAILED, rc, "take a buffer") : 0;
}

/* --- run ---------------------------------------------------------------- */

static int read_all(int fd, char *data, size_t size, uint64_t offset)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = pread(fd, data + done, size - done,
				  (off_t)(offset + done));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (!n)
			return -ENXIO;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int write_all(int fd, const char *data, size_t size, uint64_t offset)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = pwrite(fd, data + done, size - done,
				   (off_t)(offset + done));

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* The rest of a word that is begun stays as it is. */
static int store(struct copy_bar *bar, uint64_t at, char *data, size_t size)
{
	size_t words = (size_t)round_down(size, WORD);
	char last[WORD] __attribute__((aligned(WORD)));
	int rc = 0;

	if (words)
		rc = p2pdma_pool_store(bar->bar, 0, at, data, words);
	if (rc || words == size)
		return rc;
	rc = p2pdma_pool_load(bar->bar, 0, at + words, last, WORD);
	if (rc)
		return rc;
	memcpy(last, data + words, size - words);
	return p2pdma_pool_store(bar->bar, 0, at + words, last, WORD);
}

static int fill_bar(struct copy_job *job, uint64_t at, size_t size)
{
	char *buffer = p2pdma_pool_get_slot(job->bar->buffers, 0);
	int rc = read_all(job->from->fd, buffer, size,
			  job->args.skip_bytes + at);

	if (rc)
		job->result.error.side = SIDE_SOURCE;
	else
		rc = store(job->bar, job->bar->start_bytes + at, buffer, size);
	return rc;
}

static int read_bar(struct copy_job *job, uint64_t at, size_t size)
{
	char *buffer = p2pdma_pool_get_slot(job->bar->buffers, 0);
	int rc = p2pdma_pool_load(job->bar->bar, 0, job->bar->start_bytes + at,
				  buffer, (size_t)round_up(size, WORD));

	if (rc)
		job->result.error.side = SIDE_SOURCE;
	else
		rc = write_all(job->to->fd, buffer, size,
			       job->args.seek_bytes + at);
	return rc;
}

/* Stores are on their way until something is read from where they went. */
static int complete(struct copy_job *job)
{
	uint64_t end = job->bar->start_bytes + job->size_bytes, word;

	if (job->to)
		return endpoint_commit(job->to,
				       job->args.seek_bytes + job->size_bytes,
				       job->args.is_synced);
	if (!job->size_bytes)
		return 0;
	return p2pdma_pool_load(job->bar->bar, 0, round_down(end - 1, WORD),
				&word, WORD);
}

static int move(struct copy_job *job)
{
	struct copy_result *result = &job->result;
	int rc = 0;

	while (!rc && result->copied_bytes < job->size_bytes) {
		uint64_t at = result->copied_bytes;
		size_t size = (size_t)MIN(job->size_bytes - at,
					  job->memory.block_bytes);

		if (job->args.stop && *job->args.stop) {
			result->is_interrupted = true;
			return -EINTR;
		}
		rc = job->bar->is_source ? read_bar(job, at, size)
					 : fill_bar(job, at, size);
		if (rc)
			break;
		result->copied_bytes += size;
		if (job->args.tick)
			job->args.tick(job->args.tick_data,
				       result->copied_bytes, job->size_bytes);
	}
	return rc ? rc : complete(job);
}

static int blame_move(struct copy_job *job, int rc)
{
	struct copy_error *error = &job->result.error;
	bool is_reading = error->side == SIDE_SOURCE;

	if (job->result.is_interrupted)
		return blame(job, COPY_JOB_INTERRUPTED, rc, "interrupted");
	error->side = is_reading ? SIDE_SOURCE : SIDE_DESTINATION;
	error->error = rc;
	error->offset_bytes =
		job->result.copied_bytes +
		(is_reading ? job->args.skip_bytes : job->args.seek_bytes);
	return blame(job, COPY_JOB_FAILED, rc, "%s %s at %llu",
		     is_reading ? "read" : "write",
		     is_reading ? job->args.source : job->destination_path,
		     (unsigned long long)error->offset_bytes);
}

int copy_bar_run(struct copy_job *job)
{
	uint64_t start_ns = clock_now_ns(), start_cpu_ns = clock_cpu_ns();
	struct copy_result *result = &job->result;
	int rc = move(job);

	job->is_run = true;
	result->host_bytes = result->in_place_bytes = result->copied_bytes;
	result->duration_ns = clock_now_ns() - start_ns;
	result->cpu_ns = clock_cpu_ns() - start_cpu_ns;
	return rc ? blame_move(job, rc) : 0;
}

void copy_bar_fini(struct copy_job *job)
{
	struct copy_bar *bar = job->bar;

	if (!bar)
		return;
	p2pdma_pool_destroy(bar->buffers);
	p2pdma_pool_destroy(bar->bar);
	p2pdma_provider_close(bar->host);
	p2pdma_provider_close(bar->provider);
	free(bar);
	job->bar = NULL;
}
