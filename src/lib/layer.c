// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/layer.h"

#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "lib/machine.h"

/* Kernels up to .absent refuse, those from .present on pass. */
struct range {
	unsigned absent, present;
};

static const struct range always;
/* md, multipath heads: not in 6.12, there in 7.2, unknown in between. */
static const struct range stacking = { KERNEL(6, 12, 255), KERNEL(7, 2, 0) };

struct row {
	const char *kind;
	enum p2pdma_answer reads, writes;
	const struct range *since;
	const char *id;
	const char *advice;
};

#define YES		P2PDMA_YES
#define NO		P2PDMA_NO
#define UNKNOWN		P2PDMA_UNKNOWN

#define QUEUE(kind, advice)	\
	{ kind, NO, NO, &always, "queue-without-p2p", advice }
#define STACK(kind, advice)	\
	{ kind, NO, NO, &always, "stacked-device", advice }
#define FS(kind, reads, writes, advice)	\
	{ kind, reads, writes, &always, "filesystem", advice }

#define USE_NVME	"its driver refuses peer pages: use an NVMe drive"
#define USE_MEMBERS	"it refuses peer pages: use the drives below it"
#define USE_EXT4	"it moves data by the CPU: use ext4 or xfs on NVMe"
#define NOT_RUN		"nobody has tried it yet: compare data (--verify), " \
			"or use ext4 or xfs"
#define MIRROR		"a mirror reports success for writes that a member " \
			"refused, and loses them: write to the members"
#define NEED_7_2	"Linux 7.2 or later passes peer pages through it"

/*
 * What the kernel's source says and what was run: block layers by the
 * BLK_FEAT_PCI_P2PDMA of their queues, file systems by their O_DIRECT.
 */
static const struct row rows[] = {
	{ "nvme", YES, YES, &always, "queue-without-p2p", USE_NVME },
	{ "partition", YES, YES, &always, "stacked-device", USE_MEMBERS },
	{ LAYER_MULTIPATH, YES, YES, &stacking, "queue-without-p2p",
	  NEED_7_2 ", or boot with nvme_core.multipath=N" },
	{ "md-raid0", YES, YES, &stacking, "stacked-device", NEED_7_2 },
	{ "md-raid1", YES, NO, &stacking, "stacked-device", MIRROR },
	{ "md-raid10", YES, NO, &stacking, "stacked-device", MIRROR },
	STACK("md-raid4", USE_MEMBERS),
	STACK("md-raid5", USE_MEMBERS),
	STACK("md-raid6", USE_MEMBERS),
	STACK("md-linear", USE_MEMBERS),
	STACK("dm", USE_MEMBERS),
	STACK("loop", USE_MEMBERS),
	QUEUE("nvme-fabrics", USE_NVME),
	QUEUE("virtio-blk", USE_NVME),
	QUEUE("scsi", USE_NVME),
	QUEUE("brd", USE_NVME),
	QUEUE("zram", USE_NVME),
	QUEUE("null_blk", USE_NVME),
	QUEUE("nbd", USE_NVME),
	QUEUE("mmc", USE_NVME),
	FS("ext4", YES, YES, ""),
	FS("ext4 data=journal", NO, NO, "every byte goes through the page "
	   "cache: mount it without data=journal"),
	FS("xfs", YES, YES, ""),
	FS(LAYER_XFS_STABLE, NO, NO, "its drive wants pages that nobody "
	   "changes (queue/stable_writes), and xfs copies them by the CPU: "
	   "use ext4"),
	FS("overlay", YES, YES, ""),
	FS("btrfs", YES, NO, "writes with checksums go through host memory: "
	   "mount it with nodatasum, or use ext4 or xfs"),
	FS("btrfs nodatasum", YES, YES, ""),
	FS("btrfs compress", NO, NO, "what is compressed goes through host "
	   "memory: mount it without compress, or use ext4 or xfs"),
	FS(LAYER_BTRFS_COPIES, YES, NO, "where one of several copies or "
	   "devices refuses, nobody tells whether a write was lost: use ext4 "
	   "or xfs"),
	FS("ext2", UNKNOWN, UNKNOWN, NOT_RUN),
	FS("exfat", UNKNOWN, UNKNOWN, NOT_RUN),
	FS("ntfs3", UNKNOWN, UNKNOWN, NOT_RUN),
	FS("f2fs", UNKNOWN, UNKNOWN, NOT_RUN),
	FS("gfs2", UNKNOWN, UNKNOWN, NOT_RUN),
	FS("erofs", UNKNOWN, UNKNOWN, NOT_RUN),
	FS("zonefs", UNKNOWN, UNKNOWN, NOT_RUN),
	FS("tmpfs", NO, NO, USE_EXT4),
	FS("ramfs", NO, NO, USE_EXT4),
	FS("devtmpfs", NO, NO, USE_EXT4),
	FS("vfat", NO, NO, USE_EXT4),
	FS("msdos", NO, NO, USE_EXT4),
	FS("jfs", NO, NO, USE_EXT4),
	FS("nilfs2", NO, NO, USE_EXT4),
	FS("ocfs2", NO, NO, USE_EXT4),
	FS("udf", NO, NO, USE_EXT4),
	FS("hfs", NO, NO, USE_EXT4),
	FS("hfsplus", NO, NO, USE_EXT4),
	FS("affs", NO, NO, USE_EXT4),
	FS("nfs", NO, NO, USE_EXT4),
	FS("nfs4", NO, NO, USE_EXT4),
	FS("fuse", NO, NO, USE_EXT4),
	FS("fuseblk", NO, NO, USE_EXT4),
	FS("virtiofs", NO, NO, USE_EXT4),
	FS("9p", NO, NO, USE_EXT4),
};

/* What no row tells about. */
static const struct row other_block = {
	NULL, UNKNOWN, UNKNOWN, &always, "stacked-device", NOT_RUN
};
static const struct row other_filesystem = {
	NULL, UNKNOWN, UNKNOWN, &always, "filesystem", NOT_RUN
};

/* A file system is the layer that has no device name. */
static const struct row *find_row(const char *kind, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(rows[i].kind, kind))
			return &rows[i];
	return name ? &other_block : &other_filesystem;
}

enum p2pdma_answer layer_worse(enum p2pdma_answer a, enum p2pdma_answer b)
{
	if (a == NO || b == NO)
		return NO;
	return MIN(a, b);
}

static enum p2pdma_answer is_in(const struct range *since, unsigned kernel)
{
	if (kernel >= since->present)
		return YES;
	return kernel && kernel <= since->absent ? NO : UNKNOWN;
}

struct p2pdma_layer layer_make(unsigned kernel, const char *kind,
			       const char *name)
{
	const struct row *row = find_row(kind, name);
	enum p2pdma_answer is_there = is_in(row->since, kernel);

	return (struct p2pdma_layer){
		.kind = kind,
		.name = name,
		.passes_reads = layer_worse(row->reads, is_there),
		.passes_writes = layer_worse(row->writes, is_there),
	};
}

enum p2pdma_answer layer_passes(const struct p2pdma_layer *layer,
				unsigned direction)
{
	enum p2pdma_answer passes = YES;

	if (direction & P2PDMA_READ)
		passes = layer_worse(passes, layer->passes_reads);
	if (direction & P2PDMA_WRITE)
		passes = layer_worse(passes, layer->passes_writes);
	return passes;
}

void layer_explain(const struct p2pdma_layer *layer,
		   struct p2pdma_reason *reason)
{
	const struct row *row = find_row(layer->kind, layer->name);

	reason->id = row->id;
	reason->at = NULL;
	if (layer->name)
		snprintf(reason->advice, sizeof(reason->advice),
			 "%s (%s): %s", layer->name, layer->kind,
			 row->advice);
	else
		snprintf(reason->advice, sizeof(reason->advice), "%s: %s",
			 layer->kind, row->advice);
}
