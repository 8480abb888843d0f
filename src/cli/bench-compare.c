// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how peer and host memory are measured in turns, so that whatever else
 * changes meanwhile changes both; must not know how one of them is measured.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/macro.h"
#include "base/spread.h"
#include "cli/bench.h"

/* Short, so that many of them show the spread, and never fewer than ten. */
#define SLICE_NS	(500 * NS_PER_MS)
#define ROUNDS_LEAST	10
#define ROUNDS_MOST	100
/* Of blocks that are used once there are whole passes instead. */
#define ROUNDS_PASSES	5
/* A slice begins with an empty queue: that part is not counted. */
#define SLICE_WARMUP	8

enum { PEER, HOST, BOTH };

struct comparison {
	struct bench_set *set;
	struct bench_measurement sides[BOTH];
	struct bench_result *slices[BOTH];
	unsigned rounds;	/* that are over */
	double ratios[ROUNDS_MOST];
};

static unsigned count_rounds(const struct bench_options *o)
{
	if (!o->time_ns)
		return ROUNDS_PASSES;
	return (unsigned)MIN(MAX(o->time_ns / SLICE_NS, ROUNDS_LEAST),
			     ROUNDS_MOST);
}

static int take_memory(struct comparison *c, const struct bench_point *point)
{
	const char *provider = c->set->session->options.provider;
	int code;

	code = bench_memory_take(&c->sides[PEER].memory, c->set, point,
				 provider, true);
	if (code == CLI_GO_ON)
		code = bench_memory_take(&c->sides[HOST].memory, c->set, point,
					 "host", false);
	return code;
}

/* The same for both, also where the provider has room for less. */
static int prepare(struct comparison *c, const struct bench_point *point)
{
	unsigned depth = point->depth;

	for (unsigned i = 0; i < BOTH; i++) {
		struct bench_measurement *m = &c->sides[i];
		int rc = bench_measurement_prepare(m, c->set, point);

		c->slices[i] = malloc(sizeof(*c->slices[i]));
		if (rc || !c->slices[i])
			return rc ? rc : -ENOMEM;
		depth = MIN(depth, m->args.depth);
	}
	for (unsigned i = 0; i < BOTH; i++)
		c->sides[i].args.depth = depth;
	return 0;
}

static int run_slice(struct comparison *c, unsigned side, unsigned rounds)
{
	const struct bench_options *o = &c->set->session->options;
	struct bench_measurement *m = &c->sides[side];

	m->args.time_ns = o->time_ns / rounds;
	m->args.warmup_ns = m->args.time_ns / SLICE_WARMUP;
	if (!c->rounds)
		m->args.warmup_ns = MAX(m->args.warmup_ns, o->warmup_ns);
	return bench_measurement_run(m, c->slices[side]);
}

/* A round that was cut short tells nothing of the ratio. */
static int run_round(struct comparison *c, unsigned rounds)
{
	uint64_t peer, host;
	int rc = 0;

	for (unsigned i = 0; i < BOTH && !rc; i++) {
		rc = run_slice(c, i, rounds);
		if (bench_is_over(c->set->session))
			return rc;
	}
	peer = bench_result_rate(c->slices[PEER]);
	host = bench_result_rate(c->slices[HOST]);
	if (!rc && peer && host)
		c->ratios[c->rounds++] = (double)peer / (double)host;
	return rc;
}

static bool is_hopeless(const struct comparison *c)
{
	return bench_is_over(c->set->session) ||
	       c->slices[PEER]->end == BENCH_FAILED ||
	       c->slices[HOST]->end == BENCH_FAILED;
}

static void report(struct comparison *c)
{
	struct session *s = c->set->session;
	struct report_compare compare = { .rounds = c->rounds };
	struct report_bench benches[BOTH];

	for (unsigned i = 0; i < BOTH; i++) {
		/* The settings are those of the whole, not of a slice. */
		c->sides[i].args.time_ns = s->options.time_ns;
		c->sides[i].args.warmup_ns = s->options.warmup_ns;
		bench_measurement_describe(&c->sides[i], &benches[i]);
		report_add_bench(&s->report, &benches[i], s->is_brief);
	}
	if (!c->rounds)
		return;
	spread_find(c->ratios, c->rounds, &compare.rate_ratio);
	compare.peer = &benches[PEER];
	compare.host = &benches[HOST];
	report_add_compare(&s->report, &compare, s->is_brief);
}

static int measure(struct comparison *c, const struct bench_point *point)
{
	unsigned rounds = count_rounds(&c->set->session->options);
	int rc, code = EXIT_DONE;

	rc = prepare(c, point);
	if (rc)
		return bench_fail(c->set->paths[0], rc);
	for (unsigned i = 0; i < rounds && !rc; i++) {
		rc = run_round(c, rounds);
		if (is_hopeless(c))
			break;
	}
	if (rc && !c->set->session->is_stuck)
		return EXIT_FAILED;
	report(c);
	for (unsigned i = 0; i < BOTH; i++)
		code = exit_worst(code, bench_measurement_judge(&c->sides[i]));
	return exit_worst(code, rc ? EXIT_FAILED : EXIT_DONE);
}

int bench_compare_run(struct bench_set *set, const struct bench_point *point)
{
	struct comparison c = { .set = set };
	int code;

	for (unsigned i = 0; i < BOTH; i++)
		c.sides[i].set = set;
	code = take_memory(&c, point);
	if (code == CLI_GO_ON)
		code = measure(&c, point);
	for (unsigned i = 0; i < BOTH; i++) {
		code = bench_measurement_fini(&c.sides[i], code);
		free(c.slices[i]);
	}
	return code;
}
