/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how the memory for a run is chosen: which provider, whether it really
 * works for both ends, and why it was host memory in the end. Must not know
 * what the run does with it.
 */
#ifndef P2PDMA_ENGINE_MEMORY_H
#define P2PDMA_ENGINE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/endpoint.h"
#include "lib/p2pdma.h"

/* What is needed. Everything is borrowed. */
struct memory_request {
	struct p2pdma_context *context;
	const struct p2pdma_topology *topology;
	/* "auto", "host", "none", a function, or an allocate file's path. */
	const char *provider;
	/* Of the ends, those that there are; the other is NULL, NULL. */
	const struct p2pdma_target *source, *destination;
	struct endpoint *source_endpoint, *destination_endpoint;
	size_t slot_bytes;
	unsigned slots, slots_least;
	uint64_t io_timeout_ns;
};

/* What was found. Caller's storage; memory_release() gives it back. */
struct memory {
	struct p2pdma_provider *provider;
	struct p2pdma_provider *host;	/* always there */
	struct p2pdma_pool *pool;
	bool is_peer;
	enum p2pdma_reach reach_source, reach_destination; /* predicted */
	/* Why it is no peer memory, or not at all; id NULL: it is. */
	struct p2pdma_reason why;
	const char *why_provider;	/* who said no; NULL: nobody is asked */
};

/*
 * memory_choose() - find memory that works for every end there is
 *
 * With "auto", the providers are tried in the order of
 * p2pdma_choices_rank(), each by a real read that is compared with one into
 * host memory; when none works it is host memory, and why says so.
 *
 * Return: 0; -EREMOTEIO the provider that was named cannot be used, and why
 * says so; -EBADMSG the kernel takes it and the data is wrong; -ETIMEDOUT an
 * end does not answer with host memory either, leave without giving anything
 * back; other -errno of the ends, of memory.
 */
int memory_choose(const struct memory_request *request,
		  struct memory *memory);

void memory_release(struct memory *memory);

#endif
