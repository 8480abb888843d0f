/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/ground.h"
#include "unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct p2pdma_context *context;
static struct p2pdma_topology *topology;
static struct grounds grounds;

static void begin(void)
{
	ck_assert_int_eq(p2pdma_context_create(NULL, &context), 0);
	ck_assert_int_eq(p2pdma_topology_scan(context, &topology), 0);
	grounds = (struct grounds){
		.context = context, .topology = topology,
	};
}

static void end(void)
{
	grounds_fini(&grounds);
	ck_assert_uint_eq(grounds.count, 0);
	p2pdma_topology_destroy(topology);
	p2pdma_context_destroy(context);
}

START_TEST(a_file_system_does_not_lie_on_a_file_in_it)
{
	char path[] = "/var/tmp/test-ground-XXXXXX";
	int fd = mkstemp(path);
	struct ground_file file;
	struct stat st;

	begin();
	ck_assert_int_eq(fstat(fd, &st), 0);
	file = (struct ground_file){ st.st_dev, st.st_ino };
	ck_assert(!ground_has(&grounds, st.st_dev, AT_FDCWD, path, &file));
	ck_assert_uint_eq(grounds.count, 1);
	/* It is asked for once. */
	ck_assert(!ground_has(&grounds, st.st_dev, -1, "none", &file));
	ck_assert_uint_eq(grounds.count, 1);
	close(fd);
	unlink(path);
	end();
}
END_TEST

START_TEST(what_is_known_to_lie_on_a_file_does)
{
	struct ground_file files[] = { { 5, 17 }, { 5, 18 } };
	struct ground item = { .device = 9, .count = 2 };
	struct ground_file other = { 5, 18 };

	begin();
	item.files = malloc(sizeof(files));
	item.files[0] = files[0];
	item.files[1] = files[1];
	grounds.items = malloc(sizeof(item));
	grounds.items[0] = item;
	grounds.count = 1;
	ck_assert(ground_has(&grounds, 9, -1, NULL, &other));
	other.device = 6;
	ck_assert(!ground_has(&grounds, 9, -1, NULL, &other));
	end();
}
END_TEST

START_TEST(where_it_cannot_be_told_it_does_not)
{
	struct ground_file file = { 1, 2 };

	begin();
	ck_assert(!ground_has(&grounds, 77, AT_FDCWD, "/none/at/all", &file));
	end();
}
END_TEST

UNIT_SUITE("ground", a_file_system_does_not_lie_on_a_file_in_it,
	   what_is_known_to_lie_on_a_file_does,
	   where_it_cannot_be_told_it_does_not);
