/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every request that a copy gives to io_uring fails once: the first, the
 * second, and so on until none is left, with each error that the kernel has for
 * it, or with fewer bytes than wanted. Each time the copy says so, or is whole
 * all the same; no file has its name before it is whole, none beside its place
 * stays behind, and no descriptor stays open.
 *
 * The linker puts the functions below between our own code and ring.c. A
 * request that is to fail is made impossible, so that the kernel really fails
 * it, with what follows it in its chain; what the kernel says of it is then
 * replaced.
 *
 *	SWEEP=all CK_TIMEOUT_MULTIPLIER=8 tests/unit/test-completion
 *
 * fails each request with each error, in minutes [each of both once]; SWEEP=few
 * some of them, for valgrind.
 */
#include "engine/copy-job.h"
#include "engine/many.h"
#include "engine/ring.h"
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

/* --- the ring, but one request fails ---------------------------------- */

#define NO_FILE	1000000		/* that nobody has registered */

/* Instead of an error. */
enum {
	NOTHING = 0,	/* no bytes at all */
	HALF = 1,
};

static struct {
	enum ring_action action;
	unsigned nth;		/* 0: none */
	int result;
	unsigned pushed;
	bool is_pending;	/* its completion is still to be changed */
	uint64_t tag;
} fault;

/* What is shorter in a chain would only have asked for less. */
static bool is_possible(const struct ring_op *op)
{
	return fault.result < 0 || !op->is_followed;
}

static void spoil(struct ring_op *op)
{
	if (fault.result == NOTHING) {
		op->length_bytes = 0;
	} else if (fault.result == HALF) {
		op->length_bytes = op->length_bytes / 2 & ~511ull;
	} else {
		op->file = NO_FILE;
		op->directory = op->directory_to = -1;
		if (op->name)
			op->name = "nowhere";
		if (op->name_to)
			op->name_to = "nowhere";
		fault.is_pending = true;
		fault.tag = op->tag;
	}
}

int __real_ring_push(struct ring *ring, const struct ring_op *op);
int __wrap_ring_push(struct ring *ring, const struct ring_op *op);
int __wrap_ring_push(struct ring *ring, const struct ring_op *op)
{
	struct ring_op spoilt = *op;

	if (op->action == fault.action && is_possible(op) &&
	    ++fault.pushed == fault.nth)
		spoil(&spoilt);
	return __real_ring_push(ring, &spoilt);
}

const struct ring_completion *
__real_ring_get_completions(const struct ring *ring, unsigned *count);
const struct ring_completion *
__wrap_ring_get_completions(const struct ring *ring, unsigned *count);
const struct ring_completion *
__wrap_ring_get_completions(const struct ring *ring, unsigned *count)
{
	struct ring_completion *done = (struct ring_completion *)
		__real_ring_get_completions(ring, count);

	for (unsigned i = 0; i < *count && fault.is_pending; i++)
		if (done[i].tag == fault.tag && done[i].result < 0) {
			done[i].result = fault.result;
			fault.is_pending = false;
		}
	return done;
}

/* --- what the kernel says ---------------------------------------------- */

static const int reads[] = {
	-EIO, -EAGAIN, -EINTR, -ENOMEM, -ENODATA, -EREMOTEIO, -EOPNOTSUPP,
	-EINVAL, -ENODEV, -ENXIO, -EFAULT, -ECANCELED, -ETIMEDOUT, -EILSEQ,
	NOTHING, HALF,
};
static const int writes[] = {
	-EIO, -EAGAIN, -EINTR, -ENOMEM, -ENOSPC, -EDQUOT, -EFBIG, -EROFS,
	-EPERM, -EREMOTEIO, -EOPNOTSUPP, -EINVAL, -ENODEV, -ENXIO, -EFAULT,
	-ECANCELED, -ETIMEDOUT, NOTHING, HALF,
};
static const int fsyncs[] = { -EIO, -ENOSPC, -EDQUOT, -EINVAL, -EROFS };
static const int places[] = {
	-EOPNOTSUPP, -ENOSPC, -EIO, -EINTR, -EFBIG, -EPERM, -ENOSYS,
};
static const int opens[] = {
	-EACCES, -EMFILE, -ENFILE, -ENOENT, -EINTR, -ELOOP, -ENOMEM, -ENOSPC,
	-EROFS, -EEXIST, -EAGAIN, -EINVAL, -EOPNOTSUPP, -EIO, -EPERM, -ENXIO,
};
static const int stats[] = { -EACCES, -ENOENT, -EIO, -ENOMEM, -ELOOP };
static const int closes[] = { -EIO, -EINTR, -EDQUOT, -ENOSPC };
static const int renames[] = {
	-EEXIST, -EINVAL, -ENOSPC, -EXDEV, -EACCES, -EIO, -EBUSY, -EROFS,
	-EISDIR, -ENOENT,
};
static const int unlinks[] = { -EACCES, -EBUSY, -EIO, -EROFS };

#define LIST(list)	list, ARRAY_SIZE(list)

static const struct {
	const char *name;
	const int *results;
	size_t count;
} actions[RING_ACTIONS] = {
	[RING_READ] = { "read", LIST(reads) },
	[RING_WRITE] = { "write", LIST(writes) },
	[RING_FSYNC] = { "fsync", LIST(fsyncs) },
	[RING_ZERO] = { "zero", LIST(places) },
	[RING_PUNCH] = { "punch", LIST(places) },
	[RING_ALLOCATE] = { "allocate", LIST(places) },
	[RING_CLOSE] = { "close", LIST(closes) },
	[RING_OPEN] = { "open", LIST(opens) },
	[RING_STAT] = { "stat", LIST(stats) },
	[RING_RENAME] = { "rename", LIST(renames) },
	[RING_UNLINK] = { "unlink", LIST(unlinks) },
};

/* --- files --------------------------------------------------------------- */

static char top[] = "/var/tmp/test-completion-XXXXXX";
static struct p2pdma_context *context;
static struct p2pdma_topology *topology;

#define PATH_SIZE	128

static const char *get_path(const char *name)
{
	static char paths[4][PATH_SIZE];
	static unsigned next;
	char *path = paths[next++ % ARRAY_SIZE(paths)];

	snprintf(path, PATH_SIZE, "%s/%s", top, name);
	return path;
}

static void fill(const char *name, size_t bytes)
{
	FILE *file = fopen(get_path(name), "w");

	ck_assert_ptr_nonnull(file);
	for (size_t i = 0; i < bytes; i++)
		putc_unlocked((int)(i * 7 + i / 4096), file);
	ck_assert_int_eq(fclose(file), 0);
}

static bool is_equal(const char *name, const char *other)
{
	return scratch_is_same(get_path(name), get_path(other));
}

static bool is_there(const char *name)
{
	return !access(get_path(name), F_OK);
}

static bool is_aside(const char *name)
{
	return name[0] == '.' && strstr(name, "part");
}

/* Half a file beside its place; it is gone afterwards. */
static bool has_leftovers(const char *name)
{
	DIR *stream = opendir(get_path(name));
	const struct dirent *entry;
	bool has_any = false;

	while (stream && (entry = readdir(stream)))
		if (is_aside(entry->d_name)) {
			has_any = true;
			unlinkat(dirfd(stream), entry->d_name, 0);
		}
	if (stream)
		closedir(stream);
	return has_any;
}

static unsigned count_descriptors(void)
{
	DIR *stream = opendir("/proc/self/fd");
	unsigned count = 0;

	ck_assert_ptr_nonnull(stream);
	while (readdir(stream))
		count++;
	closedir(stream);
	return count;
}

/* --- a deed, again and again --------------------------------------------- */

struct deed {
	const char *name;
	/* 0: it says that all is done. */
	int (*run)(const struct deed *deed);
	/* NULL, or what is wrong with what is there. */
	const char *(*judge)(const struct deed *deed, int rc);
	struct copy_job_args args;
	bool is_careful;	/* many: preserved, verified, sparse */
	unsigned places;	/* many */
};

#define FEW_STEP	5

static unsigned long faults;
static unsigned step = 1;
static bool is_complete;

static void do_once(const struct deed *deed)
{
	unsigned descriptors = count_descriptors();
	const char *wrong;
	int rc;

	fault.pushed = 0;
	fault.is_pending = false;
	rc = deed->run(deed);
	wrong = deed->judge(deed, rc);
	if (!wrong && rc && (!fault.nth || fault.pushed < fault.nth))
		wrong = "fails by itself";
	if (!wrong && count_descriptors() != descriptors)
		wrong = "leaves a descriptor open";
	/* EINVAL: there is nothing that could be flushed. */
	if (!wrong && !rc && fault.nth && fault.action == RING_FSYNC &&
	    fault.pushed >= fault.nth && fault.result != -EINVAL)
		wrong = "says done, and it may not last";
	if (wrong)
		ck_abort_msg("%s: %s number %u, %s: %s (%s)", deed->name,
			     actions[fault.action].name, fault.nth,
			     fault.result < 0 ? strerror(-fault.result) :
						"fewer bytes",
			     wrong, strerror(-rc));
}

static void fail_once(const struct deed *deed, unsigned nth, int result)
{
	fault.nth = nth;
	fault.result = result;
	do_once(deed);
	faults += fault.pushed >= nth;
}

/* Each request with each error, or each of both at least once. */
static void fail_action(const struct deed *deed, enum ring_action action)
{
	const int *results = actions[action].results;
	unsigned count = (unsigned)actions[action].count, pushed;

	fault.action = action;
	fault.nth = 0;
	do_once(deed);
	pushed = fault.pushed;
	for (unsigned i = 0; pushed && i < MAX(pushed, count); i += step) {
		if (!is_complete)
			fail_once(deed, i % pushed + 1, results[i % count]);
		for (unsigned j = 0; is_complete && j < pushed && i < count;
		     j++)
			fail_once(deed, j + 1, results[i]);
	}
}

static void fail_all(const struct deed *deed)
{
	const char *sweep = getenv("SWEEP");

	is_complete = sweep && !strcmp(sweep, "all");
	step = sweep && !strcmp(sweep, "few") ? FEW_STEP : 1;
	faults = 0;
	for (enum ring_action action = RING_READ; action < RING_ACTIONS;
	     action++)
		fail_action(deed, action);
	printf("# %s: %lu requests failed, one at a time\n", deed->name,
	       faults);
}

static void begin(void)
{
	scratch_make(top);
	ck_assert_int_eq(p2pdma_context_create(NULL, &context), 0);
	ck_assert_int_eq(p2pdma_topology_scan(context, &topology), 0);
}

static void end(void)
{
	p2pdma_topology_destroy(topology);
	p2pdma_context_destroy(context);
	scratch_remove(top, "/var/tmp/test-completion-");
}

/* --- one file ------------------------------------------------------------ */

static int run_job(const struct deed *deed)
{
	struct copy_job_args args = deed->args;
	struct copy_job job;
	int rc;

	unlink(get_path("to"));
	unlink(get_path("too"));
	args.source = get_path("from");
	args.destination = get_path("to");
	args.size_bytes = COPY_SIZE_REST;
	args.provider = "host";
	args.block_bytes = 64 * KIB;
	args.depth = 3;
	args.io_timeout_ns = 5000000000;
	rc = copy_job_plan(&job, context, topology, &args);
	if (!rc)
		rc = copy_job_open(&job);
	if (!rc)
		rc = copy_job_run(&job);
	if (!rc && args.checksum)
		rc = copy_job_sum(&job);
	if (!rc)
		rc = copy_job_verify(&job);
	if (!rc && copy_job_get_drop(&job, 0)->side)
		rc = copy_job_get_drop(&job, 0)->error;
	if (!rc && job.result.bad_bytes)
		rc = -EIO;
	copy_job_fini(&job);
	return rc;
}

static const char *judge_file(const struct deed *deed, int rc)
{
	if (has_leftovers("."))
		return "leaves half a file beside its place";
	if (!is_there("to"))
		return rc ? NULL : "says done, and nothing is there";
	if (is_equal("from", "to"))
		return NULL;
	return rc && deed->args.is_continued ? NULL : "half of it is there";
}

static void copy_each(const struct deed *deed)
{
	begin();
	fill("from", 300001);
	fail_all(deed);
	end();
}

START_TEST(a_copy_survives_the_failure_of_any_request)
{
	const struct deed deed = {
		.name = "copy", .run = run_job, .judge = judge_file,
		.args = { .is_synced = true },
	};

	copy_each(&deed);
}
END_TEST

START_TEST(a_copy_that_is_verified_does_so_too)
{
	const struct deed deed = {
		.name = "verified", .run = run_job, .judge = judge_file,
		.args = { .verify = COPY_VERIFY_READ, .checksum = "xxh128" },
	};

	copy_each(&deed);
}
END_TEST

START_TEST(a_copy_that_goes_on_past_bad_places_does_so_too)
{
	const struct deed deed = {
		.name = "continued", .run = run_job, .judge = judge_file,
		.args = { .is_continued = true, .retries = 1 },
	};

	copy_each(&deed);
}
END_TEST

/* --- many files ---------------------------------------------------------- */

static const struct {
	const char *name;
	size_t bytes;
} tree[] = {
	{ "empty", 0 }, { "small", 100 }, { "block", 65536 },
	{ "more", 70001 }, { "large", 1500001 },
};

static void make_tree(void)
{
	char name[PATH_SIZE / 2];

	ck_assert_int_eq(mkdir(get_path("tree"), 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(tree); i++) {
		snprintf(name, sizeof(name), "tree/%s", tree[i].name);
		fill(name, tree[i].bytes);
	}
	fill("tree/holes", 5000);
	ck_assert_int_eq(truncate(get_path("tree/holes"), 900000), 0);
}

static const char *const copies[] = { "copy", "other" };

static void remove_copy(const char *name)
{
	DIR *stream = opendir(get_path(name));
	const struct dirent *entry;

	while (stream && (entry = readdir(stream)))
		unlinkat(dirfd(stream), entry->d_name, 0);
	if (stream)
		closedir(stream);
	rmdir(get_path(name));
}

static int add_tree(struct many *many, unsigned count)
{
	char to[ARRAY_SIZE(copies)][PATH_SIZE];
	const char *const destinations[] = { to[0], to[1] };

	for (size_t i = 0; i < ARRAY_SIZE(copies); i++) {
		remove_copy(copies[i]);
		strcpy(to[i], get_path(copies[i]));
	}
	return many_add(many, get_path("tree"), destinations, count);
}

static int run_many(const struct deed *deed)
{
	struct many_args args = {
		.context = context,
		.topology = topology,
		.provider = "host",
		.block_bytes = 64 * KIB,
		.depth = 8,
		.is_recursive = true,
		.is_preserved = deed->is_careful,
		.is_verified = deed->is_careful,
		.is_sparse = deed->is_careful,
		.io_timeout_ns = 5000000000,
	};
	struct many *many;
	int rc;

	rc = many_create(&args, &many);
	if (rc)
		return rc;
	rc = add_tree(many, deed->places);
	if (!rc)
		rc = many_finish(many);
	if (!rc && many_get_totals(many)->failed)
		rc = -EIO;
	many_destroy(many);
	return rc;
}

static const char *judge_copy(const char *name, const char *copy, int rc)
{
	char from[PATH_SIZE / 2], to[PATH_SIZE / 2];

	snprintf(from, sizeof(from), "tree/%s", name);
	snprintf(to, sizeof(to), "%s/%s", copy, name);
	if (!is_there(to) && !rc)
		return "says done, and a file is not there";
	if (is_there(to) && !is_equal(from, to))
		return "half a file is there";
	return NULL;
}

/* What one place has to do with alone does not hold up the other one. */
static bool is_of_one_place(void)
{
	return fault.action == RING_WRITE || fault.action == RING_RENAME ||
	       fault.action == RING_ALLOCATE || fault.action == RING_FSYNC;
}

static bool is_nowhere(const char *name)
{
	char first[PATH_SIZE / 2], second[PATH_SIZE / 2];

	snprintf(first, sizeof(first), "%s/%s", copies[0], name);
	snprintf(second, sizeof(second), "%s/%s", copies[1], name);
	return !is_there(first) && !is_there(second);
}

static const char *judge_tree(const struct deed *deed, int rc)
{
	const char *wrong = NULL;

	for (unsigned c = 0; c < deed->places && !wrong; c++) {
		/* What the kernel does not remove is there. */
		if (has_leftovers(copies[c]) && fault.action != RING_UNLINK)
			return "leaves half a file beside its place";
		for (size_t i = 0; i <= ARRAY_SIZE(tree) && !wrong; i++)
			wrong = judge_copy(i < ARRAY_SIZE(tree) ?
					   tree[i].name : "holes",
					   copies[c], rc);
	}
	for (size_t i = 0; i < ARRAY_SIZE(tree) && deed->places > 1; i++)
		if (is_of_one_place() && is_nowhere(tree[i].name))
			return "what failed at one place is at none";
	return wrong;
}

static void copy_tree(const struct deed *deed)
{
	begin();
	make_tree();
	fail_all(deed);
	end();
}

START_TEST(many_files_survive_the_failure_of_any_request)
{
	const struct deed deed = {
		.name = "many", .run = run_many, .judge = judge_tree,
		.places = 1,
	};

	copy_tree(&deed);
}
END_TEST

START_TEST(many_files_that_are_verified_do_so_too)
{
	const struct deed deed = {
		.name = "many, verified", .run = run_many,
		.judge = judge_tree, .is_careful = true, .places = 1,
	};

	copy_tree(&deed);
}
END_TEST

START_TEST(many_files_to_two_places_do_so_too)
{
	const struct deed deed = {
		.name = "many, two places", .run = run_many,
		.judge = judge_tree, .places = 2,
	};

	copy_tree(&deed);
}
END_TEST

UNIT_SUITE("completion",
	   a_copy_survives_the_failure_of_any_request,
	   a_copy_that_is_verified_does_so_too,
	   a_copy_that_goes_on_past_bad_places_does_so_too,
	   many_files_survive_the_failure_of_any_request,
	   many_files_that_are_verified_do_so_too,
	   many_files_to_two_places_do_so_too);
