// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Knows the machine's own memory: aligned for any drive, in huge pages where
 * the kernel has them, there before the first transfer.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/macro.h"
#include "lib/provider.h"

#define HUGE_BYTES	(2 * MIB)

static bool host_matches(const char *name)
{
	return !strcmp(name, "host") || !strcmp(name, "none");
}

static int host_open(struct p2pdma_provider *provider, const char *name,
		     struct p2pdma_reason *why)
{
	provider->name = strdup("host");
	return provider->name ? 0 : -ENOMEM;
}

static void *map_anonymous(size_t bytes)
{
	void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return start == MAP_FAILED ? NULL : start;
}

/* Maps more than is asked for and gives back what is not aligned. */
static void *map_aligned(size_t bytes)
{
	size_t total = bytes + HUGE_BYTES, before;
	char *start = map_anonymous(total);

	if (!start)
		return NULL;
	before = round_up((uintptr_t)start, HUGE_BYTES) - (uintptr_t)start;
	if (before)
		munmap(start, before);
	if (total - before > bytes)
		munmap(start + before + bytes, total - before - bytes);
	return start + before;
}

static int host_map(struct p2pdma_provider *provider, size_t bytes,
		    void **address)
{
	void *start;

	if (bytes > SIZE_MAX - HUGE_BYTES)
		return -ENOMEM;
	start = bytes < HUGE_BYTES ? map_anonymous(bytes) : map_aligned(bytes);
	if (!start)
		return -errno;
	/* Both are only advice; the second one keeps faults out of the copy. */
	(void)madvise(start, bytes, MADV_HUGEPAGE);
#ifdef MADV_POPULATE_WRITE
	(void)madvise(start, bytes, MADV_POPULATE_WRITE);
#endif
	*address = start;
	return 0;
}

const struct provider_ops provider_host_ops = {
	.is_peer = false,
	.matches = host_matches,
	.open = host_open,
	.map = host_map,
};
