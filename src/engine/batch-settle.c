// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows what is done to a copy that has all its blocks, until it has its name;
 * must not know how it was written.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/macro.h"
#include "engine/attributes.h"
#include "engine/batch-state.h"

static bool is_rounded(const struct file *f)
{
	return f->is_direct && f->size_bytes % f->route->align;
}

/* The CPU sums no peer memory: what went through it is read once more. */
static bool is_read_again(const struct batch *b, const struct file *f)
{
	return b->plan.is_verified || (f->sum && !batch_is_summing(f));
}

/* What has to be done by descriptor, before it gets its name. */
bool batch_is_to_be_settled(const struct batch *b, const struct file *f)
{
	return b->plan.is_preserved || f->is_sparse || is_rounded(f) ||
	       f->is_kept || is_read_again(b, f);
}

static int copy_attributes(const struct file *f, int to)
{
	struct attributes attributes;
	_cleanup_fd_ int from = -1;
	struct stat st;

	from = openat(f->source_directory, f->source,
		      O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
		      (f->is_followed ? 0 : O_NOFOLLOW));
	if (from < 0 || fstat(from, &st))
		return -errno;
	if (st.st_ino != f->facts.stx_ino)
		return -ESTALE;
	attributes_take_statx(&attributes, &f->facts);
	return attributes_copy(&attributes, from, to);
}

static bool is_to_be_cut(const struct file *f)
{
	return f->is_sparse || f->is_kept || is_rounded(f);
}

static int settle_aside(const struct batch *b, const struct file *f)
{
	_cleanup_fd_ int to = -1;

	if (!b->plan.is_preserved && !is_to_be_cut(f))
		return 0;
	to = openat(f->destination_directory, f->aside,
		    O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return -errno;
	if (is_to_be_cut(f) && ftruncate(to, (off_t)f->size_bytes))
		return -errno;
	return b->plan.is_preserved ? copy_attributes(f, to) : 0;
}

/* Whole, it gets its name; of what took long, the source is looked at again. */
void batch_settle(struct batch *b, struct file *f)
{
	int rc = batch_is_to_be_settled(b, f) ? settle_aside(b, f) : 0;

	if (rc) {
		batch_fail(b, f, SIDE_DESTINATION, "complete", rc);
		return;
	}
	if (is_read_again(b, f) && f->size_bytes) {
		batch_read_again(b, f);
		return;
	}
	batch_push_stat(b, f, STEP_STAT_AGAIN);
	batch_push_end(b, f);
}

static bool is_same_time(const struct statx *a, const struct statx *b)
{
	return a->stx_mtime.tv_sec == b->stx_mtime.tv_sec &&
	       a->stx_mtime.tv_nsec == b->stx_mtime.tv_nsec;
}

static bool has_changed(const struct file *f)
{
	const struct statx *before = &f->facts, *again = &f->facts_again;

	if (!again->stx_mask)
		return before->stx_size && f->size_bytes != before->stx_size;
	return again->stx_ino == before->stx_ino &&
	       (again->stx_size != before->stx_size ||
		!is_same_time(again, before));
}

/* Its data was written by the chain that has ended now, or was cut short. */
static void count_chain(struct batch *b, struct file *f)
{
	if (f->is_uncounted)
		batch_count(b, f, f->first_bytes);
	f->is_uncounted = false;
	batch_give_first_lane(b, f);
}

static void complete(struct batch *b, struct file *f)
{
	f->answer.is_changed = has_changed(f);
	f->answer.outcome = BATCH_DONE;
	batch_finish_sum(f);
	batch_end_file(b, f);
}

void batch_take_last_close(struct batch *b, struct file *f, int result)
{
	count_chain(b, f);
	if (result < 0)
		batch_fail(b, f, SIDE_DESTINATION, "close", result);
	else if (f->is_in_place)
		complete(b, f);
	else
		batch_replace(b, f);
}

static void take_failed_rename(struct batch *b, struct file *f, int error)
{
	bool is_exclusive = !f->route->has_no_exclusive_rename;

	if (error == -EINVAL && is_exclusive)
		f->route->has_no_exclusive_rename = true;
	if (error == -EEXIST || error == -EISDIR ||
	    (error == -EINVAL && is_exclusive))
		batch_replace(b, f);
	else
		batch_fail(b, f, SIDE_DESTINATION, "give its name to", error);
}

void batch_take_rename(struct batch *b, struct file *f, int result)
{
	count_chain(b, f);
	if (result < 0)
		take_failed_rename(b, f, result);
	else
		complete(b, f);
}

/* The source is gone: the copy is none the worse. */
void batch_take_failed_stat_again(struct batch *b, struct file *f)
{
	f->facts_again.stx_mask = 0;
	batch_push_end(b, f);
}
