/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what copy-job*.c and copy-bar.c share; nobody else looks at it.
 */
#ifndef P2PDMA_ENGINE_COPY_JOB_PARTS_H
#define P2PDMA_ENGINE_COPY_JOB_PARTS_H

#include "engine/copy-job-state.h"

/* Notes why a stage does not go on, and returns @rc. */
int copy_job_blame(struct copy_job *job, enum copy_job_trouble trouble, int rc,
		   const char *format, ...)
	__attribute__((format(printf, 4, 5)));

bool copy_job_is_device(const struct p2pdma_target *target);

/* What a step looks at, and what its error is about. */
enum copy_job_about {
	ABOUT_NOTHING = 0,	/* or it says so itself */
	ABOUT_SOURCE,
	ABOUT_DESTINATION,
	ABOUT_JOURNAL,
};

/* One of those that a stage has. */
struct copy_job_step {
	int (*take)(struct copy_job *job);
	enum copy_job_about about;
};

/* One after the other, up to the first that fails. What that said. */
int copy_job_take_steps(struct copy_job *job, const struct copy_job_step *steps,
			size_t count);

/* Is there peer memory, where nothing else will do? */
int copy_job_check_required(struct copy_job *job);

/* For every plan that has one; @data is the job. */
void copy_job_tick(void *data, uint64_t done_bytes);

/* --- copy-job-end.c: one source, one destination ------------------------- */

int copy_job_resolve_source(struct copy_job *job);
int copy_job_resolve_destination(struct copy_job *job);
int copy_job_check_content(struct copy_job *job);
int copy_job_find_size(struct copy_job *job);
int copy_job_ask_guards(struct copy_job *job);
int copy_job_open_source(struct copy_job *job);
/* A name means something else than when it was looked at. */
int copy_job_reject_swapped(struct copy_job *job, const char *path);
int copy_job_open_destination(struct copy_job *job);

/* --- copy-job-also.c: the others, each with a job of its own ------------- */

int copy_job_plan_also(struct copy_job *job);
int copy_job_open_also(struct copy_job *job);
void copy_job_fini_also(struct copy_job *job);

/* --- copy-job-map.c: what is to be copied -------------------------------- */

/* From the journal, where there is one to go on from. */
int copy_job_plan_map(struct copy_job *job);
/* Without the holes. */
int copy_job_find_holes(struct copy_job *job);
/* So that it can be written, before anything is copied. */
int copy_job_open_journal(struct copy_job *job);

/* --- copy-job-offload.c: the drive by itself ----------------------------- */

/* Asks the drive, and changes nothing. */
void copy_job_plan_offload(struct copy_job *job);
/* True when it is over, one way or the other; else the ordinary way is next. */
bool copy_job_try_offload(struct copy_job *job, int *rc);

#endif
