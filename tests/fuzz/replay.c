// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how every file of tests/fuzz/CORPUS is given to what is fuzzed once, as
 * a test: a crash ends it. CORPUS is defined where this is compiled.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz/fuzz.h"

#define INPUT_MAX	(1 << 20)

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void replay(const char *dir, const char *name, int number)
{
	_cleanup_free_ uint8_t *data = malloc(INPUT_MAX);
	_cleanup_file_ FILE *file = NULL;
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "r");
	if (!data || !file) {
		printf("not ok %d - %s: cannot be read\n", number, name);
		return;
	}
	LLVMFuzzerTestOneInput(data, fread(data, 1, INPUT_MAX, file));
	printf("ok %d - %s\n", number, name);
	fflush(stdout);
}

int main(void)
{
	const char *top = getenv("top_srcdir");
	struct dirent **entries;
	char dir[2048];
	int count;

	snprintf(dir, sizeof(dir), "%s/tests/fuzz/%s", top ? top : ".",
		 CORPUS);
	count = scandir(dir, &entries, is_visible, alphasort);
	if (count <= 0) {
		printf("Bail out! %s: no inputs\n", dir);
		return 1;
	}
	printf("1..%d\n", count);
	for (int i = 0; i < count; i++) {
		replay(dir, entries[i]->d_name, i + 1);
		free(entries[i]);
	}
	free(entries);
	return 0;
}
