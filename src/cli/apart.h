/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how a program runs in two processes, so that its end is seen even if
 * the kernel holds a part of it: a process ends when the last of its threads
 * does, also those of the kernel's that work for io_uring, and a drive that
 * does not answer can hold these for ever. Must not know what is done.
 *
 * One process does everything, the other one waits for it, hears all signals
 * and has the exit code. Where there can be no second one, there is only one.
 */
#ifndef P2PDMA_CLI_APART_H
#define P2PDMA_CLI_APART_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/cli.h"

/* What was asked for by signals, and what is to be known while it works. */
struct apart_signals {
	volatile sig_atomic_t caught;	/* the one that ends us; 0 */
	volatile sig_atomic_t asked;	/* SIGUSR1; 0 when answered */
	volatile sig_atomic_t is_excused; /* waits for input or output */
};

struct apart_limit {
	uint64_t idle_ns;		/* 0: there is no limit */
	/* Says that it is reached. The exit code. */
	int (*tell)(void *data);
	void *data;
};

/*
 * CLI_GO_ON in the process that is to do everything; a signal ends calls of
 * it that wait, with EINTR, and the second one the program. In the other one
 * the exit code, when it has ended, or has done nothing at all for longer than
 * @limit, as a call that the kernel does not end; nothing needs undoing there.
 */
int apart_begin(const struct apart_limit *limit,
		struct apart_signals **signals);

/*
 * What comes next may wait for a pipe or a terminal, which is no drive; or that
 * is over. @is_excused is the one of the signals; NULL: nobody looks.
 */
void apart_excuse(volatile sig_atomic_t *is_excused, bool is_next);

/*
 * This is how it ends: nobody waits for us any more, nor for our part of the
 * standard streams. Ends the process, which may take as long as it likes.
 */
_Noreturn void apart_leave(int code);

/* As above, and goes on: for tests. */
void apart_tell(int code);

#endif
