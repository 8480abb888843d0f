/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows which keys were put into it, of as many as there may be, some 10
 * bytes each; must not know what they are made of.
 */
#ifndef P2PDMA_ENGINE_KEY_SET_H
#define P2PDMA_ENGINE_KEY_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Parts of a set: while one of them grows, the others need no more. */
#define KEY_SET_PARTS	256

struct key_set_part {
	uint64_t *slots;		/* 0: free */
	uint32_t size, used;
};

/* Zeroed at first. */
struct key_set {
	struct key_set_part parts[KEY_SET_PARTS];
};

/*
 * A key of what came before and of @length bytes more. Those of different
 * things differ, but for one in 2^64.
 */
uint64_t key_set_mix(uint64_t before, const void *data, size_t length);

bool key_set_has(const struct key_set *set, uint64_t key);

/* 1: it is in now; 0: it was before; -ENOMEM. */
int key_set_add(struct key_set *set, uint64_t key);

void key_set_fini(struct key_set *set);

#endif
