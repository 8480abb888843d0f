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
