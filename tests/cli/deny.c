// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how a program lives with a system call filter, as in a container:
 *
 *	deny ERRNO CALL[,CALL]... COMMAND [ARGUMENT]...
 *
 * runs COMMAND; it and what it starts get ERRNO from each CALL.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/macro.h"

static const struct {
	const char *name;
	unsigned number;
} calls[] = {
	{ "io_uring_setup", __NR_io_uring_setup },
	{ "io_uring_enter", __NR_io_uring_enter },
	{ "io_uring_register", __NR_io_uring_register },
	{ "openat2", __NR_openat2 },
	{ "statx", __NR_statx },
	{ "fallocate", __NR_fallocate },
	{ "renameat2", __NR_renameat2 },
	{ "madvise", __NR_madvise },
	{ "getrandom", __NR_getrandom },
};

static const struct {
	const char *name;
	unsigned number;
} errnos[] = {
	{ "EPERM", EPERM },
	{ "ENOSYS", ENOSYS },
};

static int wrong(const char *what)
{
	fprintf(stderr, "deny: %s\n"
		"usage: deny EPERM|ENOSYS CALL[,CALL]... COMMAND...\n", what);
	return 125;
}

static int deny(unsigned call, unsigned error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { ARRAY_SIZE(filter), filter };

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int deny_named(const char *name, unsigned error)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (!strcmp(name, calls[i].name))
			return deny(calls[i].number, error);
	errno = EINVAL;
	return -1;
}

static unsigned find_errno(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(errnos); i++)
		if (!strcmp(name, errnos[i].name))
			return errnos[i].number;
	return 0;
}

int main(int argc, char **argv)
{
	unsigned error = argc < 4 ? 0 : find_errno(argv[1]);
	char *name, *rest;

	if (!error)
		return wrong("which errno, which calls, which command?");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return wrong(strerror(errno));
	for (name = strtok_r(argv[2], ",", &rest); name;
	     name = strtok_r(NULL, ",", &rest))
		if (deny_named(name, error))
			return wrong(strerror(errno));
	execvp(argv[3], argv + 3);
	return wrong(strerror(errno));
}
