// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how a file ends, well or not; must not know what was read or written.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cleanup.h"
#include "engine/batch-state.h"

void batch_forget_blocks(struct batch *b, struct file *f)
{
	struct file **at = &b->with_blocks;

	while (*at && *at != f)
		at = &(*at)->next;
	if (*at)
		*at = f->next;
}

void batch_end_file(struct batch *b, struct file *f)
{
	batch_give_first_lane(b, f);
	cleanup_fd(&f->hole_fd);
	f->is_created = false;
	f->answer.duration_ns = clock_now_ns() - f->started_ns;
	b->unsized -= f->is_unsized;
	f->is_busy = false;
	if (!f->is_parted)
		b->plan.done(b->plan.data, &f->answer);
	f->next = b->free_files;
	b->free_files = f;
	b->free_count++;
	b->busy--;
	if (f->reader)
		batch_lose_copy(b, f);
}

static void push_clean(struct batch *b, struct file *f, struct ring_op *op)
{
	batch_push_op(b, op, batch_make_tag(b, f, NULL, STEP_CLEAN));
	f->pending++;
}

/*
 * Whatever of it there is; what is not there says so, to nobody. The source is
 * open until no copy needs it.
 */
void batch_clean_up(struct batch *b, struct file *f)
{
	struct ring_op from = {
		.action = RING_CLOSE, .file = batch_get_source(b, f),
	};
	struct ring_op to = {
		.action = RING_CLOSE, .file = batch_get_destination(b, f),
	};
	struct ring_op aside = {
		.action = RING_UNLINK,
		.directory = f->destination_directory,
		.name = f->aside,
	};

	if (f->copies)
		return;
	if (!f->reader)
		push_clean(b, f, &from);
	if (!f->is_parted)
		push_clean(b, f, &to);
	if (f->is_created)
		push_clean(b, f, &aside);
}

/* What the kernel may still do with their descriptors, nobody hears of. */
void batch_abandon(struct batch *b)
{
	b->is_abandoned = true;
	for (unsigned i = 0; i < b->file_count; i++) {
		struct file *f = &b->files[i];

		if (!f->is_busy)
			continue;
		if (f->is_created)
			unlinkat(f->destination_directory, f->aside, 0);
		f->answer.outcome = BATCH_LEFT;
		batch_end_file(b, f);
	}
}

void batch_mark_ending(struct batch *b, struct file *f,
		       enum batch_outcome outcome)
{
	if (f->is_ending)
		return;
	f->is_ending = true;
	f->answer.outcome = outcome;
	batch_forget_blocks(b, f);
	batch_drop_sum(b, f);
	batch_end_copies(b, f);
}

void batch_end_early(struct batch *b, struct file *f,
		     enum batch_outcome outcome)
{
	batch_mark_ending(b, f, outcome);
	if (!f->lanes)
		batch_clean_up(b, f);
}

void batch_fail(struct batch *b, struct file *f, enum side side,
		const char *deed, int error)
{
	if (!f->is_ending) {
		f->answer.side = side;
		f->answer.deed = deed;
		f->answer.error = error;
	}
	batch_end_early(b, f, BATCH_FAILED);
}

/*
 * What the kernel says where it does not map peer memory (EREMOTEIO, EINVAL),
 * or a file system where it has no direct I/O.
 */
bool batch_is_refusal(const struct file *f, int error)
{
	return f->route->is_peer &&
	       (error == -EREMOTEIO || error == -EINVAL || error == -EFAULT ||
		error == -EOPNOTSUPP);
}

void batch_fail_data(struct batch *b, struct file *f, enum side side,
		     int error)
{
	if (batch_is_refusal(f, error) && !f->is_ending) {
		f->answer.side = side;
		f->answer.error = error;
		batch_end_early(b, f, BATCH_NO_PEER);
		return;
	}
	batch_fail(b, f, side, side == SIDE_SOURCE ? "read" : "write", error);
}

/* --- the first chain: what is it, and its first block ------------------- */

void batch_push_stat(struct batch *b, struct file *f, enum step step)
{
	struct ring_op op = {
		.action = RING_STAT,
		.directory = f->source_directory,
		.name = f->source,
		.flags = f->is_followed ? 0 : AT_SYMLINK_NOFOLLOW,
		.facts = step == STEP_STAT ? &f->facts : &f->facts_again,
		.is_followed = f->is_regular,
	};

	batch_push_op(b, &op, batch_make_tag(b, f, NULL, step));
}

/* --- its name ----------------------------------------------------------- */

void batch_push_rename(struct batch *b, struct file *f, unsigned flags)
{
	struct ring_op op = {
		.action = RING_RENAME,
		.directory = f->destination_directory,
		.name = f->aside,
		.directory_to = f->destination_directory,
		.name_to = f->destination,
		.flags = (int)flags,
	};

	batch_push_op(b, &op, batch_make_tag(b, f, NULL, STEP_RENAME));
}

static void push_closes(struct batch *b, struct file *f, enum step last)
{
	struct ring_op op = {
		.action = RING_CLOSE,
		.file = batch_get_source(b, f),
		.is_followed = true,
	};

	/* Of several copies, somebody still needs it. */
	if (!f->reader)
		batch_push_op(b, &op, batch_make_tag(b, f, NULL, STEP_CLOSE));
	op.file = batch_get_destination(b, f);
	op.is_followed = last == STEP_CLOSE;
	batch_push_op(b, &op, batch_make_tag(b, f, NULL, last));
}

/*
 * In place there is no name to be given; and where a rename would replace what
 * is there, that is looked at first. A rename that fails does not end a chain:
 * it is the last (ring.h).
 */
void batch_push_end(struct batch *b, struct file *f)
{
	if (f->is_in_place || f->route->has_no_exclusive_rename) {
		push_closes(b, f, STEP_LAST_CLOSE);
		return;
	}
	push_closes(b, f, STEP_CLOSE);
	batch_push_rename(b, f, RENAME_NOREPLACE);
}
