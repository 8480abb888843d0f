/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how far something is and how that is shown while it lasts; must not
 * know what it is. One live line that rewrites itself on a terminal; lines of
 * their own, at most one a second, elsewhere.
 */
#ifndef P2PDMA_REPORT_PROGRESS_H
#define P2PDMA_REPORT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum progress_mode {
	PROGRESS_AUTO,		/* only on a terminal */
	PROGRESS_ALWAYS,
	PROGRESS_NEVER,
	PROGRESS_JSON,		/* an object a line */
};

struct progress_tick {
	uint64_t done_bytes;
	uint64_t total_bytes;	/* 0: not known */
	uint64_t total_ns;	/* of a run that ends by time; 0: does not */
	unsigned step, steps;	/* "3 of 12: "; steps 0 or 1: not told */
};

/* Caller's storage; the members are progress.c's. */
struct progress {
	enum progress_mode mode;
	FILE *file;
	bool is_terminal;
	uint64_t started_ns, shown_ns;
	uint64_t rated_ns, rated_bytes;	/* where the last rate was taken */
	uint64_t first_rated_ns;	/* since when there is one */
	double bytes_per_sec;		/* of late; 0: not known yet */
	struct progress_tick last;
	size_t live_length;		/* of the line on the terminal */
};

/* @file: stderr. Time begins now. */
void progress_init(struct progress *progress, enum progress_mode mode,
		   FILE *file);

/* Somebody looks. */
bool progress_is_shown(const struct progress *progress);

/* Call it as often as you like; it looks at the clock and is mostly quiet. */
void progress_update(struct progress *progress,
		     const struct progress_tick *tick);

/* The same at a time of the caller's, in clock_now_ns()'s terms. */
void progress_update_at(struct progress *progress,
			const struct progress_tick *tick, uint64_t now_ns);

/* Clears the live line; elsewhere, tells the last tick. Twice is fine. */
void progress_finish(struct progress *progress);

/*
 * Clears the live line of whichever progress has one, so that another line
 * can be printed on stderr; the next update brings it back.
 */
void progress_step_aside(void);

#endif
