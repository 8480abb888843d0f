// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/aside.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"

/* Where this process begins: the clock tells processes of one pid apart. */
static uint32_t get_next(void)
{
	static struct random random;
	static uint32_t next;

	if (!random.state) {
		random_init(&random, clock_now_ns(), (uint64_t)getpid());
		next = (uint32_t)random_next(&random);
	}
	return next++;
}

void aside_name(char aside[NAME_MAX + 1], const char *name)
{
	snprintf(aside, NAME_MAX + 1, ".%.200s.%ld-%u.part", name,
		 (long)getpid(), (unsigned)get_next());
}

long aside_find_writer(const char *aside)
{
	const char *end = strrchr(aside, '.'), *at = end;
	long process;

	if (*aside != '.' || !end || strcmp(end, ".part"))
		return 0;
	while (at > aside && strchr("0123456789-", at[-1]))
		at--;
	if (at == aside || at[-1] != '.')
		return 0;
	process = strtol(at, NULL, 10);
	return process > 0 ? process : 0;
}
