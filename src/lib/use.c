// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/use.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "lib/block.h"
#include "lib/mount.h"
#include "lib/sysfs.h"

/* What @path names lies on the target. */
static bool is_node_on(struct target *target, const char *path)
{
	struct stat status;

	return *path == '/' && target->context->is_live &&
	       !stat(path, &status) && S_ISBLK(status.st_mode) &&
	       block_is_on(target, major(status.st_rdev),
			   minor(status.st_rdev));
}

/* Of file systems with devices of their own making, the source is asked. */
static bool is_mount_on(struct target *target, const struct mount *mount)
{
	return mount->major ? block_is_on(target, mount->major, mount->minor) :
			      is_node_on(target, mount->source);
}

/* A line that is not understood may be the one that counts. */
static int take_mount(struct target *target, char *line)
{
	struct p2pdma_target *t = &target->public;
	struct mount mount;

	if (!mount_parse(line, &mount))
		return -EINVAL;
	if (!is_mount_on(target, &mount))
		return 0;
	if (t->is_mounted == P2PDMA_NO)
		t->mount_point = mount.point;
	t->is_mounted = P2PDMA_YES;
	if (!mount_is_read_only(&mount))
		t->is_mounted_writable = P2PDMA_YES;
	return 0;
}

/* NAME TYPE SIZE USED PRIORITY, below a heading. */
static int take_swap(struct target *target, char *line)
{
	line[strcspn(line, " \t")] = '\0';
	mount_decode(line);
	if (is_node_on(target, line))
		target->public.is_swap = P2PDMA_YES;
	return 0;
}

/* Lines stay in the target. */
static int take_lines(struct target *target, const char *name,
		      int (*take)(struct target *target, char *line))
{
	_cleanup_free_ char *text = NULL;
	char *rest, *line;
	int rc = sysfs_read_text(target->context, "proc", name, &text);

	if (rc)
		return rc;
	rest = arena_strdup(&target->arena, text);
	while (!rc && (line = strsep(&rest, "\n")))
		if (*line)
			rc = take(target, line);
	return rc;
}

void use_read(struct target *target)
{
	struct p2pdma_target *t = &target->public;
	int rc;

	t->is_mounted = t->is_mounted_writable = t->is_swap = P2PDMA_NO;
	if (take_lines(target, "self/mountinfo", take_mount))
		t->is_mounted = t->is_mounted_writable = P2PDMA_UNKNOWN;
	rc = take_lines(target, "swaps", take_swap);
	/* A kernel without swap has no table of it. */
	if (rc && rc != -ENOENT)
		t->is_swap = P2PDMA_UNKNOWN;
}
