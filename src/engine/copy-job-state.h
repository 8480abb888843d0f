/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what a copy is asked for, and everything that is known of it from its
 * first stage to its last; must not know the stages.
 */
#ifndef P2PDMA_ENGINE_COPY_JOB_STATE_H
#define P2PDMA_ENGINE_COPY_JOB_STATE_H

#include <signal.h>

#include "engine/checksum.h"
#include "engine/compare.h"
#include "engine/copy-bar.h"
#include "engine/copy-plan.h"
#include "engine/guard.h"
#include "engine/memory.h"
#include "engine/offload.h"
#include "engine/verify.h"

/* By what means data moves. */
enum copy_engine {
	COPY_ENGINE_AUTO = 0,	/* OFFLOAD where it can be, else RW */
	COPY_ENGINE_RW,		/* the block layer, or a file system */
	COPY_ENGINE_PASSTHROUGH, /* NVMe commands of ours */
	COPY_ENGINE_OFFLOAD,	/* the drive, inside one namespace; else RW */
};

/* How it is proven afterwards. */
enum copy_verify {
	COPY_VERIFY_NONE = 0,
	COPY_VERIFY_READ,	/* both ends are read again */
	COPY_VERIFY_COMPARE,	/* the destination drive does it, if it can */
};

#define COPY_SIZE_REST	UINT64_MAX	/* all from skip_bytes on */

/* What is wanted. Strings are borrowed. */
struct copy_job_args {
	const char *source, *destination;
	/* Where they are instead, once their directories have been opened. */
	struct endpoint_place source_place, destination_place;
	uint64_t skip_bytes, seek_bytes;
	bool is_seek_given;		/* what else is there stays */
	uint64_t size_bytes;
	const char *provider;		/* NULL, "auto", "host", … */
	uint64_t block_bytes;		/* 0: choose */
	unsigned depth;			/* 0: choose */
	bool is_peer_required;
	enum copy_engine engine;
	bool is_polled, is_handed;	/* RING_POLLED, RING_HANDED */
	bool is_scrubbed;		/* peer memory, when it goes back */
	enum copy_verify verify;
	bool is_forced;
	bool is_synced;
	bool is_in_place;		/* a file itself, not one aside */
	bool is_sparse;			/* holes stay holes */
	const char *const *also;	/* more destinations */
	const struct endpoint_place *also_places; /* of each; or NULL */
	unsigned also_count;
	const char *journal;		/* NULL: none; in place then */
	bool is_resumed;		/* from the journal, if it is there */
	uint64_t journal_interval_ns;
	bool is_continued;		/* past bad places: see copy.h */
	unsigned retries;
	uint64_t rate_bytes_per_sec;	/* 0: no limit */
	const char *checksum;		/* its name; NULL: none */
	uint64_t io_timeout_ns;		/* 0: never */
	/* As deep as open_ring() would make it, or NULL; see ring.h. */
	struct ring *ring;
	const volatile sig_atomic_t *stop;
	void (*tick)(void *data, uint64_t done_bytes, uint64_t total_bytes);
	void *tick_data;
};

/* Why a stage did not go on. */
enum copy_job_trouble {
	COPY_JOB_NONE = 0,
	COPY_JOB_FAILED,	/* -errno was returned; tried has what */
	COPY_JOB_WRONG,		/* what was asked for makes no sense; tried */
	COPY_JOB_REJECTED,	/* tried is the whole sentence */
	COPY_JOB_REFUSED,	/* by the guard in refusal */
	COPY_JOB_NO_PEER,	/* required, and not to be had: fallback */
	COPY_JOB_UNABLE,	/* the machine cannot; tried is the sentence */
	COPY_JOB_INTERRUPTED,
	COPY_JOB_NO_RING,	/* as FAILED: the kernel gave none */
};

#define COPY_JOB_TRIED_SIZE	512

/* What a name meant when it was looked at; all 0: nothing. */
struct copy_identity {
	dev_t device;
	ino_t inode;
	dev_t rdev;			/* of a block device; else 0 */
};

struct copy_job {
	struct copy_job_args args;
	struct p2pdma_context *context;
	const struct p2pdma_topology *topology;

	/* since copy_job_plan() */
	struct p2pdma_target *source;
	struct p2pdma_target *destination; /* of a new file: its directory */
	struct copy_identity source_identity, destination_identity;
	char *destination_path;		/* with the name in a directory */
	bool is_replaced;		/* the destination file is, whole */
	bool is_source_changing;	/* mounted, and not read-only */
	uint64_t size_bytes;
	struct guard_answer guards[GUARDS_MAX];
	unsigned guard_count;
	struct memory memory;
	struct copy_bar *bar;		/* the CPU copies; NULL: it does not */
	bool is_offloaded;		/* the drive copies by itself */
	char why_not_offloaded[COPY_JOB_TRIED_SIZE]; /* or empty */
	struct extents extents;		/* what is to be copied: see copy.h */
	const struct extents *map;	/* the same, or that of the first */
	struct copy_job *also;		/* destinations: no more of a job */
	unsigned also_count;
	const struct p2pdma_target **also_targets;

	/* since copy_job_open() */
	struct endpoint *from, *to;
	struct ring *ring;
	struct copy_also *also_legs;	/* one for each of also */
	struct endpoint **also_endpoints;
	struct journal *journal;	/* NULL: none */
	struct checksum *checksum;
	struct p2pdma_pool *sum_pool;	/* to read for it once more */
	uint64_t todo_bytes;		/* of the stage that ticks */

	/* since copy_job_run(), copy_job_verify() */
	bool is_run, is_verified, is_summed;
	bool is_changed;		/* the source file, while it was read */
	struct copy_result result;
	char sum[CHECKSUM_TEXT_SIZE];
	struct verify_result verified;
	bool is_compared;		/* by the drive, and not by reading */
	char why_not_compared[COPY_JOB_TRIED_SIZE]; /* or empty */
	const struct copy_job *verified_leg; /* the last one */

	/* when something went wrong */
	enum copy_job_trouble trouble;
	const struct guard_answer *refusal;
	int error;			/* negative errno */
	const char *where;		/* the file that it was about; or NULL:
					 * see result.error, verified.error */
	char tried[COPY_JOB_TRIED_SIZE];
	bool is_silent;			/* leave everything alone and exit */
	enum side silent_side;		/* while it was tried */
};

#endif
