// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how one result comes about: memory, run, verification, report; and
 * the code that it is worth. Must not know how many others there are.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cleanup.h"
#include "base/macro.h"
#include "cli/bench.h"

#define CHECK_DEPTH	8

/* One result on its way. */
struct measurement {
	struct bench_set *set;
	struct memory memory;
	struct bench_args args;
	struct bench_result *result;
	struct bench_result *check;	/* of reading again; NULL: none */
};

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
	progress_update(&s->progress, &tick);
}

static void plan(struct measurement *m, const struct bench_point *point)
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
		.cpus = s->cpus,
		.cpu_count = s->cpu_count,
		.stop = &bench_caught,
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
	return bench_open(jobs, depth, &s->bench);
}

/* --- afterwards ---------------------------------------------------------- */

static int blame_run(const struct measurement *m, int rc)
{
	const struct bench_set *set = m->set;
	char text[64];

	if (rc != -ETIMEDOUT) {
		cli_error(BENCH_NAME, "%s: could not be measured: %s",
			  set->paths[0], strerror(-rc));
		return EXIT_FAILED;
	}
	clock_format_duration(m->args.io_timeout_ns, text, sizeof(text));
	cli_error(BENCH_NAME, "%s%s%s: nothing completed for %s (look at the "
		  "kernel's log; --io-timeout waits longer)", set->paths[0],
		  set->paths[1] ? " or " : "",
		  set->paths[1] ? set->paths[1] : "", text);
	return EXIT_FAILED;
}

static int judge_errors(const struct measurement *m,
			const struct bench_result *r)
{
	if (!r->errors)
		return EXIT_DONE;
	cli_error(BENCH_NAME, "%s: %llu transfer%s failed, the first one at "
		  "%llu: %s", m->set->paths[r->first_error.step.target],
		  (unsigned long long)r->errors, r->errors == 1 ? "" : "s",
		  (unsigned long long)r->first_error.step.offset,
		  strerror(r->first_error.error));
	return EXIT_FAILED;
}

static int judge_data(const struct measurement *m,
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

static void report(const struct measurement *m)
{
	const struct bench_set *set = m->set;
	const struct report_bench bench = {
		.args = &m->args,
		.targets = { set->paths[0], set->paths[1] },
		.memory = describe_memory(&m->memory),
		.result = m->result,
		.check = m->check,
	};

	report_add_bench(&set->session->report, &bench);
}

/* --- the run ------------------------------------------------------------- */

/*
 * What was written is read again into host memory: peer memory could hold
 * what it held when it was written.
 */
static int read_again(struct measurement *m)
{
	struct bench_set *set = m->set;
	struct bench_args args = m->args;
	unsigned depth = MIN(args.depth, CHECK_DEPTH);
	struct p2pdma_pool *pool;
	int rc;

	args.workload = &workload_check;
	args.targets[0] = set->endpoints[set->workload->targets - 1];
	args.time_ns = args.rate_iops = 0;
	args.depth = depth;
	args.tick = NULL;
	rc = p2pdma_pool_create(m->memory.host, args.block_bytes,
				depth * args.jobs, depth * args.jobs, &pool);
	if (rc)
		return rc;
	args.pool = pool;
	m->check = malloc(sizeof(*m->check));
	rc = m->check ? bench_run(set->session->bench, &args, m->check) :
			-ENOMEM;
	if (rc != -ETIMEDOUT)
		p2pdma_pool_destroy(pool);
	return rc;
}

static int measure(struct measurement *m)
{
	struct session *s = m->set->session;
	int rc = 0, code;

	if (s->options.is_verified)
		rc = ledger_create(m->args.size_bytes, m->args.block_bytes,
				   &m->args.ledger);
	rc = rc ? rc : bench_run(s->bench, &m->args, m->result);
	if (rc && rc != -ETIMEDOUT)
		return blame_run(m, rc);
	code = judge_errors(m, m->result);
	if (!rc && m->args.ledger && workload_writes(m->set->workload))
		rc = read_again(m);
	report(m);
	code = exit_worst(code, judge_data(m, &m->result->verification));
	if (m->check)
		code = exit_worst(code, judge_errors(m, m->check));
	if (m->check)
		code = exit_worst(code, judge_data(m, &m->check->verification));
	s->is_stuck |= rc == -ETIMEDOUT;
	return rc ? exit_worst(code, blame_run(m, rc)) : code;
}

int bench_point_run(struct bench_set *set, const struct bench_point *point,
		    const char *provider)
{
	struct measurement m = { .set = set };
	struct session *s = set->session;
	int rc, code;

	code = bench_memory_take(&m.memory, set, point, provider);
	if (code == CLI_GO_ON) {
		plan(&m, point);
		m.result = malloc(sizeof(*m.result));
		rc = m.result ? open_bench(s) : -ENOMEM;
		code = rc ? bench_fail(set->paths[0], rc) : measure(&m);
		s->moved_bytes += rc ? 0 : m.result->bytes;
	}
	free(m.result);
	free(m.check);
	if (s->is_stuck)
		return code;
	ledger_destroy(m.args.ledger);
	memory_release(&m.memory);
	return code;
}
