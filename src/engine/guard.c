// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/guard.h"

#include <blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <libmount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/macro.h"

static bool is_device(const struct p2pdma_target *target)
{
	return target->kind == P2PDMA_TARGET_BLOCK ||
	       target->kind == P2PDMA_TARGET_PARTITION;
}

/* --- overlap and size: pure --------------------------------------------- */

struct range {
	uint64_t start, end;
};

static bool do_ranges_meet(struct range a, struct range b)
{
	return a.start < b.end && b.start < a.end;
}

/* What is touched of the disk: of a file, whatever holds its file system. */
static struct range find_range(const struct p2pdma_target *target,
			       uint64_t offset, uint64_t size)
{
	uint64_t start = target->start_bytes;

	if (is_device(target))
		return (struct range){ start + offset, start + offset + size };
	return (struct range){ start, UINT64_MAX };
}

static bool has_layer(const struct p2pdma_target *target, const char *disk)
{
	for (size_t i = 0; i < target->layer_count; i++)
		if (target->layers[i].name &&
		    !strcmp(target->layers[i].name, disk))
			return true;
	return false;
}

/* One of them lies on the other, through md, dm or the like. */
static bool is_stacked(const struct p2pdma_target *a,
		       const struct p2pdma_target *b)
{
	return a->disk && b->disk && strcmp(a->disk, b->disk) &&
	       (has_layer(a, b->disk) || has_layer(b, a->disk));
}

/* Two files of one file system are told apart by their inodes. */
static bool is_same_file(const struct p2pdma_target *a,
			 const struct p2pdma_target *b)
{
	struct stat sa, sb;

	return !stat(a->path, &sa) && !stat(b->path, &sb) &&
	       sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

static bool do_files_overlap(const struct guard_question *q)
{
	const struct range source = {
		q->source_offset_bytes, q->source_offset_bytes + q->size_bytes,
	}, destination = {
		q->destination_offset_bytes,
		q->destination_offset_bytes + q->size_bytes,
	};

	return is_same_file(q->source, q->destination) &&
	       (q->is_replaced || do_ranges_meet(source, destination));
}

/* Partitions lie beside each other, and @file in another one. */
static bool is_file_beside(const struct p2pdma_target *file,
			   const struct p2pdma_target *partition)
{
	return !is_device(file) &&
	       partition->kind == P2PDMA_TARGET_PARTITION &&
	       (file->device_major != partition->device_major ||
		file->device_minor != partition->device_minor);
}

static bool do_devices_overlap(const struct guard_question *q)
{
	const struct p2pdma_target *s = q->source, *d = q->destination;

	if (is_stacked(s, d))
		return true;
	if (is_file_beside(s, d) || is_file_beside(d, s))
		return false;
	return s->disk && d->disk && !strcmp(s->disk, d->disk) &&
	       do_ranges_meet(find_range(s, q->source_offset_bytes,
					 q->size_bytes),
			      find_range(d, q->destination_offset_bytes,
					 q->size_bytes));
}

static bool refuses_overlap(const struct guard_question *q, char *why,
			    size_t size)
{
	bool is_overlap;

	if (!q->source || !q->size_bytes)
		return false;
	if (is_device(q->source) || is_device(q->destination))
		is_overlap = do_devices_overlap(q);
	else
		is_overlap = do_files_overlap(q);
	if (is_overlap)
		snprintf(why, size, "%s and %s share the same bytes: choose "
			 "another destination", q->source->path,
			 q->destination->path);
	return is_overlap;
}

static bool refuses_too_small(const struct guard_question *q, char *why,
			      size_t size)
{
	const struct p2pdma_target *d = q->destination;
	char needed[32], there[32];

	if (!is_device(d) ||
	    (q->size_bytes <= d->size_bytes &&
	     q->destination_offset_bytes <= d->size_bytes - q->size_bytes))
		return false;
	snprintf(why, size, "%s is too small: it has %s, and the copy ends at "
		 "%s: choose a larger one, or copy less with --size", d->path,
		 bytes_format(d->size_bytes, there, sizeof(there)),
		 bytes_format(q->destination_offset_bytes + q->size_bytes,
			      needed, sizeof(needed)));
	return true;
}

/* --- mounts and swap ---------------------------------------------------- */

static void unref_table(struct libmnt_table **table)
{
	mnt_unref_table(*table);
}

static void free_iter(struct libmnt_iter **iter)
{
	mnt_free_iter(*iter);
}

/* Of file systems with devices of their own making, the source is asked. */
static dev_t find_device(struct libmnt_fs *fs)
{
	const char *source = mnt_fs_get_srcpath(fs);
	dev_t device = mnt_fs_get_devno(fs);
	struct stat st;

	if (major(device))
		return device;
	if (source && *source == '/' && !stat(source, &st) &&
	    S_ISBLK(st.st_mode))
		return st.st_rdev;
	return 0;
}

/* @device is @target, or a partition of it. */
static bool is_on(dev_t device, const struct p2pdma_target *target)
{
	dev_t wanted = makedev(target->device_major, target->device_minor);
	dev_t disk = 0;

	if (!device || device == wanted)
		return device;
	return target->kind == P2PDMA_TARGET_BLOCK &&
	       !blkid_devno_to_wholedisk(device, NULL, 0, &disk) &&
	       disk == wanted;
}

static bool is_writable(struct libmnt_fs *fs)
{
	return !mnt_fs_match_options(fs, "ro");
}

/* The first of @table that lies on @target; copies where it is mounted. */
static bool find_on(struct libmnt_table *table,
		    const struct p2pdma_target *target, bool is_rw_only,
		    char *where, size_t size)
{
	_cleanup_(free_iter) struct libmnt_iter *iter =
		mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;

	while (iter && !mnt_table_next_fs(table, iter, &fs)) {
		const char *place = mnt_fs_get_target(fs);

		if (!is_on(find_device(fs), target) ||
		    (is_rw_only && !is_writable(fs)))
			continue;
		snprintf(where, size, "%s", place ? place : "");
		return true;
	}
	return false;
}

static bool find_mount(const struct p2pdma_target *target, bool is_rw_only,
		       char *where, size_t size)
{
	_cleanup_(unref_table) struct libmnt_table *table = mnt_new_table();

	return table && !mnt_table_parse_mtab(table, NULL) &&
	       find_on(table, target, is_rw_only, where, size);
}

bool guard_is_mounted_writable(const struct p2pdma_target *target)
{
	char where[GUARD_WHY_SIZE];

	return is_device(target) &&
	       find_mount(target, true, where, sizeof(where));
}

static bool refuses_mounted(const struct guard_question *q, char *why,
			    size_t size)
{
	char where[GUARD_WHY_SIZE / 2];

	if (!is_device(q->destination) ||
	    !find_mount(q->destination, false, where, sizeof(where)))
		return false;
	snprintf(why, size, "%s is mounted at %s: unmount it",
		 q->destination->path, where);
	return true;
}

static bool refuses_swap(const struct guard_question *q, char *why,
			 size_t size)
{
	_cleanup_(unref_table) struct libmnt_table *table = mnt_new_table();
	char where[8];

	if (!is_device(q->destination) || !table ||
	    mnt_table_parse_swaps(table, NULL) ||
	    !find_on(table, q->destination, false, where, sizeof(where)))
		return false;
	snprintf(why, size, "%s is in use as swap: swapoff it",
		 q->destination->path);
	return true;
}

/* --- in use ------------------------------------------------------------- */

/* The kernel gives a device to one exclusive user: mount, md, dm, swap. */
static bool is_claimed(const char *path)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);

	return fd < 0 && errno == EBUSY;
}

static bool refuses_in_use(const struct guard_question *q, char *why,
			   size_t size)
{
	const struct p2pdma_target *d = q->destination;

	if (!is_device(d))
		return false;
	if (d->holder_count)
		snprintf(why, size, "%s is part of %s: take it out of there",
			 d->path, d->holders[0]);
	else if (is_claimed(d->path))
		snprintf(why, size, "%s is in use by the kernel or another "
			 "program: find it with lsblk or lsof", d->path);
	else
		return false;
	return true;
}

/* --- signatures --------------------------------------------------------- */

static void free_probe(blkid_probe *probe)
{
	blkid_free_probe(*probe);
}

static const char *look_up(blkid_probe probe, const char *name)
{
	const char *value;

	return blkid_probe_lookup_value(probe, name, &value, NULL) ? NULL :
								     value;
}

static void describe(blkid_probe probe, char *text, size_t size)
{
	const char *type = look_up(probe, "TYPE");
	const char *usage = look_up(probe, "USAGE");
	const char *table = look_up(probe, "PTTYPE");

	if (type && usage && !strcmp(usage, "filesystem"))
		snprintf(text, size, "the file system %s", type);
	else if (type)
		snprintf(text, size, "a signature of %s", type);
	else
		snprintf(text, size, "a partition table (%s)",
			 table ? table : "of some kind");
}

/* What blkid_do_safeprobe() returns where several kinds fit. */
#define SIGNATURES_DIFFER	(-2)

static bool refuses_signature(const struct guard_question *q, char *why,
			      size_t size)
{
	_cleanup_(free_probe) blkid_probe probe = NULL;
	char what[96] = "several signatures";
	int rc;

	if (!is_device(q->destination))
		return false;
	probe = blkid_new_probe_from_filename(q->destination->path);
	if (!probe)
		return false;
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE |
							 BLKID_SUBLKS_USAGE);
	blkid_probe_enable_partitions(probe, 1);
	rc = blkid_do_safeprobe(probe);
	/*
	 * Nothing there; or not readable, as what has protection information
	 * and was never written: nobody keeps data there.
	 */
	if (rc && rc != SIGNATURES_DIFFER)
		return false;
	if (!rc)
		describe(probe, what, sizeof(what));
	snprintf(why, size, "%s bears %s: clear it with wipefs",
		 q->destination->path, what);
	return true;
}

/* Those that cannot be forced come first, then the cheap before the slow. */
static const struct guard guards[] = {
	{ "overlap", "source and destination are apart", false,
	  refuses_overlap },
	{ "too-small", "the destination is large enough", false,
	  refuses_too_small },
	{ "mounted", "the destination is not mounted", true, refuses_mounted },
	{ "swap", "the destination is not swap", true, refuses_swap },
	{ "in-use", "the destination is not in use", true, refuses_in_use },
	{ "signature", "the destination bears no signature", true,
	  refuses_signature },
};

unsigned guard_ask_all(const struct guard_question *question,
		       struct guard_answer answers[GUARDS_MAX])
{
	for (unsigned i = 0; i < ARRAY_SIZE(guards); i++) {
		struct guard_answer *answer = &answers[i];

		answer->guard = &guards[i];
		answer->why[0] = '\0';
		answer->is_refusing = guards[i].refuses(question, answer->why,
							sizeof(answer->why));
	}
	return ARRAY_SIZE(guards);
}

const struct guard_answer *guard_find_refusal(
	const struct guard_answer *answers, unsigned count, bool is_forced)
{
	for (unsigned i = 0; i < count; i++)
		if (answers[i].is_refusing &&
		    !(is_forced && answers[i].guard->can_be_forced))
			return &answers[i];
	return NULL;
}
