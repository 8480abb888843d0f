/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/p2pdma.h"
#include "lib/provider.h"
#include "unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct p2pdma_context *context;
static struct p2pdma_provider *host;

static void open_host(void)
{
	ck_assert_int_eq(p2pdma_context_create(NULL, &context), 0);
	ck_assert_int_eq(p2pdma_provider_open(context, "host", NULL, &host), 0);
}

static void close_host(void)
{
	p2pdma_provider_close(host);
	p2pdma_context_destroy(context);
}

START_TEST(slots_are_whole_pages_side_by_side)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	struct p2pdma_pool *pool;
	char *first;

	open_host();
	ck_assert_int_eq(p2pdma_pool_create(host, 1, 3, 3, &pool), 0);
	ck_assert_uint_eq(p2pdma_pool_get_slots(pool), 3);
	ck_assert_uint_eq(p2pdma_pool_get_slot_bytes(pool), page_bytes);
	ck_assert(!p2pdma_pool_is_peer(pool));
	first = p2pdma_pool_get_slot(pool, 0);
	ck_assert_uint_eq((uintptr_t)first % page_bytes, 0);
	ck_assert_ptr_eq(p2pdma_pool_get_slot(pool, 2), first + 2 * page_bytes);
	ck_assert_ptr_null(p2pdma_pool_get_slot(pool, 3));
	p2pdma_pool_destroy(pool);
	close_host();
}
END_TEST

START_TEST(large_host_memory_is_aligned_for_huge_pages)
{
	struct p2pdma_pool *pool;

	open_host();
	ck_assert_int_eq(p2pdma_pool_create(host, 1 << 20, 5, 1, &pool), 0);
	ck_assert_uint_eq((uintptr_t)p2pdma_pool_get_slot(pool, 0) % (2 << 20),
			  0);
	memset(p2pdma_pool_get_slot(pool, 4), 1, 1 << 20);
	p2pdma_pool_destroy(pool);
	close_host();
}
END_TEST

START_TEST(every_slot_is_taken_once_and_comes_back)
{
	struct p2pdma_pool *pool;
	void *a, *b;

	open_host();
	ck_assert_int_eq(p2pdma_pool_create(host, 4096, 2, 2, &pool), 0);
	a = p2pdma_pool_take(pool);
	b = p2pdma_pool_take(pool);
	ck_assert_ptr_nonnull(a);
	ck_assert_ptr_nonnull(b);
	ck_assert_ptr_ne(a, b);
	ck_assert_ptr_null(p2pdma_pool_take(pool));
	p2pdma_pool_give(pool, a);
	ck_assert_ptr_eq(p2pdma_pool_take(pool), a);
	p2pdma_pool_destroy(pool);
	close_host();
}
END_TEST

START_TEST(nothing_and_too_much_are_invalid)
{
	struct p2pdma_pool *pool = NULL;

	open_host();
	ck_assert_int_eq(p2pdma_pool_create(host, 0, 1, 1, &pool), -EINVAL);
	ck_assert_int_eq(p2pdma_pool_create(host, 1, 0, 0, &pool), -EINVAL);
	ck_assert_int_eq(p2pdma_pool_create(host, SIZE_MAX, 1, 1, &pool),
			 -EINVAL);
	ck_assert_int_eq(p2pdma_pool_create(host, SIZE_MAX / 4, 8, 1, &pool),
			 -EINVAL);
	ck_assert_ptr_null(pool);
	p2pdma_pool_destroy(NULL);
	close_host();
}
END_TEST

/* A provider with room for five pages in one piece. */
static size_t room_bytes;
static unsigned tries;

static int map_small(struct p2pdma_provider *provider, size_t bytes,
		     void **address)
{
	tries++;
	if (bytes > room_bytes)
		return -ENOMEM;
	*address = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return 0;
}

static const struct provider_ops small_ops = {
	.is_peer = true,
	.map = map_small,
};

START_TEST(too_little_room_means_fewer_slots_down_to_the_least)
{
	struct p2pdma_provider small = { .ops = &small_ops, .fd = -1 };
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	struct p2pdma_pool *pool;

	room_bytes = 5 * page_bytes;
	ck_assert_int_eq(p2pdma_pool_create(&small, 1, 16, 2, &pool), 0);
	ck_assert_uint_eq(p2pdma_pool_get_slots(pool), 5);
	ck_assert_uint_eq(tries, 3);
	ck_assert(p2pdma_pool_is_peer(pool));
	p2pdma_pool_destroy(pool);
	ck_assert_int_eq(p2pdma_pool_create(&small, 1, 16, 6, &pool), -ENOMEM);
}
END_TEST

START_TEST(the_cpu_reaches_slots_by_words_only_inside_them)
{
	uint64_t words[2] = { 1, 2 }, back[2] = { 0 };
	struct p2pdma_pool *pool;

	open_host();
	ck_assert_int_eq(p2pdma_pool_create(host, 4096, 2, 2, &pool), 0);
	ck_assert_int_eq(p2pdma_pool_store(pool, 1, 4080, words, 16), 0);
	ck_assert_int_eq(p2pdma_pool_load(pool, 1, 4080, back, 16), 0);
	ck_assert_mem_eq(words, back, 16);
	ck_assert_int_eq(p2pdma_pool_load(pool, 1, 4088, back, 16), -EINVAL);
	ck_assert_int_eq(p2pdma_pool_load(pool, 2, 0, back, 16), -EINVAL);
	ck_assert_int_eq(p2pdma_pool_load(pool, 0, 4, back, 8), -EINVAL);
	ck_assert_int_eq(p2pdma_pool_load(pool, 0, 0, back, 4), -EINVAL);
	p2pdma_pool_destroy(pool);
	close_host();
}
END_TEST

START_TEST(two_pools_become_one_whose_slots_all_come_back)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	struct p2pdma_pool *pool, *other;
	char *first, *second;
	void *taken[5];

	open_host();
	ck_assert_int_eq(p2pdma_pool_create(host, 1, 2, 2, &pool), 0);
	ck_assert_int_eq(p2pdma_pool_create(host, 1, 3, 3, &other), 0);
	first = p2pdma_pool_get_slot(pool, 0);
	second = p2pdma_pool_get_slot(other, 0);
	ck_assert_int_eq(p2pdma_pool_join(pool, other), 0);
	ck_assert_uint_eq(p2pdma_pool_get_slots(pool), 5);
	ck_assert_ptr_eq(p2pdma_pool_get_slot(pool, 1), first + page_bytes);
	ck_assert_ptr_eq(p2pdma_pool_get_slot(pool, 2), second);
	ck_assert_ptr_eq(p2pdma_pool_get_slot(pool, 4),
			 second + 2 * page_bytes);
	ck_assert_ptr_null(p2pdma_pool_get_slot(pool, 5));
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 5; i++) {
			taken[i] = p2pdma_pool_take(pool);
			ck_assert_ptr_eq(taken[i],
					 p2pdma_pool_get_slot(pool, i));
		}
		ck_assert_ptr_null(p2pdma_pool_take(pool));
		for (unsigned i = 5; i--;)
			p2pdma_pool_give(pool, taken[i]);
	}
	memset(second, 1, 3 * page_bytes);
	p2pdma_pool_destroy(pool);
	close_host();
}
END_TEST

START_TEST(pools_that_do_not_fit_stay_two)
{
	struct p2pdma_pool *pool, *large, *busy;

	open_host();
	ck_assert_int_eq(p2pdma_pool_create(host, 1, 2, 2, &pool), 0);
	ck_assert_int_eq(p2pdma_pool_create(host, 1 << 20, 1, 1, &large), 0);
	ck_assert_int_eq(p2pdma_pool_create(host, 1, 2, 2, &busy), 0);
	ck_assert_ptr_nonnull(p2pdma_pool_take(busy));
	ck_assert_int_eq(p2pdma_pool_join(pool, large), -EINVAL);
	ck_assert_int_eq(p2pdma_pool_join(pool, busy), -EINVAL);
	ck_assert_uint_eq(p2pdma_pool_get_slots(pool), 2);
	ck_assert_uint_eq(p2pdma_pool_get_slots(large), 1);
	p2pdma_pool_destroy(pool);
	p2pdma_pool_destroy(large);
	p2pdma_pool_destroy(busy);
	close_host();
}
END_TEST

START_TEST(more_mappings_than_a_pool_has_room_for_are_too_many)
{
	struct p2pdma_pool *pool, *other;

	open_host();
	ck_assert_int_eq(p2pdma_pool_create(host, 1, 1, 1, &pool), 0);
	for (int i = 1; i < 8; i++) {
		ck_assert_int_eq(p2pdma_pool_create(host, 1, 1, 1, &other), 0);
		ck_assert_int_eq(p2pdma_pool_join(pool, other), 0);
	}
	ck_assert_int_eq(p2pdma_pool_create(host, 1, 1, 1, &other), 0);
	ck_assert_int_eq(p2pdma_pool_join(pool, other), -E2BIG);
	ck_assert_uint_eq(p2pdma_pool_get_slots(pool), 8);
	p2pdma_pool_destroy(other);
	p2pdma_pool_destroy(pool);
	close_host();
}
END_TEST

/* It would be held for as long as the child lives. */
START_TEST(a_child_does_not_have_the_memory)
{
	struct p2pdma_pool *pool;
	unsigned char there;
	pid_t child;
	int status;

	open_host();
	ck_assert_int_eq(p2pdma_pool_create(host, 4096, 2, 2, &pool), 0);
	ck_assert_int_eq(mincore(p2pdma_pool_get_slot(pool, 0), 4096, &there),
			 0);
	child = fork();
	if (!child)
		_exit(mincore(p2pdma_pool_get_slot(pool, 0), 4096, &there) ?
		      errno : 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(WEXITSTATUS(status), ENOMEM);
	p2pdma_pool_destroy(pool);
	close_host();
}
END_TEST

UNIT_SUITE("pool",
	   slots_are_whole_pages_side_by_side,
	   large_host_memory_is_aligned_for_huge_pages,
	   every_slot_is_taken_once_and_comes_back,
	   nothing_and_too_much_are_invalid,
	   too_little_room_means_fewer_slots_down_to_the_least,
	   the_cpu_reaches_slots_by_words_only_inside_them,
	   two_pools_become_one_whose_slots_all_come_back,
	   pools_that_do_not_fit_stay_two,
	   more_mappings_than_a_pool_has_room_for_are_too_many,
	   a_child_does_not_have_the_memory);
