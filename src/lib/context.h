/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows the root that facts are read below and who hears log lines; must not
 * know what the facts are.
 */
#ifndef P2PDMA_LIB_CONTEXT_H
#define P2PDMA_LIB_CONTEXT_H

#include "lib/p2pdma.h"

struct p2pdma_context {
	int root_fd;		/* "/" or the sysroot; O_PATH */
	bool is_live;
	char *root_path;	/* as the kernel has it; NULL: unknown */
	const char *here;	/* sysfs_enter(); NULL: nowhere */
	int here_fd;
	p2pdma_log_fn log;
	void *log_data;
};

/* One line to the log function, if there is one; priority as syslog(3). */
void context_log(const struct p2pdma_context *context, int priority,
		 const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
