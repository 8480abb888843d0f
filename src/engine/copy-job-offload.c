// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows when a drive can do a job by itself, and has it try; must not know
 * the command for it (engine/offload.h).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/copy-job-parts.h"

/* Whoever asks for peer memory wants the data to go through it. */
static bool is_offload_wanted(const struct copy_job *job)
{
	const struct copy_job_args *args = &job->args;

	if (args->engine == COPY_ENGINE_OFFLOAD)
		return true;
	return args->engine == COPY_ENGINE_AUTO && !args->is_peer_required &&
	       (!args->provider || !strcmp(args->provider, "auto")) &&
	       copy_job_is_device(job->source) &&
	       copy_job_is_device(job->destination) &&
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

/* Than that the bytes get there, at once or not at all. */
static bool is_more_wanted(const struct copy_job_args *args)
{
	return args->also_count || args->journal || args->is_continued ||
	       args->rate_bytes_per_sec;
}

void copy_job_plan_offload(struct copy_job *job)
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

static int run_offload(struct copy_job *job)
{
	struct offload_plan plan;
	int rc = open_ends(job, ENDPOINT_WRITE, &plan);

	if (rc)
		return rc;
	plan.tick = copy_job_tick;
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

bool copy_job_try_offload(struct copy_job *job, int *rc)
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
