/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report-copy.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/macro.h"

static struct report report;
static struct copy_job job;
static char destination[] = "/mnt/b", other[] = "/mnt/c";
static struct copy_job also;
static struct copy_also leg;

/* 8 MiB of which 1 MiB is bad and 2 MiB are a hole, in a second. */
static void make_job(void)
{
	job = (struct copy_job){
		.args = { .source = "/mnt/a", .skip_bytes = MIB,
			  .journal = "map" },
		.destination_path = destination,
		.size_bytes = 8 * MIB,
		.memory = { .block_bytes = MIB, .depth = 4 },
		.is_run = true,
		.result = {
			.copied_bytes = 5 * MIB, .host_bytes = 5 * MIB,
			.skipped_bytes = 2 * MIB, .bad_bytes = MIB,
			.in_place_bytes = 3 * MIB, .duration_ns = NS_PER_SEC,
			.cpu_ns = 1000, .submits = 7, .read_error = -ENODATA,
		},
	};
	ck_assert_int_eq(extents_init(&job.extents, 8 * MIB, EXTENT_DONE), 0);
	extents_mark(&job.extents, 0, 2 * MIB, EXTENT_HOLE);
	extents_mark(&job.extents, 3 * MIB, 4 * MIB, EXTENT_BAD_READ);
	also = (struct copy_job){ .destination_path = other };
	leg = (struct copy_also){ 0 };
	job.also = &also;
	job.also_legs = &leg;
	job.also_count = 1;
}

static void tell(bool is_plan)
{
	report_init(&report, "p2pcopy");
	report_copy(&report, &job, is_plan);
}

static void finish(void)
{
	report_fini(&report);
	extents_fini(&job.extents);
}

static void must_be(const char *key, const char *json)
{
	struct json_object *value;

	ck_assert_msg(json_object_object_get_ex(report.tree, key, &value),
		      "no key %s", key);
	ck_assert_str_eq(json_object_to_json_string_ext(value,
				JSON_C_TO_STRING_NOSLASHESCAPE), json);
}

static char *written(void)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	ck_assert_int_eq(report_write(&report, WRITER_TEXT, file), 0);
	fclose(file);
	return text;
}

static void must_say(const char *line)
{
	char *text = written();

	ck_assert_msg(strstr(text, line), "no \"%s\" in: %s", line, text);
	free(text);
}

START_TEST(every_number_has_its_key)
{
	make_job();
	tell(false);
	must_be("source", "\"/mnt/a\"");
	must_be("destination", "\"/mnt/b\"");
	must_be("size_bytes", "8388608");
	must_be("copied_bytes", "5242880");
	must_be("peer_bytes", "0");
	must_be("host_bytes", "5242880");
	must_be("skipped_bytes", "2097152");
	must_be("bad_bytes", "1048576");
	must_be("in_place_bytes", "3145728");
	must_be("rate_bytes_per_sec", "5242880");
	must_be("submits", "7");
	must_be("journal", "\"map\"");
	must_be("verify", "null");
	must_be("checksum", "null");
	finish();
}
END_TEST

START_TEST(a_bad_range_is_one_error_at_its_place_in_the_source)
{
	make_job();
	tell(false);
	must_be("errors", "[{\"where\":\"/mnt/a\",\"offset_bytes\":4194304,"
		"\"length_bytes\":1048576,\"errno\":61,\"why\":null}]");
	must_say("NOT complete: 1048576 bytes are bad, the first at 4194304\n");
	finish();
}
END_TEST

START_TEST(a_destination_that_was_dropped_is_told)
{
	make_job();
	extents_turn(&job.extents, EXTENT_BAD_READ, EXTENT_DONE);
	leg.error = (struct copy_error){
		SIDE_DESTINATION, 512, 1024, -ENOSPC,
	};
	tell(false);
	must_be("also", "[{\"destination\":\"/mnt/c\",\"dropped\":true}]");
	must_be("errors", "[{\"where\":\"/mnt/c\",\"offset_bytes\":512,"
		"\"length_bytes\":1024,\"errno\":28,"
		"\"why\":\"write /mnt/c: No space left on device\"}]");
	must_say("also to /mnt/c: DROPPED\n");
	finish();
}
END_TEST

START_TEST(a_checksum_is_a_line_for_each_destination)
{
	make_job();
	job.args.checksum = "md5";
	job.is_summed = true;
	strcpy(job.sum, "00ff");
	tell(false);
	must_be("checksum", "{\"algorithm\":\"md5\",\"digest\":\"00ff\"}");
	must_say("00ff  /mnt/b\n00ff  /mnt/c\n");
	finish();
}
END_TEST

START_TEST(what_was_not_measured_is_null)
{
	make_job();
	job.is_run = false;
	job.result = (struct copy_result){ 0 };
	extents_turn(&job.extents, EXTENT_BAD_READ, EXTENT_WANTED);
	tell(true);
	must_be("dry_run", "true");
	must_be("duration_ns", "null");
	must_be("bad_bytes", "null");
	must_be("errors", "[]");
	must_say("1048576 bytes (1 MiB) would be copied");
	finish();
}
END_TEST

START_TEST(what_never_began_tells_why)
{
	job = (struct copy_job){
		.args = { .source = "/mnt/a", .destination = "/mnt/b" },
		.trouble = COPY_JOB_FAILED, .error = -ENOENT,
		.where = "/mnt/a", .tried = "read /mnt/a",
	};
	tell(false);
	must_be("destination", "\"/mnt/b\"");
	must_be("size_bytes", "null");
	must_be("copied_bytes", "0");
	must_be("in_place_bytes", "null");
	must_be("errors", "[{\"where\":\"/mnt/a\",\"offset_bytes\":null,"
		"\"length_bytes\":null,\"errno\":2,"
		"\"why\":\"read /mnt/a: No such file or directory\"}]");
	must_be("guards", "[]");
	finish();
}
END_TEST

START_TEST(an_error_with_a_place_is_told_once)
{
	make_job();
	extents_turn(&job.extents, EXTENT_BAD_READ, EXTENT_DONE);
	job.trouble = COPY_JOB_FAILED;
	job.error = -EIO;
	strcpy(job.tried, "write /mnt/b at 512");
	job.result.error = (struct copy_error){
		SIDE_DESTINATION, 512, 1024, -EIO,
	};
	tell(false);
	must_be("errors", "[{\"where\":\"/mnt/b\",\"offset_bytes\":512,"
		"\"length_bytes\":1024,\"errno\":5,"
		"\"why\":\"write /mnt/b: Input/output error\"}]");
	report_fini(&report);
	/* That one was only dropped. */
	job.error = -ENOSPC;
	job.where = "map";
	strcpy(job.tried, "write journal map");
	tell(false);
	must_be("errors", "[{\"where\":\"map\",\"offset_bytes\":null,"
		"\"length_bytes\":null,\"errno\":28,\"why\":\"write journal "
		"map: No space left on device (is it full? a drive: was it "
		"removed?)\"},{\"where\":\"/mnt/b\",\"offset_bytes\":512,"
		"\"length_bytes\":1024,\"errno\":5,"
		"\"why\":\"write /mnt/b: Input/output error\"}]");
	finish();
}
END_TEST

UNIT_SUITE("report-copy", every_number_has_its_key,
	   a_bad_range_is_one_error_at_its_place_in_the_source,
	   a_destination_that_was_dropped_is_told,
	   a_checksum_is_a_line_for_each_destination,
	   what_was_not_measured_is_null, what_never_began_tells_why,
	   an_error_with_a_place_is_told_once);
