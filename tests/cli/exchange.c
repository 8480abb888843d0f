// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how another user swaps names under a program that walks there:
 *
 *	exchange A B
 *
 * A and B are each other, and themselves again, until it is killed. Both are
 * there at any time. It says "swapped" when the first exchange is done.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int main(int argc, char **argv)
{
	struct timespec pause = { 0 };
	unsigned long turn;

	if (argc != 3) {
		fprintf(stderr, "usage: exchange A B\n");
		return 2;
	}
	for (turn = 0;; turn++) {
		if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2],
			      RENAME_EXCHANGE)) {
			fprintf(stderr, "exchange: %s\n", strerror(errno));
			return 1;
		}
		if (!turn) {
			puts("swapped");
			fflush(stdout);
		}
		pause.tv_nsec = (long)(turn * 7919 % 400 * 1000);
		nanosleep(&pause, NULL);
	}
}
