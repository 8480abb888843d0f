// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how p2pbench's operands become endpoints that may be read and
 * written; must not know what is measured with them, nor where buffers lie.
 */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cpulist.h"
#include "base/macro.h"
#include "cli/bench.h"
#include "engine/guard.h"

bool bench_set_reads(const struct bench_set *set, unsigned i)
{
	return set->workload->directions[i] & P2PDMA_READ;
}

bool bench_set_writes(const struct bench_set *set, unsigned i)
{
	return set->workload->directions[i] & P2PDMA_WRITE;
}

static int blame_open(const char *path, unsigned mode, int rc)
{
	const char *why = endpoint_explain(mode, rc);

	if (!why)
		return bench_fail(path, rc);
	cli_error(BENCH_NAME, "--engine=passthrough: %s %s", path, why);
	return EXIT_MACHINE;
}

static int open_target(struct bench_set *set, unsigned i)
{
	struct session *s = set->session;
	bool is_written = bench_set_writes(set, i) && !s->options.is_fio;
	unsigned mode = is_written ? ENDPOINT_WRITE : ENDPOINT_READ;
	int rc;

	if (s->options.is_passthrough)
		mode |= ENDPOINT_PASSTHROUGH;
	rc = endpoint_open(set->paths[i], mode, &set->endpoints[i]);
	if (rc)
		return blame_open(set->paths[i], mode, rc);
	if (set->endpoints[i]->direct_fd < 0) {
		cli_error(BENCH_NAME, "%s: its file system takes no "
			  "O_DIRECT, so that only the page cache could be "
			  "measured", set->paths[i]);
		return EXIT_FAILED;
	}
	rc = p2pdma_target_resolve(s->context, s->topology, set->paths[i],
				   set->endpoints[i]->fd, &set->facts[i]);
	return rc ? bench_fail(set->paths[i], rc) : CLI_GO_ON;
}

/* What has no poll queues would be refused in the middle, or waited for. */
static int check_polled(const struct bench_set *set, unsigned i)
{
	const struct p2pdma_target *target = set->facts[i];

	if (!set->session->options.is_polled ||
	    target->has_poll_queues == P2PDMA_YES)
		return CLI_GO_ON;
	cli_error(BENCH_NAME, "--iopoll: %s has no poll queues (boot with "
		  "nvme.poll_queues=2)",
		  target->device ? target->device : target->path);
	return EXIT_MACHINE;
}

/* Near the first target; of a drive with several paths, near one of them. */
static void choose_cpus(struct bench_set *set)
{
	struct session *s = set->session;
	const struct p2pdma_target *target = set->facts[0];
	const char *list = target->client_count ?
		target->clients[0]->local_cpus : NULL;

	set->cpus = s->cpus;
	set->cpu_count = s->cpu_count;
	if (s->cpu_count || !s->options.cpus)
		return;
	if (!list || cpulist_parse(list, &set->near)) {
		cli_notice(&s->common, "%s: --cpu=auto: the kernel does not "
			   "tell which processors are near it", target->path);
		return;
	}
	set->cpus = &set->near;
	set->cpu_count = 1;
}

/* --- sizes --------------------------------------------------------------- */

static int check_alignment(const struct bench_set *set, unsigned i,
			   const struct bench_point *point)
{
	uint32_t align = set->endpoints[i]->offset_align;

	if (set->session->options.is_verified)
		align = MAX(align, PATTERN_SECTOR);
	if (point->block_bytes % align == 0)
		return CLI_GO_ON;
	cli_error(BENCH_NAME, "--block-size=%u: %s takes multiples of %u "
		  "only", point->block_bytes, set->paths[i], align);
	return EXIT_USAGE;
}

/* The block layer cuts what is too large, and nobody else does. */
static int check_limit(const struct bench_set *set, unsigned i,
		       const struct bench_point *point)
{
	uint32_t most = set->endpoints[i]->max_io_bytes;

	if (!most || point->block_bytes <= most)
		return CLI_GO_ON;
	cli_error(BENCH_NAME, "--block-size=%u: %s takes %u bytes at once, "
		  "past the block layer", point->block_bytes, set->paths[i],
		  most);
	return EXIT_USAGE;
}

static int check_point(const struct bench_set *set,
		       const struct bench_point *point)
{
	int code = CLI_GO_ON;

	for (unsigned i = 0; i < set->workload->targets && code == CLI_GO_ON;
	     i++) {
		code = check_alignment(set, i, point);
		if (code == CLI_GO_ON)
			code = check_limit(set, i, point);
	}
	if (code != CLI_GO_ON ||
	    set->size_bytes / point->block_bytes >= point->jobs)
		return code;
	cli_error(BENCH_NAME, "%s: less than a block for each job (choose a "
		  "smaller --block-size, or a larger --size)", set->paths[0]);
	return EXIT_FAILED;
}

static int check_size(const struct bench_set *set, unsigned i)
{
	uint64_t there = set->endpoints[i]->size_bytes;
	char text[64];

	if (set->size_bytes <= there)
		return CLI_GO_ON;
	cli_error(BENCH_NAME, "%s: holds only %s (choose a smaller --size)",
		  set->paths[i], bytes_format(there, text, sizeof(text)));
	return bench_set_writes(set, i) ? EXIT_REFUSED : EXIT_FAILED;
}

/* All of the smaller one, unless --size says how much. */
static int find_size(struct bench_set *set)
{
	struct bench_point point;
	int code = CLI_GO_ON;

	set->size_bytes = set->session->options.size_bytes;
	if (!set->size_bytes) {
		set->size_bytes = UINT64_MAX;
		for (unsigned i = 0; i < set->workload->targets; i++)
			set->size_bytes = MIN(set->size_bytes,
					      set->endpoints[i]->size_bytes);
	}
	for (unsigned i = 0; i < set->workload->targets && code == CLI_GO_ON;
	     i++)
		code = check_size(set, i);
	for (unsigned i = 0; code == CLI_GO_ON &&
			     bench_grid_get(set->session, i, &point); i++)
		code = check_point(set, &point);
	return code;
}

/* --- guards -------------------------------------------------------------- */

/*
 * --allow-write is p2pcopy's --force, so that what is left are those guards
 * that nothing overrides.
 */
static int ask_guards(const struct bench_set *set)
{
	unsigned last = set->workload->targets - 1;
	const struct guard_question question = {
		.source = last ? set->facts[0] : NULL,
		.destination = set->facts[last],
		.size_bytes = set->size_bytes,
	};
	struct guard_answer answers[GUARDS_MAX];
	const struct guard_answer *refusal;
	unsigned count;

	if (!bench_set_writes(set, last) || set->session->options.is_fio)
		return CLI_GO_ON;
	count = guard_ask_all(&question, answers);
	refusal = guard_find_refusal(answers, count, true);
	if (!refusal)
		return CLI_GO_ON;
	cli_error(BENCH_NAME, "%s", refusal->why);
	return EXIT_REFUSED;
}

int bench_set_open(struct bench_set *set, struct session *session,
		   char **paths)
{
	int code = CLI_GO_ON;

	*set = (struct bench_set){
		.session = session,
		.workload = session->workload,
	};
	for (unsigned i = 0; i < set->workload->targets && code == CLI_GO_ON;
	     i++) {
		set->paths[i] = paths[i];
		code = open_target(set, i);
	}
	for (unsigned i = 0; i < set->workload->targets && code == CLI_GO_ON;
	     i++)
		code = check_polled(set, i);
	if (code == CLI_GO_ON) {
		choose_cpus(set);
		code = find_size(set);
	}
	return code == CLI_GO_ON ? ask_guards(set) : code;
}

void bench_set_close(struct bench_set *set)
{
	if (set->session->is_stuck)
		return;
	for (unsigned i = 0; i < WORKLOAD_TARGETS; i++) {
		endpoint_close(set->endpoints[i]);
		p2pdma_target_destroy(set->facts[i]);
	}
}
