/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what the programs' exit codes mean; must not know who earned one.
 */
#ifndef P2PDMA_CLI_EXIT_H
#define P2PDMA_CLI_EXIT_H

#include <signal.h>

enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_MACHINE = 3,	/* no peer path where one was required */
	EXIT_DIFFERS = 4,	/* data is not what it should be */
	EXIT_REFUSED = 5,	/* a guard said no */
	EXIT_INCOMPLETE = 6,	/* and the journal can resume it */
	EXIT_HANGUP = 129,	/* SIGHUP */
	EXIT_INTERRUPTED = 130,	/* SIGINT */
	EXIT_TERMINATED = 143,	/* SIGTERM */
};

/*
 * The worse of two: 2, 5, 4, 1, then 143, 130 and 129, 6, 3, and 0 last. A code
 * that is not in the list counts as 1.
 */
int exit_worst(int a, int b);

/*
 * Takes what asks for an end, SIGHUP unless it is ignored (nohup); what a
 * write can raise becomes the error of that write. The code is 128 + signal.
 */
void exit_catch(const struct sigaction *action);

#endif
