/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what must not be written over; must not know who wants to write.
 * A new guard is one function and one row in guard.c.
 */
#ifndef P2PDMA_ENGINE_GUARD_H
#define P2PDMA_ENGINE_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/p2pdma.h"

/* What is going to happen. Borrowed. */
struct guard_question {
	const struct p2pdma_target *source;	/* NULL: data from nowhere */
	const struct p2pdma_target *destination; /* of a file that is not
						  * there yet: its directory */
	uint64_t source_offset_bytes, destination_offset_bytes;
	uint64_t size_bytes;
	bool is_replaced;	/* the destination: a new file takes its name */
};

struct guard {
	const char *id;		/* stable, "mounted" */
	const char *asks;	/* for people: what it looks at */
	bool can_be_forced;
	/*
	 * YES refuses, UNKNOWN could not find out; then a sentence without
	 * full stop is in @why.
	 */
	enum p2pdma_answer (*refuses)(const struct guard_question *question,
				      char *why, size_t size);
};

#define GUARD_WHY_SIZE	320
#define GUARDS_MAX	8

struct guard_answer {
	const struct guard *guard;
	enum p2pdma_answer answer;
	bool is_refusing;	/* YES, and UNKNOWN */
	char why[GUARD_WHY_SIZE];
};

/*
 * Every guard's answer, those that cannot be forced first. Opens devices for
 * reading at most. Returns how many there are.
 */
unsigned guard_ask_all(const struct guard_question *question,
		       struct guard_answer answers[GUARDS_MAX]);

/* The answer of "overlap" about files that are known to be one. */
void guard_refuse_overlap(const char *source, const char *destination,
			  struct guard_answer *answer);

/* The first that refuses, or NULL; @is_forced: that cannot be forced. */
const struct guard_answer *guard_find_refusal(
	const struct guard_answer *answers, unsigned count, bool is_forced);

#endif
