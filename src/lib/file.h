/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows the way from a file or directory down to its block devices, through
 * mounts, overlays and the volumes of btrfs; must not know how block devices
 * lie on each other.
 */
#ifndef P2PDMA_LIB_FILE_H
#define P2PDMA_LIB_FILE_H

#include <sys/stat.h>

#include "lib/mount.h"
#include "lib/target.h"

/* What lies below the file or directory @fd, whose fstat(2) is @status. */
int file_resolve(struct target *target, int fd, const struct stat *status);

/* Adds what is mounted and the devices below it. 0, -ENOMEM, -errno. */
int file_walk_mount(struct target *target, const struct mount *mount);

/* A target's walk_backing. */
int file_walk_backing(struct target *target, const char *path,
		      struct target_range range);

#endif
