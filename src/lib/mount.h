/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows what is mounted, from /proc/self/mountinfo; must not know what a file
 * system does with peer pages.
 */
#ifndef P2PDMA_LIB_MOUNT_H
#define P2PDMA_LIB_MOUNT_H

#include "base/arena.h"
#include "lib/context.h"

struct mount {
	int id;
	unsigned major, minor;	/* of the file system; major 0: anonymous */
	const char *type;	/* "ext4" */
	const char *source;	/* "/dev/nvme0n1", "tmpfs" */
	const char *options;	/* the file system's own, "rw,data=journal" */
	const char *flags;	/* of this place, "ro,noatime" */
	const char *point;	/* "/srv" */
};

/* One line of mountinfo; @line is cut up and stays in use. */
bool mount_parse(char *line, struct mount *mount);

/* What the kernel writes as "\040" and so on; in place. */
void mount_decode(char *text);

/* By the file system or at this place. */
bool mount_is_read_only(const struct mount *mount);

/* True when the comma-separated options have @option among them, with or
 * without a value. */
bool mount_has_option(const struct mount *mount, const char *option);

/* The value of "option=value" as a copy in @arena; NULL when not there. */
const char *mount_get_option(const struct mount *mount, struct arena *arena,
			     const char *option);

/* The mount of that id, strings in @arena. 0, -ENOENT, -ENOMEM. */
int mount_find(const struct p2pdma_context *context, struct arena *arena,
	       int id, struct mount *mount);

/* The mount that @path, absolute and without links, lies on. */
int mount_find_path(const struct p2pdma_context *context,
		    struct arena *arena, const char *path,
		    struct mount *mount);

#endif
