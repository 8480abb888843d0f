// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how p2pbench gets its buffers, and how it says that they are not what
 * was hoped for; must not know what is measured with them.
 */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "cli/bench.h"

static int blame_provider(const char *provider,
			  const struct p2pdma_reason *why)
{
	cli_error(BENCH_NAME, "--provider=%s: %s%s%s: %s", provider, why->id,
		  why->at ? " at " : "", why->at ? why->at->address : "",
		  why->advice);
	return !strcmp(why->id, "probe-data-differs") ? EXIT_DIFFERS :
							EXIT_MACHINE;
}

static int blame_memory(const struct memory *m, const struct bench_set *set,
			const struct bench_point *point, int rc)
{
	if (rc == -ENXIO && m->no.id)
		return blame_provider(m->wish.provider, &m->no);
	if (m->failed) {
		cli_error(BENCH_NAME, "%s: %s", m->failed->path,
			  rc == -ETIMEDOUT ? "does not answer" :
					     strerror(-rc));
		return EXIT_FAILED;
	}
	cli_error(BENCH_NAME, "%s: memory for %u blocks of %u bytes: %s",
		  set->paths[0], point->depth * point->jobs,
		  point->block_bytes, strerror(-rc));
	return EXIT_FAILED;
}

/* Host memory in place of peer memory is never silent: also with --quiet. */
static void tell_fallback(const struct memory *m, const struct bench_set *set)
{
	const struct p2pdma_reason *why = &m->why;

	if (!why->id)
		return;
	cli_error(BENCH_NAME, "%s: host memory instead of peer memory%s%s: "
		  "%s%s%s: %s", set->paths[0], m->why_provider ? " of " : "",
		  m->why_provider ? m->why_provider->address : "",
		  why->id, why->at ? " at " : "",
		  why->at ? why->at->address : "", why->advice);
}

int bench_memory_plan(struct memory *memory, const struct bench_set *set,
		      const struct bench_point *point, const char *provider)
{
	unsigned slots = point->depth * point->jobs;
	const struct memory_wish wish = {
		.provider = provider,
		.is_asked_anyway = true,
		.block_bytes = point->block_bytes,
		.is_block_fixed = true,
		.is_scrubbed = set->session->options.is_scrubbed,
		.depth = slots,
		.depth_least = point->is_depth_fixed ? slots : point->jobs,
		.size_bytes = UINT64_MAX,
	};
	struct memory_place place = {
		.context = set->session->context,
		.topology = set->session->topology,
	};

	for (unsigned i = 0; i < set->workload->targets; i++) {
		if (bench_set_reads(set, i))
			place.source = set->facts[i];
		if (bench_set_writes(set, i))
			place.destination = set->facts[i];
	}
	return memory_plan(memory, &place, &wish);
}

/* By the session's only ring: a new one so soon could lose requests. */
static int take(struct memory *m, const struct bench_set *set)
{
	struct session *s = set->session;
	struct memory_trial trial = {
		.io_timeout_ns = s->options.io_timeout_ns,
		.ring = &s->ring,
	};
	int rc;

	for (unsigned i = 0; i < set->workload->targets; i++) {
		if (bench_set_reads(set, i))
			trial.source = set->endpoints[i];
		if (bench_set_writes(set, i))
			trial.destination = set->endpoints[i];
	}
	rc = memory_take(m, &trial);
	s->is_stuck |= rc == -ETIMEDOUT;
	return rc;
}

/* Only what comes from the slots is worth filling them for. */
static int fill(const struct memory *m, const struct bench_set *set)
{
	return bench_set_writes(set, 0) ?
		       bench_fill(m->pool, set->session->options.seed) : 0;
}

int bench_memory_try(struct memory *memory, const struct bench_set *set,
		     const struct bench_point *point, const char *provider)
{
	int rc;

	rc = bench_memory_plan(memory, set, point, provider);
	if (!rc)
		rc = take(memory, set);
	return rc ? rc : fill(memory, set);
}

int bench_memory_take(struct memory *memory, const struct bench_set *set,
		      const struct bench_point *point, const char *provider,
		      bool is_required)
{
	int rc;

	rc = bench_memory_try(memory, set, point, provider);
	if (rc)
		return blame_memory(memory, set, point, rc);
	if (memory->why.id && (is_required || strcmp(provider, "auto")))
		return blame_provider(provider, &memory->why);
	tell_fallback(memory, set);
	return CLI_GO_ON;
}
