/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows the root that facts are read below and who hears log lines; must not
 * know what the facts are.
 */
#ifndef P2PDMA_LIB_CONTEXT_H
#define P2PDMA_LIB_CONTEXT_H

#include "base/arena.h"
#include "lib/p2pdma.h"

struct p2pdma_context {
	int root_fd;		/* "/" or the sysroot; O_PATH */
	bool is_live;
	char *root_path;	/* as the kernel has it; NULL: unknown */
	const char *here;	/* sysfs_enter(); NULL: nowhere */
	int here_fd;
	p2pdma_log_fn log;
	void *log_data;
	bool *lacks_memory;	/* since context_begin() */
};

/*
 * Most facts may be missing: then they are unknown. But memory that is missing
 * must not look like that, or a pair would be refused for want of it. So an
 * answer that is made of many facts begins and ends with these.
 *
 * context_end() returns @rc, or -ENOMEM where anything in between, also in
 * @arena (NULL: none), was left out for want of memory.
 */
void context_begin(const struct p2pdma_context *context);
int context_end(const struct p2pdma_context *context,
		const struct arena *arena, int rc);

/* Remembers that memory was missing. Returns -ENOMEM. */
int context_lack(const struct p2pdma_context *context);

/* As strdup(3), with context_lack(). */
char *context_strdup(const struct p2pdma_context *context, const char *text);

/* One line to the log function, if there is one; priority as syslog(3). */
void context_log(const struct p2pdma_context *context, int priority,
		 const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
