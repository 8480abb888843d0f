/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows the stages of one copy, from two paths to data on stable media, and
 * what became of each; must not know options, exit codes or how it is told.
 *
 *	copy_job_plan()		who, where, through what; nothing is changed
 *	copy_job_open()		takes the memory and the ends, tries them
 *	copy_job_run()		copies
 *	copy_job_sum()		the checksum, if there is to be one
 *	copy_job_verify()	proves it, as args.verify says
 *	copy_job_fini()		in any case
 *
 * After a stage that failed, the next ones are not to be called.
 */
#ifndef P2PDMA_ENGINE_COPY_JOB_H
#define P2PDMA_ENGINE_COPY_JOB_H

#include "engine/copy-job-state.h"


/* Each returns 0 or -errno; @job->trouble is set when it is not 0. */
int copy_job_plan(struct copy_job *job, struct p2pdma_context *context,
		  const struct p2pdma_topology *topology,
		  const struct copy_job_args *args);
int copy_job_open(struct copy_job *job);
int copy_job_run(struct copy_job *job);
int copy_job_sum(struct copy_job *job);
int copy_job_verify(struct copy_job *job);

/* Its path, with the name in a directory where that is known. */
const char *copy_job_get_destination(const struct copy_job *job);

/* The job of destination number @index: the first one's is @job itself. */
const struct copy_job *copy_job_get_leg(const struct copy_job *job,
					unsigned index);
/* Why destination number @index was dropped; side NONE: it was not. */
const struct copy_error *copy_job_get_drop(const struct copy_job *job,
					   unsigned index);
/* It was refused, and would not be if it were forced. */
bool copy_job_is_forcible(const struct copy_job *job);
/* Another run with --resume goes on where this one ended. */
bool copy_job_is_resumable(const struct copy_job *job);

/* Gives back everything, unless @job->is_silent. */
void copy_job_fini(struct copy_job *job);

#endif
