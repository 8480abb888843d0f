/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows by which names people call providers; must not know what is done with
 * their memory.
 */
#ifndef P2PDMA_ENGINE_MEMORY_NAMES_H
#define P2PDMA_ENGINE_MEMORY_NAMES_H

#include "lib/p2pdma.h"

#define MEMORY_PROVIDERS_MOST	8

struct memory_names {
	const struct p2pdma_function *functions[MEMORY_PROVIDERS_MOST];
	unsigned count;
};

bool memory_names_have(const struct memory_names *names,
		       const struct p2pdma_function *function);

/*
 * Each of @list, which has commas between them, is an address with or without
 * its domain, the path of an allocate file, or a drive or file that lies on
 * one. What is named twice counts once.
 *
 * Return: 0; -ENXIO where one is none, and @why is filled; -ENOMEM.
 */
int memory_names_find(struct p2pdma_context *context,
		      const struct p2pdma_topology *topology,
		      const char *list, struct memory_names *names,
		      struct p2pdma_reason *why);

#endif
