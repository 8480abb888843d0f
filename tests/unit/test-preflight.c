/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/endpoint-null.h"
#include "engine/preflight.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* A pool of host memory plays the peer. */
static char path[64];
static struct p2pdma_context *context;
static struct p2pdma_provider *host;
static struct p2pdma_pool *pool;
static struct ring *ring;
static struct preflight_result result;	/* of the last check() */

static void start(void)
{
	char block[4096];
	int fd;

	strcpy(path, "/var/tmp/test-preflight-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	memset(block, 'a', sizeof(block));
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(write(fd, block, sizeof(block)), 4096);
	close(fd);
	ck_assert_int_eq(p2pdma_context_create(NULL, &context), 0);
	ck_assert_int_eq(p2pdma_provider_open(context, "host", NULL, &host), 0);
	ck_assert_int_eq(p2pdma_pool_create(host, 65536, 2, 2, &pool), 0);
	ck_assert_int_eq(ring_open(1, &ring), 0);
}

static void finish(void)
{
	ring_close(ring);
	p2pdma_pool_destroy(pool);
	p2pdma_provider_close(host);
	p2pdma_context_destroy(context);
	unlink(path);
}

static void check(struct endpoint *endpoint, enum preflight_answer answer,
		  int error)
{
	ck_assert_int_eq(preflight_run(ring, endpoint, 5000, pool, host,
				       20 * NS_PER_SEC, &result), 0);
	if (endpoint->direct_fd < 0)
		answer = PREFLIGHT_UNKNOWN;
	ck_assert_int_eq(result.answer, answer);
	ck_assert_int_eq(result.error, error);
	endpoint_close(endpoint);
}

START_TEST(memory_that_takes_the_data_works)
{
	struct endpoint *endpoint;

	start();
	ck_assert_int_eq(endpoint_open(path, ENDPOINT_READ, &endpoint), 0);
	check(endpoint, PREFLIGHT_WORKS, 0);
	finish();
}
END_TEST

START_TEST(memory_that_is_refused_is_told_with_its_error)
{
	struct endpoint_faults faults = { .refuse_error = -EREMOTEIO };
	struct endpoint *endpoint;

	start();
	faults.refuse_start = p2pdma_pool_get_slot(pool, 0);
	faults.refuse_bytes = 2 * 65536;
	ck_assert_int_eq(endpoint_null_open(path, ENDPOINT_READ, &faults,
					    &endpoint), 0);
	check(endpoint, PREFLIGHT_REFUSED, -EREMOTEIO);
	finish();
}
END_TEST

START_TEST(success_without_data_is_found_out)
{
	struct endpoint_faults faults = { .is_lost = true };
	struct endpoint *endpoint;

	start();
	faults.refuse_start = p2pdma_pool_get_slot(pool, 0);
	faults.refuse_bytes = 2 * 65536;
	ck_assert_int_eq(endpoint_null_open(path, ENDPOINT_READ, &faults,
					    &endpoint), 0);
	check(endpoint, PREFLIGHT_DIFFERS, 0);
	ck_assert_int_eq(result.difference, PREFLIGHT_ZEROS);
	finish();
}
END_TEST

/* The kernel fills in zeros there, and no drive is asked. */
START_TEST(a_hole_is_no_proof)
{
	const struct endpoint_faults faults = {
		.error_offset = 1 << 20, .error_bytes = 16384, .error = -EIO,
	};
	const char data[4096] = "data";
	struct endpoint *endpoint;
	int fd;

	start();
	fd = open(path, O_WRONLY | O_TRUNC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, 2 << 20), 0);
	ck_assert_int_eq(endpoint_open(path, ENDPOINT_READ, &endpoint), 0);
	check(endpoint, PREFLIGHT_UNKNOWN, 0);
	ck_assert_int_eq(pwrite(fd, data, sizeof(data), 1 << 20), 4096);
	close(fd);
	ck_assert_int_eq(endpoint_null_open(path, ENDPOINT_READ, &faults,
					    &endpoint), 0);
	ck_assert_int_eq(preflight_run(ring, endpoint, 0, pool, host,
				       20 * NS_PER_SEC, &result), -EIO);
	endpoint_close(endpoint);
	finish();
}
END_TEST

START_TEST(a_hole_that_is_to_be_written_is_tried_so_and_stays_zeros)
{
	static const struct {
		off_t size, data;
		enum preflight_answer answer;
	} cases[] = {
		{ 65536, -1, PREFLIGHT_WORKS },
		{ 65536, 61440, PREFLIGHT_WORKS },
		/* It would be longer then. */
		{ 6000, -1, PREFLIGHT_UNKNOWN },
	};
	struct endpoint *endpoint;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char data[65536], wanted[65536] = { 0 };
		int fd;

		start();
		fd = open(path, O_RDWR | O_TRUNC);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(ftruncate(fd, cases[i].size), 0);
		if (cases[i].data >= 0) {
			wanted[cases[i].data] = 'x';
			ck_assert_int_eq(pwrite(fd, "x", 1, cases[i].data), 1);
		}
		ck_assert_int_eq(endpoint_open(path, ENDPOINT_WRITE,
					       &endpoint), 0);
		check(endpoint, cases[i].answer, 0);
		ck_assert_int_eq(pread(fd, data, sizeof(data), 0),
				 cases[i].size);
		ck_assert_mem_eq(data, wanted, (size_t)cases[i].size);
		close(fd);
		finish();
	}
}
END_TEST

START_TEST(a_file_that_is_being_replaced_is_tried_by_writing)
{
	struct endpoint *endpoint;

	start();
	ck_assert_int_eq(endpoint_open(path, ENDPOINT_WRITE | ENDPOINT_REPLACE,
				       &endpoint), 0);
	check(endpoint, PREFLIGHT_WORKS, 0);
	finish();
}
END_TEST

START_TEST(the_try_leaves_zeros_in_the_file)
{
	char block[16384], zeros[16384] = { 0 };
	struct endpoint *endpoint;

	start();
	ck_assert_int_eq(endpoint_open(path, ENDPOINT_WRITE | ENDPOINT_REPLACE,
				       &endpoint), 0);
	ck_assert_int_eq(preflight_run(ring, endpoint, 5000, pool, host,
				       20 * NS_PER_SEC, &result), 0);
	if (endpoint->direct_fd >= 0)
		ck_assert_int_eq(result.answer, PREFLIGHT_WORKS);
	memset(block, 0, sizeof(block));
	ck_assert_int_ge(pread(endpoint->fd, block, sizeof(block), 0), 0);
	ck_assert_mem_eq(block, zeros, sizeof(block));
	endpoint_close(endpoint);
	finish();
}
END_TEST

/* The whole file fails with @error, in any memory. */
static int run_on_failing(int error)
{
	const struct endpoint_faults faults = {
		.error_offset = 0, .error_bytes = 65536, .error = error,
	};
	struct endpoint *endpoint;
	int rc;

	start();
	ck_assert_int_eq(endpoint_null_open(path, ENDPOINT_READ, &faults,
					    &endpoint), 0);
	rc = preflight_run(ring, endpoint, 0, pool, host, 20 * NS_PER_SEC,
			   &result);
	endpoint_close(endpoint);
	finish();
	return rc;
}

START_TEST(a_request_that_the_kernel_gave_up_is_not_silence)
{
	ck_assert_int_eq(run_on_failing(-ETIMEDOUT), -EIO);
}
END_TEST

START_TEST(an_endpoint_that_fails_anyway_is_an_error)
{
	ck_assert_int_eq(run_on_failing(-EIO), -EIO);
}
END_TEST

START_TEST(silence_is_an_answer_after_its_time)
{
	const struct endpoint_faults faults = { .is_silent = true };
	struct endpoint *endpoint;

	start();
	ck_assert_int_eq(endpoint_null_open(path, ENDPOINT_READ, &faults,
					    &endpoint), 0);
	ck_assert_int_eq(preflight_run(ring, endpoint, 0, pool, host,
				       100 * NS_PER_MS, &result), -ETIMEDOUT);
	unlink(path);
	/* As the interface asks for; what is in flight is no leak. */
	_exit(EXIT_SUCCESS);
}
END_TEST

UNIT_SUITE("preflight",
	   memory_that_takes_the_data_works,
	   memory_that_is_refused_is_told_with_its_error,
	   success_without_data_is_found_out,
	   a_hole_is_no_proof,
	   a_hole_that_is_to_be_written_is_tried_so_and_stays_zeros,
	   a_file_that_is_being_replaced_is_tried_by_writing,
	   the_try_leaves_zeros_in_the_file,
	   a_request_that_the_kernel_gave_up_is_not_silence,
	   an_endpoint_that_fails_anyway_is_an_error,
	   silence_is_an_answer_after_its_time);
