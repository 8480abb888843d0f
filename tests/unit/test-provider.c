/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/context.h"
#include "lib/p2pdma.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMORY	"sys/bus/pci/devices/0000:03:00.0/p2pmem"

/* A tree with one provider, in which @name holds @text. */
static char root[64];
static struct p2pdma_context *context;

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/" MEMORY "/%s", root, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void drop(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/" MEMORY "/%s", root, name);
	ck_assert_int_eq(unlink(path), 0);
}

static void make_tree(void)
{
	char command[256], path[256];

	strcpy(root, "/tmp/test-provider-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	snprintf(command, sizeof(command), "mkdir -p %s/" MEMORY, root);
	ck_assert_int_eq(system(command), 0);
	snprintf(command, sizeof(command),
		 "mkdir -p %s/sys/bus/pci/devices/0000:04:00.0", root);
	ck_assert_int_eq(system(command), 0);
	put("size", "67108864\n");
	put("published", "1\n");
	put("allocate", "");
	snprintf(path, sizeof(path), "%s/" MEMORY "/allocate", root);
	ck_assert_int_eq(truncate(path, 1 << 20), 0);
	ck_assert_int_eq(p2pdma_context_create(root, &context), 0);
	/* So that its allocate file, a plain file, is mapped. */
	context->is_live = true;
}

static void remove_tree(void)
{
	char command[128];

	p2pdma_context_destroy(context);
	snprintf(command, sizeof(command), "rm -rf %s", root);
	ck_assert_int_eq(system(command), 0);
}

static void check_refused(const char *name, int rc, const char *id)
{
	struct p2pdma_provider *provider = NULL;
	struct p2pdma_reason why = { 0 };

	ck_assert_int_eq(p2pdma_provider_open(context, name, &why, &provider),
			 rc);
	ck_assert_ptr_null(provider);
	ck_assert_str_eq(why.id, id);
	ck_assert_str_ne(why.advice, "");
	ck_assert_int_eq(p2pdma_provider_open(context, name, NULL, &provider),
			 rc);
}

static void check_opens(const char *name, const char *wanted)
{
	struct p2pdma_provider *provider;
	struct p2pdma_pool *pool;

	ck_assert_int_eq(p2pdma_provider_open(context, name, NULL, &provider),
			 0);
	ck_assert_str_eq(p2pdma_provider_get_name(provider), wanted);
	ck_assert(p2pdma_provider_is_peer(provider));
	ck_assert_int_eq(p2pdma_pool_create(provider, 4096, 4, 4, &pool), 0);
	ck_assert(p2pdma_pool_is_peer(pool));
	p2pdma_pool_destroy(pool);
	p2pdma_provider_close(provider);
}

START_TEST(host_has_two_names)
{
	struct p2pdma_provider *provider;

	ck_assert_int_eq(p2pdma_context_create(NULL, &context), 0);
	ck_assert_int_eq(p2pdma_provider_open(context, "none", NULL, &provider),
			 0);
	ck_assert_str_eq(p2pdma_provider_get_name(provider), "host");
	ck_assert(!p2pdma_provider_is_peer(provider));
	p2pdma_provider_close(provider);
	p2pdma_provider_close(NULL);
	p2pdma_context_destroy(context);
}
END_TEST

START_TEST(a_provider_opens_by_address_and_by_its_allocate_file)
{
	make_tree();
	check_opens("0000:03:00.0", "0000:03:00.0");
	check_opens("03:00.0", "0000:03:00.0");
	check_opens("/sys/bus/pci/devices/0000:03:00.0/p2pmem/allocate",
		    "0000:03:00.0");
	remove_tree();
}
END_TEST

START_TEST(what_is_no_provider_says_so)
{
	make_tree();
	check_refused("0000:05:00.0", -ENXIO, "no-p2pmem");
	check_refused("0000:04:00.0", -ENODEV, "no-p2pmem");
	check_refused("rubbish", -ENXIO, "no-p2pmem");
	check_refused("/p2pmem/allocate", -ENXIO, "no-p2pmem");
	remove_tree();
}
END_TEST

START_TEST(a_provider_that_is_not_published_is_never_opened)
{
	make_tree();
	put("published", "0\n");
	check_refused("0000:03:00.0", -EBUSY, "not-published");
	drop("published");
	check_refused("0000:03:00.0", -EBUSY, "not-published");
	remove_tree();
}
END_TEST

START_TEST(a_kernel_without_allocate_is_told_from_a_lack_of_permission)
{
	make_tree();
	drop("allocate");
	check_refused("0000:03:00.0", -EOPNOTSUPP, "kernel-without-allocate");
	remove_tree();
}
END_TEST

START_TEST(another_machines_memory_cannot_be_had)
{
	make_tree();
	context->is_live = false;
	check_refused("0000:03:00.0", -ENODEV, "no-p2pmem");
	remove_tree();
}
END_TEST

UNIT_SUITE("provider",
	   host_has_two_names,
	   a_provider_opens_by_address_and_by_its_allocate_file,
	   what_is_no_provider_says_so,
	   a_provider_that_is_not_published_is_never_opened,
	   a_kernel_without_allocate_is_told_from_a_lack_of_permission,
	   another_machines_memory_cannot_be_had);
