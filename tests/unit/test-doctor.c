/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "unit/fixture.h"
#include "unit/unit.h"

static struct fixture tree;
static struct p2pdma_diagnosis *diagnosis;

static void start(const char *name, const char *lines)
{
	fixture_load(&tree, name, lines);
	ck_assert_int_eq(p2pdma_diagnose(tree.context, tree.topology,
					 &diagnosis), 0);
}

static void finish(void)
{
	p2pdma_diagnosis_destroy(diagnosis);
	fixture_close(&tree);
}

static const struct p2pdma_check *find(const char *id)
{
	for (size_t i = 0; i < diagnosis->count; i++)
		if (!strcmp(diagnosis->checks[i].id, id))
			return &diagnosis->checks[i];
	ck_abort_msg("no check is called %s", id);
	return NULL;
}

START_TEST(every_check_has_evidence_and_an_id_of_its_own)
{
	start("one-switch", NULL);
	ck_assert_uint_eq(diagnosis->count, 21);
	for (size_t i = 0; i < diagnosis->count; i++) {
		const struct p2pdma_check *check = &diagnosis->checks[i];

		ck_assert_ptr_nonnull(check->evidence);
		ck_assert_ptr_eq(find(check->id), check);
	}
	finish();
}
END_TEST

START_TEST(own_memory_is_no_pair)
{
	start("two-root-ports", NULL);
	ck_assert_uint_eq(diagnosis->pairs, 1);
	ck_assert_uint_eq(diagnosis->reachable, 0);
	ck_assert_uint_eq(diagnosis->unknown, 0);
	finish();
	start("one-switch", NULL);
	ck_assert_uint_eq(diagnosis->pairs, 2);
	ck_assert_uint_eq(diagnosis->reachable, 2);
	finish();
}
END_TEST

START_TEST(the_parameter_names_every_redirecting_function)
{
	start("acs", NULL);
	ck_assert_int_eq(find("acs")->status, P2PDMA_STATUS_FAIL);
	ck_assert_str_eq(find("acs")->parameters, "pci=disable_acs_redir="
			 "0000:02:00.0;0000:02:01.0;0000:02:02.0");
	finish();
}
END_TEST

START_TEST(what_an_earlier_parameter_named_is_kept_once)
{
	start("acs", "file proc/cmdline pci=disable_acs_redir=0000:0a:00.0 "
		     "pci=disable_acs_redir=0000:0b:00.0;`id`");
	ck_assert_str_eq(find("acs")->parameters, "pci=disable_acs_redir="
			 "0000:0b:00.0;0000:02:00.0;0000:02:01.0;"
			 "0000:02:02.0");
	finish();
}
END_TEST

START_TEST(what_cannot_be_read_is_unknown_and_no_refusal)
{
	start("config-unreadable", NULL);
	ck_assert_int_eq(find("acs")->status, P2PDMA_STATUS_UNKNOWN);
	ck_assert_ptr_null(find("acs")->parameters);
	ck_assert_uint_eq(diagnosis->unknown, 2);
	ck_assert_int_eq(find("pairs")->status, P2PDMA_STATUS_UNKNOWN);
	finish();
}
END_TEST

START_TEST(a_machine_without_anything_fails_and_does_not_crash)
{
	start("no-provider", "file proc/sys/kernel/osrelease rubbish");
	ck_assert_int_eq(find("kernel-version")->status,
			 P2PDMA_STATUS_UNKNOWN);
	ck_assert_int_eq(find("providers")->status, P2PDMA_STATUS_FAIL);
	ck_assert_int_eq(find("acs")->status, P2PDMA_STATUS_UNKNOWN);
	ck_assert_uint_eq(diagnosis->pairs, 0);
	finish();
}
END_TEST

START_TEST(statuses_have_names)
{
	ck_assert_str_eq(p2pdma_status_get_name(P2PDMA_STATUS_PASS), "pass");
	ck_assert_str_eq(p2pdma_status_get_name(P2PDMA_STATUS_WARN), "warn");
	ck_assert_str_eq(p2pdma_status_get_name(P2PDMA_STATUS_FAIL), "fail");
	ck_assert_str_eq(p2pdma_status_get_name(P2PDMA_STATUS_UNKNOWN),
			 "unknown");
}
END_TEST

UNIT_SUITE("doctor",
	   every_check_has_evidence_and_an_id_of_its_own,
	   own_memory_is_no_pair,
	   the_parameter_names_every_redirecting_function,
	   what_an_earlier_parameter_named_is_kept_once,
	   what_cannot_be_read_is_unknown_and_no_refusal,
	   a_machine_without_anything_fails_and_does_not_crash,
	   statuses_have_names);
