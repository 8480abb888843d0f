/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what is known of the files of a batch while they are under way, and
 * what its parts share; must not know what any of them does.
 *
 * A file goes through them in this order:
 *
 *	batch		who is begun, and which completion goes where
 *	batch-begin	what it is, and its first block
 *	batch-place	itself, or aside; and what is in the way
 *	batch-write	its copy, and a block to it
 *	batch-blocks	all other blocks	batch-holes, batch-sum
 *	batch-copies	of one that has several places
 *	batch-settle	what goes by descriptor	batch-again
 *	batch-end	its name, or nothing is left of it
 *	batch-lanes	requests and lanes, for all of them
 */
#ifndef P2PDMA_ENGINE_BATCH_STATE_H
#define P2PDMA_ENGINE_BATCH_STATE_H

#include <limits.h>
#include <sys/stat.h>

#include "base/macro.h"
#include "engine/batch.h"
#include "engine/checksum.h"
#include "engine/pace.h"

#define ROUTES_MOST	16
#define FILES_MOST	BATCH_LANES_MOST
/* The longest chain, or what one file's cleaning up takes. */
#define CHAIN_MOST	8
/* What is read before the size is known: beyond the end, it costs time. */
#define FIRST_MOST	(64 * KIB)

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
	STEP_LAST_CLOSE,
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
	struct lane *next;	/* of the free ones, or of those that wait */
	struct lane *next_sum;	/* of those whose data is to be summed */
	bool is_read, is_unsummed, is_waiting;
	struct file *file;
	struct file *waiting;	/* it, or one of its copies */
	struct route *route;
	char *buffer;
	uint64_t offset_bytes;
	uint32_t want_bytes, done_bytes;
	unsigned char wait;	/* as that of a file */
};

/*
 * One that is read and written; or one that is only read (is_parted), and each
 * of its copies, which are only written (reader).
 */
struct file {
	struct file *next;	/* of the free ones, or of those with blocks */
	struct file *reader;	/* NULL: it is no copy of another one */
	struct file *copies, *next_copy;
	struct file *turn;	/* of the copies, while they go one by one */
	bool is_parted, is_settling;
	struct batch_answer answer;
	struct route *route;
	struct lane *lane;	/* its first one; NULL: given back */
	int source_directory, destination_directory;
	bool is_followed;
	bool is_source_direct, is_direct;	/* the destination */
	bool is_sparse;
	bool is_regular;	/* or not yet known to be */
	bool is_created, is_ending;
	bool is_in_place;	/* written itself, and not aside */
	bool is_kept;		/* it was there: in place */
	bool is_unsized;	/* its first block is not there yet */
	bool is_uncounted;	/* its data goes with the chain to its name */
	bool is_summing, is_summed_again;
	bool is_busy;
	unsigned char wait;	/* 1 + the step in flight; 0: none */
	uint64_t summed_bytes;
	struct lane *sum_first, *sum_last;
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

	/* Not reset. */
	struct checksum *sum;	/* NULL: none is wanted */
	char sum_text[CHECKSUM_TEXT_SIZE];
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
	unsigned file_count;		/* that have ever been used */
	struct file *free_files;
	unsigned free_count;
	struct file *with_blocks;	/* of which no lane has taken all */
	struct file *to_verify;		/* that wait for a lane */
	unsigned busy;
	uint64_t progress_ns;		/* when something ended last */
	struct pace pace;
	struct lane *paced;		/* that wait for their turn */
	unsigned unsized;
	struct lane *summed;		/* that waited for that */
	bool is_abandoned;
};

/* Whose source it is, and whose lanes. */
static inline struct file *batch_get_reader(struct file *f)
{
	return f->reader ? f->reader : f;
}

/* --- batch-lanes.c: requests and lanes ---------------------------------- */

unsigned batch_get_source(const struct batch *b, struct file *f);
unsigned batch_get_destination(const struct batch *b, const struct file *f);

uint64_t batch_make_tag(const struct batch *b, const struct file *f,
			const struct lane *l, enum step step);

/* A completion with @tag has come: nobody waits for it any more. */
void batch_end_wait(struct batch *b, uint64_t tag);

/* There is room: batch_turn() and batch_push() look before. */
void batch_push_op(struct batch *b, struct ring_op *op, uint64_t tag);

struct lane *batch_take_lane(struct batch *b, struct route *route,
			     struct file *file);
void batch_give_lane(struct batch *b, struct lane *l);
void batch_give_first_lane(struct batch *b, struct file *f);
void batch_drop_lane(struct batch *b, struct file *f, struct lane *l);

/* --- batch-begin.c: what is it, and its first block --------------------- */

/* Of the block that is read before the size is known. */
uint32_t batch_get_first_length(const struct file *f);

void batch_begin(struct batch *b, struct file *f);
void batch_take_stat(struct batch *b, struct file *f, int error);
void batch_take_failed_open(struct batch *b, struct file *f, int error);
void batch_take_first_read(struct batch *b, struct file *f, int result);

/* --- batch-write.c: its copy, beside its place, and a block to it ------- */

/* The first block is there: all in one chain, or what begins a large one. */
void batch_write_first(struct batch *b, struct file *f);

void batch_push_write(struct batch *b, struct file *f, struct lane *l,
		      enum step step, bool is_followed);

/* False: it came short, and is to be written again from where it ended. */
bool batch_take_written(struct file *f, struct lane *l, int result);

void batch_count(struct batch *b, struct file *f, uint32_t bytes);
void batch_take_failed_create(struct batch *b, struct file *f, int error);
void batch_take_failed_allocate(struct batch *b, struct file *f, int error);
void batch_take_first_write(struct batch *b, struct file *f, int result);

/* --- batch-holes.c: where the data is ----------------------------------- */

bool batch_has_holes(const struct file *f);

/* 0 or -errno. */
int batch_open_for_holes(struct file *f);

/* Sets next_bytes to data and data_end_bytes behind it. 0 or -errno. */
int batch_find_data(struct file *f);

/* --- batch-blocks.c: the blocks behind the first one -------------------- */

void batch_begin_blocks(struct batch *b, struct file *f);
void batch_take_read(struct batch *b, struct file *f, struct lane *l,
		     int result);
void batch_take_write(struct batch *b, struct file *f, struct lane *l,
		      int result);

/* One has nothing to do for the moment. */
void batch_use_lane(struct batch *b, struct lane *l);

/* Lanes that waited for the rate, and those that nobody has. */
void batch_use_parked(struct batch *b);
void batch_deal_lanes(struct batch *b);

/* How long the rate has to be waited for; 0: not at all. */
uint64_t batch_get_wait(const struct batch *b);

/* --- batch-sum.c: a checksum in order, of blocks out of order ----------- */

/* In the first block, if there is one, is what the file begins with. */
void batch_begin_sum(struct file *f);

/* A lane will hold the next block, it holds it, and it has nothing to do. */
void batch_queue_sum(struct file *f, struct lane *l);
void batch_sum_read(struct batch *b, struct file *f, struct lane *l);
bool batch_await_sum(struct file *f, struct lane *l);

/* One that waited, and has nothing to wait for now; NULL: none. */
struct lane *batch_take_summed(struct batch *b);

/* Gives up, and the lanes that wait with it. */
void batch_drop_sum(struct batch *b, struct file *f);

/* Everything is, for all of its copies. */
bool batch_is_summing(const struct file *f);

/* The answer has it, if everything was summed. */
void batch_finish_sum(struct file *f);

/* --- batch-settle.c: it has all its blocks, and gets its name ----------- */

/* Something has to be done by descriptor, before it gets its name. */
bool batch_is_to_be_settled(const struct batch *b, const struct file *f);

void batch_settle(struct batch *b, struct file *f);
void batch_take_last_close(struct batch *b, struct file *f, int result);
void batch_take_rename(struct batch *b, struct file *f, int result);
void batch_take_failed_stat_again(struct batch *b, struct file *f);

/* --- batch-copies.c: one that is read for several places ---------------- */

/* A place for each; false: none is left, and it has ended. */
bool batch_place_copies(struct batch *b, struct file *reader);

/* One after the other, out of the first lane. */
void batch_begin_copies(struct batch *b, struct file *reader);

/* One has its first block; and what it has is all. */
void batch_begin_next(struct batch *b, struct file *copy);
void batch_settle_copies(struct batch *b, struct file *reader);

/* The block in @l is written to the next one from @copy on, or done with. */
void batch_pass_on(struct batch *b, struct lane *l, struct file *copy);

/* The reader ends early: so do they, for the same reason. */
void batch_end_copies(struct batch *b, struct file *reader);

/* One is no more: whatever waited for it goes on. */
void batch_lose_copy(struct batch *b, struct file *copy);

/* --- batch-end.c: how a file ends --------------------------------------- */

/* No lane takes one more of it. */
void batch_forget_blocks(struct batch *b, struct file *f);
void batch_end_file(struct batch *b, struct file *f);

/* Whatever of it there is; what is not there says so, to nobody. */
void batch_clean_up(struct batch *b, struct file *f);

/* The first outcome counts; no block more is begun. */
void batch_mark_ending(struct batch *b, struct file *f,
		       enum batch_outcome outcome);

/* So, and what is in flight is awaited. */
void batch_end_early(struct batch *b, struct file *f,
		     enum batch_outcome outcome);
void batch_fail(struct batch *b, struct file *f, enum side side,
		const char *deed, int error);

bool batch_is_refusal(const struct file *f, int error);
void batch_fail_data(struct batch *b, struct file *f, enum side side,
		     int error);

void batch_push_stat(struct batch *b, struct file *f, enum step step);

/* Both are closed, and the copy gets its name. */
void batch_push_end(struct batch *b, struct file *f);
void batch_push_rename(struct batch *b, struct file *f, unsigned flags);

/* The ring is no good any more: all that is under way is left, and removed. */
void batch_abandon(struct batch *b);

/* --- batch-again.c: what is read again before it gets its name ---------- */

void batch_read_again(struct batch *b, struct file *f);
void batch_deal_to_verify(struct batch *b);
void batch_take_flush(struct batch *b, struct file *f, int result);
void batch_take_reopen(struct batch *b, struct file *f, int result);
void batch_take_piece(struct batch *b, struct file *f, enum step step,
		      int result);

/* --- batch-place.c: what is in the way ---------------------------------- */

/* Itself, or aside? False: neither; it has ended. */
bool batch_choose_place(struct batch *b, struct file *f);

void batch_replace(struct batch *b, struct file *f);

#endif
