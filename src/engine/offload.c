// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/offload.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/macro.h"

#define GLANCE_NS	(200 * NS_PER_MS)

/* Commands in flight; one is short enough for a drive's own time limit. */
#define DEPTH		8
#define COMMAND_BYTES	(4 * MIB)
#define RANGES_MOST	128

struct command {
	struct nvme_copy_range ranges[RANGES_MOST];
	uint64_t start_bytes, size_bytes;
	bool is_open;
};

struct offload {
	const struct offload_plan *plan;
	struct copy_result *result;
	unsigned lba_shift;
	uint32_t range_blocks;		/* of one range */
	uint64_t command_blocks;	/* of one command */
	struct command *commands;
	uint64_t next_bytes;
	uint64_t last_completion_ns;
	int rc;				/* not 0: begin nothing any more */
};

/* --- may it be ---------------------------------------------------------- */

static bool is_one_namespace(const struct endpoint *a,
			     const struct endpoint *b)
{
	struct stat sa, sb;

	return a->range.namespace_id == b->range.namespace_id &&
	       !fstat(a->direct_fd, &sa) && !fstat(b->direct_fd, &sb) &&
	       sa.st_rdev == sb.st_rdev;
}

static bool is_whole_blocks(const struct offload_plan *plan)
{
	uint64_t mask = (UINT64_C(1) << plan->destination->range.lba_shift) -
			1;

	return !((plan->source_offset_bytes | plan->destination_offset_bytes |
		  plan->size_bytes) & mask);
}

static int identify(const struct offload_plan *plan, struct nvme_facts *facts)
{
	return nvme_identify(plan->destination->direct_fd,
			     plan->destination->range.namespace_id, facts);
}

const char *offload_find_obstacle(const struct offload_plan *plan)
{
	struct nvme_facts facts;

	if (!is_one_namespace(plan->source, plan->destination))
		return "source and destination are not in one namespace";
	if (!is_whole_blocks(plan))
		return "it does not fall onto the drive's blocks";
	if (identify(plan, &facts))
		return "the drive does not say what it can";
	return facts.has_copy ? NULL : "the drive has no Copy command";
}

/* --- one command -------------------------------------------------------- */

static void stop(struct offload *offload, int rc)
{
	if (!offload->rc)
		offload->rc = rc;
}

static unsigned fill_ranges(const struct offload *offload,
			    struct command *command)
{
	const struct offload_plan *plan = offload->plan;
	uint64_t left = command->size_bytes >> offload->lba_shift;
	uint64_t block = (plan->source->range.start_bytes +
			  plan->source_offset_bytes + command->start_bytes) >>
			 offload->lba_shift;
	unsigned count = 0;

	for (; left; count++) {
		uint32_t blocks = (uint32_t)MIN(left, offload->range_blocks);

		nvme_make_copy_range(block, blocks, &command->ranges[count]);
		block += blocks;
		left -= blocks;
	}
	return count;
}

static void begin(struct offload *offload, struct command *command)
{
	const struct offload_plan *plan = offload->plan;
	uint64_t left = plan->size_bytes - offload->next_bytes;
	struct ring_op op = {
		.action = RING_COPY,
		.file = transfer_get_file(SIDE_DESTINATION, true),
		.buffer = command->ranges,
		.tag = (uint64_t)(command - offload->commands),
	};
	int rc;

	if (!left || offload->rc)
		return;
	command->start_bytes = offload->next_bytes;
	command->size_bytes = MIN(left, offload->command_blocks <<
						offload->lba_shift);
	offload->next_bytes += command->size_bytes;
	op.length_bytes = (uint32_t)(fill_ranges(offload, command) *
				     sizeof(command->ranges[0]));
	op.offset_bytes = plan->destination_offset_bytes +
			  command->start_bytes;
	rc = ring_push(plan->ring, &op);
	command->is_open = true;
	if (rc)
		stop(offload, rc);
}

static void fail(struct offload *offload, const struct command *command,
		 int error)
{
	if (offload->rc)
		return;
	offload->rc = error;
	offload->result->error = (struct copy_error){
		.side = SIDE_DESTINATION,
		.offset_bytes = offload->plan->destination_offset_bytes +
				command->start_bytes,
		.length_bytes = command->size_bytes,
		.error = error,
	};
}

static void take_completion(struct offload *offload,
			    const struct ring_completion *completion)
{
	struct command *command = &offload->commands[completion->tag];
	int result = completion->result;

	if (result > 0)
		result = nvme_status_get_errno(result) ?: -EIO;
	if (result) {
		fail(offload, command, result);
		return;
	}
	command->is_open = false;
	offload->result->copied_bytes += command->size_bytes;
	begin(offload, command);
}

/* --- the loop ----------------------------------------------------------- */

static uint64_t find_in_place(const struct offload *offload)
{
	uint64_t end = offload->next_bytes;

	for (unsigned i = 0; i < DEPTH; i++)
		if (offload->commands[i].is_open)
			end = MIN(end, offload->commands[i].start_bytes);
	return end;
}

static void blame_silence(struct offload *offload)
{
	struct command *oldest = NULL;

	for (unsigned i = 0; i < DEPTH; i++) {
		struct command *c = &offload->commands[i];

		if (c->is_open && (!oldest ||
				   c->start_bytes < oldest->start_bytes))
			oldest = c;
	}
	if (oldest)
		fail(offload, oldest, -ETIMEDOUT);
	offload->result->error.side = SIDE_DESTINATION;
	offload->rc = -ETIMEDOUT;
	offload->result->is_silent = true;
}

static void look_around(struct offload *offload, unsigned completions)
{
	const struct offload_plan *plan = offload->plan;
	uint64_t now = clock_now_ns();

	if (plan->stop && *plan->stop && !offload->rc) {
		offload->result->is_interrupted = true;
		offload->rc = -EINTR;
	}
	if (plan->tick)
		plan->tick(plan->tick_data, offload->result->copied_bytes);
	if (completions)
		offload->last_completion_ns = now;
	else if (plan->io_timeout_ns &&
		 now - offload->last_completion_ns >= plan->io_timeout_ns)
		blame_silence(offload);
}

static unsigned turn(struct offload *offload)
{
	uint64_t limit = offload->plan->io_timeout_ns;
	unsigned count;
	int rc;

	rc = ring_turn(offload->plan->ring, 1,
		       limit ? MIN(limit, GLANCE_NS) : GLANCE_NS);
	/* What is in flight would be waited for in vain. */
	if (rc) {
		stop(offload, rc);
		offload->result->is_silent = true;
	}
	ring_get_completions(offload->plan->ring, &count);
	return count;
}

static void run(struct offload *offload)
{
	struct ring *ring = offload->plan->ring;

	offload->last_completion_ns = clock_now_ns();
	for (unsigned i = 0; i < DEPTH; i++)
		begin(offload, &offload->commands[i]);
	while (ring_get_in_flight(ring) && !offload->result->is_silent) {
		unsigned count = turn(offload);
		const struct ring_completion *done =
			ring_get_completions(ring, &count);

		for (unsigned i = 0; i < count; i++)
			take_completion(offload, &done[i]);
		look_around(offload, count);
	}
	offload->result->in_place_bytes = find_in_place(offload);
}

/* A flush cannot be stopped, but nobody waits for a drive that is silent. */
static void flush(struct offload *offload)
{
	const struct offload_plan *plan = offload->plan;
	const struct ring_op op = {
		.action = RING_FSYNC,
		.file = transfer_get_file(SIDE_DESTINATION, false),
	};
	const struct ring_completion *done;
	unsigned count = 0;

	offload->rc = ring_push(plan->ring, &op);
	offload->last_completion_ns = clock_now_ns();
	while (!offload->rc && !count) {
		count = turn(offload);
		done = ring_get_completions(plan->ring, &count);
		if (count)
			offload->rc = done->result;
		else
			look_around(offload, count);
	}
}

/* --- the whole ---------------------------------------------------------- */

static int set_up(struct offload *offload)
{
	const struct offload_plan *plan = offload->plan;
	struct nvme_facts facts;
	uint64_t most;
	int rc;

	rc = identify(plan, &facts);
	if (rc)
		return rc;
	if (!facts.has_copy)
		return -EOPNOTSUPP;
	offload->lba_shift = facts.lba_shift;
	offload->range_blocks = facts.copy_range_blocks;
	most = (uint64_t)MIN(facts.copy_ranges, RANGES_MOST) *
	       facts.copy_range_blocks;
	most = MIN(most, facts.copy_blocks);
	offload->command_blocks = MIN(most, COMMAND_BYTES >> facts.lba_shift);
	if (ring_get_depth(plan->ring) < DEPTH)
		return -EINVAL;
	offload->commands = calloc(DEPTH, sizeof(*offload->commands));
	if (!offload->commands)
		return -ENOMEM;
	return transfer_register(plan->ring, plan->source, plan->destination);
}

int offload_run(const struct offload_plan *plan, struct copy_result *result)
{
	uint64_t start_ns = clock_now_ns(), start_cpu_ns = clock_cpu_ns();
	uint64_t submits = ring_get_submits(plan->ring);
	struct offload offload = { .plan = plan, .result = result };

	*result = (struct copy_result){ 0 };
	offload.rc = set_up(&offload);
	if (!offload.rc)
		run(&offload);
	if (!offload.rc && plan->is_synced)
		flush(&offload);
	if (!offload.rc)
		offload.rc = endpoint_commit(plan->destination, 0, false);
	result->submits = ring_get_submits(plan->ring) - submits;
	result->duration_ns = clock_now_ns() - start_ns;
	result->cpu_ns = clock_cpu_ns() - start_cpu_ns;
	if (!result->is_silent)
		free(offload.commands);
	return offload.rc;
}
