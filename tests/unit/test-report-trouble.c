/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report-trouble.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

static struct copy_job job;

static void must_explain(const char *sentence)
{
	char *text = report_trouble_explain(&job);

	ck_assert_str_eq(text, sentence);
	free(text);
}

static void make(enum copy_job_trouble trouble, int error, const char *tried)
{
	job = (struct copy_job){ .trouble = trouble, .error = error };
	strcpy(job.tried, tried);
}

START_TEST(a_failure_has_its_error_and_what_may_help)
{
	make(COPY_JOB_FAILED, -ENOENT, "read a");
	must_explain("read a: No such file or directory");
	make(COPY_JOB_FAILED, -EACCES, "read a");
	must_explain("read a: Permission denied (run it as root, or get "
		     "access to it)");
	make(COPY_JOB_NONE, 0, "");
	ck_assert_ptr_null(report_trouble_explain(&job));
}
END_TEST

START_TEST(some_sentences_are_whole)
{
	static const enum copy_job_trouble whole[] = {
		COPY_JOB_WRONG, COPY_JOB_REJECTED, COPY_JOB_UNABLE,
		COPY_JOB_INTERRUPTED,
	};

	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		make(whole[i], -EINVAL, "a is no b");
		must_explain("a is no b");
	}
}
END_TEST

START_TEST(force_is_named_only_where_it_would_help)
{
	static const struct guard soft = { .can_be_forced = true }, hard;
	static const struct guard_answer in_use = { .guard = &soft };
	static const struct guard_answer overlap = { .guard = &hard };

	make(COPY_JOB_REFUSED, -EPERM, "b is in use");
	must_explain("b is in use (or --force)");
	job.refusal = &in_use;
	must_explain("b is in use (or --force)");
	job.args.is_forced = true;
	must_explain("b is in use");
	job.args.is_forced = false;
	job.refusal = &overlap;
	must_explain("b is in use");
	ck_assert_str_eq(report_trouble_hint(false), "");
}
END_TEST

START_TEST(missing_peer_memory_has_a_reason_and_a_place)
{
	static const struct p2pdma_function at = { .address = "0000:01:00.0" };

	make(COPY_JOB_NO_PEER, -EREMOTEIO, "none");
	must_explain("none: no reason is known: ");
	job.memory.why = (struct p2pdma_reason){
		.id = "acs-redirect", .at = &at, .advice = "turn it off",
	};
	must_explain("none: acs-redirect at 0000:01:00.0: turn it off");
}
END_TEST

START_TEST(a_denied_ring_tells_who_may_deny_it)
{
	make(COPY_JOB_NO_RING, -EPERM, "copy");
	ck_assert_ptr_nonnull(strstr(report_trouble_advise_ring(-EPERM),
				     "kernel.io_uring_disabled"));
	ck_assert_str_eq(report_trouble_advise_ring(-EIO), "");
	job.error = -EIO;
	must_explain("use io_uring: Input/output error");
}
END_TEST

UNIT_SUITE("report-trouble", a_failure_has_its_error_and_what_may_help,
	   some_sentences_are_whole, force_is_named_only_where_it_would_help,
	   missing_peer_memory_has_a_reason_and_a_place,
	   a_denied_ring_tells_who_may_deny_it);
