// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how p2pcopy begins and ends; must not know how a copy goes
 * (copy-one.h, copy-many.h) nor which options there are (copy-options.h).
 */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "cli/apart.h"
#include "cli/cli.h"
#include "cli/copy-many.h"
#include "cli/copy-one.h"
#include "cli/copy-options.h"
#include "cli/output.h"
#include "lib/p2pdma.h"

/* One run of the program. */
struct session {
	struct cli_common common;
	struct copy_options options;
	struct p2pdma_context *context;
	struct p2pdma_topology *topology;
	struct output output;
	struct output sums;		/* the file of --checksum */
	struct apart_signals *signals;
	bool is_silent;			/* closing anything could wait */
};

/* --- the run ------------------------------------------------------------ */

static void log_line(void *data, int priority, const char *line)
{
	const struct session *s = data;

	if (priority <= LOG_WARNING || s->common.is_verbose)
		cli_notice(&s->common, "%s", line);
}

static int scan(struct session *s)
{
	int rc;

	rc = p2pdma_context_create(NULL, &s->context);
	if (!rc) {
		p2pdma_context_set_log(s->context, log_line, s);
		rc = p2pdma_topology_scan(s->context, &s->topology);
	}
	if (!rc)
		return EXIT_DONE;
	cli_error(copy_program.name, "look for PCI functions below /sys: %s",
		  strerror(-rc));
	return EXIT_FAILED;
}

static int run_many(struct session *s)
{
	const struct copy_options *o = &s->options;
	const struct copy_many wish = {
		.common = &s->common,
		.args = {
			.context = s->context,
			.topology = s->topology,
			.provider = o->provider,
			.block_bytes = o->block_bytes,
			.depth = (unsigned)o->depth,
			.is_peer_required = o->is_peer_required,
			.is_scrubbed = o->is_scrubbed,
			.is_recursive = o->is_recursive,
			.is_sole = !o->manifest &&
				   s->common.operand_count == 2,
			.is_preserved = o->is_preserved,
			.is_sparse = o->sparse == SPARSE_AUTO,
			.is_verified = o->verify,
			.is_compared = o->verify == COPY_VERIFY_COMPARE,
			.engine = (enum copy_engine)o->engine,
			.is_polled = o->is_polled,
			.is_in_place = o->is_in_place,
			.is_continued = o->on_error == ON_ERROR_CONTINUE,
			.is_handed = o->is_handed,
			.retries = (unsigned)o->retries,
			.rate_bytes_per_sec = o->rate,
			.checksum = o->sum.name,
			.journal = o->journal,
			.is_resumed = o->is_resumed,
			.report_path = s->common.output,
			.sums_path = o->sum.file,
			.journal_interval_ns = o->journal_interval_ns,
			.is_synced = !o->is_unsynced,
			.is_forced = o->is_forced,
			.is_planned = o->is_dry_run,
			.shard_index = o->shard.index,
			.shard_count = o->shard.count,
			.io_timeout_ns = o->io_timeout_ns,
			.stop = &s->signals->caught,
		},
		.asked = &s->signals->asked,
		.is_excused = &s->signals->is_excused,
		.manifest = o->manifest,
		.is_nul = o->is_nul,
		.destinations = (unsigned)o->destinations,
		.also = o->also.items,
		.also_count = (unsigned)o->also.count,
		.output = &s->output,
		.sums = o->sum.file ? &s->sums : NULL,
	};

	return copy_many(&wish, &s->is_silent);
}

static int run_one(struct session *s)
{
	const struct copy_one wish = {
		.common = &s->common,
		.options = &s->options,
		.context = s->context,
		.topology = s->topology,
		.output = &s->output,
		.sums = &s->sums,
		.stop = &s->signals->caught,
		.asked = &s->signals->asked,
		.is_excused = &s->signals->is_excused,
	};

	return copy_one(&wish, &s->is_silent);
}

static int run(struct session *s)
{
	int code = scan(s);

	if (code)
		return code;
	return copy_options_are_many(&s->common, &s->options) ? run_many(s) :
								run_one(s);
}

static int fini(struct session *s, int code)
{
	output_discard(&s->sums);
	output_discard(&s->output);
	free(s->options.also.items);
	/* Closing a drive that does not answer can wait for ever. */
	if (s->is_silent)
		apart_leave(code);
	p2pdma_topology_destroy(s->topology);
	p2pdma_context_destroy(s->context);
	return code;
}

static bool open_output(struct output *output, const char *path)
{
	int rc = output_open(output, path);

	if (rc)
		cli_error(copy_program.name, "%s: %s", path, strerror(-rc));
	return !rc;
}

/* What it was, only the one who is held knew. */
static int tell_held(void *data)
{
	const struct session *s = data;

	cli_error(copy_program.name, "nothing has happened for --io-timeout: "
		  "a drive or a file system does not answer (see the kernel "
		  "log)");
	return s->options.journal ? EXIT_INCOMPLETE : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	struct session s = { .is_silent = false };
	int code;

	copy_options_init(&s.options);
	output_hold_standard();
	setlocale(LC_CTYPE, "");
	code = cli_parse(&copy_program, argc, argv, &s.common, &s.options);
	if (code == CLI_GO_ON)
		code = copy_options_check(&s.common, &s.options);
	if (code == CLI_GO_ON)
		code = apart_begin(&(const struct apart_limit){
			.idle_ns = s.options.io_timeout_ns,
			.tell = tell_held, .data = &s }, &s.signals);
	if (code != CLI_GO_ON) {
		free(s.options.also.items);
		return code;
	}
	if (!open_output(&s.output, s.common.output) ||
	    (s.options.sum.file &&
	     !open_output(&s.sums, s.options.sum.file))) {
		output_discard(&s.output);
		return EXIT_FAILED;
	}
	code = run(&s);
	return fini(&s, code);
}
