// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows the further destinations of a job: each is a job of its own, whose
 * source and memory are those of the first. Must not know how they are
 * written.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/copy-job.h"
#include "engine/copy-job-parts.h"

/* Its trouble is ours. */
static int take_trouble(struct copy_job *job, const struct copy_job *also,
			int rc)
{
	if (!rc)
		return 0;
	job->refusal = also->refusal;
	return copy_job_blame(job, also->trouble ? also->trouble :
						   COPY_JOB_FAILED,
			      rc, "%s", also->trouble ? also->tried :
							"plan the copy");
}

/* Two of them may be one drive, by other names. */
static int check_apart(struct copy_job *job, struct copy_job *also,
		       const struct copy_job *other)
{
	const struct guard_question question = {
		.source = other->destination,
		.destination = also->destination,
		.source_offset_bytes = job->args.seek_bytes,
		.destination_offset_bytes = job->args.seek_bytes,
		.size_bytes = job->size_bytes,
	};
	struct guard_answer answers[GUARDS_MAX];
	const struct guard_answer *refusal;

	if (!strcmp(also->destination_path, other->destination_path))
		return copy_job_blame(job, COPY_JOB_REJECTED, -EINVAL,
				      "%s is given twice as a destination",
				      also->destination_path);
	if (also->destination->kind == P2PDMA_TARGET_DIRECTORY ||
	    other->destination->kind == P2PDMA_TARGET_DIRECTORY)
		return 0;
	/* Nothing but an overlap cannot be forced. */
	refusal = guard_find_refusal(answers, guard_ask_all(&question,
							    answers), true);
	if (!refusal || strcmp(refusal->guard->id, "overlap"))
		return 0;
	also->guards[0] = *refusal;
	job->refusal = &also->guards[0];
	return copy_job_blame(job, COPY_JOB_REFUSED, -EPERM, "%s",
			      refusal->why);
}

static int check_all_apart(struct copy_job *job, unsigned index)
{
	struct copy_job *also = &job->also[index];
	int rc = check_apart(job, also, job);

	for (unsigned i = 0; i < index && !rc; i++)
		rc = check_apart(job, also, &job->also[i]);
	return rc;
}

static int plan_one(struct copy_job *job, unsigned index)
{
	struct copy_job *also = &job->also[index];
	int rc;

	*also = (struct copy_job){
		.args = job->args,
		.context = job->context,
		.topology = job->topology,
		.source = job->source,
		.size_bytes = job->size_bytes,
	};
	also->args.destination = job->args.also[index];
	also->args.destination_place = job->args.also_places ?
					       job->args.also_places[index] :
					       (struct endpoint_place){ 0 };
	rc = copy_job_resolve_destination(also);
	if (!rc)
		rc = copy_job_ask_guards(also);
	rc = take_trouble(job, also, rc);
	if (!rc)
		rc = check_all_apart(job, index);
	if (rc)
		job->where = copy_job_get_destination(also);
	return rc;
}

int copy_job_plan_also(struct copy_job *job)
{
	int rc = 0;

	if (!job->args.also_count)
		return 0;
	job->also = calloc(job->args.also_count, sizeof(*job->also));
	job->also_legs = calloc(job->args.also_count, sizeof(*job->also_legs));
	job->also_endpoints = calloc(job->args.also_count,
				     sizeof(*job->also_endpoints));
	job->also_targets = calloc(job->args.also_count,
				   sizeof(*job->also_targets));
	if (!job->also || !job->also_legs || !job->also_endpoints ||
	    !job->also_targets)
		return -ENOMEM;
	for (unsigned i = 0; i < job->args.also_count && !rc; i++) {
		job->also_count = i + 1;
		rc = plan_one(job, i);
		job->also_targets[i] = job->also[i].destination;
	}
	return rc;
}

static int check_others(struct copy_job *job, unsigned index)
{
	const struct endpoint *to = job->also[index].to;

	for (unsigned i = 0; i <= index; i++) {
		const struct endpoint *other = i ? job->also[i - 1].to :
						   job->to;

		if (endpoint_is_same(to, other))
			return copy_job_blame(job, COPY_JOB_REJECTED, -EINVAL,
					      "%s and %s are the same file",
					      to->path, other->path);
	}
	return 0;
}

int copy_job_open_also(struct copy_job *job)
{
	int rc = 0;

	for (unsigned i = 0; i < job->also_count && !rc; i++) {
		struct copy_job *also = &job->also[i];

		also->from = job->from;
		rc = take_trouble(job, also, copy_job_open_destination(also));
		if (!rc)
			rc = check_others(job, i);
		if (rc)
			job->where = copy_job_get_destination(also);
		job->also_legs[i].endpoint = also->to;
		job->also_endpoints[i] = also->to;
	}
	return rc;
}

void copy_job_fini_also(struct copy_job *job)
{
	for (unsigned i = 0; i < job->also_count; i++) {
		endpoint_close(job->also[i].to);
		p2pdma_target_destroy(job->also[i].destination);
		free(job->also[i].destination_path);
	}
	free(job->also);
	free(job->also_legs);
	free(job->also_endpoints);
	free(job->also_targets);
}
