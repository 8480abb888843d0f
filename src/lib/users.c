// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Knows how /proc tells which process has mapped peer memory: by the name of
 * the allocate file in its maps. Must not know what for.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/array.h"
#include "lib/pci.h"
#include "lib/sysfs.h"

#define ALLOCATE	"/p2pmem/allocate"
#define GONE		" (deleted)"

struct users {
	struct p2pdma_users public;	/* first: it is what people hold */
	struct arena arena;
	struct p2pdma_user *users;
	const struct p2pdma_context *context;
	const struct p2pdma_topology *topology;
};

/* One line: "START-END rw-s OFFSET DEVICE INODE   PATH". */
static bool parse_line(char *line, uint64_t *bytes, char **path)
{
	uint64_t start, end;
	int at = -1;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %*s %n", &start,
		   &end, &at) != 2 || at < 0 || end < start)
		return false;
	*bytes = end - start;
	*path = line + at;
	return true;
}

/* Cuts what the kernel adds to the name of a file that is gone. */
static bool is_allocate(char *path)
{
	size_t length = strlen(path), suffix = strlen(GONE);

	if (length > suffix && !strcmp(path + length - suffix, GONE))
		path[length -= suffix] = '\0';
	suffix = strlen(ALLOCATE);
	return length > suffix && !strcmp(path + length - suffix, ALLOCATE);
}

static const struct p2pdma_function *find_provider(const struct users *users,
						   const char *path)
{
	char address[PCI_ADDRESS_SIZE];

	return pci_address_of_path(path, address) ?
		       p2pdma_topology_find(users->topology, address) : NULL;
}

static struct p2pdma_user *find_user(struct users *users, size_t first,
				     const struct p2pdma_function *provider)
{
	for (size_t i = first; i < users->public.count; i++)
		if (users->users[i].provider == provider)
			return &users->users[i];
	return NULL;
}

static int add_mapping(struct users *users, size_t first, int pid,
		       const char *path, uint64_t bytes)
{
	const struct p2pdma_function *provider = find_provider(users, path);
	struct p2pdma_user *user = find_user(users, first, provider);

	if (!user)
		user = array_add(users->users, users->public.count);
	if (!user)
		return -ENOMEM;
	user->pid = pid;
	user->provider = provider;
	user->mapped_bytes += bytes;
	user->mappings++;
	return 0;
}

static void name_command(struct users *users, size_t first, const char *dir)
{
	_cleanup_free_ char *text = NULL;

	if (first == users->public.count ||
	    sysfs_read_text(users->context, dir, "comm", &text))
		return;
	text[strcspn(text, "\n")] = '\0';
	for (size_t i = first; i < users->public.count; i++)
		users->users[i].command = arena_strdup(&users->arena, text);
}

static int compare_users(const void *a, const void *b)
{
	const struct p2pdma_user *x = a, *y = b;

	if (!x->provider || !y->provider)
		return !x->provider - !y->provider;
	return strcmp(x->provider->address, y->provider->address);
}

static int read_maps(struct users *users, int pid, const char *dir,
		     char *maps)
{
	size_t first = users->public.count;
	char *line, *path, *rest = maps;

	while ((line = strsep(&rest, "\n"))) {
		uint64_t bytes;
		int rc;

		if (!parse_line(line, &bytes, &path) || !is_allocate(path))
			continue;
		rc = add_mapping(users, first, pid, path, bytes);
		if (rc)
			return rc;
	}
	name_command(users, first, dir);
	if (users->public.count > first)
		qsort(users->users + first, users->public.count - first,
		      sizeof(*users->users), compare_users);
	return 0;
}

/* What has ended in between is no news. */
static int read_process(struct users *users, const char *name)
{
	_cleanup_free_ char *maps = NULL;
	char dir[64];
	int rc;

	snprintf(dir, sizeof(dir), "proc/%s", name);
	rc = sysfs_read_text(users->context, dir, "maps", &maps);
	if (rc == -ENOMEM)
		return rc;
	if (rc == -EACCES || rc == -EPERM || rc == -EFBIG)
		users->public.unreadable++;
	return rc ? 0 : read_maps(users, atoi(name), dir, maps);
}

static bool is_process(const char *name)
{
	return *name && !name[strspn(name, "0123456789")] && strlen(name) < 10;
}

static int read_processes(struct users *users)
{
	_cleanup_names_ struct sysfs_names names = { 0 };
	int rc;

	rc = sysfs_list(users->context, "proc", NULL, &names);
	for (size_t i = 0; !rc && i < names.count; i++)
		if (is_process(names.names[i]))
			rc = read_process(users, names.names[i]);
	return rc;
}

int p2pdma_users_scan(struct p2pdma_context *context,
		      const struct p2pdma_topology *topology,
		      struct p2pdma_users **users)
{
	struct users *u = calloc(1, sizeof(*u));
	int rc;

	if (!u)
		return -ENOMEM;
	context_begin(context);
	u->context = context;
	u->topology = topology;
	rc = context_end(context, &u->arena, read_processes(u));
	if (rc) {
		p2pdma_users_destroy(&u->public);
		return rc;
	}
	u->public.users = u->users;
	*users = &u->public;
	return 0;
}

void p2pdma_users_destroy(struct p2pdma_users *users)
{
	struct users *u = (struct users *)users;

	if (!u)
		return;
	arena_fini(&u->arena);
	free(u->users);
	free(u);
}
