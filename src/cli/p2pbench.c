// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows p2pbench's options, the order of its steps and its exit codes. Must
 * not know how I/O is done (engine/bench.h) or how results look
 * (report/report-bench.h).
 */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/macro.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "engine/bench.h"
#include "engine/guard.h"
#include "engine/memory.h"
#include "lib/p2pdma.h"
#include "report/progress.h"
#include "report/report-bench.h"

#define BLOCK_FORWARD	(128 * KIB)
#define BLOCK_RANDOM	(4 * KIB)
#define DEPTH		32
#define TIME_NS		(10 * NS_PER_SEC)
#define IO_TIMEOUT_NS	(60 * NS_PER_SEC)

struct bench_options {
	int workload;		/* its place in the table */
	const char *provider;
	uint64_t block_bytes;	/* 0: not given, like the others */
	uint64_t depth;
	uint64_t size_bytes;
	uint64_t jobs;
	uint64_t time_ns;
	uint64_t warmup_ns;
	uint64_t io_timeout_ns;
	uint64_t seed;
	bool is_writing_allowed;
};

#define AT(member)	offsetof(struct bench_options, member)

/* Filled from the workloads' own table before the options are parsed. */
static struct cli_choice workloads[16];
static char workload_names[128];

static const struct cli_option options[] = {
	{ .help = "What is done" },
	{ .name = "workload", .letter = 'w', .argument = workload_names,
	  .help = "read unless given; the word help lists them",
	  .kind = CLI_CHOICE, .choices = workloads, .offset = AT(workload),
	  .aliases = { "rw" } },
	{ .name = "block-size", .letter = 'b', .argument = "BYTES",
	  .help = "bytes a transfer [128K, of random workloads 4K]",
	  .kind = CLI_SIZE, .offset = AT(block_bytes), .least = 512,
	  .most = GIB, .aliases = { "bs" } },
	{ .name = "depth", .letter = 'd', .argument = "N",
	  .help = "transfers in flight, of each job [32, or as many as the "
		  "provider has room for]",
	  .kind = CLI_NUMBER, .offset = AT(depth), .least = 1,
	  .most = RING_DEPTH_MAX, .aliases = { "iodepth" } },
	{ .name = "jobs", .letter = 'j', .argument = "N",
	  .help = "threads, each with a ring of its own [1]",
	  .kind = CLI_NUMBER, .offset = AT(jobs), .least = 1, .most = 1024,
	  .aliases = { "numjobs" } },
	{ .name = "size", .letter = 'n', .argument = "BYTES",
	  .help = "use the first BYTES of the target [all of it]; without "
		  "--time, once",
	  .kind = CLI_SIZE, .offset = AT(size_bytes), .least = 512 },
	{ .name = "time", .letter = 't', .argument = "DURATION",
	  .help = "measure for so long [10s, unless --size is given]",
	  .kind = CLI_DURATION, .offset = AT(time_ns), .least = NS_PER_MS,
	  .aliases = { "runtime" } },
	{ .name = "warmup", .argument = "DURATION",
	  .help = "run for so long before it is measured [0]",
	  .kind = CLI_DURATION, .offset = AT(warmup_ns),
	  .aliases = { "ramp-time" } },
	{ .name = "seed", .argument = "N",
	  .help = "other random offsets, and other data to write [1]",
	  .kind = CLI_NUMBER, .offset = AT(seed) },

	{ .help = "Where the buffers lie" },
	{ .name = "provider", .letter = 'p', .argument = "auto|host|FUNCTION",
	  .help = "auto [default]: the best provider that the targets reach, "
		  "or else host memory and a notice; FUNCTION: this one or "
		  "exit code 3",
	  .kind = CLI_TEXT, .offset = AT(provider) },

	{ .help = "Safety" },
	{ .name = "allow-write",
	  .help = "workloads that write need it: it destroys what the target "
		  "holds, also when that is a file system or in use",
	  .kind = CLI_FLAG, .offset = AT(is_writing_allowed) },
	{ .name = "io-timeout", .argument = "DURATION",
	  .help = "give up when nothing completes for so long [60s]; "
		  "0: never",
	  .kind = CLI_DURATION, .offset = AT(io_timeout_ns) },
};

static const struct cli_choice formats[] = {
	{ "text", WRITER_TEXT, "lines for people" },
	{ "json", WRITER_JSON, "one object with everything" },
	{ "csv", WRITER_CSV, "a line a result" },
	{ 0 }
};

static const struct cli_program program = {
	.name = "p2pbench",
	.usage = "[OPTION]... TARGET...\n"
		 "       p2pbench --workload=copy [OPTION]... SOURCE DEST",
	.summary = "Measure I/O between drives and peer memory, or host "
		   "memory.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.has = CLI_HAS_PROGRESS,
	.epilog = "A TARGET is a block device or a file. Several are measured "
		  "one after the other.",
};

/* One run of the program. */
struct session {
	struct cli_common common;
	struct bench_options options;
	const struct workload *workload;
	struct p2pdma_context *context;
	struct p2pdma_topology *topology;
	struct report report;
	struct progress progress;
	int code;		/* the worst so far */
};

static volatile sig_atomic_t caught;

static void catch(int signal)
{
	caught = signal;
}

/* --- usage ---------------------------------------------------------------- */

static void list_workloads(void)
{
	const struct workload *w;

	for (size_t i = 0; (w = workload_get(i)); i++) {
		workloads[i] = (struct cli_choice){ w->name, (int)i,
						    w->summary };
		strcat(strcat(workload_names, w->name), "|");
	}
	strcat(workload_names, "help");
}

static int check_usage(struct session *s)
{
	struct bench_options *o = &s->options;
	size_t count = s->common.operand_count;

	s->workload = workload_get((size_t)o->workload);
	if (!count || (s->workload->targets == 2 && count != 2)) {
		cli_error(program.name, "--workload=%s: needs %s, not %zu "
			  "operand%s (see --help)", s->workload->name,
			  s->workload->targets == 2 ?
				  "SOURCE and DEST" : "a TARGET",
			  count, count == 1 ? "" : "s");
		return EXIT_USAGE;
	}
	if (o->warmup_ns && !o->time_ns && o->size_bytes) {
		cli_error(program.name, "--warmup: needs --time, because "
			  "--size alone ends when each block was used once");
		return EXIT_USAGE;
	}
	if (workload_writes(s->workload) && !o->is_writing_allowed) {
		cli_error(program.name, "--workload=%s: would overwrite %s "
			  "(if that is what you want: --allow-write)",
			  s->workload->name, s->common.operands[count - 1]);
		return EXIT_REFUSED;
	}
	if (!o->block_bytes)
		o->block_bytes = s->workload->is_random ? BLOCK_RANDOM :
							  BLOCK_FORWARD;
	if (!o->time_ns && !o->size_bytes)
		o->time_ns = TIME_NS;
	return CLI_GO_ON;
}

/* --- targets -------------------------------------------------------------- */

/* What one result is about; in the order of the workload's targets. */
struct measurement {
	struct session *session;
	const char *paths[WORKLOAD_TARGETS];
	struct p2pdma_target *facts[WORKLOAD_TARGETS];
	struct endpoint *endpoints[WORKLOAD_TARGETS];
	struct memory memory;
	struct bench_args args;
	struct bench_result *result;
	bool is_stuck;		/* requests in flight: give nothing back */
};

static int fail(const char *path, int rc)
{
	const char *advice = "";

	if (rc == -ENOTBLK)
		advice = " (give a block device or a regular file)";
	else if (rc == -EACCES || rc == -EPERM)
		advice = " (run it as root, or get access to the device)";
	else if (rc == -ENOENT)
		advice = " (a file to measure must be there: fallocate(1))";
	cli_error(program.name, "%s: %s%s", path, strerror(-rc), advice);
	return EXIT_FAILED;
}

static bool is_written(const struct measurement *m, unsigned i)
{
	return m->session->workload->directions[i] & P2PDMA_WRITE;
}

static int open_target(struct measurement *m, unsigned i)
{
	struct session *s = m->session;
	unsigned mode = is_written(m, i) ? ENDPOINT_WRITE : ENDPOINT_READ;
	int rc;

	rc = endpoint_open(m->paths[i], mode, &m->endpoints[i]);
	if (rc)
		return fail(m->paths[i], rc);
	if (m->endpoints[i]->direct_fd < 0) {
		cli_error(program.name, "%s: its file system takes no "
			  "O_DIRECT, so that only the page cache could be "
			  "measured", m->paths[i]);
		return EXIT_FAILED;
	}
	rc = p2pdma_target_resolve(s->context, s->topology, m->paths[i],
				   m->endpoints[i]->fd, &m->facts[i]);
	return rc ? fail(m->paths[i], rc) : CLI_GO_ON;
}

static int check_alignment(const struct measurement *m, unsigned i)
{
	uint32_t align = m->endpoints[i]->offset_align;

	if (m->args.block_bytes % align == 0)
		return CLI_GO_ON;
	cli_error(program.name, "--block-size=%u: %s takes multiples of %u "
		  "only", m->args.block_bytes, m->paths[i], align);
	return EXIT_USAGE;
}

static int check_size(const struct measurement *m, unsigned i)
{
	uint64_t there = m->endpoints[i]->size_bytes;
	char text[64];

	if (m->args.size_bytes <= there)
		return CLI_GO_ON;
	cli_error(program.name, "%s: holds only %s (choose a smaller --size)",
		  m->paths[i], bytes_format(there, text, sizeof(text)));
	return is_written(m, i) ? EXIT_REFUSED : EXIT_FAILED;
}

/* All of the smaller one, unless --size says how much. */
static int find_size(struct measurement *m)
{
	const struct bench_options *o = &m->session->options;
	const struct workload *w = m->session->workload;
	int code = CLI_GO_ON;

	m->args.size_bytes = o->size_bytes;
	if (!o->size_bytes) {
		m->args.size_bytes = UINT64_MAX;
		for (unsigned i = 0; i < w->targets; i++)
			m->args.size_bytes = MIN(m->args.size_bytes,
						 m->endpoints[i]->size_bytes);
	}
	for (unsigned i = 0; i < w->targets && code == CLI_GO_ON; i++)
		code = check_size(m, i);
	if (code != CLI_GO_ON ||
	    m->args.size_bytes / m->args.block_bytes >= m->args.jobs)
		return code;
	cli_error(program.name, "%s: less than a block for each job (choose "
		  "a smaller --block-size, or a larger --size)", m->paths[0]);
	return EXIT_FAILED;
}

/* --- guards --------------------------------------------------------------- */

/*
 * --allow-write is p2pcopy's --force, so that what is left are those guards
 * that nothing overrides.
 */
static int ask_guards(const struct measurement *m)
{
	const struct workload *w = m->session->workload;
	unsigned last = w->targets - 1;
	const struct guard_question question = {
		.source = last ? m->facts[0] : NULL,
		.destination = m->facts[last],
		.size_bytes = m->args.size_bytes,
	};
	struct guard_answer answers[GUARDS_MAX];
	const struct guard_answer *refusal;
	unsigned count;

	if (!is_written(m, last))
		return CLI_GO_ON;
	count = guard_ask_all(&question, answers);
	refusal = guard_find_refusal(answers, count, true);
	if (!refusal)
		return CLI_GO_ON;
	cli_error(program.name, "%s", refusal->why);
	return EXIT_REFUSED;
}

/* --- memory --------------------------------------------------------------- */

static int blame_provider(const struct measurement *m,
			  const struct p2pdma_reason *why)
{
	cli_error(program.name, "--provider=%s: %s%s%s: %s",
		  m->session->options.provider, why->id,
		  why->at ? " at " : "", why->at ? why->at->address : "",
		  why->advice);
	return !strcmp(why->id, "probe-data-differs") ? EXIT_DIFFERS :
							EXIT_MACHINE;
}

static int blame_memory(const struct measurement *m, int rc)
{
	if (rc == -ENXIO && m->memory.no.id)
		return blame_provider(m, &m->memory.no);
	if (m->memory.failed) {
		cli_error(program.name, "%s: %s", m->memory.failed->path,
			  rc == -ETIMEDOUT ? "does not answer" :
					     strerror(-rc));
		return EXIT_FAILED;
	}
	cli_error(program.name, "%s: memory for %u blocks of %u bytes: %s",
		  m->paths[0], m->args.depth * m->args.jobs,
		  m->args.block_bytes, strerror(-rc));
	return EXIT_FAILED;
}

/* Host memory in place of peer memory is never silent: also with --quiet. */
static void tell_fallback(const struct measurement *m)
{
	const struct p2pdma_reason *why = &m->memory.why;

	if (!why->id)
		return;
	cli_error(program.name, "%s: host memory instead of peer memory%s%s: "
		  "%s%s%s: %s", m->paths[0],
		  m->memory.why_provider ? " of " : "",
		  m->memory.why_provider ? m->memory.why_provider->address : "",
		  why->id, why->at ? " at " : "",
		  why->at ? why->at->address : "", why->advice);
}

static int plan_memory(struct measurement *m)
{
	const struct session *s = m->session;
	const struct bench_options *o = &s->options;
	unsigned slots = m->args.depth * m->args.jobs;
	const struct memory_wish wish = {
		.provider = o->provider,
		.is_asked_anyway = true,
		.block_bytes = m->args.block_bytes,
		.is_block_fixed = true,
		.depth = slots,
		.depth_least = o->depth ? slots : m->args.jobs,
		.size_bytes = UINT64_MAX,
	};
	struct memory_place place = {
		.context = s->context,
		.topology = s->topology,
	};

	for (unsigned i = 0; i < s->workload->targets; i++)
		if (is_written(m, i))
			place.destination = m->facts[i];
		else
			place.source = m->facts[i];
	return memory_plan(&m->memory, &place, &wish);
}

static int take_memory(struct measurement *m)
{
	struct memory_trial trial = {
		.io_timeout_ns = m->session->options.io_timeout_ns,
	};
	struct ring *ring;
	int rc;

	for (unsigned i = 0; i < m->session->workload->targets; i++)
		if (is_written(m, i))
			trial.destination = m->endpoints[i];
		else
			trial.source = m->endpoints[i];
	rc = ring_open(1, &ring);
	if (rc)
		return rc;
	trial.ring = &ring;
	rc = memory_take(&m->memory, &trial);
	m->is_stuck = rc == -ETIMEDOUT;
	if (!m->is_stuck)
		ring_close(ring);
	return rc;
}

/* Only what comes from the slots is worth filling them for. */
static int fill(struct measurement *m)
{
	int rc;

	if (!is_written(m, 0))
		return CLI_GO_ON;
	rc = bench_fill(m->memory.pool, m->args.seed);
	if (!rc)
		return CLI_GO_ON;
	cli_error(program.name, "%s: filling the blocks to write: %s",
		  m->memory.provider ? m->memory.function->address : "host",
		  strerror(-rc));
	return EXIT_FAILED;
}

/* What was named is used, or nothing is. */
static int get_memory(struct measurement *m)
{
	const struct p2pdma_reason *why = &m->memory.why;
	unsigned slots;
	int rc;

	rc = plan_memory(m);
	if (!rc)
		rc = take_memory(m);
	if (rc)
		return blame_memory(m, rc);
	if (why->id && strcmp(m->session->options.provider, "auto"))
		return blame_provider(m, why);
	tell_fallback(m);
	slots = p2pdma_pool_get_slots(m->memory.pool);
	m->args.depth = MIN(m->args.depth, slots / m->args.jobs);
	m->args.pool = m->memory.pool;
	return fill(m);
}

/* --- the run -------------------------------------------------------------- */

static void tick(void *data, uint64_t bytes, uint64_t elapsed_ns)
{
	struct measurement *m = data;
	struct progress_tick tick = { .done_bytes = bytes };

	if (m->args.time_ns)
		tick.total_ns = m->args.warmup_ns + m->args.time_ns;
	else
		tick.total_bytes = round_down(m->args.size_bytes,
					      m->args.block_bytes);
	progress_update(&m->session->progress, &tick);
}

static void plan(struct measurement *m)
{
	const struct bench_options *o = &m->session->options;

	m->args = (struct bench_args){
		.workload = m->session->workload,
		.block_bytes = (uint32_t)o->block_bytes,
		.depth = o->depth ? (unsigned)o->depth : DEPTH,
		.jobs = (unsigned)o->jobs,
		.time_ns = o->time_ns,
		.warmup_ns = o->warmup_ns,
		.io_timeout_ns = o->io_timeout_ns,
		.seed = o->seed,
		.stop = &caught,
		.tick = tick,
		.tick_data = m,
	};
}

static int prepare(struct measurement *m)
{
	const struct workload *w = m->session->workload;
	int code = CLI_GO_ON;

	plan(m);
	for (unsigned i = 0; i < w->targets && code == CLI_GO_ON; i++) {
		code = open_target(m, i);
		m->args.targets[i] = m->endpoints[i];
	}
	for (unsigned i = 0; i < w->targets && code == CLI_GO_ON; i++)
		code = check_alignment(m, i);
	if (code == CLI_GO_ON)
		code = find_size(m);
	if (code == CLI_GO_ON)
		code = ask_guards(m);
	return code == CLI_GO_ON ? get_memory(m) : code;
}

/* Predictions are of interest for peer memory only. */
static const char *reach_name(const struct memory *memory,
			      enum p2pdma_reach reach,
			      const struct p2pdma_target *end)
{
	return memory->provider && end ? p2pdma_reach_get_name(reach) : NULL;
}

static void report_result(struct measurement *m)
{
	const struct memory *memory = &m->memory;
	const struct report_bench bench = {
		.workload = m->session->workload,
		.targets = { m->paths[0], m->paths[1] },
		.size_bytes = m->args.size_bytes,
		.block_bytes = m->args.block_bytes,
		.depth = m->args.depth,
		.jobs = m->args.jobs,
		.result = m->result,
		.memory = {
			.kind = memory->provider ? "peer" : "host",
			.provider = memory->provider ?
				    memory->function->address : NULL,
			.reach_source = reach_name(memory,
						   memory->reach_source,
						   memory->place.source),
			.reach_destination =
				reach_name(memory, memory->reach_destination,
					   memory->place.destination),
			.fallback_reason = memory->why.id,
		},
	};

	report_add_bench(&m->session->report, &bench);
}

static int blame_run(struct measurement *m, int rc)
{
	char text[64];

	if (rc != -ETIMEDOUT) {
		cli_error(program.name, "%s: could not be measured: %s",
			  m->paths[0], strerror(-rc));
		return EXIT_FAILED;
	}
	m->is_stuck = true;
	clock_format_duration(m->args.io_timeout_ns, text, sizeof(text));
	cli_error(program.name, "%s%s%s: nothing completed for %s (look at "
		  "the kernel's log; --io-timeout waits longer)", m->paths[0],
		  m->paths[1] ? " or " : "", m->paths[1] ? m->paths[1] : "",
		  text);
	return EXIT_FAILED;
}

static int judge_result(const struct measurement *m)
{
	const struct bench_result *r = m->result;

	if (!r->errors)
		return EXIT_DONE;
	cli_error(program.name, "%s: %llu transfer%s failed, the first one "
		  "at %llu: %s", m->paths[r->first_error.step.target],
		  (unsigned long long)r->errors, r->errors == 1 ? "" : "s",
		  (unsigned long long)r->first_error.step.offset,
		  strerror(r->first_error.error));
	return EXIT_FAILED;
}

static int run(struct measurement *m)
{
	struct session *s = m->session;
	int rc;

	m->result = malloc(sizeof(*m->result));
	if (!m->result)
		return fail(m->paths[0], -ENOMEM);
	progress_init(&s->progress, s->common.is_quiet ?
			      PROGRESS_NEVER :
			      (enum progress_mode)s->common.progress, stderr);
	rc = bench_run(&m->args, m->result);
	progress_finish(&s->progress);
	if (rc)
		return blame_run(m, rc);
	report_result(m);
	return judge_result(m);
}

static void finish(struct measurement *m)
{
	free(m->result);
	if (m->is_stuck)
		return;
	memory_release(&m->memory);
	for (unsigned i = 0; i < WORKLOAD_TARGETS; i++) {
		endpoint_close(m->endpoints[i]);
		p2pdma_target_destroy(m->facts[i]);
	}
}

/* One result, of as many operands as the workload has targets. */
static int measure(struct session *s, char **paths)
{
	struct measurement m = { .session = s };
	int code;

	for (unsigned i = 0; i < s->workload->targets; i++)
		m.paths[i] = paths[i];
	code = prepare(&m);
	if (code == CLI_GO_ON)
		code = run(&m);
	finish(&m);
	return code;
}

/* --- the program ---------------------------------------------------------- */

static void log_line(void *data, int priority, const char *line)
{
	const struct session *s = data;

	if (priority <= LOG_WARNING || s->common.is_verbose)
		cli_notice(&s->common, "%s", line);
}

static int look_around(struct session *s)
{
	int rc;

	rc = p2pdma_context_create(NULL, &s->context);
	if (rc)
		return fail("/", rc);
	p2pdma_context_set_log(s->context, log_line, s);
	rc = p2pdma_topology_scan(s->context, &s->topology);
	return rc ? fail("PCI functions", rc) : CLI_GO_ON;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = catch };

	sigemptyset(&action.sa_mask);
	exit_catch(&action);
}

static int measure_all(struct session *s)
{
	size_t step = s->workload->targets;
	int code = look_around(s);

	if (code != CLI_GO_ON)
		return code;
	catch_signals();
	code = EXIT_DONE;
	for (size_t i = 0; i < s->common.operand_count && !caught; i += step)
		code = exit_worst(code,
				  measure(s, s->common.operands + i));
	if (caught)
		code = exit_worst(code, 128 + caught);
	p2pdma_topology_destroy(s->topology);
	p2pdma_context_destroy(s->context);
	return code;
}

/* A report without results says nothing that stderr has not said. */
static int write_report(struct session *s, struct output *output)
{
	int rc;

	if (!json_object_object_get(s->report.tree, "results"))
		return EXIT_DONE;
	report_finish_bench(&s->report);
	rc = report_write(&s->report, (enum writer_format)s->common.format,
			  output->file);
	if (!rc)
		rc = output_commit(output);
	return rc ? fail(s->common.output ? s->common.output : "stdout", rc) :
		    EXIT_DONE;
}

int main(int argc, char **argv)
{
	struct session s = { .options = {
		.provider = "auto",
		.jobs = 1,
		.seed = 1,
		.io_timeout_ns = IO_TIMEOUT_NS,
	} };
	struct output output;
	int code, rc;

	output_hold_standard();
	setlocale(LC_ALL, "");
	list_workloads();
	code = cli_parse(&program, argc, argv, &s.common, &s.options);
	if (code == CLI_GO_ON)
		code = check_usage(&s);
	if (code != CLI_GO_ON)
		return code;
	rc = output_open(&output, s.common.output);
	if (rc)
		return fail(s.common.output, rc);
	report_init(&s.report, program.name);
	code = measure_all(&s);
	code = exit_worst(code, write_report(&s, &output));
	report_fini(&s.report);
	output_discard(&output);
	return code;
}
