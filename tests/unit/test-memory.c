/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two providers, 03:00.0 before 07:00.0 for nvme1. A plain file plays memory
 * that works; an empty one, memory that is gone when it is touched; a pipe,
 * memory without room.
 */
#include "engine/endpoint-null.h"
#include "engine/memory.h"
#include "lib/context.h"
#include "unit/fixture.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"

#define FIRST	"0000:03:00.0"
#define SECOND	"0000:07:00.0"

static struct fixture machine;
static struct p2pdma_target *target;
static struct memory memory;
static struct memory_wish wish;
static struct endpoint *endpoint;
static struct ring *ring;
static char path[64];

static void set(const char *provider, const char *file, const char *value)
{
	char line[256];

	snprintf(line, sizeof(line), "file sys/bus/pci/devices/%s/p2pmem/%s %s",
		 provider, file, value);
	fixture_add(&machine, line);
}

static void name_allocate(const char *provider, char *name, size_t size)
{
	snprintf(name, size, "%s/sys/bus/pci/devices/%s/p2pmem/allocate",
		 machine.root, provider);
}

static void make_working(const char *provider)
{
	char name[256];

	name_allocate(provider, name, sizeof(name));
	ck_assert_int_eq(truncate(name, 64 * MIB), 0);
}

static void make_full(const char *provider)
{
	char name[256];

	name_allocate(provider, name, sizeof(name));
	ck_assert_int_eq(unlink(name), 0);
	ck_assert_int_eq(mkfifo(name, 0600), 0);
}

static void make_gone(const char *provider)
{
	char name[256];

	name_allocate(provider, name, sizeof(name));
	ck_assert_int_eq(truncate(name, 0), 0);
}

static void start(void)
{
	fixture_load(&machine, "nested-switches", NULL);
	wish = (struct memory_wish){ .size_bytes = GIB };
}

/* Of the description; what follows is done on it as on a live machine. */
static int plan(void)
{
	struct memory_place place = {
		.context = machine.context, .topology = machine.topology,
	};

	ck_assert_int_eq(p2pdma_target_resolve(machine.context,
					       machine.topology, "nvme1n1",
					       -1, &target), 0);
	place.source = place.destination = target;
	machine.context->is_live = true;
	return memory_plan(&memory, &place, &wish);
}

static void take(void)
{
	static const struct endpoint_faults no_faults;
	struct memory_trial trial = { .ring = &ring };
	char block[4096] = "data";
	int fd;

	strcpy(path, "/var/tmp/test-memory-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, block, sizeof(block)), sizeof(block));
	close(fd);
	ck_assert_int_eq(endpoint_null_open(path, ENDPOINT_READ, &no_faults,
					    &endpoint), 0);
	ck_assert_int_eq(ring_open(1, &ring), 0);
	trial.source = endpoint;
	ck_assert_int_eq(plan(), 0);
	ck_assert_int_eq(memory_take(&memory, &trial), 0);
	ck_assert_ptr_nonnull(memory.pool);
	ring_close(ring);
}

static void finish(void)
{
	memory_release(&memory);
	p2pdma_target_destroy(target);
	fixture_close(&machine);
	endpoint_close(endpoint);
	endpoint = NULL;
	if (path[0])
		unlink(path);
	path[0] = 0;
}

static void expect_peer(const char *provider)
{
	ck_assert_ptr_nonnull(memory.provider);
	ck_assert_str_eq(memory.function->address, provider);
	ck_assert_ptr_null(memory.why.id);
}

static void expect_host(const char *why, const char *who)
{
	ck_assert_ptr_null(memory.provider);
	ck_assert_ptr_null(memory.function);
	ck_assert_str_eq(memory.why.id, why);
	ck_assert_str_eq(memory.why_provider->address, who);
}

START_TEST(the_best_provider_is_planned)
{
	start();
	ck_assert_int_eq(plan(), 0);
	expect_peer(FIRST);
	ck_assert_int_eq(memory.reach_source, P2PDMA_REACH_DIRECT);
	ck_assert_ptr_null(memory.pool);
	finish();
}
END_TEST

START_TEST(the_best_provider_that_works_is_taken)
{
	start();
	make_working(FIRST);
	make_working(SECOND);
	take();
	expect_peer(FIRST);
	ck_assert(p2pdma_pool_is_peer(memory.pool));
	finish();
}
END_TEST

START_TEST(after_one_that_is_refused_comes_the_next)
{
	start();
	make_gone(FIRST);
	make_working(SECOND);
	take();
	expect_peer(SECOND);
	finish();
}
END_TEST

START_TEST(after_one_without_room_comes_the_next)
{
	start();
	make_full(FIRST);
	make_working(SECOND);
	take();
	expect_peer(SECOND);
	finish();
}
END_TEST

START_TEST(after_one_that_is_not_published_comes_the_next)
{
	start();
	set(FIRST, "published", "0");
	ck_assert_int_eq(plan(), 0);
	expect_peer(SECOND);
	finish();
}
END_TEST

START_TEST(host_memory_is_last_and_the_best_ones_reason_is_told)
{
	start();
	make_full(FIRST);
	set(SECOND, "published", "0");
	take();
	expect_host("provider-too-small", FIRST);
	ck_assert(!p2pdma_pool_is_peer(memory.pool));
	finish();
}
END_TEST

START_TEST(a_provider_with_a_name_has_no_successor)
{
	start();
	make_full(SECOND);
	make_working(FIRST);
	wish.provider = "07:00.0";
	take();
	expect_host("provider-too-small", SECOND);
	finish();
}
END_TEST

START_TEST(a_name_that_is_nobodys_is_an_error)
{
	start();
	wish.provider = "ff:1f.7";
	ck_assert_int_eq(plan(), -ENXIO);
	ck_assert_ptr_null(memory.why.id);
	ck_assert_ptr_nonnull(memory.no.id);
	finish();
}
END_TEST

START_TEST(wanted_host_memory_needs_no_reason)
{
	start();
	wish.provider = "none";
	take();
	ck_assert_ptr_null(memory.provider);
	ck_assert_ptr_null(memory.why.id);
	finish();
}
END_TEST

START_TEST(a_kernel_without_p2pdma_is_the_reason_where_it_is)
{
	fixture_load(&machine, "old-kernel", NULL);
	wish = (struct memory_wish){ .size_bytes = GIB };
	ck_assert_int_eq(plan(), 0);
	ck_assert_str_eq(memory.why.id, "kernel-without-p2pdma");
	finish();
}
END_TEST

START_TEST(what_the_caller_knows_ends_the_search)
{
	const struct p2pdma_reason why = { .id = "too-short" };

	start();
	ck_assert_int_eq(plan(), 0);
	memory_give_up_peer(&memory, &why);
	expect_host("too-short", FIRST);
	finish();
}
END_TEST

START_TEST(small_room_makes_small_blocks_and_fixed_ones_stay)
{
	start();
	set(FIRST, "available", "1048576");
	fixture_scan(&machine);
	ck_assert_int_eq(plan(), 0);
	expect_peer(FIRST);
	ck_assert_uint_eq(memory.block_bytes, 256 * KIB);
	ck_assert_uint_eq(memory.depth, 32);
	memory_release(&memory);
	p2pdma_target_destroy(target);
	machine.context->is_live = false;
	wish.block_bytes = 512 * MIB;
	wish.is_block_fixed = true;
	wish.depth = 3;
	ck_assert_int_eq(plan(), 0);
	ck_assert_uint_eq(memory.block_bytes, 512 * MIB);
	ck_assert_uint_eq(memory.depth, 2);
	finish();
}
END_TEST

START_TEST(providers_that_are_named_together_share_the_blocks)
{
	start();
	make_working(FIRST);
	make_working(SECOND);
	wish.provider = "07:00.0," FIRST ",07:00.0";
	wish.block_bytes = MIB;
	wish.depth = 5;
	take();
	expect_peer(FIRST);
	ck_assert_str_eq(memory.providers, FIRST "," SECOND);
	ck_assert_uint_eq(memory.partner_count, 1);
	ck_assert_uint_eq(p2pdma_pool_get_slots(memory.pool), 6);
	ck_assert_ptr_null(memory.partner_why.id);
	finish();
}
END_TEST

START_TEST(one_of_them_that_has_no_room_is_left_out_and_told)
{
	start();
	make_working(FIRST);
	make_full(SECOND);
	wish.provider = FIRST "," SECOND;
	take();
	expect_peer(FIRST);
	ck_assert_str_eq(memory.providers, FIRST);
	ck_assert_uint_eq(memory.partner_count, 0);
	ck_assert_str_eq(memory.partner_why.id, "provider-too-small");
	ck_assert_str_eq(memory.partner_why_provider->address, SECOND);
	finish();
}
END_TEST

START_TEST(with_all_of_them_refused_it_is_host_memory)
{
	start();
	make_full(FIRST);
	make_full(SECOND);
	wish.provider = FIRST "," SECOND;
	take();
	expect_host("provider-too-small", FIRST);
	finish();
}
END_TEST

static struct p2pdma_target *resolve(const char *name)
{
	struct p2pdma_target *t;

	ck_assert_int_eq(p2pdma_target_resolve(machine.context,
					       machine.topology, name, -1,
					       &t), 0);
	return t;
}

/* A mirror loses writes in silence: asking the kernel would be no proof. */
START_TEST(a_further_destination_that_loses_writes_is_never_tried)
{
	static const char *const wishes[] = { NULL, FIRST };
	struct p2pdma_target *from, *to, *mirror;
	struct memory_place place;

	fixture_load(&machine, "stack", NULL);
	from = resolve("nvme1n1");
	to = resolve("nvme2n1");
	mirror = resolve("md1");
	machine.context->is_live = true;
	for (size_t i = 0; i < ARRAY_SIZE(wishes); i++) {
		place = (struct memory_place){
			machine.context, machine.topology, from, to,
		};
		wish = (struct memory_wish){
			.size_bytes = GIB, .provider = wishes[i],
			.is_asked_anyway = true,
		};
		ck_assert_int_eq(memory_plan(&memory, &place, &wish), 0);
		expect_peer(FIRST);
		memory_release(&memory);
		place.also = (const struct p2pdma_target *[]){ mirror };
		place.also_count = 1;
		ck_assert_int_eq(memory_plan(&memory, &place, &wish), 0);
		expect_host("stacked-device", FIRST);
		memory_release(&memory);
	}
	p2pdma_target_destroy(from);
	p2pdma_target_destroy(to);
	p2pdma_target_destroy(mirror);
	fixture_close(&machine);
}
END_TEST

START_TEST(one_name_of_a_list_that_is_nobodys_is_an_error)
{
	start();
	wish.provider = FIRST ",ff:1f.7";
	ck_assert_int_eq(plan(), -ENXIO);
	ck_assert_ptr_nonnull(memory.no.id);
	finish();
}
END_TEST

UNIT_SUITE("memory",
	   the_best_provider_is_planned,
	   the_best_provider_that_works_is_taken,
	   after_one_that_is_refused_comes_the_next,
	   after_one_without_room_comes_the_next,
	   after_one_that_is_not_published_comes_the_next,
	   host_memory_is_last_and_the_best_ones_reason_is_told,
	   a_provider_with_a_name_has_no_successor,
	   a_name_that_is_nobodys_is_an_error,
	   wanted_host_memory_needs_no_reason,
	   a_kernel_without_p2pdma_is_the_reason_where_it_is,
	   what_the_caller_knows_ends_the_search,
	   small_room_makes_small_blocks_and_fixed_ones_stay,
	   providers_that_are_named_together_share_the_blocks,
	   one_of_them_that_has_no_room_is_left_out_and_told,
	   with_all_of_them_refused_it_is_host_memory,
	   a_further_destination_that_loses_writes_is_never_tried,
	   one_name_of_a_list_that_is_nobodys_is_an_error);
