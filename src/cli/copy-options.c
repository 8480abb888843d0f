// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/copy-options.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/macro.h"
#include "cli/output.h"
#include "engine/copy-job.h"
#include "engine/many.h"
#include "report/writer.h"

#define IO_TIMEOUT_NS		(60 * NS_PER_SEC)
#define JOURNAL_INTERVAL_NS	(10 * NS_PER_SEC)

/* --- the table ---------------------------------------------------------- */

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
		wish->file = NULL;
		if (!text[length])
			return 0;
		wish->file = text + length + 1;
		return *wish->file ? 0 : -EINVAL;
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
	return launcher_parse(text, value);
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
	{ .name = "destinations", .argument = "N",
	  .help = "so many times DEST in each line of the manifest, a tab "
		  "before each [1]; SOURCE is read once",
	  .kind = CLI_NUMBER, .offset = AT(destinations), .least = 1,
	  .most = MANY_PLACES_MOST },
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

const struct cli_program copy_program = {
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

void copy_options_init(struct copy_options *o)
{
	*o = (struct copy_options){
		.destinations = 1,
		.seek_bytes = SEEK_NONE,
		.size_bytes = COPY_SIZE_REST,
		.io_timeout_ns = IO_TIMEOUT_NS,
		.journal_interval_ns = JOURNAL_INTERVAL_NS,
	};
}

/* --- what goes together ------------------------------------------------- */

bool copy_options_are_many(const struct cli_common *common,
			   const struct copy_options *o)
{
	return o->is_recursive || o->is_preserved || o->manifest ||
	       o->shard.count || common->operand_count > 2;
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
		{ !o->manifest && o->engine != COPY_ENGINE_AUTO &&
		  o->engine != COPY_ENGINE_RW,
		  "--engine: only whole drives can be reached otherwise than "
		  "through a file system (name them in a --manifest)" },
		{ !o->manifest && o->is_polled, "--iopoll: files are opened "
		  "and named through the same ring, which cannot be polled "
		  "for that (name drives in a --manifest)" },
		{ o->manifest && o->also.count, "--also: is for operands (see "
		  "--destinations for a manifest)" },
		{ o->also.count >= MANY_PLACES_MOST, "--also: there are too "
		  "many of them (15 at most, for many files)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(singles); i++)
		if (singles[i].is_given)
			return singles[i].why;
	return NULL;
}

static int check_many(const struct cli_common *common,
		      const struct copy_options *o)
{
	const char *single = find_single_option(o);
	size_t operands = common->operand_count;

	if (single) {
		cli_error(copy_program.name, "%s", single);
		return EXIT_USAGE;
	}
	if (o->manifest ? !operands : operands >= 2)
		return CLI_GO_ON;
	cli_error(copy_program.name, o->manifest ?
		  "--manifest: takes the place of operands (leave them away)" :
		  "needs SOURCE... and DEST (see --help)");
	return EXIT_USAGE;
}

/* One that only says what was done. */
struct side_file {
	const char *option;
	const char *path;	/* NULL: is not wanted */
};

static const char *find_end(const struct cli_common *common,
			    const struct copy_options *o, const char *path)
{
	const char *source = common->operand_count ? common->operands[0] : NULL;
	const char *trouble = output_find_trouble(common, path);

	for (size_t i = 0; !trouble && path && i < o->also.count; i++)
		if (output_is_same(path, o->also.items[i], source))
			trouble = "a destination as well, which would be "
				  "replaced";
	if (!trouble && path && o->manifest && strcmp(o->manifest, "-") &&
	    output_is_same(path, o->manifest, NULL))
		trouble = "the manifest as well, which would be replaced";
	return trouble;
}

/* None of them takes the place of what is copied, nor of another one. */
static int check_side_files(const struct cli_common *common,
			    const struct copy_options *o)
{
	const struct side_file files[] = {
		{ "--output", common->output },
		{ "--checksum", o->sum.name ? o->sum.file : NULL },
		{ "--journal", o->journal },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const char *path = files[i].path;
		const char *trouble = path && !*path ? "no name" :
				      find_end(common, o, path);

		for (size_t j = 0; path && !trouble && j < i; j++)
			if (files[j].path &&
			    output_is_same(path, files[j].path, NULL))
				trouble = files[j].option;
		if (!trouble)
			continue;
		cli_error(copy_program.name, "%s: %s is %s (choose another "
			  "file)", files[i].option, path, trouble);
		return EXIT_USAGE;
	}
	return CLI_GO_ON;
}

static int check_operands(const struct cli_common *common,
			  const struct copy_options *o)
{
	if (copy_options_are_many(common, o))
		return check_many(common, o);
	if (common->operand_count == 2)
		return CLI_GO_ON;
	cli_error(copy_program.name, "needs SOURCE and DEST, not %zu "
		  "operand%s (see --help)", common->operand_count,
		  common->operand_count == 1 ? "" : "s");
	return EXIT_USAGE;
}

int copy_options_check(const struct cli_common *common,
		       const struct copy_options *o)
{
	int code;

	if (o->is_nul && !o->manifest) {
		cli_error(copy_program.name, "--null: is for --manifest");
		return EXIT_USAGE;
	}
	if (o->destinations > 1 && !o->manifest) {
		cli_error(copy_program.name, "--destinations: is for "
			  "--manifest (--also names one more)");
		return EXIT_USAGE;
	}
	if (o->is_peer_required &&
	    is_host_wanted(o->provider)) {
		cli_error(copy_program.name, "--require-peer: contradicts "
			  "--provider=%s (leave one of them away)",
			  o->provider);
		return EXIT_USAGE;
	}
	if (o->is_resumed && !o->journal) {
		cli_error(copy_program.name, "--resume: needs --journal=FILE "
			  "to go on from");
		return EXIT_USAGE;
	}
	code = check_operands(common, o);
	return code == CLI_GO_ON ? check_side_files(common, o) : code;
}
