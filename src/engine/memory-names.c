// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/memory-names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* Where names are looked for, and what was wrong with one. */
struct search {
	struct p2pdma_context *context;
	const struct p2pdma_topology *topology;
	struct p2pdma_reason *why;
};

static const struct p2pdma_function *say_no(const struct search *search,
					    const char *id, const char *advice)
{
	*search->why = (struct p2pdma_reason){ .id = id };
	snprintf(search->why->advice, sizeof(search->why->advice), "%s",
		 advice);
	return NULL;
}

static bool is_allocate_path(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash && !strcmp(slash, "/allocate");
}

/* Through the library, which alone knows how such a path is made up. */
static const struct p2pdma_function *
find_by_allocate(const struct search *search, const char *path)
{
	const struct p2pdma_function *f;
	struct p2pdma_provider *provider;

	if (p2pdma_provider_open(search->context, path, search->why,
				 &provider))
		return NULL;
	f = p2pdma_topology_find(search->topology,
				 p2pdma_provider_get_name(provider));
	p2pdma_provider_close(provider);
	return f;
}

static const struct p2pdma_function *
find_by_device(const struct search *search, const char *path)
{
	const struct p2pdma_function *f = NULL;
	struct p2pdma_target *target;
	int rc;

	rc = p2pdma_target_resolve(search->context, search->topology, path, -1,
				   &target);
	if (rc)
		return say_no(search, "no-p2pmem", strerror(-rc));
	if (target->client_count)
		f = target->clients[0];
	else
		say_no(search, "not-pci",
		       "it is no PCI function and sits on none");
	p2pdma_target_destroy(target);
	return f;
}

static const struct p2pdma_function *find(const struct search *search,
					  const char *name)
{
	const struct p2pdma_function *f;

	f = p2pdma_topology_find(search->topology, name);
	if (f)
		return f;
	return is_allocate_path(name) ? find_by_allocate(search, name) :
					find_by_device(search, name);
}

bool memory_names_have(const struct memory_names *names,
		       const struct p2pdma_function *function)
{
	for (unsigned i = 0; i < names->count; i++)
		if (names->functions[i] == function)
			return true;
	return false;
}

static int add(const struct search *search, struct memory_names *names,
	       const char *name)
{
	const struct p2pdma_function *f = find(search, name);

	if (!f)
		return -ENXIO;
	if (memory_names_have(names, f))
		return 0;
	if (names->count == MEMORY_PROVIDERS_MOST) {
		say_no(search, "no-p2pmem", "more than 8 are named");
		return -ENXIO;
	}
	names->functions[names->count++] = f;
	return 0;
}

int memory_names_find(struct p2pdma_context *context,
		      const struct p2pdma_topology *topology,
		      const char *list, struct memory_names *names,
		      struct p2pdma_reason *why)
{
	const struct search search = { context, topology, why };
	_cleanup_free_ char *copy = strdup(list);
	char *rest = copy;
	int rc = 0;

	*names = (struct memory_names){ .count = 0 };
	if (!copy)
		return -ENOMEM;
	while (rest && !rc)
		rc = add(&search, names, strsep(&rest, ","));
	return rc;
}
