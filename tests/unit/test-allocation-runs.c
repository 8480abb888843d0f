/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tree copied and a file measured, each allocation denied: see denial.h. */
#include "engine/bench.h"
#include "engine/many.h"
#include "unit/denial.h"
#include "unit/scratch.h"
#include "unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"

#define FILE_BYTES	100001
#define BLOCK		4096u
#define SLOTS		8u

static char top[] = "/var/tmp/test-allocation-XXXXXX";
static struct p2pdma_context *context;
static struct p2pdma_topology *topology;

static void fill(const char *path)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	for (unsigned i = 0; i < FILE_BYTES; i++)
		fputc((int)(i * 7 + i / 4096), file);
	ck_assert_int_eq(fclose(file), 0);
}

static void begin(void)
{
	scratch_make(top);
	ck_assert_int_eq(chdir(top), 0);
	ck_assert_int_eq(mkdir("t", 0755), 0);
	ck_assert_int_eq(mkdir("t/d", 0755), 0);
	fill("t/a");
	fill("t/d/b");
	ck_assert_int_eq(link("t/a", "t/d/c"), 0);
	ck_assert_int_eq(symlink("a", "t/l"), 0);
	ck_assert_int_eq(p2pdma_context_create(NULL, &context), 0);
	ck_assert_int_eq(p2pdma_topology_scan(context, &topology), 0);
}

static void end(void)
{
	static const char *const made[] = {
		"t/a", "t/d/b", "t/d/c", "t/l", "t/d", "t", top,
	};

	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		ck_assert_int_eq(remove(made[i]), 0);
	p2pdma_topology_destroy(topology);
	p2pdma_context_destroy(context);
}

/* --- a tree ------------------------------------------------------------ */

static const char *const names[] = { "a", "d/b", "d/c", "l" };

static unsigned count_entries(const char *path)
{
	DIR *stream = opendir(path);
	unsigned count = 0;

	while (stream && readdir(stream))
		count++;
	if (stream)
		closedir(stream);
	return count;
}

/* What has its name is whole, and there is nothing else. The copy goes. */
static unsigned judge_copy(void)
{
	unsigned there = 0, entries;
	char from[32], to[32];

	entries = count_entries("copy") + count_entries("copy/d");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(from, sizeof(from), "t/%s", names[i]);
		snprintf(to, sizeof(to), "copy/%s", names[i]);
		if (faccessat(AT_FDCWD, to, F_OK, AT_SYMLINK_NOFOLLOW))
			continue;
		if (strcmp(names[i], "l"))
			ck_assert_msg(scratch_is_same(from, to),
				      "half of %s", to);
		unlink(to);
		there++;
	}
	/* With "." and "..", and with d. */
	if (!access("copy/d", F_OK))
		there += 3;
	if (!access("copy", F_OK))
		there += 2;
	ck_assert_uint_eq(entries, there);
	rmdir("copy/d");
	rmdir("copy");
	return there;
}

/* The first thing that went wrong. */
static void ended(void *data, const struct many_file *file)
{
	int *error = data;

	if (file->outcome == MANY_DONE || file->outcome == MANY_LINKED)
		return;
	if (!*error)
		*error = file->error ? file->error : -EINVAL;
}

static int add(struct many *many, const char *source,
	       const char *destination)
{
	return many_add(many, source, &destination, 1);
}

static int run_many(struct many *many, bool is_journaled)
{
	bool is_into = false;
	int rc = is_journaled ? many_open_journal(many, &is_into) : 0;
	int last;

	if (rc)
		return rc;
	rc = add(many, "t", "copy");
	/* What was begun before is awaited. */
	last = many_finish(many);
	return rc ? rc : last;
}

static int copy_tree_with(struct many_args args, char *result)
{
	struct many *many = NULL;
	int error = 0, rc;

	args.context = context;
	args.topology = topology;
	args.provider = "host";
	args.is_recursive = args.is_sparse = args.is_synced = true;
	args.ended = ended;
	args.data = &error;
	rc = many_create(&args, &many);
	if (!rc)
		rc = run_many(many, args.journal);
	many_destroy(many);
	denial_end();
	unlink("journal");
	denial_note(result, "%u", judge_copy());
	return rc ? rc : error;
}

static int copy_tree(char *result)
{
	return copy_tree_with((struct many_args){ 0 }, result);
}

static int copy_tree_whole(char *result)
{
	return copy_tree_with((struct many_args){
		.is_preserved = true, .is_verified = true,
		.checksum = "sha256", .journal = "journal",
	}, result);
}

START_TEST(a_tree_s_copy_survives_the_loss_of_any_allocation)
{
	begin();
	denial_try_all("tree", copy_tree);
	denial_try_all("tree, all of it", copy_tree_whole);
	end();
}
END_TEST

/* --- a measurement ----------------------------------------------------- */

static int measure_on(struct endpoint *file, struct p2pdma_pool *pool,
		      const struct workload *workload, char *result)
{
	static struct bench_result got;
	const struct bench_args args = {
		.workload = workload, .targets = { file }, .pool = pool,
		.size_bytes = 16 * BLOCK, .block_bytes = BLOCK,
		.depth = SLOTS, .jobs = 1, .seed = 1,
	};
	struct bench *bench = NULL;
	int rc;

	rc = bench_fill(pool, 1);
	if (!rc)
		rc = bench_open(1, SLOTS, 0, &bench);
	if (!rc)
		rc = bench_run(bench, &args, &got);
	bench_close(bench);
	if (!rc)
		denial_note(result, "%ju %ju", (uintmax_t)got.ios,
			    (uintmax_t)got.errors);
	return rc;
}

static int measure(const struct workload *workload, char *result)
{
	struct p2pdma_provider *provider = NULL;
	struct p2pdma_pool *pool = NULL;
	struct endpoint *file = NULL;
	int rc;

	rc = endpoint_open("t/a", ENDPOINT_READ | ENDPOINT_WRITE, &file);
	if (!rc)
		rc = p2pdma_provider_open(context, "host", NULL, &provider);
	if (!rc)
		rc = p2pdma_pool_create(provider, BLOCK, SLOTS, SLOTS, &pool);
	if (!rc)
		rc = measure_on(file, pool, workload, result);
	p2pdma_pool_destroy(pool);
	p2pdma_provider_close(provider);
	endpoint_close(file);
	return rc;
}

static int measure_reads(char *result)
{
	return measure(&workload_read, result);
}

static int measure_random_writes(char *result)
{
	return measure(&workload_randwrite, result);
}

START_TEST(a_measurement_survives_the_loss_of_any_allocation)
{
	begin();
	denial_try_all("reads", measure_reads);
	denial_try_all("random writes", measure_random_writes);
	end();
}
END_TEST

UNIT_SUITE("allocation-runs",
	   a_tree_s_copy_survives_the_loss_of_any_allocation,
	   a_measurement_survives_the_loss_of_any_allocation);
