/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows what a provider of memory is made of; must not know how a pool cuts
 * it up. A new kind is one file and one row in provider.c.
 */
#ifndef P2PDMA_LIB_PROVIDER_H
#define P2PDMA_LIB_PROVIDER_H

#include "lib/context.h"

struct p2pdma_provider {
	const struct provider_ops *ops;
	const struct p2pdma_context *context;
	char *name;
	int fd;			/* of the allocate file; -1: none */
};

struct provider_ops {
	bool is_peer;
	/* Is @name one of this kind? */
	bool (*matches)(const char *name);
	/* Fills name and fd. Errors as p2pdma_provider_open(). */
	int (*open)(struct p2pdma_provider *provider, const char *name,
		    struct p2pdma_reason *why);
	/*
	 * One mapping of whole pages. 0, -ENOMEM no room, other -errno.
	 * provider_map_fd() where the kernel hands them out by a file.
	 */
	int (*map)(struct p2pdma_provider *provider, size_t bytes,
		   void **address);
};

extern const struct provider_ops provider_bar_ops;
extern const struct provider_ops provider_host_ops;
extern const struct provider_ops provider_p2pmem_ops;

/* Maps @provider's fd, shared, from its start: a map operation. */
int provider_map_fd(struct p2pdma_provider *provider, size_t bytes,
		    void **address);

/* Fills @why, if there is one, and returns @rc. */
int provider_refuse(struct p2pdma_reason *why, int rc, const char *id,
		    const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
