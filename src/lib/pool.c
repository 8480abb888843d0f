// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Knows how one mapping becomes equal slots, and how several make one pool;
 * must not know whose memory it is, beyond asking its provider for it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/macro.h"
#include "lib/provider.h"
#include "lib/sigbus.h"

#define PARTS_MOST	8

/* One mapping. */
struct part {
	char *start;
	unsigned slots;
};

struct p2pdma_pool {
	struct part parts[PARTS_MOST];
	unsigned part_count;
	size_t slot_bytes;
	unsigned slots;		/* of all parts */
	bool is_peer;
	unsigned free_count;
	unsigned *free_slots;	/* a stack: the warmest slot goes first */
};

/* Half of what is above @least; @least itself before giving up. */
static unsigned back_off(unsigned slots, unsigned least)
{
	return least + (slots - least) / 2;
}

static int map_slots(struct p2pdma_provider *provider,
		     struct p2pdma_pool *pool, unsigned least)
{
	void *start;
	int rc;

	for (;;) {
		rc = provider->ops->map(provider,
					pool->slots * pool->slot_bytes, &start);
		if (rc != -ENOMEM || pool->slots == least)
			break;
		pool->slots = back_off(pool->slots, least);
	}
	if (rc)
		return rc;
	pool->parts[0] = (struct part){ start, pool->slots };
	pool->part_count = 1;
	/* A child would hold the memory for as long as it lives. */
	(void)madvise(start, pool->slots * pool->slot_bytes, MADV_DONTFORK);
	return 0;
}

static void fill_stack(struct p2pdma_pool *pool)
{
	for (unsigned i = 0; i < pool->slots; i++)
		pool->free_slots[i] = pool->slots - 1 - i;
	pool->free_count = pool->slots;
}

int p2pdma_pool_create(struct p2pdma_provider *provider, size_t slot_bytes,
		       unsigned slots, unsigned slots_least,
		       struct p2pdma_pool **pool)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE), total;
	struct p2pdma_pool *p;
	int rc;

	if (!slot_bytes || !slots || slot_bytes > SIZE_MAX - page_bytes)
		return -EINVAL;
	slot_bytes = round_up(slot_bytes, page_bytes);
	if (__builtin_mul_overflow(slot_bytes, slots, &total))
		return -EINVAL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->free_slots = calloc(slots, sizeof(p->free_slots[0]));
	p->slot_bytes = slot_bytes;
	p->slots = slots;
	p->is_peer = provider->ops->is_peer;
	rc = p->free_slots ?
		map_slots(provider, p, MIN(MAX(slots_least, 1), slots)) :
		-ENOMEM;
	if (rc) {
		p2pdma_pool_destroy(p);
		return rc;
	}
	fill_stack(p);
	*pool = p;
	return 0;
}

int p2pdma_pool_join(struct p2pdma_pool *pool, struct p2pdma_pool *other)
{
	unsigned *stack;

	if (pool->slot_bytes != other->slot_bytes ||
	    pool->is_peer != other->is_peer ||
	    pool->free_count != pool->slots ||
	    other->free_count != other->slots)
		return -EINVAL;
	if (pool->part_count + other->part_count > PARTS_MOST)
		return -E2BIG;
	stack = reallocarray(pool->free_slots, pool->slots + other->slots,
			     sizeof(*stack));
	if (!stack)
		return -ENOMEM;
	memcpy(pool->parts + pool->part_count, other->parts,
	       other->part_count * sizeof(other->parts[0]));
	pool->part_count += other->part_count;
	pool->slots += other->slots;
	pool->free_slots = stack;
	fill_stack(pool);
	other->part_count = 0;
	p2pdma_pool_destroy(other);
	return 0;
}

void p2pdma_pool_destroy(struct p2pdma_pool *pool)
{
	if (!pool)
		return;
	for (unsigned i = 0; i < pool->part_count; i++)
		munmap(pool->parts[i].start,
		       pool->parts[i].slots * pool->slot_bytes);
	free(pool->free_slots);
	free(pool);
}

unsigned p2pdma_pool_get_slots(const struct p2pdma_pool *pool)
{
	return pool->slots;
}

size_t p2pdma_pool_get_slot_bytes(const struct p2pdma_pool *pool)
{
	return pool->slot_bytes;
}

bool p2pdma_pool_is_peer(const struct p2pdma_pool *pool)
{
	return pool->is_peer;
}

static char *find_slot(const struct p2pdma_pool *pool, unsigned index)
{
	for (const struct part *part = pool->parts;
	     part < pool->parts + pool->part_count; part++) {
		if (index < part->slots)
			return part->start + index * pool->slot_bytes;
		index -= part->slots;
	}
	return NULL;
}

void *p2pdma_pool_get_slot(const struct p2pdma_pool *pool, unsigned index)
{
	return find_slot(pool, index);
}

void *p2pdma_pool_take(struct p2pdma_pool *pool)
{
	if (!pool->free_count)
		return NULL;
	return find_slot(pool, pool->free_slots[--pool->free_count]);
}

void p2pdma_pool_give(struct p2pdma_pool *pool, void *slot)
{
	const struct part *part = pool->parts;
	unsigned first = 0;

	/* What is below the part's start is far above its end as a size. */
	while ((size_t)((char *)slot - part->start) >=
	       part->slots * pool->slot_bytes)
		first += part++->slots;
	pool->free_slots[pool->free_count++] = first +
		(unsigned)((size_t)((char *)slot - part->start) /
			   pool->slot_bytes);
}

/* NULL unless whole words inside one slot were asked for. */
static char *find_words(const struct p2pdma_pool *pool, unsigned index,
			size_t offset, size_t size)
{
	if (index >= pool->slots || offset % 8 || size % 8 ||
	    offset > pool->slot_bytes || size > pool->slot_bytes - offset)
		return NULL;
	return find_slot(pool, index) + offset;
}

int p2pdma_pool_load(const struct p2pdma_pool *pool, unsigned index,
		     size_t offset, void *data, size_t size)
{
	const char *words = find_words(pool, index, offset, size);

	return words ? sigbus_load(data, words, size) : -EINVAL;
}

int p2pdma_pool_store(const struct p2pdma_pool *pool, unsigned index,
		      size_t offset, const void *data, size_t size)
{
	char *words = find_words(pool, index, offset, size);

	return words ? sigbus_store(words, data, size) : -EINVAL;
}
