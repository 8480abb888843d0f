/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows how block.c and block-walk.c find what sysfs tells of a block device;
 * nobody else looks at it.
 */
#ifndef P2PDMA_LIB_BLOCK_PARTS_H
#define P2PDMA_LIB_BLOCK_PARTS_H

#include "lib/block.h"

#define BLOCK_CLASS	"sys/class/block"
#define BLOCK_DIR_SIZE	320

/* The directory of block device @name. */
void block_name_dir(char *dir, const char *name);

/* Is @name in @dir? And what number is in it, which is 0 where it is not? */
bool block_has(struct target *target, const char *dir, const char *name);
uint64_t block_read_number(struct target *target, const char *dir,
			   const char *name);

/* The same of a number of sectors. */
uint64_t block_read_bytes(struct target *target, const char *dir,
			  const char *name);

/* The name of the disk that the partition at @dir is of. Heap; 0 or -errno. */
int block_find_disk(struct target *target, const char *dir, char **disk);

#endif
