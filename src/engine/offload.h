/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how a drive copies inside one of its namespaces by itself (the NVMe
 * Copy command): no data leaves it. Must not know whether that is wanted.
 */
#ifndef P2PDMA_ENGINE_OFFLOAD_H
#define P2PDMA_ENGINE_OFFLOAD_H

#include "engine/copy.h"

/*
 * Everything is borrowed. Both ends are opened with ENDPOINT_PASSTHROUGH, the
 * destination for writing; the ring has RING_COMMANDS.
 */
struct offload_plan {
	struct endpoint *source, *destination;
	uint64_t source_offset_bytes, destination_offset_bytes;
	uint64_t size_bytes;
	struct ring *ring;
	bool is_synced;
	uint64_t io_timeout_ns;		/* 0: never */
	const volatile sig_atomic_t *stop;
	void (*tick)(void *data, uint64_t done_bytes);
	void *tick_data;
};

/*
 * Why the drive cannot do it, the end of a sentence; NULL: it says it can.
 * Nothing is written, and no ring is needed for that.
 */
const char *offload_find_obstacle(const struct offload_plan *plan);

/*
 * offload_run() - let the drive copy
 *
 * 0, -EINTR or -ETIMEDOUT as copy_run(); any other -errno is the drive's no,
 * and the copy is to be made in another way, from its start.
 */
int offload_run(const struct offload_plan *plan, struct copy_result *result);

#endif
