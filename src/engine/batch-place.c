// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows what is done about what has the name already that a copy is to get;
 * must not know how it was made.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "engine/batch-state.h"

/* As endpoint-file.c: what it replaces decides about owner and mode. */
static int take_over(const struct file *f, const struct stat *old)
{
	_cleanup_fd_ int to = openat(f->destination_directory, f->aside,
				     O_WRONLY | O_NOFOLLOW | O_CLOEXEC);

	if (to < 0 || fchown(to, old->st_uid, old->st_gid) ||
	    fchmod(to, old->st_mode & 07777))
		return -errno;
	return 0;
}

static bool may_replace(const struct batch *b, const struct file *f,
			const struct stat *old)
{
	return !b->plan.may_replace ||
	       b->plan.may_replace(b->plan.data, &f->answer, old);
}

static bool is_mount_point(const struct file *f)
{
	struct statx facts = { 0 };

	return !statx(f->destination_directory, f->destination,
		      AT_SYMLINK_NOFOLLOW, 0, &facts) &&
	       facts.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

static bool is_source(const struct file *f, const struct stat *old)
{
	struct stat st;

	return !fstatat(f->source_directory, f->source, &st,
			f->is_followed ? 0 : AT_SYMLINK_NOFOLLOW) &&
	       st.st_dev == old->st_dev && st.st_ino == old->st_ino;
}

static void finish(struct batch *b, struct file *f)
{
	batch_push_rename(b, f, 0);
}

static void replace_file(struct batch *b, struct file *f,
			 const struct stat *old)
{
	int rc = 0;

	if (old->st_nlink > 1 || is_mount_point(f)) {
		batch_end_early(b, f, BATCH_IN_PLACE);
		return;
	}
	if (faccessat(f->destination_directory, f->destination, W_OK,
		      AT_EACCESS | AT_SYMLINK_NOFOLLOW))
		rc = -errno;
	if (!rc && !b->plan.is_preserved)
		rc = take_over(f, old);
	if (rc)
		batch_fail(b, f, SIDE_DESTINATION, "replace", rc);
	else
		finish(b, f);
}

bool batch_choose_place(struct batch *b, struct file *f)
{
	struct stat old;

	if (!b->plan.is_in_place)
		return true;
	if (fstatat(f->destination_directory, f->destination, &old,
		    AT_SYMLINK_NOFOLLOW)) {
		f->is_in_place = errno == ENOENT;
		return true;
	}
	if (S_ISREG(old.st_mode) && !may_replace(b, f, &old)) {
		batch_end_early(b, f, BATCH_KEPT);
		return false;
	}
	if (is_source(f, &old)) {
		batch_fail(b, f, SIDE_DESTINATION, "copy onto itself",
			   -EEXIST);
		return false;
	}
	/* What it holds where the source has holes has to go. */
	if (S_ISREG(old.st_mode)) {
		f->is_in_place = f->is_kept = true;
		f->is_sparse = false;
	}
	return true;
}

void batch_replace(struct batch *b, struct file *f)
{
	struct stat old;

	if (fstatat(f->destination_directory, f->destination, &old,
		    AT_SYMLINK_NOFOLLOW)) {
		if (errno == ENOENT)
			finish(b, f);
		else
			batch_fail(b, f, SIDE_DESTINATION, "replace", -errno);
		return;
	}
	if (S_ISREG(old.st_mode) && !may_replace(b, f, &old))
		batch_end_early(b, f, BATCH_KEPT);
	else if (is_source(f, &old))
		batch_fail(b, f, SIDE_DESTINATION, "copy onto itself", -EEXIST);
	else if (S_ISDIR(old.st_mode))
		batch_fail(b, f, SIDE_DESTINATION, "replace", -EISDIR);
	else if (S_ISREG(old.st_mode))
		replace_file(b, f, &old);
	else if (S_ISLNK(old.st_mode) && f->is_followed)
		batch_end_early(b, f, BATCH_IN_PLACE);
	else
		finish(b, f);
}
