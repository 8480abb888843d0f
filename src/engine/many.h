/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how many things are copied by one run: files side by side through one
 * set of buffers, trees with all that is in them, and drives one after the
 * other. Must not know options, exit codes or how it is told.
 *
 *	many_create(&args, &many);
 *	many_open_journal(many, &is_into);
 *	many_add(many, "a", (const char *[]){ "there/a" }, 1);	all there are
 *	many_finish(many);			all of it, on stable media
 *	many_give_back(many);
 *	many_destroy(many);
 *
 * What is told of each thing comes by a call when it has ended. Memory does
 * not grow with the number of files, but for some 10 bytes each that tell
 * whether it is a destination already, unless is_sole.
 */
#ifndef P2PDMA_ENGINE_MANY_H
#define P2PDMA_ENGINE_MANY_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "engine/copy-job.h"
#include "engine/walk.h"
#include "lib/p2pdma.h"

struct many;

/* Destinations of one thing. */
#define MANY_PLACES_MOST	16

enum many_outcome {
	MANY_UNKNOWN = 0,
	MANY_DONE,
	MANY_LINKED,		/* to another name of the same file */
	MANY_DONE_BEFORE,	/* by another run, says the journal */
	MANY_FAILED,		/* tried, error */
	MANY_REJECTED,		/* tried is the whole sentence */
	MANY_REFUSED,		/* by a guard, for what is in tried */
	MANY_NO_PEER,		/* required, and not to be had: why */
	MANY_DIFFERS,		/* from its source, when it was read again */
	MANY_STOPPED,
};

/* What tells of a copy, and must not take the place of what is copied. */
enum many_own {
	MANY_OWN_JOURNAL = 1,
	MANY_OWN_REPORT = 2,
	MANY_OWN_SUMS = 4,
};

/* One thing that has ended, or that would be copied. */
struct many_file {
	const char *source, *destination;
	enum walk_kind kind;	/* WALK_UNKNOWN: was not found out */
	enum many_outcome outcome;
	const char *tried;	/* "read" */
	enum side side;		/* that it was tried with */
	int error;		/* negative errno, or 0 */
	uint64_t error_bytes;	/* offset */
	uint64_t size_bytes;
	uint64_t copied_bytes, peer_bytes, skipped_bytes;
	uint64_t duration_ns;
	bool is_changed;	/* the source, while it was read */
	unsigned endangers;	/* enum many_own, or'ed: what would replace the
				 * source */
	bool is_verified;
	bool is_compared;	/* so by the drive itself */
	const char *why_not_compared;	/* where that was wanted; or NULL */
	uint64_t mismatched_bytes, first_mismatch_bytes;
	const char *sum;		/* the checksum; NULL: there is none */
	uint64_t bad_bytes;		/* given up; everything else is there */
	const struct extents *map;	/* which ones; or NULL */
	uint64_t map_bytes;		/* where the map begins in the file */
	const struct p2pdma_reason *why;	/* no peer memory; or NULL */
	const char *provider;			/* NULL: host memory */
	enum p2pdma_reach reach_source, reach_destination;	/* if not */
	bool is_offloaded;			/* the drive by itself */
	uint64_t block_bytes;			/* 0: none was chosen */
	unsigned depth;
	const struct guard_answer *guards;	/* that were asked */
	unsigned guard_count;
	bool is_forcible;	/* REFUSED, and would not be if is_forced */
};

struct many_totals {
	uint64_t files, directories, links, others;	/* that are done */
	uint64_t failed, changed, done_before;
	uint64_t copied_bytes, peer_bytes, drive_bytes, skipped_bytes;
	uint64_t duration_ns, cpu_ns, submits;
};

/* Borrowed. */
struct many_args {
	struct p2pdma_context *context;
	const struct p2pdma_topology *topology;
	const char *provider;
	uint64_t block_bytes;
	unsigned depth;
	bool is_peer_required;
	bool is_scrubbed;	/* peer memory, when it goes back */
	bool is_recursive;
	bool is_sole;		/* many_add() is called once */
	bool is_preserved;
	bool is_sparse;
	bool is_verified;
	bool is_compared;	/* so, and by drives themselves, where it can */
	enum copy_engine engine; /* of drives */
	bool is_polled;		/* drives */
	bool is_in_place;	/* a file itself, not one aside */
	bool is_continued;	/* past bad places: see copy-plan.h */
	bool is_handed;		/* RING_HANDED */
	unsigned retries;
	uint64_t rate_bytes_per_sec;	/* of all together; 0: no limit */
	const char *checksum;	/* its name; NULL: none */
	const char *journal;	/* NULL: none; see done-list.h */
	bool is_resumed;	/* from the journal, if it is there */
	/* Where else it is told what was copied, or NULL: is not replaced. */
	const char *report_path, *sums_path;
	uint64_t journal_interval_ns;
	bool is_synced;
	bool is_forced;
	bool is_planned;	/* nothing is written: what there is, is told */
	unsigned shard_index, shard_count;	/* count 0: all of it */
	uint64_t io_timeout_ns;
	const volatile sig_atomic_t *stop;
	void (*ended)(void *data, const struct many_file *file);
	void (*tick)(void *data, uint64_t done_bytes);
	void *data;
};

/* 0, -ENOMEM, -errno of the ring, of host memory or of the checksum. */
int many_create(const struct many_args *args, struct many **many);

/*
 * many_open_journal() - before anything is added, where args has one
 * @is_into:	the destination is a directory that is there; of a journal that
 *		is resumed: it was
 *
 * 0; -EEXIST: it is there and not to be resumed; -EINVAL: it is no journal of
 * many files; -errno.
 */
int many_open_journal(struct many *many, bool *is_into);

/*
 * many_add() - copy @source to what will be each of @destinations
 * @count:	of those, up to MANY_PLACES_MOST
 *
 * It is read once; what fails at one of them does not stop the others, and each
 * is told by itself. Returns before it has ended. What is wrong with it is
 * told, and is no error. 0; -EINTR: stopped; -ETIMEDOUT: a drive is silent,
 * exit; -errno of the ring.
 */
int many_add(struct many *many, const char *source,
	     const char *const *destinations, unsigned count);

/* Something has not ended yet. */
bool many_is_busy(const struct many *many);

/* Waits until something has ended. As many_add(). */
int many_work(struct many *many);

/*
 * Awaits all, and puts it on stable media. As many_add(); and -errno of
 * syncfs(2).
 */
int many_finish(struct many *many);

const struct many_totals *many_get_totals(const struct many *many);

/* Nothing can be given back: leave, and exit. */
bool many_is_silent(const struct many *many);

/*
 * many_give_back() - all memory; nothing can be copied any more
 *
 * 0; what of is_scrubbed was not done: -ETIMEDOUT, as a drive may still write
 * to it, or -errno.
 */
int many_give_back(struct many *many);

/* Not when a drive is silent. NULL is fine. */
void many_destroy(struct many *many);

#endif
