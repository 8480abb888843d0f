/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/layer.h"
#include "lib/machine.h"
#include "unit/unit.h"

#define Y	P2PDMA_YES
#define N	P2PDMA_NO
#define U	P2PDMA_UNKNOWN

START_TEST(layers_pass_what_the_kernel_of_the_day_passes)
{
	static const struct {
		const char *kind, *name;
		unsigned kernel;
		enum p2pdma_answer reads, writes;
	} cases[] = {
		{ "nvme", "nvme0n1", KERNEL(6, 12, 117), Y, Y },
		{ "partition", "nvme0n1p1", KERNEL(6, 12, 117), Y, Y },
		{ LAYER_MULTIPATH, "nvme0n1", KERNEL(6, 12, 117), N, N },
		{ LAYER_MULTIPATH, "nvme0n1", KERNEL(6, 18, 0), U, U },
		{ LAYER_MULTIPATH, "nvme0n1", KERNEL(7, 2, 12), Y, Y },
		{ LAYER_MULTIPATH, "nvme0n1", 0, U, U },
		{ "md-raid0", "md0", KERNEL(6, 12, 117), N, N },
		{ "md-raid0", "md0", KERNEL(7, 2, 12), Y, Y },
		{ "md-raid1", "md0", KERNEL(7, 2, 12), Y, N },
		{ "md-raid1", "md0", KERNEL(7, 1, 0), U, N },
		{ "md-raid10", "md0", KERNEL(7, 3, 4), Y, N },
		{ "md-raid5", "md0", KERNEL(7, 3, 4), N, N },
		{ "md-raid77", "md0", KERNEL(7, 3, 4), U, U },
		{ "dm", "dm-0", KERNEL(7, 3, 4), N, N },
		{ "loop", "loop0", KERNEL(7, 3, 4), N, N },
		{ "null_blk", "nullb0", KERNEL(7, 2, 12), N, N },
		{ "virtio-blk", "vda", KERNEL(7, 2, 12), N, N },
		{ "nfs4", NULL, KERNEL(7, 2, 12), N, N },
		{ "fuse", NULL, KERNEL(7, 2, 12), N, N },
		{ "ext4", NULL, KERNEL(7, 2, 12), Y, Y },
		{ "ext4 data=journal", NULL, KERNEL(7, 2, 12), N, N },
		{ "xfs", NULL, KERNEL(7, 2, 12), Y, Y },
		{ LAYER_XFS_STABLE, NULL, KERNEL(7, 2, 12), N, N },
		{ "btrfs", NULL, KERNEL(7, 2, 12), Y, N },
		{ "btrfs compress", NULL, KERNEL(7, 2, 12), N, N },
		{ "btrfs nodatasum", NULL, KERNEL(7, 2, 12), Y, Y },
		{ "btrfs of several copies", NULL, KERNEL(7, 2, 12), Y, N },
		{ "tmpfs", NULL, KERNEL(7, 2, 12), N, N },
		{ "vfat", NULL, KERNEL(7, 2, 12), N, N },
		{ "f2fs", NULL, KERNEL(7, 2, 12), U, U },
		{ "bcachefs", NULL, KERNEL(7, 2, 12), U, U },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct p2pdma_layer layer = layer_make(cases[i].kernel,
						       cases[i].kind,
						       cases[i].name);

		ck_assert_msg(layer.passes_reads == cases[i].reads &&
				      layer.passes_writes == cases[i].writes,
			      "%s in %x: %d, %d", cases[i].kind,
			      cases[i].kernel, layer.passes_reads,
			      layer.passes_writes);
	}
}
END_TEST

START_TEST(the_worst_direction_counts)
{
	struct p2pdma_layer layer = { .passes_reads = Y, .passes_writes = N };

	ck_assert_int_eq(layer_passes(&layer, P2PDMA_READ), Y);
	ck_assert_int_eq(layer_passes(&layer, P2PDMA_WRITE), N);
	ck_assert_int_eq(layer_passes(&layer, P2PDMA_READ | P2PDMA_WRITE), N);
	ck_assert_int_eq(layer_worse(U, Y), U);
	ck_assert_int_eq(layer_worse(N, U), N);
}
END_TEST

START_TEST(each_layer_gives_its_own_reason)
{
	static const struct {
		const char *kind, *name, *id;
	} cases[] = {
		{ "dm", "dm-0", "stacked-device" },
		{ "md-raid1", "md0", "stacked-device" },
		{ "btrfs", NULL, "filesystem" },
		{ "bcachefs", NULL, "filesystem" },
		{ "something", "x0", "stacked-device" },
		{ LAYER_MULTIPATH, "nvme0n1", "queue-without-p2p" },
		{ "virtio-blk", "vda", "queue-without-p2p" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct p2pdma_layer layer = layer_make(0, cases[i].kind,
						       cases[i].name);
		struct p2pdma_reason reason;

		layer_explain(&layer, &reason);
		ck_assert_str_eq(reason.id, cases[i].id);
		ck_assert_ptr_null(reason.at);
	}
}
END_TEST

START_TEST(the_advice_names_the_layer)
{
	struct p2pdma_layer layer = layer_make(0, "dm", "dm-0");
	struct p2pdma_reason reason;

	layer_explain(&layer, &reason);
	ck_assert_str_eq(reason.advice, "dm-0 (dm): it refuses peer pages: "
					"use the drives below it");
}
END_TEST

UNIT_SUITE("layer",
	   layers_pass_what_the_kernel_of_the_day_passes,
	   the_worst_direction_counts,
	   each_layer_gives_its_own_reason,
	   the_advice_names_the_layer);
