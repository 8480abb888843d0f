// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/ground.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"

/* A file among what hands out room is its device and inode. */
static void note_member(struct ground *ground, const char *member)
{
	uintmax_t device, inode;
	struct ground_file *file;
	int length = 0;

	if (!member || sscanf(member, "%ju:%ju%n", &device, &inode,
			      &length) != 2 || member[length])
		return;
	file = array_add(ground->files, ground->count);
	if (file)
		*file = (struct ground_file){ (dev_t)device, (ino_t)inode };
}

/* The first place is in the file system itself. */
static void note_way(struct ground *ground, const struct p2pdma_way *way)
{
	for (size_t i = 1; i < way->place_count; i++)
		note_member(ground, way->places[i].member);
}

static void look(const struct grounds *grounds, struct ground *ground,
		 int directory, const char *name)
{
	struct p2pdma_target *target = NULL;
	_cleanup_fd_ int fd = -1;
	struct stat st;

	fd = openat(directory, name ? name : ".", O_RDONLY | O_NONBLOCK |
		    O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || st.st_dev != ground->device ||
	    p2pdma_target_resolve(grounds->context, grounds->topology,
				  name ? name : ".", fd, &target))
		return;
	for (size_t i = 0; i < target->way_count; i++)
		note_way(ground, &target->ways[i]);
	p2pdma_target_destroy(target);
}

static const struct ground *find(struct grounds *grounds, dev_t device,
				 int directory, const char *name)
{
	struct ground *ground;

	for (size_t i = 0; i < grounds->count; i++)
		if (grounds->items[i].device == device)
			return &grounds->items[i];
	ground = array_add(grounds->items, grounds->count);
	if (!ground)
		return NULL;
	ground->device = device;
	look(grounds, ground, directory, name);
	return ground;
}

bool ground_has(struct grounds *grounds, dev_t device, int directory,
		const char *name, const struct ground_file *file)
{
	const struct ground *ground = find(grounds, device, directory, name);

	for (size_t i = 0; ground && i < ground->count; i++)
		if (ground->files[i].device == file->device &&
		    ground->files[i].inode == file->inode)
			return true;
	return false;
}

void grounds_fini(struct grounds *grounds)
{
	for (size_t i = 0; i < grounds->count; i++)
		free(grounds->items[i].files);
	free(grounds->items);
	grounds->items = NULL;
	grounds->count = 0;
}
