// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/key-set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

#define SIZE_FIRST	16

static uint64_t mix(uint64_t key, uint64_t word)
{
	key = (key ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	key = (key ^ key >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return key ^ key >> 32;
}

uint64_t key_set_mix(uint64_t before, const void *data, size_t length)
{
	const char *at = data;
	uint64_t key = mix(before, length + 1);

	while (length) {
		size_t part = length < sizeof(key) ? length : sizeof(key);
		uint64_t word = 0;

		memcpy(&word, at, part);
		key = mix(key, word);
		at += part;
		length -= part;
	}
	return key;
}

/* Where @key is, or would be; there is always one that is free. */
static uint64_t *find_slot(const struct key_set_part *part, uint64_t key)
{
	uint32_t i = (uint32_t)((key & UINT32_MAX) * part->size >> 32);

	while (part->slots[i] && part->slots[i] != key)
		i = i + 1 < part->size ? i + 1 : 0;
	return &part->slots[i];
}

static int grow(struct key_set_part *part)
{
	struct key_set_part old = *part;

	if (old.used < old.size - old.size / 8)
		return 0;
	part->size = old.size ? old.size + old.size / 4 : SIZE_FIRST;
	part->slots = calloc(part->size, sizeof(*part->slots));
	if (!part->slots) {
		*part = old;
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < old.size; i++)
		if (old.slots[i])
			*find_slot(part, old.slots[i]) = old.slots[i];
	free(old.slots);
	return 0;
}

/* 0 is what is free. */
static uint64_t correct_key(uint64_t key)
{
	return key ? key : 1;
}

bool key_set_has(const struct key_set *set, uint64_t key)
{
	const struct key_set_part *part;

	key = correct_key(key);
	part = &set->parts[key >> 56];
	return part->size && *find_slot(part, key);
}

int key_set_add(struct key_set *set, uint64_t key)
{
	struct key_set_part *part;
	uint64_t *slot;
	int rc;

	if (key_set_has(set, key))
		return 0;
	key = correct_key(key);
	part = &set->parts[key >> 56];
	rc = grow(part);
	if (rc)
		return rc;
	slot = find_slot(part, key);
	*slot = key;
	part->used++;
	return 1;
}

void key_set_fini(struct key_set *set)
{
	for (size_t i = 0; i < ARRAY_SIZE(set->parts); i++)
		free(set->parts[i].slots);
	*set = (struct key_set){ 0 };
}
