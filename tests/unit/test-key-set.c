/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/key-set.h"
#include "unit/unit.h"

#include <string.h>

#define MANY	200000

START_TEST(a_key_is_new_once)
{
	struct key_set set = { 0 };

	ck_assert(!key_set_has(&set, 7));
	ck_assert_int_eq(key_set_add(&set, 7), 1);
	ck_assert_int_eq(key_set_add(&set, 7), 0);
	ck_assert(key_set_has(&set, 7));
	ck_assert(!key_set_has(&set, 8));
	ck_assert_int_eq(key_set_add(&set, 0), 1);
	ck_assert_int_eq(key_set_add(&set, 0), 0);
	ck_assert_int_eq(key_set_add(&set, UINT64_MAX), 1);
	ck_assert(key_set_has(&set, UINT64_MAX));
	key_set_fini(&set);
	ck_assert(!key_set_has(&set, 7));
}
END_TEST

static uint64_t make_key(uint32_t i)
{
	return key_set_mix(1, &i, sizeof(i));
}

START_TEST(none_of_many_is_lost_and_none_takes_much)
{
	struct key_set set = { 0 };
	size_t slots = 0;

	for (uint32_t i = 0; i < MANY; i++)
		ck_assert_int_eq(key_set_add(&set, make_key(i)), 1);
	for (uint32_t i = 0; i < MANY; i++)
		ck_assert_int_eq(key_set_add(&set, make_key(i)), 0);
	for (uint32_t i = MANY; i < 2 * MANY; i++)
		ck_assert(!key_set_has(&set, make_key(i)));
	for (int i = 0; i < KEY_SET_PARTS; i++)
		slots += set.parts[i].size;
	ck_assert_uint_le(slots * sizeof(uint64_t), MANY * 14);
	key_set_fini(&set);
}
END_TEST

START_TEST(keys_are_of_all_that_is_in_them)
{
	static const char *const names[] = {
		"", "a", "b", "ab", "ba", "aaaaaaaa", "aaaaaaaab",
		"aaaaaaaaaaaaaaaa", "aaaaaaaabaaaaaaa",
	};
	const size_t count = sizeof(names) / sizeof(*names);

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < count; k++)
			ck_assert((key_set_mix(0, names[i],
					       strlen(names[i])) ==
				   key_set_mix(0, names[k],
					       strlen(names[k]))) ==
				  (i == k));
	ck_assert(key_set_mix(0, "a", 1) != key_set_mix(1, "a", 1));
	/* A byte that is there is not one that is not. */
	ck_assert(key_set_mix(0, "a", 1) != key_set_mix(0, "a", 2));
}
END_TEST

UNIT_SUITE("key-set",
	   a_key_is_new_once,
	   none_of_many_is_lost_and_none_takes_much,
	   keys_are_of_all_that_is_in_them);
