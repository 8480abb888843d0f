/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how one piece of data gets from an endpoint into a buffer, or out of
 * it, to the last byte: what comes short is asked for again. Must not know
 * what the data is for.
 */
#ifndef P2PDMA_ENGINE_TRANSFER_H
#define P2PDMA_ENGINE_TRANSFER_H

#include "engine/endpoint.h"
#include "engine/ring.h"

/* The two ends of everything that moves. */
enum side {
	SIDE_NONE = 0,
	SIDE_SOURCE,
	SIDE_DESTINATION,
};

/* Caller's storage. A buffer has room for length_bytes. */
struct transfer {
	struct endpoint *endpoint;
	enum ring_action action;
	enum side side;
	unsigned leg;		/* which destination; 0: the first */
	bool is_direct;
	char *buffer;
	uint64_t offset_bytes;
	uint32_t length_bytes;	/* asked for: want_bytes, as aligned */
	uint32_t want_bytes;	/* enough */
	uint32_t done_bytes;
	int error;		/* the owner's, to keep one in */
};

enum transfer_state {
	TRANSFER_FAILED = 0,	/* *error tells why */
	TRANSFER_AGAIN,		/* push it once more, for the rest */
	TRANSFER_DONE,
};

/* What transfer_take() says where data ends before it should. */
#define TRANSFER_ENDED_EARLY	(-ENXIO)

/* Puts both ends' descriptors into @ring's table. */
int transfer_register(struct ring *ring, const struct endpoint *source,
		      const struct endpoint *destination);

/* The same for one source and several destinations. */
#define TRANSFER_LEGS_MOST	64
int transfer_register_legs(struct ring *ring, const struct endpoint *source,
			   struct endpoint *const *destinations,
			   unsigned count);

/* The place in that table of one end's descriptor. */
unsigned transfer_get_file(enum side side, bool is_direct);
unsigned transfer_get_leg_file(enum side side, unsigned leg, bool is_direct);

/* As ring_push(). */
int transfer_push(const struct transfer *transfer, struct ring *ring,
		  uint64_t tag);

/* What the completion of a push means. */
enum transfer_state transfer_take(struct transfer *transfer, int result,
				  int *error);

/* The alignment that @transfer's descriptor asks for. */
uint32_t transfer_get_align(const struct transfer *transfer);

#endif
