// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows in what order a job is planned, and what memory it asks for; must not
 * know what its ends are, and changes nothing.
 */
#include <errno.h>

#include "base/macro.h"
#include "engine/copy-job.h"
#include "engine/copy-job-parts.h"

#define blame	copy_job_blame

/* Of a copy with a limited rate. */
#define STEPS_PER_SEC	8
#define STEP_LEAST	(4 * KIB)
#define STEP_MOST	MIB

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
		.also = job->also_targets,
		.also_count = job->also_count,
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
	return rc ? rc : copy_job_check_required(job);
}

/* The memory belongs to the plan, also to one that is refused. */
static int plan_route(struct copy_job *job)
{
	int refused, rc;

	job->is_source_changing =
		job->source->is_mounted_writable == P2PDMA_YES;
	refused = copy_job_ask_guards(job);
	if (!refused)
		copy_job_plan_offload(job);
	rc = plan_memory(job);
	if (!refused)
		return rc;
	job->where = job->destination_path;
	return blame(job, COPY_JOB_REFUSED, refused, "%s", job->refusal->why);
}

static const struct copy_job_step plan_steps[] = {
	{ copy_job_resolve_source, ABOUT_SOURCE },
	{ copy_job_resolve_destination, ABOUT_DESTINATION },
	{ copy_job_check_content, ABOUT_SOURCE },
	{ copy_job_find_size, ABOUT_SOURCE },
	{ check_polled, ABOUT_NOTHING },
	{ copy_job_plan_also, ABOUT_NOTHING },
	{ copy_job_plan_map, ABOUT_JOURNAL },
	{ plan_route, ABOUT_NOTHING },
};

int copy_job_plan(struct copy_job *job, struct p2pdma_context *context,
		  const struct p2pdma_topology *topology,
		  const struct copy_job_args *args)
{
	int rc;

	*job = (struct copy_job){
		.args = *args, .context = context, .topology = topology,
	};
	if (bar_is_meant(args->source) || bar_is_meant(args->destination))
		rc = copy_bar_plan(job);
	else
		rc = copy_job_take_steps(job, plan_steps,
					 ARRAY_SIZE(plan_steps));
	if (rc && !job->trouble)
		blame(job, COPY_JOB_FAILED, rc, "plan the copy");
	return rc;
}
