/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how work is dealt to several nodes that do not talk: each one deals
 * the same files in the same order, and takes what falls to it. Must not know
 * what the files are. Pure.
 *
 * A large file is cut into ranges, at multiples of SHARD_BLOCK; each range,
 * and each small file, goes to the node that has least so far.
 *
 *	parts = shard_count_parts(shard, size_bytes);
 *	for (i = 0; i < parts; i++)
 *		if (shard_deal(shard, size_bytes, parts, i, &range))
 *			copy the range;
 */
#ifndef P2PDMA_ENGINE_SHARD_H
#define P2PDMA_ENGINE_SHARD_H

#include <stdbool.h>
#include <stdint.h>

/* No range is cut elsewhere, and none is much shorter than the other. */
#define SHARD_BLOCK	(UINT64_C(1) << 20)
#define SHARD_RANGE	(UINT64_C(16) << 20)
#define SHARD_NODES_MOST	65536

struct shard;

struct shard_range {
	uint64_t offset_bytes, length_bytes;
};

/* For node @index of @count. 0, -EINVAL, -ENOMEM. */
int shard_create(unsigned index, unsigned count, struct shard **shard);
void shard_destroy(struct shard *shard);

/* Into how many ranges a file is cut; 1: it is copied whole. */
unsigned shard_count_parts(const struct shard *shard, uint64_t size_bytes);

/* Deals range @part; true when it falls to this node. */
bool shard_deal(struct shard *shard, uint64_t size_bytes, unsigned parts,
		unsigned part, struct shard_range *range);

#endif
