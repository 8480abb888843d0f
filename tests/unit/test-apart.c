/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/apart.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What the worker tells the test: that it is there. */
static int ready[2];

static void tell_ready(void)
{
	ck_assert_int_eq(write(ready[1], "r", 1), 1);
}

static void wait_for_ever(void)
{
	for (;;)
		pause();
}

static int work_well(struct apart_signals *signals)
{
	return 6;
}

static int crash(struct apart_signals *signals)
{
	const struct rlimit none = { 0 };

	setrlimit(RLIMIT_CORE, &none);
	signal(SIGABRT, SIG_DFL);
	raise(SIGABRT);
	return 0;
}

static int hang_in_the_kernel(struct apart_signals *signals)
{
	apart_tell(5);
	wait_for_ever();
	return 0;
}

static int work_until_caught(struct apart_signals *signals)
{
	tell_ready();
	while (!signals->caught)
		poll(NULL, 0, 100);
	return 128 + signals->caught;
}

static int work_until_asked(struct apart_signals *signals)
{
	tell_ready();
	while (!signals->asked)
		if (poll(NULL, 0, -1) != -1 || errno != EINTR)
			return 1;
	return 9;
}

static int work_for_ever(struct apart_signals *signals)
{
	tell_ready();
	wait_for_ever();
	return 0;
}

static int wait_in_a_call(struct apart_signals *signals)
{
	tell_ready();
	/* A drive cannot be interrupted. */
	for (;;)
		poll(NULL, 0, -1);
	return 0;
}

static int wait_for_input(struct apart_signals *signals)
{
	signals->is_excused = 1;
	poll(NULL, 0, 4000);
	return 2;
}

static int tell_idle(void *data)
{
	return 8;
}

/* As main() would. */
static struct apart_limit limit = { .tell = tell_idle };

static pid_t begin(int (*work)(struct apart_signals *signals))
{
	struct apart_signals *signals;
	pid_t program;
	int code;

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	program = fork();
	if (program)
		return program;
	code = apart_begin(&limit, &signals);
	if (code == CLI_GO_ON)
		code = work(signals);
	_exit(code);
}

static int end(pid_t program)
{
	int status;

	ck_assert_int_eq(waitpid(program, &status, 0), program);
	close(ready[0]);
	close(ready[1]);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void await_ready(void)
{
	char byte;

	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
}

START_TEST(the_exit_code_is_that_of_who_works)
{
	ck_assert_int_eq(end(begin(work_well)), 6);
}
END_TEST

START_TEST(so_is_the_signal_that_it_dies_of)
{
	ck_assert_int_eq(end(begin(crash)), -SIGABRT);
}
END_TEST

START_TEST(who_is_held_by_the_kernel_is_not_waited_for)
{
	ck_assert_int_eq(end(begin(hang_in_the_kernel)), 5);
}
END_TEST

START_TEST(who_does_nothing_for_too_long_is_given_up)
{
	limit.idle_ns = 1;
	ck_assert_int_eq(end(begin(wait_in_a_call)), 8);
	ck_assert_int_eq(end(begin(wait_for_input)), 2);
	limit.idle_ns = 0;
}
END_TEST

START_TEST(signals_reach_who_works)
{
	pid_t program = begin(work_until_caught);

	await_ready();
	kill(program, SIGTERM);
	ck_assert_int_eq(end(program), 128 + SIGTERM);
}
END_TEST

START_TEST(whoever_started_us_may_ignore_the_end_of_processes)
{
	pid_t program;

	signal(SIGCHLD, SIG_IGN);
	program = begin(work_until_caught);
	signal(SIGCHLD, SIG_DFL);
	await_ready();
	kill(program, SIGTERM);
	ck_assert_int_eq(end(program), 128 + SIGTERM);
}
END_TEST

START_TEST(a_question_wakes_it_up)
{
	pid_t program = begin(work_until_asked);
	int status = 0;

	await_ready();
	/* It may not wait yet. */
	while (!waitpid(program, &status, WNOHANG)) {
		kill(program, SIGUSR1);
		poll(NULL, 0, 20);
	}
	ck_assert_int_eq(WEXITSTATUS(status), 9);
	close(ready[0]);
	close(ready[1]);
}
END_TEST

START_TEST(the_second_signal_ends_both)
{
	pid_t program = begin(work_for_ever);
	char byte;

	await_ready();
	close(ready[1]);
	kill(program, SIGINT);
	/* One that still waits to be seen is the same as the next one. */
	while (!kill(program, SIGINT) && !waitpid(program, NULL, WNOHANG))
		poll(NULL, 0, 20);
	/* The last one who could have written has gone. */
	ck_assert_int_eq(read(ready[0], &byte, 1), 0);
	close(ready[0]);
}
END_TEST

UNIT_SUITE("apart", the_exit_code_is_that_of_who_works,
	   so_is_the_signal_that_it_dies_of,
	   who_is_held_by_the_kernel_is_not_waited_for,
	   who_does_nothing_for_too_long_is_given_up,
	   signals_reach_who_works,
	   whoever_started_us_may_ignore_the_end_of_processes,
	   a_question_wakes_it_up,
	   the_second_signal_ends_both);
