/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files, and what is mounted: the part of target.c above block devices. */
#include "base/macro.h"
#include "lib/file.h"
#include "unit/fixture.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct fixture machine;
static struct target target;
static struct p2pdma_verdict verdict;

/* What lies below a mount of the "stack" machine, by its mountinfo line. */
static void walk(const char *line)
{
	struct mount mount;

	memset(&target, 0, sizeof(target));
	target.context = machine.context;
	target.topology = machine.topology;
	ck_assert(mount_parse(arena_strdup(&target.arena, line), &mount));
	ck_assert_int_eq(file_walk_mount(&target, &mount), 0);
	ck_assert_int_eq(target_conclude(&target), 0);
}

static void drop(void)
{
	arena_fini(&target.arena);
	free(target.clients);
	free(target.layers);
	free(target.holders);
	free(target.reasons);
	free(target.ways);
	free(target.aliases);
}

static void expect(const char *layers, enum p2pdma_answer reads,
		   enum p2pdma_answer writes)
{
	char got[256] = "";

	for (size_t i = 0; i < target.public.layer_count; i++) {
		size_t used = strlen(got);

		snprintf(got + used, sizeof(got) - used, "%s%s", i ? ", " : "",
			 target.public.layers[i].kind);
	}
	ck_assert_str_eq(got, layers);
	ck_assert_int_eq(target.public.passes_reads, reads);
	ck_assert_int_eq(target.public.passes_writes, writes);
	drop();
}

START_TEST(ext4_and_xfs_pass_what_their_device_passes)
{
	fixture_load(&machine, "stack", NULL);
	walk("20 1 259:60 / / rw - ext4 /dev/nvme0n1p3 rw");
	ck_assert_str_eq(target.public.device, "nvme0n1p3");
	ck_assert_uint_eq(target.public.client_count, 1);
	expect("ext4, partition, nvme", P2PDMA_YES, P2PDMA_YES);
	walk("20 1 9:1 / / rw - xfs /dev/md1 rw");
	expect("xfs, md-raid1, partition, nvme, partition, nvme", P2PDMA_YES,
	       P2PDMA_NO);
	walk("20 1 259:60 / / rw - ext4 /dev/nvme0n1p3 rw,data=journal");
	expect("ext4 data=journal, partition, nvme", P2PDMA_NO, P2PDMA_NO);
	fixture_close(&machine);
}
END_TEST

START_TEST(what_a_file_system_copies_by_itself_it_does_not_pass)
{
	fixture_load(&machine, "stack",
		     "file sys/devices/pci0000:00/0000:00:03.0/0000:01:00.0/"
		     "0000:02:00.0/0000:03:00.0/nvme/nvme0/nvme0n1/queue/"
		     "stable_writes 1");
	walk("20 1 259:60 / / rw - xfs /dev/nvme0n1p3 rw");
	expect("xfs, xfs on stable pages, partition, nvme", P2PDMA_NO,
	       P2PDMA_NO);
	walk("20 1 259:60 / / rw - ext4 /dev/nvme0n1p3 rw");
	expect("ext4, partition, nvme", P2PDMA_YES, P2PDMA_YES);
	walk("20 1 259:60 / / rw - btrfs /dev/nvme0n1p3 rw,compress=zstd:3");
	ck_assert_int_eq(target.public.passes_reads, P2PDMA_NO);
	drop();
	fixture_close(&machine);
}
END_TEST

START_TEST(a_file_system_without_device_has_no_client)
{
	fixture_load(&machine, "stack", NULL);
	walk("20 1 0:22 / /tmp rw - tmpfs tmpfs rw");
	ck_assert_uint_eq(target.public.client_count, 0);
	ck_assert_ptr_null(target.public.device);
	ck_assert_str_eq(target.public.reasons[0].id, "filesystem");
	expect("tmpfs", P2PDMA_NO, P2PDMA_NO);
	walk("20 1 0:22 / /tmp rw - fuse.sshfs host:/ rw");
	expect("fuse", P2PDMA_NO, P2PDMA_NO);
	fixture_close(&machine);
}
END_TEST

START_TEST(an_overlay_on_one_file_system_passes_what_that_passes)
{
	fixture_load(&machine, "stack", NULL);
	walk("30 1 0:30 / /m rw - overlay overlay "
	     "rw,lowerdir=/a,upperdir=/b,workdir=/c");
	ck_assert_uint_eq(target.public.client_count, 1);
	expect("overlay, ext4, partition, nvme", P2PDMA_YES, P2PDMA_YES);
	fixture_close(&machine);
}
END_TEST

#define BTRFS_ON(device)	"dir sys/fs/btrfs/u/devices/" device "\n"
#define BTRFS_DATA(profile)	\
	"dir sys/fs/btrfs/u/allocation/data/" profile "\n"

START_TEST(btrfs_passes_writes_where_it_keeps_data_once)
{
	const char *const line =
		"20 1 259:60 / / rw - btrfs /dev/nvme0n1p3 rw,nodatasum";

	fixture_load(&machine, "stack", NULL);
	walk(line);
	expect("btrfs nodatasum, btrfs of several copies, partition, nvme",
	       P2PDMA_YES, P2PDMA_NO);
	fixture_add(&machine, BTRFS_ON("nvme0n1p3") BTRFS_DATA("single"));
	walk(line);
	expect("btrfs nodatasum, partition, nvme", P2PDMA_YES, P2PDMA_YES);
	fixture_add(&machine, BTRFS_DATA("dup"));
	walk(line);
	expect("btrfs nodatasum, btrfs of several copies, partition, nvme",
	       P2PDMA_YES, P2PDMA_NO);
	fixture_close(&machine);
}
END_TEST

START_TEST(btrfs_of_several_devices_passes_no_writes)
{
	fixture_load(&machine, "stack", BTRFS_ON("nvme0n1p3")
		     BTRFS_ON("nvme1n1p1") BTRFS_DATA("single"));
	walk("20 1 259:60 / / rw - btrfs /dev/nvme0n1p3 rw,nodatasum");
	ck_assert_uint_eq(target.public.client_count, 2);
	expect("btrfs nodatasum, btrfs of several copies, partition, nvme, "
	       "partition, nvme", P2PDMA_YES, P2PDMA_NO);
	fixture_close(&machine);
}
END_TEST

START_TEST(an_overlay_of_several_is_unknown)
{
	fixture_load(&machine, "stack", NULL);
	walk("30 1 0:30 / /m rw - overlay overlay "
	     "rw,lowerdir=/a,upperdir=/srv/b,workdir=/c");
	expect("overlay, overlay of several", P2PDMA_UNKNOWN, P2PDMA_UNKNOWN);
	walk("30 1 0:30 / /m rw - overlay overlay rw,lowerdir=/a:/b");
	expect("overlay, overlay of several", P2PDMA_UNKNOWN, P2PDMA_UNKNOWN);
	fixture_close(&machine);
}
END_TEST

START_TEST(files_and_directories_are_told_apart)
{
	char path[] = "/tmp/test-target-XXXXXX";
	struct p2pdma_context *context;
	struct p2pdma_target *found;
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, 12345), 0);
	fixture_load(&machine, "one-switch", NULL);
	ck_assert_int_eq(p2pdma_context_create("/", &context), 0);
	ck_assert_int_eq(p2pdma_target_resolve(context, machine.topology,
					       path, -1, &found), 0);
	ck_assert_int_eq(found->kind, P2PDMA_TARGET_FILE);
	ck_assert_uint_eq(found->size_bytes, 12345);
	ck_assert_uint_ge(found->layer_count, 1);
	p2pdma_target_destroy(found);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(p2pdma_target_resolve(context, machine.topology,
					       path, -1, &found), -ENOENT);
	ck_assert_int_eq(p2pdma_target_resolve(context, machine.topology,
					       path, fd, &found), 0);
	ck_assert_int_eq(found->kind, P2PDMA_TARGET_FILE);
	p2pdma_target_destroy(found);
	ck_assert_int_eq(p2pdma_target_resolve(context, machine.topology,
					       "/tmp", -1, &found), 0);
	ck_assert_int_eq(found->kind, P2PDMA_TARGET_DIRECTORY);
	p2pdma_target_destroy(found);
	p2pdma_context_destroy(context);
	fixture_close(&machine);
	close(fd);
}
END_TEST

START_TEST(what_is_no_disk_is_of_no_known_kind)
{
	struct p2pdma_context *context;
	struct p2pdma_target *found;

	fixture_load(&machine, "one-switch", NULL);
	ck_assert_int_eq(p2pdma_context_create("/", &context), 0);
	ck_assert_int_eq(p2pdma_target_resolve(context, machine.topology,
					       "/dev/null", -1, &found), 0);
	ck_assert_int_eq(found->kind, P2PDMA_TARGET_UNKNOWN);
	ck_assert_uint_eq(found->client_count, 0);
	p2pdma_target_destroy(found);
	p2pdma_context_destroy(context);
	fixture_close(&machine);
}
END_TEST

/* -------------------------------------------------------------------------
 * Verdicts over a target
 */

/* @reasons: their ids, in order. */
static void judge(const char *provider, const char *path, unsigned direction,
		  enum p2pdma_reach reach, const char *reasons)
{
	struct p2pdma_target *found;
	char got[256] = "";

	ck_assert_int_eq(p2pdma_target_resolve(machine.context,
					       machine.topology, path, -1,
					       &found), 0);
	p2pdma_verdict_judge_target(machine.topology,
				    fixture_find(&machine, provider), found,
				    direction, &verdict);
	for (size_t i = 0; i < verdict.reason_count; i++) {
		size_t used = strlen(got);

		snprintf(got + used, sizeof(got) - used, "%s%s", i ? " " : "",
			 verdict.reasons[i].id);
	}
	ck_assert_str_eq(got, reasons);
	ck_assert_int_eq(verdict.reach, reach);
	p2pdma_target_destroy(found);
}

START_TEST(a_head_is_reachable_only_by_all_its_paths)
{
	fixture_load(&machine, "multipath", NULL);
	judge("03:00.0", "nvme1n1", P2PDMA_READ, P2PDMA_REACH_REFUSED,
	      "no-common-upstream host-bridge-not-listed multipath-masks");
	ck_assert_str_eq(verdict.reasons[2].at->address, "0000:05:00.0");
	fixture_add(&machine, "file sys/class/nvme/nvme2/state dead");
	judge("03:00.0", "nvme1n1", P2PDMA_READ, P2PDMA_REACH_DIRECT, "");
	ck_assert_int_eq(verdict.distance, 4);
	fixture_close(&machine);
}
END_TEST

START_TEST(a_head_is_as_slow_as_the_narrowest_of_its_paths)
{
	static const char *const ends[] = {
		"0000:00:03.0/0000:01:00.0/0000:02:00.0",
		"0000:00:03.0/0000:01:00.0/0000:02:00.0/0000:03:00.0",
		"0000:00:03.0/0000:01:00.0/0000:02:01.0",
		"0000:00:03.0/0000:01:00.0/0000:02:01.0/0000:04:00.0",
		"0000:00:03.0", "0000:00:03.0/0000:01:00.0",
	};
	char lines[256];

	fixture_open(&machine, "multipath");
	fixture_add(&machine, "file proc/cpuinfo vendor_id : AuthenticAMD\\n"
			      "cpu family : 25");
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		snprintf(lines, sizeof(lines),
			 "file sys/devices/pci0000:00/%s/current_link_speed "
			 "16.0 GT/s PCIe\n"
			 "file sys/devices/pci0000:00/%s/current_link_width 4",
			 ends[i], ends[i]);
		fixture_add(&machine, lines);
	}
	fixture_scan(&machine);
	judge("03:00.0", "nvme1n1", P2PDMA_READ, P2PDMA_REACH_VIA_HOST, "");
	ck_assert_str_eq(verdict.bottleneck_at->address, "0000:05:00.0");
	ck_assert_uint_eq(verdict.bottleneck_bytes_per_sec, 250000000);
	fixture_add(&machine, "file sys/class/nvme/nvme2/state dead");
	judge("03:00.0", "nvme1n1", P2PDMA_READ, P2PDMA_REACH_DIRECT, "");
	ck_assert_uint_eq(verdict.bottleneck_bytes_per_sec, 7876923076);
	fixture_close(&machine);
}
END_TEST

START_TEST(the_direction_decides_about_a_mirror)
{
	fixture_load(&machine, "stack", NULL);
	judge("03:00.0", "md1", P2PDMA_READ, P2PDMA_REACH_DIRECT, "");
	judge("03:00.0", "md1", P2PDMA_WRITE, P2PDMA_REACH_REFUSED,
	      "stacked-device");
	judge("03:00.0", "md1", P2PDMA_READ | P2PDMA_WRITE,
	      P2PDMA_REACH_REFUSED, "stacked-device");
	fixture_close(&machine);
}
END_TEST

START_TEST(without_a_function_nothing_is_reached)
{
	fixture_load(&machine, "stack", NULL);
	judge("03:00.0", "ram0", P2PDMA_READ, P2PDMA_REACH_REFUSED,
	      "not-pci queue-without-p2p");
	ck_assert_int_eq(verdict.distance, -1);
	fixture_close(&machine);
}
END_TEST

START_TEST(a_layer_nobody_knows_makes_it_unknown)
{
	fixture_load(&machine, "stack",
		     "file sys/class/block/md0/md/level raid77");
	judge("03:00.0", "md0", P2PDMA_READ, P2PDMA_REACH_UNKNOWN,
	      "stacked-device");
	fixture_close(&machine);
}
END_TEST

START_TEST(only_a_live_machine_identifies_its_drives)
{
	struct p2pdma_identity identity;
	const struct p2pdma_drive *const *drives;
	size_t count;

	fixture_load(&machine, "one-switch", NULL);
	drives = p2pdma_topology_get_drives(machine.topology, &count);
	ck_assert_int_eq(p2pdma_drive_identify(machine.context, drives[0],
					       &identity), -EOPNOTSUPP);
	fixture_close(&machine);
}
END_TEST

UNIT_SUITE("target",
	   ext4_and_xfs_pass_what_their_device_passes,
	   what_a_file_system_copies_by_itself_it_does_not_pass,
	   a_file_system_without_device_has_no_client,
	   an_overlay_on_one_file_system_passes_what_that_passes,
	   an_overlay_of_several_is_unknown,
	   btrfs_passes_writes_where_it_keeps_data_once,
	   btrfs_of_several_devices_passes_no_writes,
	   files_and_directories_are_told_apart,
	   what_is_no_disk_is_of_no_known_kind,
	   a_head_is_reachable_only_by_all_its_paths,
	   a_head_is_as_slow_as_the_narrowest_of_its_paths,
	   the_direction_decides_about_a_mirror,
	   without_a_function_nothing_is_reached,
	   a_layer_nobody_knows_makes_it_unknown,
	   only_a_live_machine_identifies_its_drives);
