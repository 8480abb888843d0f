/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows when somebody who waits for transfers has to look up: whether a stop
 * was asked for, whether it is time to tell how far it is, and whether nobody
 * has answered for too long. Must not know what is transferred.
 */
#ifndef P2PDMA_ENGINE_WATCH_H
#define P2PDMA_ENGINE_WATCH_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* Caller's storage; what is not heard_ns is the caller's to fill. */
struct watch {
	const volatile sig_atomic_t *stop; /* NULL: nobody can ask */
	void (*tick)(void *data, uint64_t done_bytes); /* NULL: nobody looks */
	void *tick_data;
	uint64_t io_timeout_ns;		/* 0: never */
	uint64_t heard_ns;		/* of the last completion */
};

/* What there is to see, or'ed. */
enum watch_event {
	WATCH_STOP = 1,
	WATCH_SILENCE = 2,
};

void watch_begin(struct watch *watch);

/* How long may be waited for a completion before watch_look(). */
uint64_t watch_get_patience(const struct watch *watch);

/*
 * Ticks, and returns events. @is_heard: something completed, or nobody has
 * anything to answer.
 */
unsigned watch_look(struct watch *watch, bool is_heard, uint64_t done_bytes);

#endif
