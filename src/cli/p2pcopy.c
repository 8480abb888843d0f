// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows p2pcopy's options, what is said when, and its exit codes; must not
 * know how a copy is made (engine/copy-job.h) or how it looks on paper
 * (report/report-copy.h).
 */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macro.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "engine/copy-job.h"
#include "lib/p2pdma.h"
#include "report/progress.h"
#include "report/report-copy.h"

#define IO_TIMEOUT_NS	(60 * NS_PER_SEC)
/* No file reaches there; 0 is a place like others. */
#define SEEK_NONE	UINT64_MAX

struct copy_options {
	const char *provider;
	bool is_peer_required;
	uint64_t block_bytes;		/* 0: not given, like the others */
	uint64_t depth;
	uint64_t skip_bytes, seek_bytes;	/* or SEEK_NONE */
	uint64_t size_bytes;
	int verify;
	int engine;
	bool is_polled, is_handed;
	bool is_scrubbed;
	bool is_dry_run;
	bool is_forced;
	bool is_unsynced;
	uint64_t io_timeout_ns;
};

#define AT(member)	offsetof(struct copy_options, member)

static const struct cli_choice verifies[] = {
	{ "read", COPY_VERIFY_READ, "read both ends again and compare them" },
	{ "compare", COPY_VERIFY_COMPARE,
	  "have the destination drive compare, by the NVMe Compare command" },
	{ 0 }
};

static const struct cli_choice engines[] = {
	{ "auto", COPY_ENGINE_AUTO,
	  "offload where it can be, rw everywhere else" },
	{ "rw", COPY_ENGINE_RW, "reads and writes of the block layer" },
	{ "passthrough", COPY_ENGINE_PASSTHROUGH,
	  "NVMe commands past the block layer, between drives" },
	{ "offload", COPY_ENGINE_OFFLOAD,
	  "NVMe Copy: the drive by itself, inside one namespace; or else rw" },
	{ 0 }
};

static const struct cli_option options[] = {
	{ .help = "What is copied" },
	{ .name = "skip", .argument = "BYTES",
	  .help = "begin BYTES into SOURCE", .kind = CLI_SIZE,
	  .offset = AT(skip_bytes) },
	{ .name = "seek", .argument = "BYTES",
	  .help = "write BYTES into DEST, and keep what else is there",
	  .kind = CLI_SIZE, .offset = AT(seek_bytes) },
	{ .name = "size", .letter = 'n', .argument = "BYTES",
	  .help = "copy so much [to the end of SOURCE]", .kind = CLI_SIZE,
	  .offset = AT(size_bytes) },
	{ .name = "verify", .argument = "[=read|compare]",
	  .help = "afterwards read both ends again and compare, or have the "
		  "destination drive compare; exit code 4 where they differ",
	  .kind = CLI_CHOICE, .choices = verifies, .preset = "read",
	  .offset = AT(verify) },
	{ .name = "no-sync",
	  .help = "be done before the data is on stable media",
	  .kind = CLI_FLAG, .offset = AT(is_unsynced) },

	{ .help = "Where the buffers lie" },
	{ .name = "provider", .letter = 'p', .argument = "auto|host|FUNCTION",
	  .help = "auto [default]: the best provider that both ends reach, or "
		  "else host memory and a notice",
	  .kind = CLI_TEXT, .offset = AT(provider) },
	{ .name = "require-peer",
	  .help = "exit code 3 instead of going through host memory",
	  .kind = CLI_FLAG, .offset = AT(is_peer_required) },
	{ .name = "scrub",
	  .help = "overwrite our peer memory before it is given back",
	  .kind = CLI_FLAG, .offset = AT(is_scrubbed) },
	{ .name = "block-size", .letter = 'b', .argument = "BYTES",
	  .help = "bytes a transfer, in multiples of 4K [1M, or what the "
		  "drives take at once]",
	  .kind = CLI_SIZE, .offset = AT(block_bytes), .least = 1,
	  .most = 256 * MIB, .aliases = { "bs" } },
	{ .name = "depth", .letter = 'd', .argument = "N",
	  .help = "blocks in flight [8M of them, of host memory 16M, or what "
		  "the provider has room for]",
	  .kind = CLI_NUMBER, .offset = AT(depth), .least = 1, .most = 4096,
	  .aliases = { "iodepth" } },

	{ .help = "By what means" },
	{ .name = "engine", .argument = "NAME",
	  .help = "rw: block I/O; passthrough: NVMe commands; offload: the "
		  "drive copies by itself, inside one namespace; auto "
		  "[default]: offload where it can be, else rw",
	  .kind = CLI_CHOICE, .choices = engines, .offset = AT(engine) },
	{ .name = "iopoll",
	  .help = "poll for completions; needs drives with poll queues "
		  "(nvme.poll_queues)",
	  .kind = CLI_FLAG, .offset = AT(is_polled) },
	{ .name = "sqpoll",
	  .help = "let a thread of the kernel's take the requests",
	  .kind = CLI_FLAG, .offset = AT(is_handed) },

	{ .help = "Safety" },
	{ .name = "dry-run",
	  .help = "print the plan and every guard's answer; open nothing for "
		  "writing",
	  .kind = CLI_FLAG, .offset = AT(is_dry_run) },
	{ .name = "force",
	  .help = "write over a device that is mounted, in use, or bears a "
		  "signature",
	  .kind = CLI_FLAG, .offset = AT(is_forced) },
	{ .name = "io-timeout", .argument = "DURATION",
	  .help = "give up when nothing completes for so long [60s]; 0: never",
	  .kind = CLI_DURATION, .offset = AT(io_timeout_ns) },
};

static const struct cli_choice formats[] = {
	{ "text", WRITER_TEXT, "lines for people" },
	{ "json", WRITER_JSON, "one object with everything" },
	{ 0 }
};

static const struct cli_program program = {
	.name = "p2pcopy",
	.usage = "[OPTION]... SOURCE DEST",
	.summary = "Copy between NVMe drives through PCI peer memory.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.has = CLI_HAS_PROGRESS,
	.epilog = "SOURCE and DEST are block devices, partitions or regular "
		  "files; DEST may be a\ndirectory.",
};

/* One run of the program. */
struct session {
	struct cli_common common;
	struct copy_options options;
	struct p2pdma_context *context;
	struct p2pdma_topology *topology;
	struct copy_job job;
	struct output output;
	struct report report;
	struct progress progress;
	const char *told_fallback;	/* the id that was said last */
	bool is_offload_told;
};

/* --- signals ------------------------------------------------------------ */

static volatile sig_atomic_t caught;

static void catch(int signal)
{
	caught = signal;
}

/* The second one ends us at once. */
static void catch_signals(void)
{
	struct sigaction action = {
		.sa_handler = catch,
		.sa_flags = (int)SA_RESETHAND,
	};

	exit_catch(&action);
}

/* --- what is said ------------------------------------------------------- */

static void log_line(void *data, int priority, const char *line)
{
	const struct session *s = data;

	if (priority <= LOG_WARNING || s->common.is_verbose)
		cli_notice(&s->common, "%s", line);
}

static void tick(void *data, uint64_t done_bytes, uint64_t total_bytes)
{
	struct session *s = data;
	const struct progress_tick now = {
		.done_bytes = done_bytes,
		.total_bytes = total_bytes,
	};

	progress_update(&s->progress, &now);
}

/* Host memory in place of peer memory is never silent: also with --quiet. */
static void tell_fallback(struct session *s)
{
	const struct p2pdma_reason *why = &s->job.memory.why;

	if (!why->id || why->id == s->told_fallback ||
	    s->job.args.is_peer_required)
		return;
	s->told_fallback = why->id;
	cli_error(program.name, "host memory instead of peer memory: %s%s%s: "
		  "%s", why->id, why->at ? " at " : "",
		  why->at ? why->at->address : "", why->advice);
}

/* A drive that was to copy by itself and does not: as loud as above. */
static void tell_offload(struct session *s)
{
	if (!*s->job.why_not_offloaded || s->is_offload_told)
		return;
	s->is_offload_told = true;
	cli_error(program.name, "reading and writing instead of NVMe Copy: %s",
		  s->job.why_not_offloaded);
}

static void tell_plan(struct session *s)
{
	const struct copy_job *job = &s->job;

	tell_offload(s);
	tell_fallback(s);
	if (job->is_source_changing)
		cli_notice(&s->common, "%s is mounted and may change while it "
			   "is read: the copy may not be consistent",
			   job->args.source);
	if (job->memory.is_block_changed)
		cli_notice(&s->common, "--block-size: %u bytes, because that "
			   "is what %s takes at once",
			   job->memory.block_bytes, job->memory.provider ?
			   "the route through peer memory" : "a drive");
}

static const char *get_advice(int rc)
{
	switch (-rc) {
	case EACCES:
		return " (run it as root, or get access to it)";
	case EPERM:
	case ENOSYS:
		return " (as root? is kernel.io_uring_disabled set?)";
	case EISDIR:
	case ENOTBLK:
		return " (give a block device or a regular file)";
	case ETIMEDOUT:
		return " (it does not answer: see the kernel log)";
	case ENXIO:
		return " (it ended early: was it removed, or cut?)";
	default:
		return "";
	}
}

static int blame_no_peer(const struct session *s)
{
	const struct p2pdma_reason *why = &s->job.memory.why;

	cli_error(program.name, "%s: %s%s%s: %s", s->job.tried,
		  why->id ? why->id : "no reason is known",
		  why->at ? " at " : "", why->at ? why->at->address : "",
		  why->advice);
	return EXIT_MACHINE;
}

static bool is_forcible(const struct copy_job *job)
{
	return !job->refusal || job->refusal->guard->can_be_forced;
}

/* Data that differs from a host read is exit code 4 nowhere but in verify. */
static int blame(const struct session *s, int rc)
{
	const struct copy_job *job = &s->job;

	switch (job->trouble) {
	case COPY_JOB_WRONG:
		cli_error(program.name, "%s", job->tried);
		return EXIT_USAGE;
	case COPY_JOB_UNABLE:
		cli_error(program.name, "%s", job->tried);
		return EXIT_MACHINE;
	case COPY_JOB_REJECTED:
		cli_error(program.name, "%s", job->tried);
		return EXIT_FAILED;
	case COPY_JOB_REFUSED:
		cli_error(program.name, "refused: %s%s", job->tried,
			  is_forcible(job) && !job->args.is_forced ?
			  " (or --force)" : "");
		return EXIT_REFUSED;
	case COPY_JOB_NO_PEER:
		return blame_no_peer(s);
	case COPY_JOB_INTERRUPTED:
		cli_error(program.name, "interrupted: what is in flight was "
			  "awaited");
		return 128 + (int)caught;
	case COPY_JOB_NONE:
	case COPY_JOB_FAILED:
		break;
	}
	cli_error(program.name, "%s: %s%s", job->tried, strerror(-rc),
		  get_advice(rc));
	return EXIT_FAILED;
}

/* --- the steps ---------------------------------------------------------- */

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
	cli_error(program.name, "look for PCI functions below /sys: %s",
		  strerror(-rc));
	return EXIT_FAILED;
}

static int plan(struct session *s)
{
	const struct copy_options *o = &s->options;
	bool is_seek_given = o->seek_bytes != SEEK_NONE;
	const struct copy_job_args args = {
		.source = s->common.operands[0],
		.destination = s->common.operands[1],
		.skip_bytes = o->skip_bytes,
		.seek_bytes = is_seek_given ? o->seek_bytes : 0,
		.is_seek_given = is_seek_given,
		.size_bytes = o->size_bytes,
		.provider = o->provider,
		.block_bytes = o->block_bytes,
		.depth = (unsigned)o->depth,
		.is_peer_required = o->is_peer_required,
		.engine = (enum copy_engine)o->engine,
		.is_polled = o->is_polled,
		.is_handed = o->is_handed,
		.is_scrubbed = o->is_scrubbed,
		.verify = (enum copy_verify)o->verify,
		.is_forced = o->is_forced,
		.is_synced = !o->is_unsynced,
		.io_timeout_ns = o->io_timeout_ns,
		.stop = &caught,
		.tick = tick,
		.tick_data = s,
	};
	int rc;

	rc = copy_job_plan(&s->job, s->context, s->topology, &args);
	tell_plan(s);
	return rc ? blame(s, rc) : EXIT_DONE;
}

static int copy(struct session *s)
{
	int rc;

	rc = copy_job_open(&s->job);
	tell_fallback(s);
	if (rc)
		return blame(s, rc);
	progress_init(&s->progress, (enum progress_mode)s->common.progress,
		      stderr);
	rc = copy_job_run(&s->job);
	progress_finish(&s->progress);
	tell_offload(s);
	tell_fallback(s);
	return rc ? blame(s, rc) : EXIT_DONE;
}

static int verify(struct session *s)
{
	const struct verify_result *v = &s->job.verified;
	int rc;

	progress_init(&s->progress, (enum progress_mode)s->common.progress,
		      stderr);
	rc = copy_job_verify(&s->job);
	progress_finish(&s->progress);
	if (*s->job.why_not_compared)
		cli_error(program.name, "verified by reading instead of "
			  "comparing: %s", s->job.why_not_compared);
	if (rc)
		return blame(s, rc);
	if (!v->mismatched_bytes)
		return EXIT_DONE;
	cli_error(program.name, "%s differs from %s in %llu bytes, first %llu "
		  "bytes after the start of the copy",
		  s->job.destination_path, s->job.args.source,
		  (unsigned long long)v->mismatched_bytes,
		  (unsigned long long)v->first_mismatch_bytes);
	return EXIT_DIFFERS;
}

/* A plan that came to nothing has no report; a copy that began always has. */
static int run(struct session *s)
{
	int code = scan(s);

	if (code)
		return code;
	code = plan(s);
	if (code == EXIT_DONE && !s->options.is_dry_run)
		code = copy(s);
	if (code == EXIT_DONE && s->job.is_run && s->options.verify)
		code = verify(s);
	if (!s->job.is_run && !(s->options.is_dry_run &&
				s->job.memory.block_bytes))
		return code;
	report_init(&s->report, program.name);
	report_copy(&s->report, &s->job, s->options.is_dry_run);
	return exit_worst(code, output_report_to(&s->common, &s->report,
						 &s->output));
}

/* What was asked for and not done is a failure. */
static int tell_scrub(const struct session *s, int code)
{
	const struct memory *m = &s->job.memory;
	bool is_left = s->job.is_silent && m->provider && m->pool;

	if (!s->options.is_scrubbed || (!m->scrub_error && !is_left))
		return code;
	cli_error(program.name, "--scrub: peer memory was given back with "
		  "what is in it: %s", is_left ? "a drive may still write to "
		  "it" : strerror(-m->scrub_error));
	return exit_worst(code, EXIT_FAILED);
}

static int fini(struct session *s, int code)
{
	output_discard(&s->output);
	report_fini(&s->report);
	copy_job_fini(&s->job);
	code = tell_scrub(s, code);
	/* Closing a drive that does not answer can wait for ever. */
	if (s->job.is_silent)
		_exit(code);
	p2pdma_topology_destroy(s->topology);
	p2pdma_context_destroy(s->context);
	return code;
}

static bool is_host_wanted(const char *provider)
{
	return provider && (!strcmp(provider, "host") ||
			    !strcmp(provider, "none"));
}

static int check_usage(const struct session *s)
{
	if (s->options.is_peer_required &&
	    is_host_wanted(s->options.provider)) {
		cli_error(program.name, "--require-peer: contradicts "
			  "--provider=%s (leave one of them away)",
			  s->options.provider);
		return EXIT_USAGE;
	}
	if (s->common.operand_count == 2)
		return CLI_GO_ON;
	cli_error(program.name, "needs SOURCE and DEST, not %zu operand%s (see "
		  "--help)", s->common.operand_count,
		  s->common.operand_count == 1 ? "" : "s");
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct session s = {
		.options = {
			.seek_bytes = SEEK_NONE,
			.size_bytes = COPY_SIZE_REST,
			.io_timeout_ns = IO_TIMEOUT_NS,
		},
	};
	int code, rc;

	output_hold_standard();
	setlocale(LC_CTYPE, "");
	code = cli_parse(&program, argc, argv, &s.common, &s.options);
	if (code == CLI_GO_ON)
		code = check_usage(&s);
	if (code != CLI_GO_ON)
		return code;
	rc = output_open(&s.output, s.common.output);
	if (rc) {
		cli_error(program.name, "%s: %s", s.common.output,
			  strerror(-rc));
		return EXIT_FAILED;
	}
	catch_signals();
	code = run(&s);
	return fini(&s, code);
}
