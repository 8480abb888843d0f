/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/progress.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macro.h"
#include "unit/unit.h"

static struct progress progress;
static char *text;
static size_t text_size;
static FILE *file;

static void begin(enum progress_mode mode)
{
	file = open_memstream(&text, &text_size);
	progress_init(&progress, mode, file);
}

static void update(uint64_t done_bytes, uint64_t ms)
{
	struct progress_tick tick = {
		.done_bytes = done_bytes, .total_bytes = 4 * GIB,
	};

	progress_update_at(&progress, &tick,
			   progress.started_ns + ms * NS_PER_MS);
}

static void assert_said(const char *wanted)
{
	fclose(file);
	ck_assert_str_eq(text, wanted);
	free(text);
}

START_TEST(auto_says_nothing_where_no_terminal_is)
{
	begin(PROGRESS_AUTO);
	update(GIB, 5000);
	progress_finish(&progress);
	assert_said("");
}
END_TEST

START_TEST(a_file_gets_at_most_one_line_a_second)
{
	begin(PROGRESS_ALWAYS);
	update(GIB / 2, 500);
	update(GIB, 1000);
	update(GIB + 1, 1001);
	update(GIB + GIB / 2, 1999);
	update(2 * GIB, 2000);
	assert_said("1 GiB of 4 GiB, 25 %, 1.00 GiB/s (1.07 GB/s), ETA 0:03\n"
		    "2 GiB of 4 GiB, 50 %, 1.00 GiB/s (1.07 GB/s), ETA 0:02\n");
}
END_TEST

START_TEST(json_is_an_object_a_line_and_a_stall_has_no_eta)
{
	char wanted[512];

	begin(PROGRESS_JSON);
	update(0, 1000);
	update(GIB, 2000);
	snprintf(wanted, sizeof(wanted),
		 "{\"schema\":\"p2pdma-utils/1\",\"event\":\"progress\","
		 "\"done_bytes\":0,\"total_bytes\":4294967296,"
		 "\"elapsed_ns\":1000000000,\"rate_bytes_per_sec\":null,"
		 "\"eta_ns\":null}\n"
		 "{\"schema\":\"p2pdma-utils/1\",\"event\":\"progress\","
		 "\"done_bytes\":1073741824,\"total_bytes\":4294967296,"
		 "\"elapsed_ns\":2000000000,\"rate_bytes_per_sec\":1073741824,"
		 "\"eta_ns\":3000000000}\n");
	assert_said(wanted);
}
END_TEST

START_TEST(a_run_that_ends_by_time_counts_down)
{
	struct progress_tick tick = {
		.done_bytes = GIB, .total_ns = 10 * NS_PER_SEC,
	};

	begin(PROGRESS_ALWAYS);
	progress_update_at(&progress, &tick,
			   progress.started_ns + NS_PER_SEC);
	assert_said("1 GiB, 1.00 GiB/s (1.07 GB/s), ETA 0:09\n");
}
END_TEST

START_TEST(never_says_nothing)
{
	begin(PROGRESS_NEVER);
	update(GIB, 5000);
	progress_step_aside();
	progress_finish(&progress);
	progress_finish(&progress);
	assert_said("");
}
END_TEST

/* A pseudo-terminal of @columns; returns its other end. */
static int open_terminal(unsigned short columns)
{
	struct winsize window = { .ws_row = 25, .ws_col = columns };
	struct termios modes;
	int other = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);

	ck_assert_int_ge(other, 0);
	ck_assert_int_eq(grantpt(other), 0);
	ck_assert_int_eq(unlockpt(other), 0);
	file = fopen(ptsname(other), "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(tcgetattr(fileno(file), &modes), 0);
	modes.c_oflag &= ~(tcflag_t)OPOST;
	ck_assert_int_eq(tcsetattr(fileno(file), TCSANOW, &modes), 0);
	ck_assert_int_eq(ioctl(fileno(file), TIOCSWINSZ, &window), 0);
	return other;
}

static void assert_shows(int other, const char *wanted)
{
	char seen[1024] = "";
	ssize_t got = read(other, seen, sizeof(seen) - 1);

	seen[MAX(got, 0)] = 0;
	ck_assert_str_eq(seen, wanted);
}

START_TEST(a_terminal_has_one_line_that_is_rewritten_and_cleared)
{
	int other = open_terminal(80);

	progress_init(&progress, PROGRESS_AUTO, file);
	update(GIB, 1000);
	assert_shows(other, "\r1 GiB of 4 GiB, 25 %, "
		     "1.00 GiB/s (1.07 GB/s), ETA 0:03");
	update(GIB, 1100);
	assert_shows(other, "");
	update(4 * GIB, 4000);
	assert_shows(other, "\r4 GiB of 4 GiB, 100 %, "
		     "1.00 GiB/s (1.07 GB/s)         ");
	progress_finish(&progress);
	assert_shows(other, "\r                                             "
		     "\r");
	fclose(file);
	close(other);
}
END_TEST

START_TEST(another_line_can_step_in_between)
{
	int other = open_terminal(21);

	progress_init(&progress, PROGRESS_AUTO, file);
	update(GIB, 1000);
	assert_shows(other, "\r1 GiB of 4 GiB, 25 %");
	progress_step_aside();
	assert_shows(other, "\r                    \r");
	progress_step_aside();
	assert_shows(other, "");
	update(2 * GIB, 2000);
	assert_shows(other, "\r2 GiB of 4 GiB, 50 %");
	fclose(file);
	close(other);
}
END_TEST

START_TEST(a_rate_follows_and_does_not_jump)
{
	uint64_t second = 1;

	begin(PROGRESS_ALWAYS);
	for (; second <= 10; second++)
		update(second * 100 * MIB, second * 1000);
	ck_assert_int_eq((int)(progress.bytes_per_sec / MIB), 100);
	/* One second of nothing. */
	update(1000 * MIB, second++ * 1000);
	ck_assert_int_ge((int)(progress.bytes_per_sec / MIB), 80);
	ck_assert_int_lt((int)(progress.bytes_per_sec / MIB), 100);
	/* From now on it is half as fast. */
	for (int i = 1; i <= 20; i++)
		update((uint64_t)(1000 + 50 * i) * MIB, second++ * 1000);
	ck_assert_int_le((int)(progress.bytes_per_sec / MIB), 52);
	fclose(file);
	free(text);
}
END_TEST

UNIT_SUITE("progress",
	   auto_says_nothing_where_no_terminal_is,
	   a_file_gets_at_most_one_line_a_second,
	   json_is_an_object_a_line_and_a_stall_has_no_eta,
	   a_run_that_ends_by_time_counts_down,
	   never_says_nothing,
	   a_terminal_has_one_line_that_is_rewritten_and_cleared,
	   another_line_can_step_in_between, a_rate_follows_and_does_not_jump);
