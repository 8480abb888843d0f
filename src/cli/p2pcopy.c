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

#include "base/bytes.h"
#include "base/clock.h"
#include "base/macro.h"
#include "cli/cli.h"
#include "cli/copy-many.h"
#include "cli/launcher.h"
#include "cli/output.h"
#include "engine/copy-job.h"
#include "lib/p2pdma.h"
#include "report/progress.h"
#include "report/report-copy.h"

#define IO_TIMEOUT_NS	(60 * NS_PER_SEC)
/* No file reaches there; 0 is a place like others. */
#define SEEK_NONE	UINT64_MAX
#define BLOCK_STEP	4096

#define JOURNAL_INTERVAL_NS	(10 * NS_PER_SEC)

enum sparse {
	SPARSE_AUTO = 0,
	SPARSE_NEVER,
};

enum on_error {
	ON_ERROR_STOP = 0,
	ON_ERROR_CONTINUE,
};

/* "sha256:FILE" */
struct sum_wish {
	const char *name;		/* NULL: none */
	const char *file;		/* NULL: with the report */
};

struct copy_options {
	const char *provider;
	bool is_peer_required;
	uint64_t block_bytes;		/* 0: not given, like the others */
	uint64_t depth;
	uint64_t skip_bytes, seek_bytes;	/* or SEEK_NONE */
	uint64_t size_bytes;
	bool is_recursive, is_preserved;
	const char *manifest;
	bool is_nul;
	struct launcher_place shard;	/* count 0: not given */
	int verify;
	int engine;
	bool is_polled, is_handed;
	bool is_scrubbed;
	bool is_dry_run;
	bool is_forced;
	bool is_unsynced;
	bool is_in_place;
	int sparse;
	struct cli_list also;
	const char *journal;
	bool is_resumed;
	uint64_t journal_interval_ns;
	int on_error;
	uint64_t retries;
	uint64_t rate;
	struct sum_wish sum;
	uint64_t io_timeout_ns;
};

#define AT(member)	offsetof(struct copy_options, member)

static int parse_sum(const char *text, void *value)
{
	size_t length = strcspn(text, ":");
	struct sum_wish *wish = value;
	const char *name;

	for (unsigned i = 0; (name = checksum_get_name(i)); i++) {
		if (strlen(name) != length || strncmp(text, name, length))
			continue;
		wish->name = name;
		wish->file = text[length] ? text + length + 1 : NULL;
		return text[length] && !*wish->file ? -EINVAL : 0;
	}
	return -EINVAL;
}

static const struct cli_choice sparses[] = {
	{ "auto", SPARSE_AUTO, "holes of a file stay holes" },
	{ "never", SPARSE_NEVER, "they are written as zeros" },
	{ 0 }
};

static const struct cli_choice on_errors[] = {
	{ "stop", ON_ERROR_STOP, "the first error ends the copy" },
	{ "continue", ON_ERROR_CONTINUE, "go round single bad blocks" },
	{ 0 }
};

static const struct cli_choice verifies[] = {
	{ "read", COPY_VERIFY_READ, "read both ends again and compare them" },
	{ "compare", COPY_VERIFY_COMPARE,
	  "have the destination drive compare, by the NVMe Compare command" },
	{ 0 }
};

static int parse_shard(const char *text, void *value)
{
	return launcher_parse(text, value) ? -EINVAL : 0;
}

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
	  .offset = AT(skip_bytes), .most = INT64_MAX },
	{ .name = "seek", .argument = "BYTES",
	  .help = "write BYTES into DEST, and keep what else is there",
	  .kind = CLI_SIZE, .offset = AT(seek_bytes), .most = INT64_MAX },
	{ .name = "size", .letter = 'n', .argument = "BYTES",
	  .help = "copy so much [to the end of SOURCE]", .kind = CLI_SIZE,
	  .offset = AT(size_bytes), .most = INT64_MAX },
	{ .name = "recursive", .letter = 'r',
	  .help = "directories with all that is in them",
	  .kind = CLI_FLAG, .offset = AT(is_recursive) },
	{ .name = "preserve",
	  .help = "mode, owner, times and extended attributes, too",
	  .kind = CLI_FLAG, .offset = AT(is_preserved) },
	{ .name = "manifest", .argument = "FILE|-",
	  .help = "instead of operands, lines of SOURCE, a tab, DEST; a line "
		  "of result each",
	  .kind = CLI_TEXT, .offset = AT(manifest) },
	{ .name = "null", .letter = '0',
	  .help = "the manifest is SOURCE, NUL, DEST, NUL instead",
	  .kind = CLI_FLAG, .offset = AT(is_nul) },
	{ .name = "shard", .argument = "K/N|auto",
	  .help = "of all bytes the K-th of N parts; auto: as the launcher "
		  "of parallel programs says",
	  .kind = CLI_PARSED, .parse = parse_shard, .offset = AT(shard) },
	{ .name = "verify", .argument = "[=read|compare]",
	  .help = "afterwards read both ends again and compare, or have the "
		  "destination drive compare; exit code 4 where they differ",
	  .kind = CLI_CHOICE, .choices = verifies, .preset = "read",
	  .offset = AT(verify) },
	{ .name = "checksum", .argument = "ALGO[:FILE]",
	  .help = "sha256, xxh128, xxh64, sha512, sha1, md5 or b2 of what was "
		  "copied, in a line (into FILE) that ALGOsum -c reads",
	  .kind = CLI_PARSED, .parse = parse_sum, .offset = AT(sum) },
	{ .name = "sparse", .argument = "auto|never",
	  .help = "auto [default]: holes of a file stay holes",
	  .kind = CLI_CHOICE, .choices = sparses, .offset = AT(sparse) },
	{ .name = "also", .argument = "DEST",
	  .help = "write what was read to this one, too; may be given again",
	  .kind = CLI_LIST, .offset = AT(also) },
	{ .name = "in-place",
	  .help = "write a file itself, instead of one that takes its name "
		  "when it is complete",
	  .kind = CLI_FLAG, .offset = AT(is_in_place) },
	{ .name = "rate", .argument = "BYTES",
	  .help = "copy no more than so much a second", .kind = CLI_SIZE,
	  .offset = AT(rate), .least = 1 },
	{ .name = "no-sync",
	  .help = "be done before the data is on stable media",
	  .kind = CLI_FLAG, .offset = AT(is_unsynced) },

	{ .help = "Where the buffers lie" },
	{ .name = "provider", .letter = 'p',
	  .argument = "auto|host|FUNCTION[,...]",
	  .help = "auto [default]: the best provider that both ends reach, or "
		  "else host memory and a notice; several are used side by "
		  "side",
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

	{ .help = "Errors, and going on after them" },
	{ .name = "journal", .argument = "FILE",
	  .help = "keep in FILE, safe from crashes, what is done: a map as GNU "
		  "ddrescue's (means --in-place)",
	  .kind = CLI_TEXT, .offset = AT(journal) },
	{ .name = "resume",
	  .help = "go on from the journal, if it is there",
	  .kind = CLI_FLAG, .offset = AT(is_resumed) },
	{ .name = "journal-interval", .argument = "DURATION",
	  .help = "after a crash, copy no more than so long again [10s]",
	  .kind = CLI_DURATION,
	  .offset = AT(journal_interval_ns), .least = NS_PER_MS },
	{ .name = "on-error", .argument = "stop|continue",
	  .help = "continue: what fails is tried in smaller pieces down to "
		  "single blocks, and the rest is copied",
	  .kind = CLI_CHOICE, .choices = on_errors, .offset = AT(on_error) },
	{ .name = "retries", .argument = "N",
	  .help = "read again what a drive could not read so often [0]",
	  .kind = CLI_NUMBER, .offset = AT(retries), .most = 1000 },

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
	.usage = "[OPTION]... SOURCE... DEST",
	.summary = "Copy between NVMe drives through PCI peer memory.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.has = CLI_HAS_PROGRESS,
	.epilog = "SOURCE and DEST are block devices, partitions or regular "
		  "files; DEST may be a\ndirectory, and has to be for "
		  "several sources. One of them may be a BAR,\n"
		  "pci:FUNCTION/barN[+OFFSET], that the processor copies.",
};

/* One run of the program. */
struct session {
	struct cli_common common;
	struct copy_options options;
	struct p2pdma_context *context;
	struct p2pdma_topology *topology;
	struct copy_job job;
	struct output output;
	struct output sums;		/* the file of --checksum */
	struct report report;
	struct progress progress;
	const char *told_fallback;	/* the id that was said last */
	bool is_offload_told;
	bool is_copied;			/* but for what was told of */
};

/* --- signals ------------------------------------------------------------ */

static volatile sig_atomic_t caught;

static void catch(int signal)
{
	caught = signal;
}

/* As dd: how far is it? */
static volatile sig_atomic_t asked;

static void ask(int signal)
{
	asked = signal;
}

/* The second one ends us at once. */
static void catch_signals(void)
{
	struct sigaction action = {
		.sa_handler = catch,
		.sa_flags = (int)SA_RESETHAND,
	};

	exit_catch(&action);
	sigaction(SIGUSR1, &(const struct sigaction){
			  .sa_handler = ask, .sa_flags = SA_RESTART }, NULL);
}

/* --- what is said ------------------------------------------------------- */

static void log_line(void *data, int priority, const char *line)
{
	const struct session *s = data;

	if (priority <= LOG_WARNING || s->common.is_verbose)
		cli_notice(&s->common, "%s", line);
}

/* A line as dd's, whatever becomes of the progress line. */
static void tell_status(const struct session *s, uint64_t done_bytes)
{
	uint64_t passed = clock_now_ns() - s->progress.started_ns;
	char size[32], time[32], rate[64];

	asked = 0;
	progress_step_aside();
	fprintf(stderr, "%llu bytes (%s) copied, %s, %s\n",
		(unsigned long long)done_bytes,
		bytes_format(done_bytes, size, sizeof(size)),
		clock_format_duration(passed, time, sizeof(time)),
		bytes_format_rate(bytes_rate(done_bytes, passed), rate,
				  sizeof(rate)));
}

static void tick(void *data, uint64_t done_bytes, uint64_t total_bytes)
{
	struct session *s = data;
	const struct progress_tick now = {
		.done_bytes = done_bytes,
		.total_bytes = total_bytes,
	};

	progress_update(&s->progress, &now);
	if (asked)
		tell_status(s, done_bytes);
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

/* Of several that were named, one that does not take part. */
static void tell_partner(const struct session *s)
{
	const struct memory *m = &s->job.memory;

	if (m->partner_why.id)
		cli_error(program.name, "%s is not used beside %s: %s: %s",
			  m->partner_why_provider->address, m->providers,
			  m->partner_why.id, m->partner_why.advice);
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

static void tell_block(const struct session *s)
{
	const struct memory *memory = &s->job.memory;

	if (s->options.block_bytes - memory->block_bytes < BLOCK_STEP)
		cli_notice(&s->common, "--block-size: %u bytes, because it is "
			   "a multiple of %u", memory->block_bytes,
			   (unsigned)BLOCK_STEP);
	else
		cli_notice(&s->common, "--block-size: %u bytes, because that "
			   "is what %s takes at once", memory->block_bytes,
			   memory->provider ? "the route through peer memory" :
					      "a drive");
}

static void tell_plan(struct session *s)
{
	const struct copy_job *job = &s->job;

	tell_offload(s);
	tell_fallback(s);
	if (job->bar && bar_is_meant(job->args.source))
		cli_notice(&s->common, "%s is read by the processor, a word "
			   "at a time: expect 5 to 15 MB/s", job->args.source);
	if (job->is_source_changing)
		cli_notice(&s->common, "%s is mounted and may change while it "
			   "is read: the copy may not be consistent",
			   job->args.source);
	if (job->memory.is_block_changed)
		tell_block(s);
}

static const char *get_advice(int rc)
{
	switch (-rc) {
	case EACCES:
		return " (run it as root, or get access to it)";
	case EPERM:
		return " (as root? is a file immutable?)";
	case EISDIR:
	case ENOTBLK:
		return " (give a block device or a regular file)";
	case ETIMEDOUT:
		return " (it does not answer: see the kernel log)";
	case ENOSPC:
		return " (is it full? a drive: was it removed?)";
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

static bool tell_resume(const struct session *s)
{
	if (!copy_job_is_resumable(&s->job))
		return false;
	cli_error(program.name, "what is done is in %s: the same command with "
		  "--resume goes on from there", s->job.args.journal);
	return true;
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
		tell_resume(s);
		return 128 + (int)caught;
	case COPY_JOB_NO_RING:
		cli_error_no_ring(program.name, rc);
		return EXIT_FAILED;
	case COPY_JOB_NONE:
	case COPY_JOB_FAILED:
		break;
	}
	cli_error(program.name, "%s: %s%s", job->tried, strerror(-rc),
		  get_advice(rc));
	return tell_resume(s) ? EXIT_INCOMPLETE : EXIT_FAILED;
}

/* Of several destinations, those that were given up. */
static int tell_drops(const struct session *s)
{
	const struct copy_job *job = &s->job;

	for (unsigned i = 0; i <= job->also_count; i++) {
		const struct copy_error *e = copy_job_get_drop(job, i);

		if (e->side)
			cli_error(program.name, "write %s at %llu: %s: it was "
				  "dropped, and is not complete",
				  copy_job_get_leg(job, i)->destination_path,
				  (unsigned long long)e->offset_bytes,
				  strerror(-e->error));
	}
	return job->result.dropped ? EXIT_FAILED : EXIT_DONE;
}

static int tell_bad(const struct session *s)
{
	const struct copy_result *r = &s->job.result;

	if (!r->bad_bytes)
		return EXIT_DONE;
	cli_error(program.name, "%llu bytes could not be %s: %s: where is in "
		  "the report%s", (unsigned long long)r->bad_bytes,
		  r->read_error ? "read" : "written",
		  strerror(-(r->read_error ? r->read_error : r->write_error)),
		  s->job.args.journal ? " and in the journal" : "");
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
		.is_in_place = o->is_in_place,
		.is_sparse = o->sparse == SPARSE_AUTO,
		.also = o->also.items,
		.also_count = (unsigned)o->also.count,
		.journal = o->journal,
		.is_resumed = o->is_resumed,
		.journal_interval_ns = o->journal_interval_ns,
		.is_continued = o->on_error == ON_ERROR_CONTINUE,
		.retries = (unsigned)o->retries,
		.rate_bytes_per_sec = o->rate,
		.checksum = o->sum.name,
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
	tell_partner(s);
	if (rc)
		return blame(s, rc);
	progress_init(&s->progress, (enum progress_mode)s->common.progress,
		      stderr);
	rc = copy_job_run(&s->job);
	progress_finish(&s->progress);
	tell_offload(s);
	tell_fallback(s);
	if (rc)
		return blame(s, rc);
	s->is_copied = true;
	return exit_worst(tell_drops(s), tell_bad(s));
}

/* A line for each destination that has it. */
static void print_sums(const struct session *s)
{
	const struct copy_job *job = &s->job;

	for (unsigned i = 0; i <= job->also_count; i++) {
		char *line;

		if (copy_job_get_drop(job, i)->side)
			continue;
		line = checksum_make_line(job->sum, copy_job_get_leg(job, i)->
						    destination_path);
		fprintf(s->sums.file, "%s\n", line ? line : "");
		free(line);
	}
}

static int sum(struct session *s)
{
	int rc;

	progress_init(&s->progress, (enum progress_mode)s->common.progress,
		      stderr);
	rc = copy_job_sum(&s->job);
	progress_finish(&s->progress);
	if (rc)
		return blame(s, rc);
	if (!s->job.is_summed || !s->options.sum.file)
		return EXIT_DONE;
	print_sums(s);
	rc = output_commit(&s->sums);
	if (!rc)
		return EXIT_DONE;
	cli_error(program.name, "write %s: %s", s->options.sum.file,
		  strerror(-rc));
	return EXIT_FAILED;
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
		  s->job.verified_leg->destination_path, s->job.args.source,
		  (unsigned long long)v->mismatched_bytes,
		  (unsigned long long)v->first_mismatch_bytes);
	return EXIT_DIFFERS;
}

/* Whatever needs more than one file's data. */
static bool is_many(const struct session *s)
{
	const struct copy_options *o = &s->options;

	return o->is_recursive || o->is_preserved || o->manifest ||
	       o->shard.count || s->common.operand_count > 2;
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
			.is_preserved = o->is_preserved,
			.is_sparse = o->sparse == SPARSE_AUTO,
			.is_verified = o->verify,
			.is_in_place = o->is_in_place,
			.is_continued = o->on_error == ON_ERROR_CONTINUE,
			.is_handed = o->is_handed,
			.retries = (unsigned)o->retries,
			.rate_bytes_per_sec = o->rate,
			.checksum = o->sum.name,
			.journal = o->journal,
			.is_resumed = o->is_resumed,
			.journal_interval_ns = o->journal_interval_ns,
			.is_synced = !o->is_unsynced,
			.is_forced = o->is_forced,
			.is_planned = o->is_dry_run,
			.shard_index = o->shard.index,
			.shard_count = o->shard.count,
			.io_timeout_ns = o->io_timeout_ns,
			.stop = &caught,
		},
		.manifest = o->manifest,
		.is_nul = o->is_nul,
		.output = &s->output,
		.sums = o->sum.file ? &s->sums : NULL,
	};
	bool is_silent = false;
	int code = copy_many(&wish, &is_silent);

	s->job.is_silent = is_silent;
	return code;
}

/* A plan that came to nothing has no report; a copy that began always has. */
static int run(struct session *s)
{
	int code = scan(s);

	if (code)
		return code;
	if (is_many(s))
		return run_many(s);
	code = plan(s);
	if (code == EXIT_DONE && !s->options.is_dry_run)
		code = copy(s);
	if (s->is_copied && s->options.sum.name)
		code = exit_worst(code, sum(s));
	if (s->is_copied && !s->job.trouble && s->options.verify)
		code = exit_worst(code, verify(s));
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
	output_discard(&s->sums);
	output_discard(&s->output);
	report_fini(&s->report);
	free(s->options.also.items);
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

/* What makes no sense for many files: why, and what to do. */
static const char *find_single_option(const struct copy_options *o)
{
	const struct {
		bool is_given;
		const char *why;
	} singles[] = {
		{ o->skip_bytes, "--skip: each of many files is copied from "
		  "its start (copy that one alone)" },
		{ o->seek_bytes != SEEK_NONE, "--seek: each of many files is "
		  "copied to its start (copy that one alone)" },
		{ o->size_bytes != COPY_SIZE_REST, "--size: each of many "
		  "files is copied to its end (copy that one alone)" },
		{ o->engine != COPY_ENGINE_AUTO && o->engine != COPY_ENGINE_RW,
		  "--engine: only whole drives can be reached otherwise than "
		  "through a file system (copy drives one by one)" },
		{ o->verify == COPY_VERIFY_COMPARE, "--verify=compare: a drive "
		  "knows no files, and can compare only itself (--verify "
		  "reads them again)" },
		{ o->also.count, "--also: is for one source (run p2pcopy once "
		  "for each destination)" },
		{ o->is_polled, "--iopoll: files are opened and named through "
		  "the same ring, which cannot be polled for that (leave it "
		  "away)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(singles); i++)
		if (singles[i].is_given)
			return singles[i].why;
	return NULL;
}

static int check_many(const struct session *s)
{
	const struct copy_options *o = &s->options;
	const char *single = find_single_option(o);
	size_t operands = s->common.operand_count;

	if (single) {
		cli_error(program.name, "%s", single);
		return EXIT_USAGE;
	}
	if (o->manifest ? !operands : operands >= 2)
		return CLI_GO_ON;
	cli_error(program.name, o->manifest ?
		  "--manifest: takes the place of operands (leave them away)" :
		  "needs SOURCE... and DEST (see --help)");
	return EXIT_USAGE;
}

static int check_usage(const struct session *s)
{
	if (s->options.is_nul && !s->options.manifest) {
		cli_error(program.name, "--null: is for --manifest");
		return EXIT_USAGE;
	}
	if (s->options.is_peer_required &&
	    is_host_wanted(s->options.provider)) {
		cli_error(program.name, "--require-peer: contradicts "
			  "--provider=%s (leave one of them away)",
			  s->options.provider);
		return EXIT_USAGE;
	}
	if (s->options.is_resumed && !s->options.journal) {
		cli_error(program.name, "--resume: needs --journal=FILE to go "
			  "on from");
		return EXIT_USAGE;
	}
	if (is_many(s))
		return check_many(s);
	if (s->common.operand_count == 2)
		return CLI_GO_ON;
	cli_error(program.name, "needs SOURCE and DEST, not %zu operand%s (see "
		  "--help)", s->common.operand_count,
		  s->common.operand_count == 1 ? "" : "s");
	return EXIT_USAGE;
}

static bool open_output(struct output *output, const char *path)
{
	int rc = output_open(output, path);

	if (rc)
		cli_error(program.name, "%s: %s", path, strerror(-rc));
	return !rc;
}

int main(int argc, char **argv)
{
	struct session s = {
		.options = {
			.seek_bytes = SEEK_NONE,
			.size_bytes = COPY_SIZE_REST,
			.io_timeout_ns = IO_TIMEOUT_NS,
			.journal_interval_ns = JOURNAL_INTERVAL_NS,
		},
	};
	int code;

	output_hold_standard();
	setlocale(LC_CTYPE, "");
	code = cli_parse(&program, argc, argv, &s.common, &s.options);
	if (code == CLI_GO_ON)
		code = check_usage(&s);
	if (code != CLI_GO_ON)
		return code;
	if (!open_output(&s.output, s.common.output) ||
	    (s.options.sum.file &&
	     !open_output(&s.sums, s.options.sum.file))) {
		output_discard(&s.output);
		return EXIT_FAILED;
	}
	catch_signals();
	code = run(&s);
	return fini(&s, code);
}
