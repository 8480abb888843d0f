// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows p2pbench's options: their words, their defaults, and which of them go
 * together. Must not know what any of them does.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/cpulist.h"
#include "base/macro.h"
#include "cli/bench.h"

#define BLOCK_FORWARD	(128 * KIB)
#define BLOCK_RANDOM	(4 * KIB)
#define BLOCK_LEAST	512
#define TIME_NS		(10 * NS_PER_SEC)
#define TIME_POINT_NS	(2 * NS_PER_SEC)
#define IO_TIMEOUT_NS	(60 * NS_PER_SEC)

#define AT(member)	offsetof(struct bench_options, member)

/* Filled from the workloads' own table before the options are parsed. */
static struct cli_choice workloads[16];
static char workload_names[128];

static const struct cli_choice engines[] = {
	{ "rw", false, "reads and writes of the block layer" },
	{ "passthrough", true, "NVMe commands past the block layer" },
	{ 0 }
};

/* --- words that become values -------------------------------------------- */

static const struct {
	const char *name, *alias;
	bool is_size;
	uint64_t least, most;
} axes[AXES] = {
	[AXIS_BLOCK] = { "block-size", "bs", true, BLOCK_LEAST, GIB },
	[AXIS_DEPTH] = { "depth", "iodepth", false, 1, RING_DEPTH_MAX },
	[AXIS_JOBS] = { "jobs", "numjobs", false, 1, 1024 },
};

static bool is_word(const char *word, const char *text, size_t length)
{
	return strlen(word) == length && !strncmp(word, text, length);
}

static int find_axis(const char *text, size_t length)
{
	for (int i = 0; i < AXES; i++)
		if (is_word(axes[i].name, text, length) ||
		    is_word(axes[i].alias, text, length))
			return i;
	return -EINVAL;
}

/* The first @length characters of @text. */
static int parse_amount(int axis, const char *text, size_t length,
			uint64_t *amount)
{
	const char *rest = "";
	char word[32];
	int rc;

	if (length >= sizeof(word))
		return -EINVAL;
	memcpy(word, text, length);
	word[length] = '\0';
	rc = axes[axis].is_size ? bytes_parse(word, amount) :
				  bytes_parse_number(word, amount, &rest);
	if (rc || *rest)
		return rc ? rc : -EINVAL;
	return *amount < axes[axis].least || *amount > axes[axis].most ?
		       -ERANGE : 0;
}

static int add_value(struct bench_sweep *sweep, int axis, uint64_t value)
{
	if (sweep->counts[axis] == AXIS_VALUES_MAX)
		return -ERANGE;
	sweep->values[axis][sweep->counts[axis]++] = value;
	return 0;
}

/* From @first, twice as much each time, to @last, which is always there. */
static int add_range(struct bench_sweep *sweep, int axis, uint64_t first,
		     uint64_t last)
{
	int rc = 0;

	if (last < first)
		return -EINVAL;
	for (; first < last && !rc; first *= 2)
		rc = add_value(sweep, axis, first);
	return rc ? rc : add_value(sweep, axis, last);
}

/* "4K", "4K..4M". */
static int parse_values(struct bench_sweep *sweep, int axis, const char *text,
			size_t length)
{
	const char *dots = memmem(text, length, "..", 2);
	uint64_t first, last;
	size_t used;
	int rc;

	if (!dots) {
		rc = parse_amount(axis, text, length, &first);
		return rc ? rc : add_value(sweep, axis, first);
	}
	used = (size_t)(dots - text);
	rc = parse_amount(axis, text, used, &first);
	if (!rc)
		rc = parse_amount(axis, dots + 2, length - used - 2, &last);
	return rc ? rc : add_range(sweep, axis, first, last);
}

/* "block-size=4K..4M,depth=1:8:64": an axis each, values between colons. */
static int parse_sweep(const char *text, void *value)
{
	struct bench_sweep *sweep = value;
	int axis = -1, rc = 0;

	*sweep = (struct bench_sweep){ 0 };
	while (!rc) {
		size_t length = strcspn(text, "=:,");

		if (text[length] == '=') {
			axis = find_axis(text, length);
			rc = axis < 0 || sweep->counts[axis] ? -EINVAL : 0;
		} else if (axis < 0) {
			rc = -EINVAL;
		} else {
			rc = parse_values(sweep, axis, text, length);
			if (text[length] != ':')
				axis = -1;
		}
		if (!text[length])
			break;
		text += length + 1;
	}
	return rc;
}

/* A number with a fraction, in C's locale, and what follows it. */
static int parse_real(const char *text, double *real, const char **rest)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	*real = strtod(text, &end);
	*rest = end;
	return isfinite(*real) ? 0 : -ERANGE;
}

static int parse_theta(const char *text, void *value)
{
	const char *rest;
	double theta;
	int rc;

	rc = parse_real(text, &theta, &rest);
	if (rc || *rest)
		return rc ? rc : -EINVAL;
	if (theta <= 0 || theta > 100)
		return -ERANGE;
	*(double *)value = theta;
	return 0;
}

/* "5", "2.5%" */
static int parse_tolerance(const char *text, void *value)
{
	const char *rest;
	double percent;
	int rc;

	rc = parse_real(text, &percent, &rest);
	if (rc)
		return rc;
	if (*rest && strcmp(rest, "%"))
		return -EINVAL;
	if (percent >= 100)
		return -ERANGE;
	*(double *)value = percent / 100;
	return 0;
}

static const struct cli_option rows[] = {
	{ .help = "What is done" },
	{ .name = "workload", .letter = 'w', .argument = workload_names,
	  .help = "read unless given; the word help lists them",
	  .kind = CLI_CHOICE, .choices = workloads, .offset = AT(workload),
	  .aliases = { "rw", "readwrite" } },
	{ .name = "mix", .argument = "PERCENT",
	  .help = "of the blocks that a mixed workload reads [70]",
	  .kind = CLI_NUMBER, .offset = AT(read_percent), .most = 100,
	  .aliases = { "rwmixread" } },
	{ .name = "block-size", .letter = 'b', .argument = "BYTES",
	  .help = "bytes a transfer [128K, of random workloads 4K]",
	  .kind = CLI_SIZE, .offset = AT(block_bytes), .least = BLOCK_LEAST,
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
	{ .name = "cpu", .argument = "auto|LIST",
	  .help = "where the jobs run: auto, near the device; 0-3,8: one on "
		  "each in turn [wherever the kernel likes]",
	  .kind = CLI_TEXT, .offset = AT(cpus),
	  .aliases = { "cpus-allowed" } },
	{ .name = "size", .letter = 'n', .argument = "BYTES",
	  .help = "use the first BYTES of the target [all of it]; without "
		  "--time, once",
	  .kind = CLI_SIZE, .offset = AT(size_bytes), .least = BLOCK_LEAST },
	{ .name = "time", .letter = 't', .argument = "DURATION",
	  .help = "measure for so long [10s, each of several points 2s; or "
		  "by --size]",
	  .kind = CLI_DURATION, .offset = AT(time_ns), .least = NS_PER_MS,
	  .aliases = { "runtime" } },
	{ .name = "warmup", .argument = "DURATION",
	  .help = "run for so long before it is measured [0]",
	  .kind = CLI_DURATION, .offset = AT(warmup_ns),
	  .aliases = { "ramp-time" } },
	{ .name = "rate-iops", .argument = "N",
	  .help = "begin no more than N blocks a second, of all jobs "
		  "together; latencies count from when a block should begin",
	  .kind = CLI_NUMBER, .offset = AT(rate_iops), .least = 1,
	  .most = NS_PER_SEC },
	{ .name = "seed", .argument = "N",
	  .help = "other random offsets, and other data to write [1]",
	  .kind = CLI_NUMBER, .offset = AT(seed), .aliases = { "randseed" } },
	{ .name = "zipf", .argument = "THETA",
	  .help = "random workloads: some blocks far more often than others, "
		  "by Zipf's law",
	  .kind = CLI_PARSED, .parse = parse_theta,
	  .offset = AT(zipf_theta) },
	{ .name = "verify",
	  .help = "blocks tell where they belong: written so, and looked at "
		  "when they are read",
	  .kind = CLI_FLAG, .offset = AT(is_verified) },

	{ .help = "Several results" },
	{ .name = "compare",
	  .help = "peer and host memory in turns, in one run: the ratio of "
		  "their rates, and its spread",
	  .kind = CLI_FLAG, .offset = AT(is_compare) },
	{ .name = "matrix",
	  .help = "every provider, and host memory, with every TARGET, or "
		  "with every NVMe drive",
	  .kind = CLI_FLAG, .offset = AT(is_matrix) },
	{ .name = "sweep", .argument = "AXIS=FROM..TO[,AXIS=...]",
	  .help = "a result for each point of a grid; axes are block-size, "
		  "depth and jobs; also AXIS=A:B:C",
	  .kind = CLI_PARSED, .parse = parse_sweep, .offset = AT(sweep) },
	{ .name = "ramp",
	  .help = "the same as --sweep=depth=1..DEPTH",
	  .kind = CLI_FLAG, .offset = AT(is_ramp) },

	{ .help = "Instead of measuring" },
	{ .name = "fio",
	  .help = "print a job file with which fio does the same",
	  .kind = CLI_FLAG, .offset = AT(is_fio) },
	{ .name = "diff",
	  .help = "compare two reports, OLD.json and NEW.json; exit code 1 "
		  "where it got worse",
	  .kind = CLI_FLAG, .offset = AT(is_diff) },
	{ .name = "tolerance", .argument = "PERCENT",
	  .help = "by how much it may get worse [5]",
	  .kind = CLI_PARSED, .parse = parse_tolerance,
	  .offset = AT(tolerance) },

	{ .help = "Where the buffers lie" },
	{ .name = "provider", .letter = 'p', .argument = "auto|host|FUNCTION",
	  .help = "auto [default]: the best provider that the targets reach, "
		  "or else host memory and a notice; FUNCTION: this one or "
		  "exit code 3",
	  .kind = CLI_TEXT, .offset = AT(provider) },
	{ .name = "scrub",
	  .help = "overwrite our peer memory before it is given back",
	  .kind = CLI_FLAG, .offset = AT(is_scrubbed) },

	{ .help = "How I/O is done" },
	{ .name = "engine", .argument = "NAME",
	  .help = "rw [default]: block I/O; passthrough: NVMe commands, of "
		  "drives and their partitions",
	  .kind = CLI_CHOICE, .choices = engines,
	  .offset = AT(is_passthrough) },
	{ .name = "iopoll",
	  .help = "poll for completions; needs drives with poll queues "
		  "(nvme.poll_queues)",
	  .kind = CLI_FLAG, .offset = AT(is_polled), .aliases = { "hipri" } },
	{ .name = "sqpoll",
	  .help = "let a thread of the kernel's take the requests",
	  .kind = CLI_FLAG, .offset = AT(is_handed),
	  .aliases = { "sqthread-poll" } },

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
	{ "svg", WRITER_SVG, "a picture" },
	{ 0 }
};

const struct cli_program bench_program = {
	.name = BENCH_NAME,
	.usage = "[OPTION]... TARGET...\n"
		 "       p2pbench --workload=copy [OPTION]... SOURCE DEST\n"
		 "       p2pbench --matrix [OPTION]... [TARGET]...\n"
		 "       p2pbench --diff [OPTION]... OLD.json NEW.json",
	.summary = "Measure I/O between drives and peer memory, or host "
		   "memory.",
	.options = rows,
	.option_count = ARRAY_SIZE(rows),
	.formats = formats,
	.has = CLI_HAS_PROGRESS,
	.epilog = "A TARGET is a block device or a file. Several are measured "
		  "one after the other.",
};

/* fio's words for what we have under another name. */
static const struct {
	const char *name, *ours;
} synonyms[] = {
	{ "randrw", "mixed" },
};

static void add_workload(unsigned *count, const char *name, int value,
			 const char *help)
{
	workloads[(*count)++] = (struct cli_choice){ name, value, help };
}

void bench_options_init(struct bench_options *options)
{
	const struct workload *w;
	unsigned count = 0;

	for (int i = 0; (w = workload_get((size_t)i)); i++) {
		add_workload(&count, w->name, i, w->summary);
		strcat(strcat(workload_names, w->name), "|");
	}
	strcat(workload_names, "help");
	for (size_t i = 0; i < ARRAY_SIZE(synonyms); i++)
		for (int j = 0; (w = workload_get((size_t)j)); j++)
			if (!strcmp(w->name, synonyms[i].ours))
				add_workload(&count, synonyms[i].name, j,
					     "fio's word for mixed");
	*options = (struct bench_options){
		.provider = "auto",
		.jobs = 1,
		.seed = 1,
		.read_percent = 70,
		.tolerance = 0.05,
		.io_timeout_ns = IO_TIMEOUT_NS,
	};
}

/* --- what goes together -------------------------------------------------- */

static int check_operands(const struct session *s)
{
	size_t count = s->common.operand_count;
	bool is_pair = s->workload->targets == 2;

	if (count && (!is_pair || count == 2))
		return CLI_GO_ON;
	if (!count && s->options.is_matrix)
		return CLI_GO_ON;
	cli_error(BENCH_NAME, "--workload=%s: needs %s, not %zu operand%s "
		  "(see --help)", s->workload->name,
		  is_pair ? "SOURCE and DEST" : "a TARGET", count,
		  count == 1 ? "" : "s");
	return EXIT_USAGE;
}

static int check_times(const struct session *s)
{
	const struct bench_options *o = &s->options;

	if (!o->warmup_ns || o->time_ns || !o->size_bytes)
		return CLI_GO_ON;
	cli_error(BENCH_NAME, "--warmup: needs --time, because --size alone "
		  "ends when each block was used once");
	return EXIT_USAGE;
}

static int check_random(const struct session *s)
{
	if (s->options.zipf_theta <= 0 || s->workload->is_random)
		return CLI_GO_ON;
	cli_error(BENCH_NAME, "--zipf: --workload=%s draws no blocks "
		  "(randread, randwrite and mixed do)", s->workload->name);
	return EXIT_USAGE;
}

static int check_ramp(const struct session *s)
{
	if (!s->options.is_ramp || !s->options.sweep.counts[AXIS_DEPTH])
		return CLI_GO_ON;
	cli_error(BENCH_NAME, "--ramp: --sweep tells other depths already");
	return EXIT_USAGE;
}

static bool has_points(const struct bench_options *o)
{
	for (unsigned i = 0; i < AXES; i++)
		if (o->sweep.counts[i] > 1)
			return true;
	return false;
}

static int check_provider(const struct session *s)
{
	if (!strchr(s->options.provider, ','))
		return CLI_GO_ON;
	cli_error(BENCH_NAME, "--provider=%s: one at a time is measured "
		  "(--matrix takes each of them in turn)",
		  s->options.provider);
	return EXIT_USAGE;
}

static int check_compare(const struct session *s)
{
	const struct bench_options *o = &s->options;

	if (!o->is_compare)
		return CLI_GO_ON;
	if (o->is_verified) {
		cli_error(BENCH_NAME, "--compare: what --verify measures is "
			  "no speed to compare");
		return EXIT_USAGE;
	}
	if (strcmp(o->provider, "host") && strcmp(o->provider, "none"))
		return CLI_GO_ON;
	cli_error(BENCH_NAME, "--compare: --provider=%s is no peer memory",
		  o->provider);
	return EXIT_USAGE;
}

static int check_matrix(const struct session *s)
{
	const struct bench_options *o = &s->options;
	const char *why = NULL;

	if (!o->is_matrix)
		return CLI_GO_ON;
	if (s->workload->targets > 1)
		why = "--workload=copy has two drives";
	else if (o->is_compare || o->is_ramp || has_points(o))
		why = "each cell is one point, so it does not go with "
		      "--compare, --sweep and --ramp";
	else if (strcmp(o->provider, "auto"))
		why = "it goes through all providers, so it does not go with "
		      "--provider";
	else if (workload_writes(s->workload) && !s->common.operand_count)
		why = "name the drives that may be overwritten";
	if (!why)
		return CLI_GO_ON;
	cli_error(BENCH_NAME, "--matrix: %s", why);
	return EXIT_USAGE;
}

static int check_fio(const struct session *s)
{
	const struct bench_options *o = &s->options;

	if (!o->is_fio || (s->workload->targets == 1 && !o->is_matrix &&
			   !o->is_compare && !o->is_verified))
		return CLI_GO_ON;
	cli_error(BENCH_NAME, "--fio: fio has no job for --workload=copy, "
		  "--compare, --matrix and --verify");
	return EXIT_USAGE;
}

static int check_permission(const struct session *s)
{
	const struct cli_common *common = &s->common;

	if (!workload_writes(s->workload) || s->options.is_writing_allowed ||
	    s->options.is_fio)
		return CLI_GO_ON;
	cli_error(BENCH_NAME, "--workload=%s: would overwrite %s (if that is "
		  "what you want: --allow-write)", s->workload->name,
		  common->operands[common->operand_count - 1]);
	return EXIT_REFUSED;
}

static int blame_cpus(const char *list, const char *why)
{
	cli_error(BENCH_NAME, "--cpu=%s: %s", list, why);
	return EXIT_USAGE;
}

/* One set for each, so that jobs go round. */
static int parse_cpus(struct session *s)
{
	const char *list = s->options.cpus;
	cpu_set_t wanted, allowed, both;
	int rc;

	if (!list || !strcmp(list, "auto"))
		return CLI_GO_ON;
	rc = cpulist_parse(list, &wanted);
	if (rc)
		return blame_cpus(list, "not auto or a list of processors "
				  "(write 0-3,8)");
	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return blame_cpus(list, strerror(errno));
	CPU_AND(&both, &wanted, &allowed);
	if (!CPU_EQUAL(&both, &wanted))
		return blame_cpus(list, "one of them is not there, or not for "
				  "us (see taskset -p $$)");
	s->cpus = calloc((size_t)CPU_COUNT(&wanted), sizeof(*s->cpus));
	if (!s->cpus)
		return blame_cpus(list, strerror(ENOMEM));
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &wanted))
			CPU_SET(cpu, &s->cpus[s->cpu_count++]);
	return CLI_GO_ON;
}

static void set_defaults(struct session *s)
{
	struct bench_options *o = &s->options;

	if (o->is_ramp)
		(void)add_range(&o->sweep, AXIS_DEPTH, 1,
				o->depth ? o->depth : 128);
	s->is_brief = o->is_matrix || has_points(o);
	if (!o->block_bytes)
		o->block_bytes = s->workload->is_random ? BLOCK_RANDOM :
							  BLOCK_FORWARD;
	if (!o->time_ns && !o->size_bytes)
		o->time_ns = s->is_brief ? TIME_POINT_NS : TIME_NS;
}

static int check_diff(const struct session *s)
{
	if (s->common.format == WRITER_SVG) {
		cli_error(BENCH_NAME, "--diff: there is no picture of it");
		return EXIT_USAGE;
	}
	if (s->common.operand_count == 2)
		return CLI_GO_ON;
	cli_error(BENCH_NAME, "--diff: needs OLD.json and NEW.json (see "
		  "--help)");
	return EXIT_USAGE;
}

int bench_options_check(struct session *session)
{
	static int (*const checks[])(const struct session *session) = {
		check_operands, check_times, check_random, check_ramp,
		check_provider, check_compare, check_matrix, check_fio,
		check_permission,
	};
	int code = CLI_GO_ON;

	if (session->options.is_diff)
		return check_diff(session);
	session->workload = workload_get((size_t)session->options.workload);
	for (size_t i = 0; i < ARRAY_SIZE(checks) && code == CLI_GO_ON; i++)
		code = checks[i](session);
	if (code == CLI_GO_ON)
		code = parse_cpus(session);
	set_defaults(session);
	return code;
}
