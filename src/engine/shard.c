// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/shard.h"

#include <errno.h>
#include <stdlib.h>

#include "base/macro.h"

/* What a file costs that has no data. */
#define FILE_COST	4096

struct node {
	uint64_t load_bytes;
	unsigned index;
};

/* The nodes are a heap: the one with the least is the first. */
struct shard {
	unsigned index, count;
	struct node nodes[];
};

int shard_create(unsigned index, unsigned count, struct shard **shard)
{
	struct shard *s;

	if (!count || index >= count || count > SHARD_NODES_MOST)
		return -EINVAL;
	s = calloc(1, sizeof(*s) + count * sizeof(s->nodes[0]));
	if (!s)
		return -ENOMEM;
	s->index = index;
	s->count = count;
	for (unsigned i = 0; i < count; i++)
		s->nodes[i].index = i;
	*shard = s;
	return 0;
}

void shard_destroy(struct shard *shard)
{
	free(shard);
}

unsigned shard_count_parts(const struct shard *shard, uint64_t size_bytes)
{
	return (unsigned)MAX(MIN(size_bytes / SHARD_RANGE, shard->count), 1);
}

/* Equal loads in the order of the nodes, so that all nodes agree. */
static bool is_before(const struct node *a, const struct node *b)
{
	if (a->load_bytes != b->load_bytes)
		return a->load_bytes < b->load_bytes;
	return a->index < b->index;
}

static void sift_down(struct shard *s)
{
	unsigned at = 0, least;

	for (;; at = least) {
		struct node node = s->nodes[at];

		least = at;
		for (unsigned c = 2 * at + 1; c <= 2 * at + 2; c++)
			if (c < s->count &&
			    is_before(&s->nodes[c], &s->nodes[least]))
				least = c;
		if (least == at)
			return;
		s->nodes[at] = s->nodes[least];
		s->nodes[least] = node;
	}
}

/* Where range @part begins. */
static uint64_t find_cut(uint64_t size, unsigned parts, unsigned part)
{
	uint64_t cut = (uint64_t)((unsigned __int128)size * part / parts);

	return part == parts ? size : round_down(cut, SHARD_BLOCK);
}

bool shard_deal(struct shard *shard, uint64_t size_bytes, unsigned parts,
		unsigned part, struct shard_range *range)
{
	uint64_t begin = find_cut(size_bytes, parts, part);
	uint64_t end = find_cut(size_bytes, parts, part + 1);
	unsigned node = shard->nodes[0].index;

	shard->nodes[0].load_bytes += end - begin + FILE_COST;
	sift_down(shard);
	*range = (struct shard_range){ begin, end - begin };
	return node == shard->index;
}
