// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cleanup.h"
#include "base/macro.h"
#include "engine/attributes.h"
#include "engine/batch-state.h"

/* The longest chain, or what one file's cleaning up takes. */
#define CHAIN_MOST	8
/* Kernel threads that may wait for metadata at a time. */
#define WORKERS		64
/* Of a route's lanes, how many one file may have. */
#define SHARE_OF_FILE(lanes)	MAX((lanes) / 2, 1)
/* What is read before the size is known: beyond the end, it costs time. */
#define FIRST_MOST	(64 * KIB)
/* Of what a second has, a part of it may be on its way without being counted */
#define UNSIZED_A_SECOND	20
/* What file systems hand out at least: no hole is smaller. */
#define GRAIN		4096
/* Of one nap. */
#define NAP_MOST_NS	(NS_PER_SEC / 2)

/* --- the first chain: what is it, and its first block ------------------- */

/* A pipe that has taken the name meanwhile must not stop us. */
static void push_open(struct batch *b, struct file *f)
{
	struct ring_op op = {
		.action = RING_OPEN,
		.directory = f->source_directory,
		.name = f->source,
		.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY |
			 (f->is_followed ? 0 : O_NOFOLLOW) |
			 (f->is_source_direct ? O_DIRECT : 0),
		.file = batch_get_source(b, f),
		.is_followed = true,
	};

	batch_push_op(b, &op, batch_make_tag(b, f, NULL, STEP_OPEN));
}

static uint32_t get_first_length(const struct file *f)
{
	return (uint32_t)MIN(f->route->block_bytes, FIRST_MOST);
}

static void push_first_read(struct batch *b, struct file *f)
{
	struct ring_op op = {
		.action = RING_READ,
		.file = batch_get_source(b, f),
		.buffer = f->lane->buffer,
		.length_bytes = get_first_length(f),
	};

	batch_push_op(b, &op, batch_make_tag(b, f, f->lane, STEP_FIRST_READ));
}

static void begin(struct batch *b, struct file *f)
{
	batch_push_stat(b, f, STEP_STAT);
	if (!f->is_regular)
		return;
	push_open(b, f);
	push_first_read(b, f);
}

/* --- its copy: beside its place, with room, and the first block --------- */

static bool is_rounded(const struct file *f)
{
	return f->is_direct && f->size_bytes % f->route->align;
}

/* The CPU sums no peer memory: what went through it is read once more. */
static bool is_read_again(const struct batch *b, const struct file *f)
{
	return b->plan.is_verified || (f->sum && !f->is_summing);
}

/* What has to be done by descriptor, before it gets its name. */
static bool is_to_be_settled(const struct batch *b, const struct file *f)
{
	return b->plan.is_preserved || f->is_sparse || is_rounded(f) ||
	       f->is_kept || is_read_again(b, f);
}

/* What is written: the last block is cut afterwards. */
static uint32_t get_length(const struct file *f, uint32_t bytes)
{
	return f->is_direct ? (uint32_t)round_up(bytes, f->route->align) :
			      bytes;
}

/* The mode is the source's, but for the umask; in private until preserved. */
static mode_t get_new_mode(const struct batch *b, const struct file *f)
{
	return b->plan.is_preserved ? 0600 : f->facts.stx_mode & 0777;
}

/* Where it is made; what is there itself is cut only when it is whole. */
static int name_aside(const struct batch *b, struct file *f, unsigned serial)
{
	if (f->is_in_place) {
		strcpy(f->aside, f->destination);
		return f->is_kept ? 0 : O_CREAT | O_EXCL;
	}
	snprintf(f->aside, sizeof(f->aside), ".%.200s.%ld-%u.part",
		 f->destination, b->process, serial);
	return O_CREAT | O_EXCL;
}

static void push_create(struct batch *b, struct file *f)
{
	int flags = name_aside(b, f, b->serial++);
	struct ring_op op = {
		.action = RING_OPEN,
		.directory = f->destination_directory,
		.name = f->aside,
		.flags = O_RDWR | O_NOFOLLOW | flags |
			 (f->is_direct ? O_DIRECT : 0),
		.mode = get_new_mode(b, f),
		.file = batch_get_destination(b, f),
		.is_followed = true,
	};

	batch_push_op(b, &op, batch_make_tag(b, f, NULL, STEP_CREATE));
	f->is_created = !f->is_in_place;
}

static void push_allocate(struct batch *b, struct file *f)
{
	struct ring_op op = {
		.action = RING_ALLOCATE,
		.file = batch_get_destination(b, f),
		.length_bytes = f->size_bytes,
		.is_followed = true,
	};

	batch_push_op(b, &op, batch_make_tag(b, f, NULL, STEP_ALLOCATE));
}

static void push_write(struct batch *b, struct file *f, struct lane *l,
		       enum step step, bool is_followed)
{
	struct ring_op op = {
		.action = RING_WRITE,
		.file = batch_get_destination(b, f),
		.buffer = l->buffer + l->done_bytes,
		.length_bytes = get_length(f, l->want_bytes) - l->done_bytes,
		.offset_bytes = l->offset_bytes + l->done_bytes,
		.is_followed = is_followed,
	};

	batch_push_op(b, &op, batch_make_tag(b, f, l, step));
}

static void zero_tail(const struct file *f, const struct lane *l)
{
	uint32_t length = get_length(f, l->want_bytes);

	if (!f->route->is_peer)
		memset(l->buffer + l->want_bytes, 0, length - l->want_bytes);
}

/* All in one chain, where nothing else is to be done. */
static void write_small(struct batch *b, struct file *f)
{
	struct lane *l = f->lane;

	l->offset_bytes = 0;
	l->want_bytes = f->first_bytes;
	l->done_bytes = 0;
	zero_tail(f, l);
	push_create(b, f);
	if (!is_to_be_settled(b, f)) {
		if (f->first_bytes)
			push_write(b, f, l, STEP_FIRST_WRITE, true);
		batch_push_end(b, f);
		return;
	}
	push_write(b, f, l, STEP_FIRST_WRITE, false);
}

static void write_large(struct batch *b, struct file *f)
{
	struct lane *l = f->lane;

	l->offset_bytes = 0;
	l->want_bytes = f->first_bytes;
	l->done_bytes = 0;
	push_create(b, f);
	if (!f->is_sparse && !f->route->has_no_allocate)
		push_allocate(b, f);
	push_write(b, f, l, STEP_FIRST_WRITE, false);
}

/* --- holes -------------------------------------------------------------- */

static bool has_holes(const struct file *f)
{
	return f->size_bytes > GRAIN && f->facts.stx_size &&
	       f->facts.stx_blocks * 512 < f->size_bytes;
}

static uint32_t get_grain(const struct file *f)
{
	return MAX(f->route->align, GRAIN);
}

/* The ring has no lseek(2); the name may mean something else by now. */
static int open_for_holes(struct file *f)
{
	struct stat st;

	f->hole_fd = openat(f->source_directory, f->source,
			    O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
			    (f->is_followed ? 0 : O_NOFOLLOW));
	if (f->hole_fd < 0 || fstat(f->hole_fd, &st))
		return -errno;
	return st.st_ino == f->facts.stx_ino ? 0 : -ESTALE;
}

/* Sets next_bytes to data and data_end_bytes behind it. */
static int find_data(struct file *f)
{
	off_t begin, end;

	if (f->next_bytes < f->data_end_bytes)
		return 0;
	begin = lseek(f->hole_fd, (off_t)f->next_bytes, SEEK_DATA);
	if (begin < 0 && errno == ENXIO)
		begin = (off_t)f->size_bytes;
	if (begin < 0)
		return -errno;
	/* What lies before is zeros; and blocks are written whole. */
	begin = (off_t)MAX(round_down((uint64_t)begin, get_grain(f)),
			   f->next_bytes);
	begin = (off_t)MIN((uint64_t)begin, f->size_bytes);
	f->answer.skipped_bytes += (uint64_t)begin - f->next_bytes;
	f->next_bytes = (uint64_t)begin;
	if (f->next_bytes == f->size_bytes)
		return 0;
	end = lseek(f->hole_fd, begin + 1, SEEK_HOLE);
	if (end < 0)
		end = (off_t)f->size_bytes;
	f->data_end_bytes = MIN(round_up((uint64_t)end, get_grain(f)),
				f->size_bytes);
	return 0;
}

/* --- blocks ------------------------------------------------------------- */

static void push_read(struct batch *b, struct file *f, struct lane *l)
{
	uint32_t length = f->is_source_direct ?
		(uint32_t)round_up(l->want_bytes, f->route->align) :
		l->want_bytes;
	struct ring_op op = {
		.action = RING_READ,
		.file = batch_get_source(b, f),
		.buffer = l->buffer + l->done_bytes,
		.length_bytes = length - l->done_bytes,
		.offset_bytes = l->offset_bytes + l->done_bytes,
	};

	batch_push_op(b, &op, batch_make_tag(b, f, l, STEP_READ));
}

static void next_block(struct batch *b, struct file *f, struct lane *l)
{
	uint64_t end = f->is_sparse ? f->data_end_bytes : f->size_bytes;

	l->offset_bytes = f->next_bytes;
	l->want_bytes = (uint32_t)MIN(end - f->next_bytes,
				      f->route->block_bytes);
	l->done_bytes = 0;
	f->next_bytes += l->want_bytes;
	f->lanes++;
	pace_take(&b->pace, b->pace.bytes_per_sec ? clock_now_ns() : 0,
		  l->want_bytes);
	batch_queue_sum(f, l);
	push_read(b, f, l);
}

static void settle(struct batch *b, struct file *f);

/* False: there is nothing more to be read. */
static bool go_on(struct batch *b, struct file *f, struct lane *l)
{
	int rc;

	if (f->is_ending || f->next_bytes == f->size_bytes)
		return false;
	rc = f->is_sparse ? find_data(f) : 0;
	if (rc) {
		/* The caller's lane: it is he who cleans up. */
		f->lanes++;
		batch_fail(b, f, SIDE_SOURCE, "look for holes of", rc);
		f->lanes--;
	}
	if (rc || f->next_bytes == f->size_bytes)
		return false;
	next_block(b, f, l);
	return true;
}

/* A lane has nothing to do for its file any more. */
static void leave_blocks(struct batch *b, struct file *f, struct lane *l)
{
	batch_drop_lane(b, f, l);
	if (f->next_bytes == f->size_bytes)
		batch_forget_blocks(b, f);
	if (f->lanes)
		return;
	if (f->is_ending)
		batch_clean_up(b, f);
	else
		settle(b, f);
}

static bool is_stopped(const struct batch *b)
{
	return b->plan.stop && *b->plan.stop;
}

static uint64_t get_wait(const struct batch *b)
{
	return b->pace.bytes_per_sec ?
		       pace_get_wait(&b->pace, clock_now_ns()) : 0;
}

static bool may_go(const struct batch *b)
{
	return !get_wait(b);
}

static void park(struct batch *b, struct file *f, struct lane *l)
{
	f->lanes++;
	l->next = b->paced;
	b->paced = l;
}

static void use_lane(struct batch *b, struct file *f, struct lane *l)
{
	if (is_stopped(b) && !f->is_ending) {
		f->is_ending = true;
		f->answer.outcome = BATCH_STOPPED;
		batch_forget_blocks(b, f);
		batch_drop_sum(b, f);
	}
	if (!f->is_ending && f->next_bytes < f->size_bytes && !may_go(b)) {
		park(b, f, l);
		return;
	}
	if (!go_on(b, f, l))
		leave_blocks(b, f, l);
}

static void use_parked(struct batch *b)
{
	while (b->paced && (may_go(b) || b->paced->file->is_ending ||
			    is_stopped(b))) {
		struct lane *l = b->paced;

		b->paced = l->next;
		l->file->lanes--;
		use_lane(b, l->file, l);
	}
}

/* Files that are under way have the free lanes before new ones. */
static void deal_lanes(struct batch *b)
{
	struct file *next;

	for (struct file *f = b->with_blocks; f; f = next) {
		unsigned most = SHARE_OF_FILE(f->route->lane_count);
		struct lane *l;

		next = f->next;
		while (f->lanes && f->lanes < most && !f->is_ending &&
		       may_go(b) &&
		       f->next_bytes < f->size_bytes &&
		       ring_get_room(b->plan.ring) > CHAIN_MOST &&
		       (l = batch_take_lane(b, f->route, f)))
			use_lane(b, f, l);
	}
}

static void begin_blocks(struct batch *b, struct file *f)
{
	f->next = b->with_blocks;
	b->with_blocks = f;
	use_lane(b, f, f->lane);
}

/* --- settling: what goes by descriptor ---------------------------------- */

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
static void settle(struct batch *b, struct file *f)
{
	int rc = is_to_be_settled(b, f) ? settle_aside(b, f) : 0;

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

/* --- completions -------------------------------------------------------- */

static void take_stat(struct batch *b, struct file *f, int error)
{
	if (error < 0) {
		batch_fail(b, f, SIDE_SOURCE, "look at", error);
		return;
	}
	f->answer.facts = &f->facts;
	f->is_regular = S_ISREG(f->facts.stx_mode);
	if (f->is_regular)
		begin(b, f);
	else
		batch_end_early(b, f, BATCH_NOT_REGULAR);
}

/* Some file systems have no direct I/O at all, some files have none. */
static void take_failed_open(struct batch *b, struct file *f, int error)
{
	if (!S_ISREG(f->facts.stx_mode)) {
		batch_end_early(b, f, BATCH_NOT_REGULAR);
	} else if (error == -EINVAL && f->is_source_direct &&
		   !f->route->is_peer) {
		f->is_source_direct = false;
		begin(b, f);
	} else if (batch_is_refusal(f, error)) {
		batch_fail_data(b, f, SIDE_SOURCE, error);
	} else {
		batch_fail(b, f, SIDE_SOURCE, "open", error);
	}
}

static bool is_worth_direct(const struct file *f)
{
	return f->route->is_peer || f->size_bytes > f->route->block_bytes;
}

static void shape(struct batch *b, struct file *f, uint32_t got)
{
	f->size_bytes = f->facts.stx_size;
	/* Grown, or as below /proc, where no size is told: this is all. */
	if (f->size_bytes < got && got < get_first_length(f))
		f->size_bytes = got;
	f->answer.facts = &f->facts;
	f->is_direct = f->route->align && !f->route->is_buffered &&
		       is_worth_direct(f);
	f->is_sparse = b->plan.is_sparse && has_holes(f);
}

static void write_sparse(struct batch *b, struct file *f)
{
	int rc = open_for_holes(f);

	if (rc) {
		batch_fail(b, f, SIDE_SOURCE, "look for holes of", rc);
		return;
	}
	f->first_bytes = 0;
	f->next_bytes = 0;
	batch_begin_sum(f);
	write_large(b, f);
}

static void take_first_read(struct batch *b, struct file *f, int result)
{
	uint32_t got = (uint32_t)MAX(result, 0);

	b->unsized -= f->is_unsized;
	f->is_unsized = false;
	/* Made a moment after it was looked for: a stat ends no chain. */
	if (!f->facts.stx_mask) {
		batch_fail(b, f, SIDE_SOURCE, "look at", -ESTALE);
		return;
	}
	if (!S_ISREG(f->facts.stx_mode)) {
		batch_end_early(b, f, BATCH_NOT_REGULAR);
		return;
	}
	if (result < 0 && result == -EINVAL && f->is_source_direct &&
	    !f->route->is_peer) {
		f->is_source_direct = false;
		begin(b, f);
		return;
	}
	if (result < 0) {
		batch_fail_data(b, f, SIDE_SOURCE, result);
		return;
	}
	shape(b, f, got);
	if (b->plan.is_wanted && !b->plan.is_wanted(b->plan.data, &f->answer)) {
		batch_end_early(b, f, BATCH_LEFT);
		return;
	}
	if (!batch_choose_place(b, f))
		return;
	if (f->is_sparse) {
		write_sparse(b, f);
		return;
	}
	f->first_bytes = (uint32_t)MIN(get_first_length(f), f->size_bytes);
	if (got < f->first_bytes) {
		batch_fail(b, f, SIDE_SOURCE, "read", TRANSFER_ENDED_EARLY);
		return;
	}
	f->next_bytes = f->first_bytes;
	if (b->pace.bytes_per_sec)
		pace_take(&b->pace, clock_now_ns(), f->first_bytes);
	batch_begin_sum(f);
	if (f->next_bytes < f->size_bytes)
		write_large(b, f);
	else
		write_small(b, f);
}

static void take_failed_create(struct batch *b, struct file *f, int error)
{
	f->is_created = false;
	if (error == -EINVAL && f->is_direct && !f->route->is_peer) {
		f->route->is_buffered = true;
		f->is_direct = false;
		write_large(b, f);
		return;
	}
	if (batch_is_refusal(f, error))
		batch_fail_data(b, f, SIDE_DESTINATION, error);
	else
		batch_fail(b, f, SIDE_DESTINATION, "create", error);
}

static void take_failed_allocate(struct batch *b, struct file *f, int error)
{
	if (error != -EOPNOTSUPP && error != -ENOSYS) {
		batch_fail(b, f, SIDE_DESTINATION, "make room for", error);
		return;
	}
	f->route->has_no_allocate = true;
	push_write(b, f, f->lane, STEP_FIRST_WRITE, false);
}

static void count(struct batch *b, struct file *f, uint32_t bytes)
{
	f->answer.copied_bytes += bytes;
	if (f->route->is_peer)
		f->answer.peer_bytes += bytes;
	if (b->plan.tick)
		b->plan.tick(b->plan.data, bytes);
}

/* What comes short is written again, from where it ended. */
static bool take_written(struct file *f, struct lane *l, int result)
{
	uint32_t done = l->done_bytes + (uint32_t)result;

	if (f->is_direct && done < l->want_bytes)
		done = (uint32_t)round_down(done, f->route->align);
	l->done_bytes = done;
	return done >= l->want_bytes;
}

static void take_first_write(struct batch *b, struct file *f, int result)
{
	struct lane *l = f->lane;

	if (result < 0 || (!result && l->want_bytes)) {
		batch_fail_data(b, f, SIDE_DESTINATION,
				result ? result : -ENOSPC);
		return;
	}
	if (!take_written(f, l, result)) {
		push_write(b, f, l, STEP_FIRST_WRITE, false);
		return;
	}
	count(b, f, l->want_bytes);
	begin_blocks(b, f);
}

static void fail_lane(struct batch *b, struct file *f, struct lane *l,
		      enum side side, int error)
{
	if (!f->is_ending)
		f->answer.offset_bytes = l->offset_bytes;
	/* Its lane first, so that the file is not cleaned up twice. */
	f->lanes++;
	batch_fail_data(b, f, side, error);
	f->lanes--;
	leave_blocks(b, f, l);
}

static void take_read(struct batch *b, struct file *f, struct lane *l,
		      int result)
{
	f->lanes--;
	if (result == -EAGAIN || result == -EINTR)
		result = 0;
	else if (!result)
		result = TRANSFER_ENDED_EARLY;
	if (result < 0) {
		fail_lane(b, f, l, SIDE_SOURCE, result);
		return;
	}
	l->done_bytes += (uint32_t)result;
	if (l->done_bytes < l->want_bytes) {
		if (f->is_source_direct)
			l->done_bytes = (uint32_t)round_down(l->done_bytes,
							     f->route->align);
		f->lanes++;
		push_read(b, f, l);
		return;
	}
	if (f->is_ending) {
		leave_blocks(b, f, l);
		return;
	}
	l->done_bytes = 0;
	zero_tail(f, l);
	f->lanes++;
	push_write(b, f, l, STEP_WRITE, false);
	batch_sum_read(b, f, l);
	while ((l = batch_take_summed(b)))
		use_lane(b, f, l);
}

static void take_write(struct batch *b, struct file *f, struct lane *l,
		       int result)
{
	f->lanes--;
	if (result == -EAGAIN || result == -EINTR)
		result = 0;
	else if (!result)
		result = -ENOSPC;
	if (result < 0) {
		fail_lane(b, f, l, SIDE_DESTINATION, result);
		return;
	}
	if (!take_written(f, l, result)) {
		f->lanes++;
		push_write(b, f, l, STEP_WRITE, false);
		return;
	}
	count(b, f, l->want_bytes);
	if (!batch_await_sum(f, l))
		use_lane(b, f, l);
}

static void take_failed_rename(struct batch *b, struct file *f, int error)
{
	/* The chain of a small file was cut short behind its data. */
	if (f->lane)
		count(b, f, f->first_bytes);
	batch_give_first_lane(b, f);
	if (f->is_in_place) {
		batch_fail(b, f, SIDE_DESTINATION, "close", error);
		return;
	}
	if (error == -EEXIST || error == -EISDIR) {
		batch_replace(b, f);
		return;
	}
	if (error == -EINVAL && !f->route->has_no_exclusive_rename) {
		f->route->has_no_exclusive_rename = true;
		batch_replace(b, f);
		return;
	}
	batch_fail(b, f, SIDE_DESTINATION, "give its name to", error);
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

static void take_rename(struct batch *b, struct file *f, int result)
{
	if (result < 0) {
		take_failed_rename(b, f, result);
		return;
	}
	if (f->lane)
		count(b, f, f->first_bytes);
	f->answer.is_changed = has_changed(f);
	f->answer.outcome = BATCH_DONE;
	batch_finish_sum(f);
	batch_end_file(b, f);
}

/* The source is gone: the copy is none the worse. */
static void take_failed_stat_again(struct batch *b, struct file *f)
{
	f->facts_again.stx_mask = 0;
	batch_push_end(b, f);
}

static void take_clean(struct batch *b, struct file *f)
{
	if (!--f->pending)
		batch_end_file(b, f);
}

static void take(struct batch *b, const struct ring_completion *done)
{
	struct file *f = &b->files[done->tag & 0xffff];
	struct lane *l = &b->lanes[done->tag >> 16 & 0xffff];
	int result = done->result;

	batch_end_wait(b, done->tag);
	switch ((enum step)(done->tag >> 32)) {
	case STEP_STAT:
		take_stat(b, f, result);
		break;
	case STEP_OPEN:
		take_failed_open(b, f, result);
		break;
	case STEP_FIRST_READ:
		take_first_read(b, f, result);
		break;
	case STEP_CREATE:
		take_failed_create(b, f, result);
		break;
	case STEP_ALLOCATE:
		take_failed_allocate(b, f, result);
		break;
	case STEP_FIRST_WRITE:
		take_first_write(b, f, result);
		break;
	case STEP_READ:
		take_read(b, f, l, result);
		break;
	case STEP_WRITE:
		take_write(b, f, l, result);
		break;
	case STEP_FLUSH:
		batch_take_flush(b, f, result);
		break;
	case STEP_REOPEN:
		batch_take_reopen(b, f, result);
		break;
	case STEP_READ_SOURCE:
	case STEP_READ_COPY:
		batch_take_piece(b, f, (enum step)(done->tag >> 32), result);
		break;
	case STEP_STAT_AGAIN:
		take_failed_stat_again(b, f);
		break;
	case STEP_RENAME:
		take_rename(b, f, result);
		break;
	case STEP_CLOSE:
		batch_fail(b, f, SIDE_DESTINATION, "close", result);
		break;
	case STEP_CLEAN:
		take_clean(b, f);
		break;
	}
}

/* --- the batch ---------------------------------------------------------- */

int batch_regain_ring(struct batch *batch, struct ring *ring)
{
	batch->plan.ring = ring;
	return ring_reserve_files(ring, 2 * BATCH_LANES_MOST);
}

static int create_sums(struct batch *b)
{
	int rc = 0;

	for (unsigned i = 0; b->plan.checksum && !rc && i < BATCH_LANES_MOST;
	     i++)
		rc = checksum_create(b->plan.checksum, &b->files[i].sum);
	return rc;
}

int batch_create(const struct batch_plan *plan, struct batch **batch)
{
	struct batch *b = calloc(1, sizeof(*b));
	int rc;

	if (!b)
		return -ENOMEM;
	b->plan = *plan;
	b->process = getpid();
	b->lanes = calloc(BATCH_LANES_MOST, sizeof(*b->lanes));
	b->files = calloc(BATCH_LANES_MOST, sizeof(*b->files));
	b->pace.bytes_per_sec = plan->rate_bytes_per_sec;
	rc = b->lanes && b->files ? batch_regain_ring(b, plan->ring) : -ENOMEM;
	if (!rc)
		rc = create_sums(b);
	if (rc) {
		batch_destroy(b);
		return rc;
	}
	/* Without, the kernel's own limit is a good one, too. */
	(void)ring_set_workers(plan->ring, WORKERS);
	*batch = b;
	return 0;
}

void batch_destroy(struct batch *batch)
{
	if (!batch)
		return;
	for (unsigned i = 0; batch->files && i < BATCH_LANES_MOST; i++)
		checksum_destroy(batch->files[i].sum);
	free(batch->lanes);
	free(batch->files);
	free(batch);
}

static void add_lane(struct batch *b, struct route *r, unsigned slot)
{
	struct lane *l = &b->lanes[b->lane_count];
	struct file *f = &b->files[b->lane_count++];

	l->route = r;
	l->buffer = p2pdma_pool_get_slot(r->pool, slot);
	batch_give_lane(b, l);
	f->next = b->free_files;
	b->free_files = f;
}

int batch_add_route(struct batch *batch, struct p2pdma_pool *pool,
		    uint32_t block_bytes, uint32_t align, unsigned *route)
{
	struct route *r = &batch->routes[batch->route_count];
	unsigned lanes = p2pdma_pool_get_slots(pool);

	if (batch->route_count == ROUTES_MOST ||
	    batch->lane_count == BATCH_LANES_MOST)
		return -ENOSPC;
	lanes = MIN(lanes, BATCH_LANES_MOST - batch->lane_count);
	*r = (struct route){
		.pool = pool,
		.block_bytes = block_bytes,
		.align = align,
		.is_peer = p2pdma_pool_is_peer(pool),
		.lane_count = lanes,
	};
	for (unsigned i = 0; i < lanes; i++)
		add_lane(batch, r, i);
	*route = batch->route_count++;
	return 0;
}

static int name_file(struct file *f, const struct batch_request *request)
{
	size_t source = strlen(request->source) + 1;
	size_t destination = strlen(request->destination) + 1;

	if (source > sizeof(f->source) ||
	    destination > sizeof(f->destination))
		return -ENAMETOOLONG;
	memcpy(f->source, request->source, source);
	memcpy(f->destination, request->destination, destination);
	return 0;
}

/* All but the names, which would be the most of it. */
static void reset(struct file *f, const struct batch_request *request)
{
	memset(f, 0, offsetof(struct file, sum));
	f->hole_fd = -1;
	f->source_directory = request->source_directory;
	f->destination_directory = request->destination_directory;
	f->is_followed = request->is_followed;
	f->is_regular = request->is_regular;
	f->answer.owner = request->owner;
	f->answer.note = request->note;
	f->answer.source = f->source;
	f->answer.destination = f->destination;
	f->answer.route = request->route;
	f->started_ns = clock_now_ns();
}

/* How large a file is, is known when it has been begun. */
static bool may_begin(const struct batch *b)
{
	uint64_t most = b->pace.bytes_per_sec / UNSIZED_A_SECOND;

	return !b->pace.bytes_per_sec ||
	       (may_go(b) && b->unsized * FIRST_MOST <= most);
}

int batch_push(struct batch *batch, const struct batch_request *request)
{
	struct route *route = &batch->routes[request->route];
	struct file *f = batch->free_files;
	struct lane *l;
	int rc;

	if (!f || ring_get_room(batch->plan.ring) < 2 * CHAIN_MOST ||
	    !may_begin(batch))
		return -EBUSY;
	rc = name_file(f, request);
	if (rc)
		return rc;
	l = batch_take_lane(batch, route, f);
	if (!l)
		return -EBUSY;
	batch->free_files = f->next;
	reset(f, request);
	f->route = route;
	f->is_unsized = f->is_busy = true;
	batch->unsized++;
	f->lane = l;
	f->is_source_direct = route->align;
	if (!batch->busy++)
		batch->progress_ns = f->started_ns;
	begin(batch, f);
	return 0;
}

/*
 * Nothing is in flight: only the rate is waited for, or a signal. Not for long
 * at once: who watches us takes one that does nothing for one that is held.
 */
static void nap(struct batch *b)
{
	uint64_t ns = MIN(get_wait(b), NAP_MOST_NS);
	const struct timespec rest = {
		.tv_sec = (time_t)(ns / NS_PER_SEC),
		.tv_nsec = (long)(ns % NS_PER_SEC),
	};

	if (ns)
		nanosleep(&rest, NULL);
	b->progress_ns = clock_now_ns();
}

static int wait(struct batch *b)
{
	uint64_t timeout = b->plan.io_timeout_ns ? b->plan.io_timeout_ns :
						   UINT64_MAX;
	uint64_t now = clock_now_ns(), pause = get_wait(b);
	unsigned count;
	int rc;

	rc = ring_turn(b->plan.ring, 1, pause ? MIN(pause, timeout) : timeout);
	if (rc)
		return rc;
	ring_get_completions(b->plan.ring, &count);
	/* A signal wakes us, too. */
	if (count)
		b->progress_ns = now;
	else if (clock_now_ns() - b->progress_ns >= timeout)
		return -ETIMEDOUT;
	return 0;
}

/* Taken one by one: what they push must have room, turn by turn. */
int batch_turn(struct batch *batch)
{
	const struct ring_completion *done;
	unsigned count;
	int rc;

	batch_deal_to_verify(batch);
	use_parked(batch);
	deal_lanes(batch);
	if (!ring_get_in_flight(batch->plan.ring)) {
		nap(batch);
		return 0;
	}
	rc = wait(batch);
	/* A drive that is silent would keep us here. */
	if (rc && rc != -ETIMEDOUT)
		batch_abandon(batch);
	if (rc)
		return rc;
	done = ring_get_completions(batch->plan.ring, &count);
	for (unsigned i = 0; i < count; i++)
		take(batch, &done[i]);
	return 0;
}

bool batch_is_busy(const struct batch *batch)
{
	return batch->busy;
}
