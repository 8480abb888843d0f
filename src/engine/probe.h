/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how the kernel is asked whether a client reaches a provider's memory:
 * by one read of the client's block device into a page of that memory. Writes
 * to nothing but that page. Must not know who wants to know, nor how it is
 * told.
 */
#ifndef P2PDMA_ENGINE_PROBE_H
#define P2PDMA_ENGINE_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/preflight.h"
#include "lib/p2pdma.h"

enum probe_answer {
	PROBE_NONE = 0,		/* not asked: why tells */
	PROBE_ACCEPTED,		/* and the data came */
	PROBE_REFUSED,		/* by the kernel, before any data moved */
	PROBE_FAILED,		/* accepted; it did not end well: why tells */
};

/* One question. Caller's storage, as is everything that it points at. */
struct probe_pair {
	const struct p2pdma_function *provider, *client;
	/* What is read; NULL: the client has nothing that could be. Of a
	 * head with several paths the kernel takes one, and nobody may say
	 * which. */
	const struct p2pdma_target *device;
	struct p2pdma_verdict verdict;	/* the prediction */
	enum probe_answer answer;
	int error;		/* errno of REFUSED and FAILED; 0: none */
	enum preflight_difference difference;
	struct p2pdma_reason why; /* NONE, FAILED; id NULL: see the verdict */
	/* A link of the way that was below what both ends can do: does it
	 * train up under load? Unknown where there is none. */
	enum p2pdma_answer trains_up;
	/* Prediction and answer; unknown where one of them is missing. */
	enum p2pdma_answer agrees;
};

struct prober;

/*
 * prober_open() - get ready to ask
 * @timeout_ns:	how long one read may take; 0: for ever
 *
 * Return: 0, or -errno of ring_open().
 */
int prober_open(struct p2pdma_context *context,
		const struct p2pdma_topology *topology, uint64_t timeout_ns,
		struct prober **prober);

/*
 * What never ended is left alone, with its page: the drive may still write
 * there. It goes when the program does. NULL is fine.
 */
void prober_close(struct prober *prober);

/*
 * prober_ask() - fill in the prediction, the kernel's answer and why
 * @pair:	provider, client and device are given
 *
 * Return: 0, also where nothing could be asked; -ENOMEM and the like where
 * asking on makes no sense.
 */
int prober_ask(struct prober *prober, struct probe_pair *pair);

/* Fills trains_up, and @reason's advice, by a link as it was under load. */
void probe_judge_link(struct probe_pair *pair, struct p2pdma_reason *reason,
		      const struct p2pdma_uplink *uplink);

#endif
