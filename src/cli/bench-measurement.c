// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows what one measurement goes through: arguments, runs, verification, and
 * the code that it is worth. Must not know how many others there are, nor what
 * is made of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cleanup.h"
#include "base/macro.h"
#include "cli/bench.h"
#include "engine/bottleneck.h"

#define CHECK_DEPTH	8

/* --- before -------------------------------------------------------------- */

static void tick(void *data, uint64_t bytes, uint64_t elapsed_ns)
{
	struct session *s = data;
	struct progress_tick tick = {
		.done_bytes = s->moved_bytes + bytes,
		.step = s->point + 1,
		.steps = s->points,
	};

	if (s->point_ns)
		tick.total_ns = clock_now_ns() - s->progress.started_ns +
				s->point_ns * (s->points - s->point) -
				MIN(elapsed_ns, s->point_ns);
	apart_excuse(&s->signals->is_excused, true);
	progress_update(&s->progress, &tick);
	apart_excuse(&s->signals->is_excused, false);
}

static void plan(struct bench_measurement *m, const struct bench_point *point)
{
	const struct bench_set *set = m->set;
	struct session *s = set->session;
	const struct bench_options *o = &s->options;

	m->args = (struct bench_args){
		.workload = set->workload,
		.pool = m->memory.pool,
		.size_bytes = set->size_bytes,
		.block_bytes = point->block_bytes,
		.depth = MIN(point->depth,
			     p2pdma_pool_get_slots(m->memory.pool) /
				     point->jobs),
		.jobs = point->jobs,
		.time_ns = o->time_ns,
		.warmup_ns = o->warmup_ns,
		.io_timeout_ns = o->io_timeout_ns,
		.rate_iops = o->rate_iops,
		.seed = o->seed,
		.read_percent = (unsigned)o->read_percent,
		.zipf_theta = o->zipf_theta,
		.cpus = set->cpus,
		.cpu_count = set->cpu_count,
		.stop = &s->signals->caught,
		.tick = tick,
		.tick_data = s,
	};
	for (unsigned i = 0; i < set->workload->targets; i++)
		m->args.targets[i] = set->endpoints[i];
}

/* As many threads, and as deep rings, as any of the points will need. */
static int open_bench(struct session *s)
{
	unsigned jobs = 1, depth = CHECK_DEPTH;
	struct bench_point point;

	if (s->bench)
		return 0;
	for (unsigned i = 0; bench_grid_get(s, i, &point); i++) {
		jobs = MAX(jobs, point.jobs);
		depth = MAX(depth, point.depth);
	}
	return bench_open(jobs, depth, bench_get_ring_options(s), &s->bench);
}

/* --- afterwards ---------------------------------------------------------- */

static int judge_errors(const struct bench_measurement *m,
			const struct bench_result *r)
{
	bool is_gone = r->first_error.error == EFAULT && m->memory.provider;

	if (!r->errors)
		return EXIT_DONE;
	cli_error(BENCH_NAME, "%s: %llu transfer%s failed, the first one at "
		  "%llu: %s%s", m->set->paths[r->first_error.target],
		  (unsigned long long)r->errors, r->errors == 1 ? "" : "s",
		  (unsigned long long)r->first_error.offset,
		  strerror(r->first_error.error), is_gone ?
		  " (the provider's memory is gone: was it removed, or its "
		  "driver unbound?)" : "");
	return EXIT_FAILED;
}

static int judge_data(const struct bench_measurement *m,
		      const struct bench_verification *v)
{
	uint64_t bad = v->checked - v->faults[PATTERN_GOOD];

	if (!bad)
		return EXIT_DONE;
	cli_error(BENCH_NAME, "%s: %llu of %llu blocks are not as they were "
		  "written, the first one at %llu: %s",
		  m->set->paths[m->set->workload->targets - 1],
		  (unsigned long long)bad, (unsigned long long)v->checked,
		  (unsigned long long)v->first.offset,
		  pattern_get_fault_name(v->first.fault));
	return EXIT_DIFFERS;
}

/* Predictions are of interest for peer memory only. */
static const char *reach_name(const struct memory *memory,
			      enum p2pdma_reach reach,
			      const struct p2pdma_target *end)
{
	return memory->provider && end ? p2pdma_reach_get_name(reach) : NULL;
}

static struct report_memory describe_memory(const struct memory *memory)
{
	return (struct report_memory){
		.kind = memory->provider ? "peer" : "host",
		.provider = memory->provider ? memory->function->address :
					       NULL,
		.reach_source = reach_name(memory, memory->reach_source,
					   memory->place.source),
		.reach_destination = reach_name(memory,
						memory->reach_destination,
						memory->place.destination),
		.fallback_reason = memory->why.id,
	};
}

void bench_measurement_describe(const struct bench_measurement *m,
				struct report_bench *bench)
{
	const struct session *s = m->set->session;
	struct bottleneck bottleneck, other;

	bottleneck_find(s->topology, m->memory.function, m->set->facts[0],
			m->set->workload->directions[0], &bottleneck);
	if (m->set->facts[1]) {
		bottleneck_find(s->topology, m->memory.function,
				m->set->facts[1],
				m->set->workload->directions[1], &other);
		bottleneck_merge(&bottleneck, &other);
	}
	*bench = (struct report_bench){
		.args = &m->args,
		.targets = { m->set->paths[0], m->set->paths[1] },
		.memory = describe_memory(&m->memory),
		.bottleneck = bottleneck,
		.result = m->result,
		.check = m->check,
		.dram_bytes = m->dram_bytes,
		.dram_reason = s->dram_reason,
	};
}

/* --- the run ------------------------------------------------------------- */

static void blame_run(const struct bench_measurement *m, int rc)
{
	const struct bench_set *set = m->set;
	char text[64];

	if (rc != -ETIMEDOUT) {
		cli_error(BENCH_NAME, "%s: could not be measured: %s",
			  set->paths[0], strerror(-rc));
		return;
	}
	clock_format_duration(m->args.io_timeout_ns, text, sizeof(text));
	m->set->session->is_stuck = true;
	cli_error(BENCH_NAME, "%s%s%s: nothing completed for %s (look at the "
		  "kernel's log; --io-timeout waits longer)", set->paths[0],
		  set->paths[1] ? " or " : "",
		  set->paths[1] ? set->paths[1] : "", text);
}

/*
 * What was written is read again into host memory: peer memory could hold
 * what it held when it was written.
 */
static int read_again(struct bench_measurement *m, struct p2pdma_pool *pool)
{
	struct bench_set *set = m->set;
	struct bench_args args = m->args;

	args.workload = &workload_check;
	args.targets[0] = set->endpoints[set->workload->targets - 1];
	args.time_ns = args.rate_iops = 0;
	args.depth = p2pdma_pool_get_slots(pool) / args.jobs;
	args.pool = pool;
	args.tick = NULL;
	m->check = malloc(sizeof(*m->check));
	return m->check ? bench_run(set->session->bench, &args, m->check) :
			  -ENOMEM;
}

int bench_measurement_check(struct bench_measurement *m)
{
	unsigned slots = MIN(m->args.depth, CHECK_DEPTH) * m->args.jobs;
	struct p2pdma_pool *pool;
	int rc;

	if (!m->args.ledger || !workload_writes(m->set->workload))
		return 0;
	rc = p2pdma_pool_create(m->memory.host, m->args.block_bytes, slots,
				slots, &pool);
	if (rc) {
		blame_run(m, rc);
		return rc;
	}
	rc = read_again(m, pool);
	if (rc)
		blame_run(m, rc);
	if (rc != -ETIMEDOUT)
		p2pdma_pool_destroy(pool);
	return rc;
}

static uint64_t read_dram(const struct session *s)
{
	uint64_t bytes = 0;

	if (s->dram)
		(void)p2pdma_dram_read(s->dram, &bytes);
	return bytes;
}

int bench_measurement_run(struct bench_measurement *m,
			  struct bench_result *last)
{
	struct bench_result *result _cleanup_free_ = NULL;
	struct session *s = m->set->session;
	uint64_t before = read_dram(s);
	int rc;

	if (!last)
		last = result = malloc(sizeof(*result));
	if (!last)
		rc = -ENOMEM;
	else
		rc = bench_run(s->bench, &m->args, last);
	if (!rc || rc == -ETIMEDOUT) {
		bench_append(m->result, last);
		s->moved_bytes += last->bytes;
	}
	m->dram_bytes += read_dram(s) - before;
	if (rc)
		blame_run(m, rc);
	return rc;
}

int bench_measurement_judge(const struct bench_measurement *m)
{
	int code = judge_errors(m, m->result);

	code = exit_worst(code, judge_data(m, &m->result->verification));
	if (!m->check)
		return code;
	code = exit_worst(code, judge_errors(m, m->check));
	return exit_worst(code, judge_data(m, &m->check->verification));
}

int bench_measurement_prepare(struct bench_measurement *m,
			      struct bench_set *set,
			      const struct bench_point *point)
{
	int rc;

	m->set = set;
	plan(m, point);
	m->result = malloc(sizeof(*m->result));
	if (!m->result)
		return -ENOMEM;
	bench_empty(m->result);
	rc = open_bench(set->session);
	if (!rc && set->session->options.is_verified)
		rc = ledger_create(m->args.size_bytes, m->args.block_bytes,
				   &m->args.ledger);
	return rc;
}

/* What was asked for and not done is a failure. */
static int tell_scrub(const struct memory *memory, int code)
{
	if (!memory->scrub_error)
		return code;
	cli_error_scrub(BENCH_NAME, memory->scrub_error);
	return exit_worst(code, EXIT_FAILED);
}

int bench_measurement_fini(struct bench_measurement *m, int code)
{
	free(m->result);
	free(m->check);
	if (m->set->session->is_stuck)
		return code;
	ledger_destroy(m->args.ledger);
	memory_release(&m->memory);
	return tell_scrub(&m->memory, code);
}
