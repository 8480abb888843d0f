// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/bench-session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "engine/ring.h"

int bench_fail(const char *path, int rc)
{
	const char *advice = "";

	if (rc == -ENOTBLK) {
		cli_error(BENCH_NAME, "%s: is neither a block device nor a "
			  "regular file", path);
		return EXIT_FAILED;
	}
	if (rc == -EACCES || rc == -EPERM)
		advice = " (run it as root, or get access to the device)";
	else if (rc == -ENOENT)
		advice = " (a file to measure must be there: fallocate(1))";
	cli_error(BENCH_NAME, "%s: %s%s", path, strerror(-rc), advice);
	return EXIT_FAILED;
}

static void log_line(void *data, int priority, const char *line)
{
	const struct session *s = data;

	if (priority <= LOG_WARNING || s->common.is_verbose)
		cli_notice(&s->common, "%s", line);
}

/* A figure more, where it can be had. */
static void open_dram(struct session *s)
{
	int rc = p2pdma_dram_open(s->context, &s->dram);

	if (rc)
		s->dram_reason = rc == -EACCES ? "counters-not-permitted" :
						 "no-memory-counters";
}

int bench_session_open(struct session *s)
{
	int rc;

	rc = p2pdma_context_create(NULL, &s->context);
	if (rc)
		return bench_fail("/", rc);
	p2pdma_context_set_log(s->context, log_line, s);
	rc = p2pdma_topology_scan(s->context, &s->topology);
	if (rc)
		return bench_fail("PCI functions", rc);
	open_dram(s);
	return CLI_GO_ON;
}

unsigned bench_get_ring_options(const struct session *session)
{
	const struct bench_options *o = &session->options;

	return (o->is_passthrough ? RING_COMMANDS : 0) |
	       (o->is_polled ? RING_POLLED : 0) |
	       (o->is_handed ? RING_HANDED : 0);
}

int bench_session_open_ring(struct session *s)
{
	int rc = ring_open_with(1, bench_get_ring_options(s), &s->ring);

	if (!rc)
		return CLI_GO_ON;
	cli_error_no_ring(BENCH_NAME, rc);
	return EXIT_FAILED;
}

bool bench_is_over(const struct session *session)
{
	return session->signals->caught || session->is_stuck;
}

/* What is in flight owns its memory and rings until the program ends. */
void bench_session_fini(struct session *s)
{
	bench_close(s->bench);
	p2pdma_dram_close(s->dram);
	if (!s->is_stuck) {
		ring_close(s->ring);
		p2pdma_topology_destroy(s->topology);
		p2pdma_context_destroy(s->context);
	}
	report_fini(&s->report);
	free(s->cpus);
}
