// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cleanup.h"
#include "base/macro.h"
#include "engine/attributes.h"

#define ROUTES_MOST	16
/* The longest chain, or what one file's cleaning up takes. */
#define CHAIN_MOST	8
/* Kernel threads that may wait for metadata at a time. */
#define WORKERS		64
/* Of a route's lanes, how many one file may have. */
#define SHARE_OF_FILE(lanes)	MAX((lanes) / 2, 1)
/* What is read before the size is known: beyond the end, it costs time. */
#define FIRST_MOST	(64 * KIB)
/* What file systems hand out at least: no hole is smaller. */
#define GRAIN		4096

/* What a completion was; in its tag. */
enum step {
	STEP_STAT,
	STEP_OPEN,
	STEP_FIRST_READ,
	STEP_CREATE,
	STEP_ALLOCATE,
	STEP_FIRST_WRITE,
	STEP_READ,
	STEP_WRITE,
	STEP_FLUSH,
	STEP_REOPEN,
	STEP_READ_SOURCE,
	STEP_READ_COPY,
	STEP_STAT_AGAIN,
	STEP_RENAME,
	STEP_CLOSE,
	STEP_CLEAN,
};

struct route {
	struct p2pdma_pool *pool;
	uint32_t block_bytes;
	uint32_t align;
	bool is_peer;
	bool has_no_exclusive_rename;
	bool has_no_allocate;
	bool is_buffered;	/* the destination has no direct I/O */
	unsigned lane_count;
};

struct file;

/* A slot of a pool and what it is used for. */
struct lane {
	struct lane *next;	/* of the free ones */
	struct file *file;
	struct route *route;
	char *buffer;
	uint64_t offset_bytes;
	uint32_t want_bytes, done_bytes;
};

struct file {
	struct file *next;	/* of the free ones, or of those with blocks */
	struct batch_answer answer;
	struct route *route;
	struct lane *lane;	/* its first one; NULL: given back */
	int source_directory, destination_directory;
	bool is_followed;
	bool is_source_direct, is_direct;	/* the destination */
	bool is_sparse;
	bool is_regular;	/* or not yet known to be */
	bool is_created, is_ending;
	uint64_t size_bytes;
	uint64_t next_bytes;	/* the first that no lane has yet */
	uint64_t data_end_bytes; /* of the piece of data that it lies in */
	int hole_fd;		/* to ask for holes; -1 */
	uint64_t verified_bytes;
	bool is_copy_direct;	/* when it is read again */
	unsigned lanes;		/* reading or writing */
	unsigned pending;	/* cleaning up */
	uint32_t first_bytes;	/* read by the first chain */
	uint64_t started_ns;
	struct statx facts, facts_again;
	char source[PATH_MAX];
	char destination[NAME_MAX + 1];
	char aside[NAME_MAX + 1];
};

struct batch {
	struct batch_plan plan;
	struct route routes[ROUTES_MOST];
	unsigned route_count;
	struct lane *lanes;
	unsigned lane_count;
	struct lane *free_lanes[ROUTES_MOST];
	struct file *files;
	struct file *free_files;
	struct file *with_blocks;	/* of which no lane has taken all */
	struct file *to_verify;		/* that wait for a lane */
	unsigned busy;
	long process;
	unsigned serial;	/* of names that files have until complete */
	uint64_t progress_ns;		/* when something ended last */
};

/* --- tags and places ---------------------------------------------------- */

static unsigned get_index(const struct batch *b, const struct file *f)
{
	return (unsigned)(f - b->files);
}

static unsigned get_source(const struct batch *b, const struct file *f)
{
	return 2 * get_index(b, f);
}

static unsigned get_destination(const struct batch *b, const struct file *f)
{
	return 2 * get_index(b, f) + 1;
}

static uint64_t make_tag(const struct batch *b, const struct file *f,
			 const struct lane *l, enum step step)
{
	uint64_t lane = l ? (uint64_t)(l - b->lanes) : 0;

	return get_index(b, f) | lane << 16 | (uint64_t)step << 32;
}

/* There is room: batch_turn() and batch_push() look before. */
static void push(struct batch *b, struct ring_op *op, uint64_t tag)
{
	op->tag = tag;
	if (ring_push(b->plan.ring, op))
		__builtin_trap();
}

static struct lane *take_lane(struct batch *b, struct route *route,
			      struct file *file)
{
	struct lane **list = &b->free_lanes[route - b->routes];
	struct lane *l = *list;

	if (!l)
		return NULL;
	*list = l->next;
	l->file = file;
	l->done_bytes = 0;
	return l;
}

static void give_lane(struct batch *b, struct lane *l)
{
	struct lane **list = &b->free_lanes[l->route - b->routes];

	l->next = *list;
	*list = l;
}

static void give_first_lane(struct batch *b, struct file *f)
{
	if (f->lane)
		give_lane(b, f->lane);
	f->lane = NULL;
}

/* --- the end of a file -------------------------------------------------- */

static void forget_blocks(struct batch *b, struct file *f)
{
	struct file **at = &b->with_blocks;

	while (*at && *at != f)
		at = &(*at)->next;
	if (*at)
		*at = f->next;
}

static void end_file(struct batch *b, struct file *f)
{
	give_first_lane(b, f);
	cleanup_fd(&f->hole_fd);
	f->answer.duration_ns = clock_now_ns() - f->started_ns;
	b->plan.done(b->plan.data, &f->answer);
	f->next = b->free_files;
	b->free_files = f;
	b->busy--;
}

/* Whatever of it there is; what is not there says so, to nobody. */
static void clean_up(struct batch *b, struct file *f)
{
	uint64_t tag = make_tag(b, f, NULL, STEP_CLEAN);
	struct ring_op op = { .action = RING_CLOSE };

	op.file = get_source(b, f);
	push(b, &op, tag);
	op.file = get_destination(b, f);
	push(b, &op, tag);
	op = (struct ring_op){
		.action = RING_UNLINK,
		.directory = f->destination_directory,
		.name = f->aside,
	};
	f->pending = 2 + f->is_created;
	if (f->is_created)
		push(b, &op, tag);
}

/* The first outcome counts; what is in flight is awaited. */
static void end_early(struct batch *b, struct file *f,
		      enum batch_outcome outcome)
{
	if (!f->is_ending) {
		f->is_ending = true;
		f->answer.outcome = outcome;
		forget_blocks(b, f);
	}
	if (!f->lanes)
		clean_up(b, f);
}

static void fail(struct batch *b, struct file *f, enum side side,
		 const char *deed, int error)
{
	if (!f->is_ending) {
		f->answer.side = side;
		f->answer.deed = deed;
		f->answer.error = error;
	}
	end_early(b, f, BATCH_FAILED);
}

/*
 * What the kernel says where it does not map peer memory (EREMOTEIO, EINVAL),
 * or a file system where it has no direct I/O.
 */
static bool is_refusal(const struct file *f, int error)
{
	return f->route->is_peer &&
	       (error == -EREMOTEIO || error == -EINVAL || error == -EFAULT ||
		error == -EOPNOTSUPP);
}

static void fail_data(struct batch *b, struct file *f, enum side side,
		      int error)
{
	if (is_refusal(f, error) && !f->is_ending) {
		f->answer.side = side;
		f->answer.error = error;
		end_early(b, f, BATCH_NO_PEER);
		return;
	}
	fail(b, f, side, side == SIDE_SOURCE ? "read" : "write", error);
}

/* --- the first chain: what is it, and its first block ------------------- */

static void push_stat(struct batch *b, struct file *f, enum step step)
{
	struct ring_op op = {
		.action = RING_STAT,
		.directory = f->source_directory,
		.name = f->source,
		.flags = f->is_followed ? 0 : AT_SYMLINK_NOFOLLOW,
		.facts = step == STEP_STAT ? &f->facts : &f->facts_again,
		.is_followed = f->is_regular,
	};

	push(b, &op, make_tag(b, f, NULL, step));
}

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
		.file = get_source(b, f),
		.is_followed = true,
	};

	push(b, &op, make_tag(b, f, NULL, STEP_OPEN));
}

static uint32_t get_first_length(const struct file *f)
{
	return (uint32_t)MIN(f->route->block_bytes, FIRST_MOST);
}

static void push_first_read(struct batch *b, struct file *f)
{
	struct ring_op op = {
		.action = RING_READ,
		.file = get_source(b, f),
		.buffer = f->lane->buffer,
		.length_bytes = get_first_length(f),
	};

	push(b, &op, make_tag(b, f, f->lane, STEP_FIRST_READ));
}

static void begin(struct batch *b, struct file *f)
{
	push_stat(b, f, STEP_STAT);
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

/* What has to be done by descriptor, before it gets its name. */
static bool is_to_be_settled(const struct batch *b, const struct file *f)
{
	return b->plan.is_preserved || b->plan.is_verified || f->is_sparse ||
	       is_rounded(f);
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

static void push_create(struct batch *b, struct file *f)
{
	struct ring_op op = {
		.action = RING_OPEN,
		.directory = f->destination_directory,
		.name = f->aside,
		.flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW |
			 (f->is_direct ? O_DIRECT : 0),
		.mode = get_new_mode(b, f),
		.file = get_destination(b, f),
		.is_followed = true,
	};

	snprintf(f->aside, sizeof(f->aside), ".%.200s.%ld-%u.part",
		 f->destination, b->process, b->serial++);
	push(b, &op, make_tag(b, f, NULL, STEP_CREATE));
	f->is_created = true;
}

static void push_allocate(struct batch *b, struct file *f)
{
	struct ring_op op = {
		.action = RING_ALLOCATE,
		.file = get_destination(b, f),
		.length_bytes = f->size_bytes,
		.is_followed = true,
	};

	push(b, &op, make_tag(b, f, NULL, STEP_ALLOCATE));
}

static void push_write(struct batch *b, struct file *f, struct lane *l,
		       enum step step, bool is_followed)
{
	struct ring_op op = {
		.action = RING_WRITE,
		.file = get_destination(b, f),
		.buffer = l->buffer + l->done_bytes,
		.length_bytes = get_length(f, l->want_bytes) - l->done_bytes,
		.offset_bytes = l->offset_bytes + l->done_bytes,
		.is_followed = is_followed,
	};

	push(b, &op, make_tag(b, f, l, step));
}

static void push_rename(struct batch *b, struct file *f, unsigned flags)
{
	struct ring_op op = {
		.action = RING_RENAME,
		.directory = f->destination_directory,
		.name = f->aside,
		.directory_to = f->destination_directory,
		.name_to = f->destination,
		.flags = (int)flags,
	};

	push(b, &op, make_tag(b, f, NULL, STEP_RENAME));
}

static void push_closes(struct batch *b, struct file *f)
{
	struct ring_op op = {
		.action = RING_CLOSE,
		.file = get_source(b, f),
		.is_followed = true,
	};

	push(b, &op, make_tag(b, f, NULL, STEP_CLOSE));
	op.file = get_destination(b, f);
	push(b, &op, make_tag(b, f, NULL, STEP_CLOSE));
}

static unsigned get_rename_flags(const struct file *f)
{
	return f->route->has_no_exclusive_rename ? 0 : RENAME_NOREPLACE;
}

/* A rename that fails does not end a chain: it is the last (ring.h). */
static void push_end(struct batch *b, struct file *f)
{
	push_closes(b, f);
	push_rename(b, f, get_rename_flags(f));
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
		push_end(b, f);
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
		.file = get_source(b, f),
		.buffer = l->buffer + l->done_bytes,
		.length_bytes = length - l->done_bytes,
		.offset_bytes = l->offset_bytes + l->done_bytes,
	};

	push(b, &op, make_tag(b, f, l, STEP_READ));
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
	push_read(b, f, l);
}

static void settle(struct batch *b, struct file *f);

static void drop_lane(struct batch *b, struct file *f, struct lane *l)
{
	if (l == f->lane)
		give_first_lane(b, f);
	else
		give_lane(b, l);
}

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
		fail(b, f, SIDE_SOURCE, "look for holes of", rc);
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
	drop_lane(b, f, l);
	if (f->next_bytes == f->size_bytes)
		forget_blocks(b, f);
	if (f->lanes)
		return;
	if (f->is_ending)
		clean_up(b, f);
	else
		settle(b, f);
}

static bool is_stopped(const struct batch *b)
{
	return b->plan.stop && *b->plan.stop;
}

static void use_lane(struct batch *b, struct file *f, struct lane *l)
{
	if (is_stopped(b) && !f->is_ending) {
		f->is_ending = true;
		f->answer.outcome = BATCH_STOPPED;
		forget_blocks(b, f);
	}
	if (!go_on(b, f, l))
		leave_blocks(b, f, l);
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
		       f->next_bytes < f->size_bytes &&
		       ring_get_room(b->plan.ring) > CHAIN_MOST &&
		       (l = take_lane(b, f->route, f)))
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
	return f->is_sparse || is_rounded(f);
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

/* --- read again --------------------------------------------------------- */

/* A way through host memory, where the CPU may look. */
static struct route *find_host(struct batch *b)
{
	for (unsigned i = 0; i < b->route_count; i++)
		if (!b->routes[i].is_peer)
			return &b->routes[i];
	return NULL;
}

/* A lane holds a piece of the source, and behind it the same of the copy. */
static uint32_t get_piece(const struct file *f)
{
	return f->lane->route->block_bytes / 2;
}

static void push_piece(struct batch *b, struct file *f, enum step step)
{
	bool is_copy = step == STEP_READ_COPY;
	struct ring_op op = {
		.action = RING_READ,
		.file = is_copy ? get_destination(b, f) : get_source(b, f),
		.buffer = f->lane->buffer + (is_copy ? get_piece(f) : 0),
		.length_bytes = get_piece(f),
		.offset_bytes = f->verified_bytes,
	};

	push(b, &op, make_tag(b, f, f->lane, step));
}

static void end_verified(struct batch *b, struct file *f)
{
	give_first_lane(b, f);
	f->answer.is_verified = true;
	if (f->answer.mismatched_bytes) {
		end_early(b, f, BATCH_DONE);
		return;
	}
	push_stat(b, f, STEP_STAT_AGAIN);
	push_end(b, f);
}

static void verify_next(struct batch *b, struct file *f)
{
	if (f->verified_bytes >= f->size_bytes)
		end_verified(b, f);
	else
		push_piece(b, f, STEP_READ_SOURCE);
}

/* False: all lanes are in use. */
static bool begin_verify(struct batch *b, struct file *f)
{
	struct route *host = find_host(b);

	f->lane = host ? take_lane(b, host, f) : NULL;
	if (!f->lane && host)
		return false;
	if (!f->lane)
		fail(b, f, SIDE_NONE, "verify", -ENOMEM);
	else
		verify_next(b, f);
	return true;
}

static void deal_to_verify(struct batch *b)
{
	while (b->to_verify) {
		struct file *f = b->to_verify;

		b->to_verify = f->next;
		if (begin_verify(b, f))
			continue;
		f->next = b->to_verify;
		b->to_verify = f;
		return;
	}
}

/* The copy is read from the medium, past the page cache where that can be. */
static void push_reopen(struct batch *b, struct file *f)
{
	struct ring_op op = {
		.action = RING_OPEN,
		.directory = f->destination_directory,
		.name = f->aside,
		.flags = O_RDONLY | O_NOFOLLOW |
			 (f->is_copy_direct ? O_DIRECT : 0),
		.file = get_destination(b, f),
	};

	push(b, &op, make_tag(b, f, NULL, STEP_REOPEN));
}

static void push_flush(struct batch *b, struct file *f)
{
	struct ring_op op = {
		.action = RING_FSYNC,
		.file = get_destination(b, f),
	};

	f->is_copy_direct = f->route->align && !f->route->is_buffered;
	push(b, &op, make_tag(b, f, NULL, STEP_FLUSH));
}

static void take_flush(struct batch *b, struct file *f, int result)
{
	struct ring_op op = {
		.action = RING_CLOSE,
		.file = get_destination(b, f),
		.is_followed = true,
	};

	if (result < 0) {
		fail(b, f, SIDE_DESTINATION, "flush", result);
		return;
	}
	push(b, &op, make_tag(b, f, NULL, STEP_CLOSE));
	push_reopen(b, f);
}

static void take_reopen(struct batch *b, struct file *f, int result)
{
	if (result == -EINVAL && f->is_copy_direct) {
		f->is_copy_direct = false;
		push_reopen(b, f);
		return;
	}
	if (result < 0) {
		fail(b, f, SIDE_DESTINATION, "read again", result);
		return;
	}
	f->next = b->to_verify;
	b->to_verify = f;
	deal_to_verify(b);
}

static void compare(struct file *f, uint32_t bytes)
{
	const char *a = f->lane->buffer, *b = a + get_piece(f);

	if (!memcmp(a, b, bytes))
		return;
	for (uint32_t i = 0; i < bytes; i++) {
		if (a[i] == b[i])
			continue;
		if (!f->answer.mismatched_bytes++)
			f->answer.first_mismatch_bytes =
				f->verified_bytes + i;
	}
}

static void take_piece(struct batch *b, struct file *f, enum step step,
		       int result)
{
	enum side side = step == STEP_READ_COPY ? SIDE_DESTINATION :
						  SIDE_SOURCE;
	uint32_t want = (uint32_t)MIN(get_piece(f),
				      f->size_bytes - f->verified_bytes);

	if (result < 0 || (uint32_t)result < want) {
		fail(b, f, side, "read again",
		     result < 0 ? result : TRANSFER_ENDED_EARLY);
		return;
	}
	if (step == STEP_READ_SOURCE) {
		push_piece(b, f, STEP_READ_COPY);
		return;
	}
	compare(f, want);
	f->verified_bytes += want;
	verify_next(b, f);
}

/* Whole, it gets its name; of what took long, the source is looked at again. */
static void settle(struct batch *b, struct file *f)
{
	int rc = is_to_be_settled(b, f) ? settle_aside(b, f) : 0;

	if (rc) {
		fail(b, f, SIDE_DESTINATION, "complete", rc);
		return;
	}
	if (b->plan.is_verified && f->size_bytes) {
		push_flush(b, f);
		return;
	}
	push_stat(b, f, STEP_STAT_AGAIN);
	push_end(b, f);
}

/* --- what is in the way ------------------------------------------------- */

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
	push_rename(b, f, 0);
}

static void replace_file(struct batch *b, struct file *f,
			 const struct stat *old)
{
	int rc = 0;

	if (old->st_nlink > 1 || is_mount_point(f)) {
		end_early(b, f, BATCH_IN_PLACE);
		return;
	}
	if (faccessat(f->destination_directory, f->destination, W_OK,
		      AT_EACCESS | AT_SYMLINK_NOFOLLOW))
		rc = -errno;
	if (!rc && !b->plan.is_preserved)
		rc = take_over(f, old);
	if (rc)
		fail(b, f, SIDE_DESTINATION, "replace", rc);
	else
		finish(b, f);
}

static void replace(struct batch *b, struct file *f)
{
	struct stat old;

	if (fstatat(f->destination_directory, f->destination, &old,
		    AT_SYMLINK_NOFOLLOW)) {
		if (errno == ENOENT)
			finish(b, f);
		else
			fail(b, f, SIDE_DESTINATION, "replace", -errno);
		return;
	}
	if (is_source(f, &old))
		fail(b, f, SIDE_DESTINATION, "copy onto itself", -EEXIST);
	else if (S_ISDIR(old.st_mode))
		fail(b, f, SIDE_DESTINATION, "replace", -EISDIR);
	else if (S_ISREG(old.st_mode))
		replace_file(b, f, &old);
	else if (S_ISLNK(old.st_mode) && f->is_followed)
		end_early(b, f, BATCH_IN_PLACE);
	else
		finish(b, f);
}

/* --- completions -------------------------------------------------------- */

static void take_stat(struct batch *b, struct file *f, int error)
{
	if (error < 0) {
		fail(b, f, SIDE_SOURCE, "look at", error);
		return;
	}
	f->answer.facts = &f->facts;
	f->is_regular = S_ISREG(f->facts.stx_mode);
	if (f->is_regular)
		begin(b, f);
	else
		end_early(b, f, BATCH_NOT_REGULAR);
}

/* Some file systems have no direct I/O at all, some files have none. */
static void take_failed_open(struct batch *b, struct file *f, int error)
{
	if (!S_ISREG(f->facts.stx_mode)) {
		end_early(b, f, BATCH_NOT_REGULAR);
	} else if (error == -EINVAL && f->is_source_direct &&
		   !f->route->is_peer) {
		f->is_source_direct = false;
		begin(b, f);
	} else if (is_refusal(f, error)) {
		fail_data(b, f, SIDE_SOURCE, error);
	} else {
		fail(b, f, SIDE_SOURCE, "open", error);
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
		fail(b, f, SIDE_SOURCE, "look for holes of", rc);
		return;
	}
	f->first_bytes = 0;
	f->next_bytes = 0;
	write_large(b, f);
}

static void take_first_read(struct batch *b, struct file *f, int result)
{
	uint32_t got = (uint32_t)MAX(result, 0);

	/* Made a moment after it was looked for: a stat ends no chain. */
	if (!f->facts.stx_mask) {
		fail(b, f, SIDE_SOURCE, "look at", -ESTALE);
		return;
	}
	if (!S_ISREG(f->facts.stx_mode)) {
		end_early(b, f, BATCH_NOT_REGULAR);
		return;
	}
	if (result < 0 && result == -EINVAL && f->is_source_direct &&
	    !f->route->is_peer) {
		f->is_source_direct = false;
		begin(b, f);
		return;
	}
	if (result < 0) {
		fail_data(b, f, SIDE_SOURCE, result);
		return;
	}
	shape(b, f, got);
	if (b->plan.is_wanted && !b->plan.is_wanted(b->plan.data, &f->answer)) {
		end_early(b, f, BATCH_LEFT);
		return;
	}
	if (f->is_sparse) {
		write_sparse(b, f);
		return;
	}
	f->first_bytes = (uint32_t)MIN(get_first_length(f), f->size_bytes);
	if (got < f->first_bytes) {
		fail(b, f, SIDE_SOURCE, "read", TRANSFER_ENDED_EARLY);
		return;
	}
	f->next_bytes = f->first_bytes;
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
	if (is_refusal(f, error))
		fail_data(b, f, SIDE_DESTINATION, error);
	else
		fail(b, f, SIDE_DESTINATION, "create", error);
}

static void take_failed_allocate(struct batch *b, struct file *f, int error)
{
	if (error != -EOPNOTSUPP && error != -ENOSYS) {
		fail(b, f, SIDE_DESTINATION, "make room for", error);
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
		fail_data(b, f, SIDE_DESTINATION, result ? result : -ENOSPC);
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
	fail_data(b, f, side, error);
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
	use_lane(b, f, l);
}

static void take_failed_rename(struct batch *b, struct file *f, int error)
{
	/* The chain of a small file was cut short behind its data. */
	if (f->lane)
		count(b, f, f->first_bytes);
	give_first_lane(b, f);
	if (error == -EEXIST || error == -EISDIR) {
		replace(b, f);
		return;
	}
	if (error == -EINVAL && !f->route->has_no_exclusive_rename) {
		f->route->has_no_exclusive_rename = true;
		replace(b, f);
		return;
	}
	fail(b, f, SIDE_DESTINATION, "give its name to", error);
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
	end_file(b, f);
}

/* The source is gone: the copy is none the worse. */
static void take_failed_stat_again(struct batch *b, struct file *f)
{
	f->facts_again.stx_mask = 0;
	push_end(b, f);
}

static void take_clean(struct batch *b, struct file *f)
{
	if (!--f->pending)
		end_file(b, f);
}

static void take(struct batch *b, const struct ring_completion *done)
{
	struct file *f = &b->files[done->tag & 0xffff];
	struct lane *l = &b->lanes[done->tag >> 16 & 0xffff];
	int result = done->result;

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
		take_flush(b, f, result);
		break;
	case STEP_REOPEN:
		take_reopen(b, f, result);
		break;
	case STEP_READ_SOURCE:
	case STEP_READ_COPY:
		take_piece(b, f, (enum step)(done->tag >> 32), result);
		break;
	case STEP_STAT_AGAIN:
		take_failed_stat_again(b, f);
		break;
	case STEP_RENAME:
		take_rename(b, f, result);
		break;
	case STEP_CLOSE:
		fail(b, f, SIDE_DESTINATION, "close", result);
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
	rc = b->lanes && b->files ? batch_regain_ring(b, plan->ring) : -ENOMEM;
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
	give_lane(b, l);
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
	memset(f, 0, offsetof(struct file, source));
	f->hole_fd = -1;
	f->source_directory = request->source_directory;
	f->destination_directory = request->destination_directory;
	f->is_followed = request->is_followed;
	f->is_regular = request->is_regular;
	f->answer.owner = request->owner;
	f->answer.source = f->source;
	f->answer.destination = f->destination;
	f->answer.route = request->route;
	f->started_ns = clock_now_ns();
}

int batch_push(struct batch *batch, const struct batch_request *request)
{
	struct route *route = &batch->routes[request->route];
	struct file *f = batch->free_files;
	struct lane *l;
	int rc;

	if (!f || ring_get_room(batch->plan.ring) < 2 * CHAIN_MOST)
		return -EBUSY;
	rc = name_file(f, request);
	if (rc)
		return rc;
	l = take_lane(batch, route, f);
	if (!l)
		return -EBUSY;
	batch->free_files = f->next;
	reset(f, request);
	f->route = route;
	f->lane = l;
	f->is_source_direct = route->align;
	if (!batch->busy++)
		batch->progress_ns = f->started_ns;
	begin(batch, f);
	return 0;
}

static int wait(struct batch *b)
{
	uint64_t timeout = b->plan.io_timeout_ns ? b->plan.io_timeout_ns :
						   UINT64_MAX;
	uint64_t now = clock_now_ns();
	unsigned count;
	int rc;

	rc = ring_turn(b->plan.ring, 1, timeout);
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

	deal_to_verify(batch);
	deal_lanes(batch);
	if (!batch->busy)
		return 0;
	rc = wait(batch);
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
