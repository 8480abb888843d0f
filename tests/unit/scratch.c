// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/unit.h"

void scratch_make(char *path)
{
	strcpy(strrchr(path, '-'), "-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(path));
}

void scratch_remove(const char *path, const char *prefix)
{
	char command[128];

	ck_assert_int_eq(strncmp(path, prefix, strlen(prefix)), 0);
	ck_assert_int_lt(snprintf(command, sizeof(command), "rm -r '%s'",
				  path), (int)sizeof(command));
	ck_assert_int_eq(system(command), 0);
}

/* Not by cmp(1): under valgrind it is dear to start one. */
bool scratch_is_same(const char *one, const char *other)
{
	static char left[65536], right[65536];
	FILE *a = fopen(one, "r"), *b = fopen(other, "r");
	bool is_same = a && b;
	size_t got = 1;

	while (is_same && got) {
		got = fread(left, 1, sizeof(left), a);
		is_same = got == fread(right, 1, sizeof(right), b) &&
			  !memcmp(left, right, got);
	}
	if (a)
		fclose(a);
	if (b)
		fclose(b);
	return is_same;
}
