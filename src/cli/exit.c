// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/exit.h"

#include <stddef.h>

#include "base/macro.h"

/* Worst first. */
static const int order[] = {
	EXIT_USAGE,	 EXIT_REFUSED,	   EXIT_DIFFERS, EXIT_FAILED,
	EXIT_TERMINATED, EXIT_INTERRUPTED, EXIT_HANGUP,	 EXIT_INCOMPLETE,
	EXIT_MACHINE,	 EXIT_DONE,
};

static size_t rank(int code)
{
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (order[i] == code)
			return i;
	return rank(EXIT_FAILED);
}

int exit_worst(int a, int b)
{
	return rank(a) <= rank(b) ? a : b;
}

void exit_catch(const struct sigaction *action)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction old;

	sigaction(SIGINT, action, NULL);
	sigaction(SIGTERM, action, NULL);
	if (!sigaction(SIGHUP, NULL, &old) && old.sa_handler != SIG_IGN)
		sigaction(SIGHUP, action, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
}
