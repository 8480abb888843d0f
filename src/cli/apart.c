// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/apart.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/exit.h"

/* Wakes up who works; what for is in the signals that both see. */
#define WAKE	SIGUSR2
/* How often it is looked at. */
#define GLANCE_MS	500
/* It may find out by itself, and then has more to say. */
#define GRACE_NS	(2 * NS_PER_SEC)

static struct apart_signals alone, *signals_seen = &alone;
static pid_t worker;
static int answer = -1;

/* --- signals ------------------------------------------------------------ */

static void wake_up(void)
{
	if (worker > 0)
		kill(worker, WAKE);
}

static void catch(int signal)
{
	signals_seen->caught = signal;
	wake_up();
}

static void ask(int signal)
{
	signals_seen->asked = signal;
	wake_up();
}

/* Only ends what waits. */
static void be_woken(int signal)
{
	(void)signal;
}

/* The second one ends us at once. */
static void catch_signals(void)
{
	exit_catch(&(const struct sigaction){
		.sa_handler = catch, .sa_flags = (int)SA_RESETHAND });
	sigaction(SIGUSR1, &(const struct sigaction){
		.sa_handler = ask, .sa_flags = SA_RESTART }, NULL);
}

/* Those of a terminal come to both of us. */
static void leave_signals(void)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	exit_catch(&ignore);
	sigaction(SIGUSR1, &ignore, NULL);
	sigaction(WAKE, &(const struct sigaction){ .sa_handler = be_woken },
		  NULL);
}

/* --- who waits ---------------------------------------------------------- */

static int die_of(int signal)
{
	const struct sigaction usual = { .sa_handler = SIG_DFL };
	const struct rlimit none = { 0 };

	/* There is one already. */
	setrlimit(RLIMIT_CORE, &none);
	sigaction(signal, &usual, NULL);
	raise(signal);
	return 128 + signal;
}

/* All of its threads, also those that work for io_uring. */
static uint64_t get_worked_ns(void)
{
	struct timespec worked;
	clockid_t clock;

	if (clock_getcpuclockid(worker, &clock) ||
	    clock_gettime(clock, &worked))
		return 0;
	return (uint64_t)worked.tv_sec * NS_PER_SEC + (uint64_t)worked.tv_nsec;
}

static bool has_ended(void)
{
	siginfo_t info = { 0 };

	return !waitid(P_PID, (id_t)worker, &info,
		       WEXITED | WNOHANG | WNOWAIT) && info.si_pid;
}

/*
 * False: it has been idle for too long. By glances and not by the clock, which
 * goes on while both of us are stopped. Its end closes the pipe, unless we
 * could not close ours.
 */
static bool await_word(int told, const struct apart_limit *limit)
{
	uint64_t idle_ns = 0, worked_ns = 0, before_ns;
	struct pollfd wait = { .fd = told, .events = POLLIN };
	int ready;

	while ((ready = poll(&wait, 1, GLANCE_MS)) <= 0 && !has_ended()) {
		before_ns = worked_ns;
		worked_ns = get_worked_ns();
		if (worked_ns != before_ns || signals_seen->is_excused)
			idle_ns = 0;
		else if (!ready)
			idle_ns += GLANCE_MS * NS_PER_MS;
		if (limit->idle_ns && idle_ns > limit->idle_ns + GRACE_NS)
			return false;
	}
	return true;
}

static int await(int told, const struct apart_limit *limit)
{
	int code, status;

	if (!await_word(told, limit))
		return limit->tell(limit->data);
	if (read(told, &code, sizeof(code)) == sizeof(code))
		return code;
	while (waitpid(worker, &status, 0) < 0) {
		if (errno == EINTR)
			continue;
		warn("how it ended is not known (look at what it wrote)");
		return EXIT_FAILED;
	}
	worker = 0;
	return WIFSIGNALED(status) ? die_of(WTERMSIG(status)) :
				     WEXITSTATUS(status);
}

/* --- who works ---------------------------------------------------------- */

static void begin_work(pid_t waiter)
{
	leave_signals();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have died before. */
	if (getppid() != waiter)
		_exit(EXIT_FAILED);
}

static bool share_signals(void)
{
	void *page = mmap(NULL, sizeof(*signals_seen), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return false;
	signals_seen = page;
	return true;
}

static int divide(int ends[2], const struct apart_limit *limit)
{
	pid_t waiter = getpid();
	sigset_t all, before;

	/* Whoever started us may ignore it: then no end would be told. */
	sigaction(SIGCHLD, &(const struct sigaction){ .sa_handler = SIG_DFL },
		  NULL);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	worker = fork();
	if (!worker)
		begin_work(waiter);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(ends[worker > 0]);
	if (worker > 0)
		return await(ends[0], limit);
	answer = ends[1];
	return CLI_GO_ON;
}

int apart_begin(const struct apart_limit *limit,
		struct apart_signals **signals)
{
	int ends[2], code = CLI_GO_ON;

	catch_signals();
	if (share_signals() && !pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		code = divide(ends, limit);
	*signals = signals_seen;
	return code;
}

void apart_excuse(volatile sig_atomic_t *is_excused, bool is_next)
{
	if (is_excused)
		*is_excused = is_next;
}

void apart_tell(int code)
{
	ssize_t n;

	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	n = answer < 0 ? 0 : write(answer, &code, sizeof(code));
	(void)n;
}

void apart_leave(int code)
{
	apart_tell(code);
	_exit(code);
}
