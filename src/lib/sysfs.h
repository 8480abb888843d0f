/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows how to read small files below the context's root, and nothing about
 * what they mean. The only file that opens /sys and /proc. Never writes.
 *
 * @dir is a path below the root, "sys/class/nvme/nvme0", and @name one below
 * @dir, "device/vendor". Links are followed inside the root: an absolute
 * target starts at the root, and ".." does not climb above it.
 */
#ifndef P2PDMA_LIB_SYSFS_H
#define P2PDMA_LIB_SYSFS_H

#include <stdint.h>

#include "base/cleanup.h"
#include "lib/context.h"

#define SYSFS_PCI_DEVICES	"sys/bus/pci/devices"

/* Sorted in the order of strverscmp(3). */
struct sysfs_names {
	char **names;
	size_t count;
};

#define _cleanup_names_	_cleanup_(sysfs_names_fini)

/*
 * The path by which the kernel found a descriptor; NULL where it cannot tell
 * (no /proc). The caller frees it.
 */
char *sysfs_ask_for_path(int fd);

/* An open descriptor, close-on-exec, or -errno; @flags as open(2). */
int sysfs_open(const struct p2pdma_context *context, const char *dir,
	       const char *name, int flags);

/*
 * A context for many files of one directory, which is opened once: what it is
 * asked for in exactly @dir is found faster. @dir must outlive it.
 */
int sysfs_enter(const struct p2pdma_context *context, const char *dir,
		struct p2pdma_context *here);
void sysfs_leave(struct p2pdma_context *here);

/* True when there is something at that place. */
bool sysfs_exists(const struct p2pdma_context *context, const char *dir,
		  const char *name);

/* The whole file without white space at its end; the caller frees @text. */
int sysfs_read_text(const struct p2pdma_context *context, const char *dir,
		    const char *name, char **text);

/* A number, decimal or 0x…; -EINVAL when it is none. */
int sysfs_read_u64(const struct p2pdma_context *context, const char *dir,
		   const char *name, uint64_t *number);

/* A hexadecimal number, with 0x or without. */
int sysfs_read_hex(const struct p2pdma_context *context, const char *dir,
		   const char *name, uint64_t *number);

/* A decimal number that may be negative. */
int sysfs_read_int(const struct p2pdma_context *context, const char *dir,
		   const char *name, int *number);

/* Is @word in the file? Reads it piece by piece, however long. 0, 1, -errno. */
int sysfs_contains(const struct p2pdma_context *context, const char *dir,
		   const char *name, const char *word);

/* What is in a directory, without "." and "..". */
int sysfs_list(const struct p2pdma_context *context, const char *dir,
	       const char *name, struct sysfs_names *names);
void sysfs_names_fini(struct sysfs_names *names);

/*
 * The last component of a link's target: "nvme" of ".../drivers/nvme". The
 * target need not be there. @name is one component.
 */
int sysfs_read_link(const struct p2pdma_context *context, const char *dir,
		    const char *name, char **target);

/* The path below the root without any link: "sys/devices/pci0000:00/…". */
int sysfs_canonical(const struct p2pdma_context *context, const char *dir,
		    const char *name, char **path);

#endif
