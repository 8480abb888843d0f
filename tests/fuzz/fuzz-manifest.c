// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The input is a list of pairs, with newlines or, where its first byte is odd,
 * with NULs, and as many destinations as the rest of that byte says; it comes
 * through a pipe, in pieces of as many bytes as the second one says. What is a
 * pair has all its names, and reading ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"
#include "engine/manifest.h"
#include "fuzz/fuzz.h"

static void must(bool is_so)
{
	if (!is_so)
		abort();
}

static int next(struct manifest *manifest)
{
	const char *names[MANIFEST_NAMES_MOST] = { NULL };
	int got = manifest_next(manifest, names);
	size_t length = 0;

	must(got == 1 || got == 0 || got == -EINVAL || got == -ENAMETOOLONG ||
	     got == -EAGAIN);
	for (unsigned i = 0; got == 1 && i < manifest->name_count; i++) {
		must(*names[i]);
		length += strlen(names[i]);
	}
	must(length < MANIFEST_BUFFER);
	return got;
}

/* All that the pipe has for now. */
static int drain(struct manifest *manifest, size_t most)
{
	int got;

	do {
		must(most--);
		got = next(manifest);
	} while (got && got != -EAGAIN);
	return got;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct manifest manifest;
	size_t piece, at = 2;
	int ends[2];

	if (size < 2)
		return 0;
	must(!pipe2(ends, O_NONBLOCK));
	manifest_init(&manifest, ends[0], data[0] & 1,
		      1 + (data[0] >> 1) % (MANIFEST_NAMES_MOST - 1));
	piece = data[1] + 1u;
	while (at < size) {
		piece = MIN(piece, size - at);
		must(write(ends[1], data + at, piece) == (ssize_t)piece);
		at += piece;
		must(drain(&manifest, size + 2) == -EAGAIN);
	}
	close(ends[1]);
	must(!drain(&manifest, size + 2));
	must(!next(&manifest));
	close(ends[0]);
	return 0;
}
