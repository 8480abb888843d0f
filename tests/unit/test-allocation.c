/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts, verdicts and one copy, with each allocation denied: see denial.h. */
#include "engine/copy-job.h"
#include "unit/denial.h"
#include "unit/fixture.h"
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

static struct fixture machine;

static void note_verdict(char *result, const struct p2pdma_verdict *v)
{
	denial_note(result, " %s %d", p2pdma_reach_get_name(v->reach),
		    v->distance);
	for (size_t i = 0; i < v->reason_count; i++)
		denial_note(result, " %s", v->reasons[i].id);
}

static void note_pairs(char *result, const struct p2pdma_topology *topology)
{
	const struct p2pdma_function *const *providers;
	size_t provider_count, drive_count;
	const struct p2pdma_drive *const *drives;
	struct p2pdma_verdict verdict;

	providers = p2pdma_topology_get_providers(topology, &provider_count);
	drives = p2pdma_topology_get_drives(topology, &drive_count);
	for (size_t i = 0; i < provider_count; i++)
		for (size_t j = 0; j < drive_count; j++) {
			p2pdma_verdict_judge(topology, providers[i],
					     drives[j]->function, &verdict);
			note_verdict(result, &verdict);
		}
}

static int scan_machine(char *result)
{
	struct p2pdma_topology *topology = NULL;
	struct p2pdma_context *context = NULL;
	int rc = p2pdma_context_create(machine.root, &context);

	if (!rc)
		rc = p2pdma_topology_scan(context, &topology);
	if (!rc)
		note_pairs(result, topology);
	p2pdma_topology_destroy(topology);
	p2pdma_context_destroy(context);
	return rc;
}

static int diagnose_machine(char *result)
{
	struct p2pdma_diagnosis *diagnosis = NULL;
	int rc;

	rc = p2pdma_diagnose(machine.context, machine.topology, &diagnosis);
	for (size_t i = 0; !rc && i < diagnosis->count; i++)
		denial_note(result, " %s %s", diagnosis->checks[i].id,
		     p2pdma_status_get_name(diagnosis->checks[i].status));
	p2pdma_diagnosis_destroy(diagnosis);
	return rc;
}

static int find_users(char *result)
{
	struct p2pdma_users *users = NULL;
	int rc;

	rc = p2pdma_users_scan(machine.context, machine.topology, &users);
	if (!rc)
		denial_note(result, "%zu", users->count);
	p2pdma_users_destroy(users);
	return rc;
}

static int rank_choices(char *result)
{
	struct p2pdma_target *target = NULL;
	struct p2pdma_choice *choices = NULL;
	size_t count = 0;
	int rc;

	rc = p2pdma_target_resolve(machine.context, machine.topology,
				   "nvme1n1", -1, &target);
	if (!rc)
		rc = p2pdma_choices_rank(machine.topology, target, target,
					 &choices, &count);
	for (size_t i = 0; i < count; i++)
		denial_note(result, " %s", choices[i].provider->address);
	free(choices);
	p2pdma_target_destroy(target);
	return rc;
}

/* --- a copy ------------------------------------------------------------- */

#define COPY_BYTES	300001

static char folder[] = "/tmp/test-allocation.XXXXXX";
static char from[64], to[64], also[64];

static void fill(const char *path)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	for (unsigned i = 0; i < COPY_BYTES; i++)
		fputc((int)(i * 7 + i / 4096), file);
	ck_assert_int_eq(fclose(file), 0);
}

static unsigned count_entries(void)
{
	DIR *stream = opendir(folder);
	unsigned count = 0;

	ck_assert_ptr_nonnull(stream);
	while (readdir(stream))
		count++;
	closedir(stream);
	return count;
}

static int run_job(struct copy_job *job, struct copy_job_args args)
{
	int rc;

	args.source = from;
	args.destination = to;
	args.size_bytes = COPY_SIZE_REST;
	args.provider = "host";
	args.block_bytes = 64 * KIB;
	args.is_synced = true;
	rc = copy_job_plan(job, machine.context, machine.topology, &args);
	if (!rc)
		rc = copy_job_open(job);
	if (!rc)
		rc = copy_job_run(job);
	if (!rc)
		rc = copy_job_verify(job);
	return rc;
}

static void expect_whole_or_absent(int rc, bool is_also)
{
	if (!access(to, F_OK))
		ck_assert(scratch_is_same(from, to));
	else
		ck_assert_int_ne(rc, 0);
	ck_assert_uint_eq(count_entries(), 3 + !access(to, F_OK) +
			  (is_also && !access(also, F_OK)));
}

/* A new file is there whole or not at all, and there is no other. */
static int copy_file(char *result)
{
	struct copy_job job;
	int rc;

	unlink(to);
	rc = run_job(&job, (struct copy_job_args){ 0 });
	copy_job_fini(&job);
	denial_end();
	expect_whole_or_absent(rc, false);
	denial_note(result, "copied");
	return rc;
}

/* Two of them, compared, with a checksum. */
static int copy_twice(char *result)
{
	const char *const more[] = { also };
	struct copy_job job;
	int rc;

	unlink(to);
	unlink(also);
	rc = run_job(&job, (struct copy_job_args){
		.also = more, .also_count = 1, .checksum = "sha256",
		.verify = COPY_VERIFY_READ,
	});
	copy_job_fini(&job);
	denial_end();
	expect_whole_or_absent(rc, true);
	denial_note(result, "copied");
	unlink(also);
	return rc;
}

/* With a journal the file has its name from the start; "done" is done. */
static int copy_with_journal(char *result)
{
	struct copy_job job;
	int rc;

	unlink(to);
	unlink(also);
	rc = run_job(&job, (struct copy_job_args){
		.journal = also, .journal_interval_ns = 1,
		.is_continued = true, .retries = 1,
	});
	copy_job_fini(&job);
	denial_end();
	if (!rc)
		ck_assert(scratch_is_same(from, to));
	denial_note(result, "copied");
	unlink(also);
	return rc;
}

/* --- tests -------------------------------------------------------------- */

static const char *const machines[] = { "one-switch", "stack", "multipath" };

static void expect_on_machines(const char *name, denial_fn deed)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		fixture_load(&machine, machines[i], NULL);
		denial_try_all(name, deed);
		fixture_close(&machine);
	}
}

START_TEST(a_scan_survives_the_loss_of_any_allocation)
{
	/* The names in pci.ids are read each time: one machine is enough. */
	fixture_open(&machine, "stack");
	denial_try_all("scan", scan_machine);
	fixture_close(&machine);
}
END_TEST

START_TEST(a_diagnosis_survives_the_loss_of_any_allocation)
{
	expect_on_machines("diagnosis", diagnose_machine);
}
END_TEST

START_TEST(a_search_for_users_survives_the_loss_of_any_allocation)
{
	expect_on_machines("users", find_users);
}
END_TEST

START_TEST(a_choice_survives_the_loss_of_any_allocation)
{
	fixture_load(&machine, "nested-switches", NULL);
	denial_try_all("choice", rank_choices);
	fixture_close(&machine);
}
END_TEST

START_TEST(a_copy_survives_the_loss_of_any_allocation)
{
	ck_assert_int_eq(p2pdma_context_create(NULL, &machine.context), 0);
	ck_assert_int_eq(p2pdma_topology_scan(machine.context,
					      &machine.topology), 0);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(from, sizeof(from), "%s/from", folder);
	snprintf(to, sizeof(to), "%s/to", folder);
	snprintf(also, sizeof(also), "%s/also", folder);
	fill(from);
	denial_try_all("copy", copy_file);
	denial_try_all("two copies", copy_twice);
	denial_try_all("copy with a journal", copy_with_journal);
	unlink(from);
	unlink(to);
	rmdir(folder);
	p2pdma_topology_destroy(machine.topology);
	p2pdma_context_destroy(machine.context);
}
END_TEST

UNIT_SUITE("allocation",
	   a_scan_survives_the_loss_of_any_allocation,
	   a_diagnosis_survives_the_loss_of_any_allocation,
	   a_search_for_users_survives_the_loss_of_any_allocation,
	   a_choice_survives_the_loss_of_any_allocation,
	   a_copy_survives_the_loss_of_any_allocation);
