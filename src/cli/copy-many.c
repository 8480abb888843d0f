// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/copy-many.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/macro.h"
#include "cli/apart.h"
#include "cli/copy-status.h"
#include "engine/manifest.h"
#include "report/progress.h"
#include "report/report-files.h"

/* Of different ids. */
#define REASONS_MOST	64

struct run {
	const struct copy_many *wish;
	struct many *many;
	struct report_files report;
	struct progress progress;
	struct progress_tick now;
	bool is_into;		/* the destination is a directory */
	const char *told[REASONS_MOST];	/* why it is host memory */
	unsigned told_count;
	unsigned endangers;	/* enum many_own: would replace a source */
	int code;
};

static const struct {
	enum many_outcome outcome;
	int code;
} codes[] = {
	{ MANY_UNKNOWN, EXIT_DONE },	 { MANY_DONE, EXIT_DONE },
	{ MANY_LINKED, EXIT_DONE },	 { MANY_DONE_BEFORE, EXIT_DONE },
	{ MANY_FAILED, EXIT_FAILED },
	{ MANY_REJECTED, EXIT_FAILED },	 { MANY_REFUSED, EXIT_REFUSED },
	{ MANY_NO_PEER, EXIT_MACHINE },	 { MANY_DIFFERS, EXIT_DIFFERS },
};

static const char *get_name(const struct run *r)
{
	return r->wish->common->program->name;
}

static void worsen(struct run *r, int code)
{
	r->code = exit_worst(r->code, code);
}

/* --- what is said ------------------------------------------------------- */

static bool was_told(const struct run *r, const char *id)
{
	for (unsigned i = 0; i < r->told_count; i++)
		if (!strcmp(r->told[i], id))
			return true;
	return r->told_count == REASONS_MOST;
}

/* Host memory in place of peer memory is never silent. */
static void tell_fallback(struct run *r, const struct p2pdma_reason *why)
{
	if (!why || !why->id || was_told(r, why->id))
		return;
	if (!r->told_count)
		r->report.fallback_reason = why->id;
	r->told[r->told_count++] = why->id;
	cli_error(get_name(r), "host memory instead of peer memory: %s%s%s: "
		  "%s", why->id, why->at ? " at " : "",
		  why->at ? why->at->address : "", why->advice);
}

static const char *get_advice(const struct many_file *file)
{
	switch (-file->error) {
	case EISDIR:
		return file->side == SIDE_SOURCE ?
			       " (-r copies directories)" : "";
	case EACCES:
		return " (run it as root, or get access to it)";
	case EMFILE:
		return " (raise the limit of open files: ulimit -n)";
	default:
		return "";
	}
}

static void tell_failure(struct run *r, const struct many_file *file)
{
	_cleanup_free_ char *from = report_escape(file->source);
	_cleanup_free_ char *why = NULL;

	if (file->outcome == MANY_DIFFERS) {
		cli_error(get_name(r), "the copy of %s differs in %llu bytes, "
			  "first at %llu", from,
			  (unsigned long long)file->mismatched_bytes,
			  (unsigned long long)file->first_mismatch_bytes);
		return;
	}
	if (file->outcome == MANY_STOPPED)
		return;
	why = report_files_explain(file);
	if (file->outcome == MANY_NO_PEER && file->why)
		cli_error(get_name(r), "%s: no peer memory: %s: %s", from,
			  file->why->id ? file->why->id : "not to be had",
			  file->why->advice);
	else if (file->outcome == MANY_REJECTED ||
		 file->outcome == MANY_REFUSED)
		cli_error(get_name(r), "%s: %s%s", from,
			  file->outcome == MANY_REFUSED ? "refused: " : "",
			  why);
	else
		cli_error(get_name(r), "%s%s", why, get_advice(file));
}

static int get_code(const struct run *r, const struct many_file *file)
{
	if (file->outcome == MANY_STOPPED)
		return 128 + *r->wish->args.stop;
	/* What has bad places is as complete as it gets. */
	if (file->outcome == MANY_FAILED && r->wish->args.journal &&
	    !file->bad_bytes)
		return EXIT_INCOMPLETE;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (codes[i].outcome == file->outcome)
			return codes[i].code;
	return EXIT_FAILED;
}

static void tick(void *data, uint64_t bytes)
{
	struct run *r = data;

	r->now.done_bytes += bytes;
	apart_excuse(r->wish->is_excused, true);
	progress_update(&r->progress, &r->now);
	if (r->wish->asked && *r->wish->asked) {
		*r->wish->asked = 0;
		copy_status_tell(&r->progress, r->now.done_bytes);
	}
	apart_excuse(r->wish->is_excused, false);
}

static void tell_ended(struct run *r, const struct many_file *file)
{
	int code = get_code(r, file);

	worsen(r, code);
	if (file->outcome != MANY_NO_PEER)
		tell_fallback(r, file->why);
	if (code)
		tell_failure(r, file);
	else if (file->is_changed)
		cli_notice(r->wish->common, "%s changed while it was read: "
			   "its copy may not be consistent", file->source);
	r->endangers |= file->endangers;
	report_files_add(&r->report, file);
	if (file->sum && r->wish->sums)
		report_files_print_sum(r->wish->sums->file, file);
}

static void ended(void *data, const struct many_file *file)
{
	struct run *r = data;

	if (file->outcome == MANY_DONE_BEFORE)
		tick(r, file->skipped_bytes);
	apart_excuse(r->wish->is_excused, true);
	tell_ended(r, file);
	apart_excuse(r->wish->is_excused, false);
}

/* --- which ones --------------------------------------------------------- */

static bool is_directory(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* As cp: what "a/.." or "/" would be called is the directory itself. */
static char *find_last_part(const char *path)
{
	size_t end = strlen(path), begin;

	while (end && path[end - 1] == '/')
		end--;
	begin = end;
	while (begin && path[begin - 1] != '/')
		begin--;
	if (end - begin <= 2 && !strncmp(path + begin, "..", end - begin))
		return strdup("");
	return strndup(path + begin, end - begin);
}

/* NULL: no memory. */
static char *name_copy(const char *source, const char *destination,
		       bool is_into)
{
	_cleanup_free_ char *last = NULL;
	const char *slash;
	char *path;

	if (!is_into)
		return strdup(destination);
	last = find_last_part(source);
	slash = *destination &&
		destination[strlen(destination) - 1] == '/' ? "" : "/";
	if (!last || asprintf(&path, "%s%s%s", destination, slash, last) < 0)
		return NULL;
	return path;
}

/*
 * What is there when one of several nodes comes, another one may have made:
 * only what is written decides then.
 */
static bool is_copied_into(const struct copy_many *wish)
{
	const struct cli_common *common = wish->common;
	size_t count = common->operand_count;
	const char *destination = count ? common->operands[count - 1] : "";
	size_t length = strlen(destination);

	if (!wish->args.shard_count)
		return is_directory(destination);
	return count > 2 || (length && destination[length - 1] == '/');
}

/* The destination first, then each --also. */
static const char *get_place(const struct copy_many *wish, unsigned index)
{
	const struct cli_common *common = wish->common;

	return index ? wish->also[index - 1] :
		       common->operands[common->operand_count - 1];
}

/* False: it was told why not. What is made anew is there when it is resumed. */
static bool is_like_destination(struct run *r, const char *also)
{
	const struct many_args *args = &r->wish->args;

	if (args->shard_count || r->is_into == is_directory(also) ||
	    (args->is_resumed && !r->is_into))
		return true;
	cli_error(get_name(r), "--also=%s is %s directory, and DEST is %s "
		  "(give both in the same way)", also,
		  r->is_into ? "no" : "a", r->is_into ? "one" : "none");
	return false;
}

static bool are_places_right(struct run *r, size_t sources)
{
	const char *destination = get_place(r->wish, 0);

	if (sources > 1 && !is_directory(destination)) {
		cli_error(get_name(r), "%s is no directory (several sources "
			  "need one)", destination);
		return false;
	}
	for (unsigned i = 0; i < r->wish->also_count; i++)
		if (!is_like_destination(r, r->wish->also[i]))
			return false;
	return true;
}

static int add_source(struct run *r, struct many *many, const char *source)
{
	char *copies[MANY_PLACES_MOST] = { NULL };
	unsigned count = 1 + r->wish->also_count;
	int rc = 0;

	for (unsigned i = 0; i < count && !rc; i++) {
		copies[i] = name_copy(source, get_place(r->wish, i),
				      r->is_into);
		rc = copies[i] ? 0 : -ENOMEM;
	}
	if (!rc)
		rc = many_add(many, source, (const char *const *)copies,
			      count);
	for (unsigned i = 0; i < count; i++)
		free(copies[i]);
	return rc;
}

static int add_operands(struct run *r, struct many *many)
{
	const struct cli_common *common = r->wish->common;
	size_t sources = common->operand_count - 1;
	int rc = 0;

	if (!are_places_right(r, sources)) {
		worsen(r, EXIT_FAILED);
		return 0;
	}
	for (size_t i = 0; !rc && i < sources; i++)
		rc = add_source(r, many, common->operands[i]);
	return rc;
}

/* Meanwhile what has been read is copied. */
static int await_pair(struct run *r, const struct manifest *manifest)
{
	int rc = 0;

	while (!rc && many_is_busy(r->many) && !manifest_is_ready(manifest))
		rc = many_work(r->many);
	return rc;
}

static const char *get_form(const struct copy_many *wish)
{
	if (wish->destinations > 1)
		return wish->is_nul ?
			       "not SOURCE, NUL, and as often DEST, NUL as "
			       "--destinations says" :
			       "not SOURCE, and as often a tab, DEST as "
			       "--destinations says (names with tabs: -0)";
	return wish->is_nul ? "not SOURCE, NUL, DEST, NUL" :
			      "not SOURCE, one tab, DEST (names with tabs: "
			      "-0)";
}

static void tell_wrong_pair(struct run *r, const struct manifest *manifest,
			    int rc)
{
	cli_error(get_name(r), "%s: pair %llu: %s", r->wish->manifest,
		  (unsigned long long)manifest->pairs, rc == -EINVAL ?
		  get_form(r->wish) : strerror(-rc));
	worsen(r, EXIT_FAILED);
}

static int add_pairs(struct run *r, struct manifest *manifest)
{
	const char *names[MANIFEST_NAMES_MOST];
	int rc, got;

	for (;;) {
		rc = await_pair(r, manifest);
		if (rc)
			return rc;
		apart_excuse(r->wish->is_excused, true);
		got = manifest_next(manifest, names);
		apart_excuse(r->wish->is_excused, false);
		if (got == -EINVAL || got == -ENAMETOOLONG)
			tell_wrong_pair(r, manifest, got);
		else if (got == 1)
			rc = many_add(r->many, names[0], names + 1,
				      r->wish->destinations);
		else if (got != -EINTR || *r->wish->args.stop)
			return got;
		if (rc)
			return rc;
	}
}

static int add_manifest(struct run *r)
{
	bool is_stdin = !strcmp(r->wish->manifest, "-");
	_cleanup_free_ struct manifest *manifest = malloc(sizeof(*manifest));
	_cleanup_fd_ int fd = -1;

	if (!manifest)
		return -ENOMEM;
	if (!is_stdin) {
		fd = open(r->wish->manifest, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			cli_error(get_name(r), "read %s: %s",
				  r->wish->manifest, strerror(errno));
			worsen(r, EXIT_FAILED);
			return 0;
		}
	}
	manifest_init(manifest, is_stdin ? STDIN_FILENO : fd, r->wish->is_nul,
		      r->wish->destinations);
	return add_pairs(r, manifest);
}

/* --- the run ------------------------------------------------------------ */

/* Trees that are deep, and many files at a time. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* How much it is, where somebody looks at how far we are. */
static void count_all(struct run *r)
{
	struct many_args args = r->wish->args;
	struct many *many;

	if (r->wish->manifest || !progress_is_shown(&r->progress) ||
	    args.is_planned)
		return;
	args.is_planned = true;
	args.ended = NULL;
	args.tick = NULL;
	if (many_create(&args, &many))
		return;
	add_operands(r, many);
	many_finish(many);
	r->now.total_bytes = many_get_totals(many)->copied_bytes;
	many_destroy(many);
}

static void blame(struct run *r, int rc)
{
	if (rc == -EINTR) {
		cli_error(get_name(r), "interrupted: what is in flight was "
			  "awaited, what is complete has its name");
		worsen(r, 128 + *r->wish->args.stop);
		return;
	}
	worsen(r, r->wish->args.journal ? EXIT_INCOMPLETE : EXIT_FAILED);
	if (rc == -ETIMEDOUT)
		cli_error(get_name(r), "no transfer has completed for so "
			  "long: %s (see the kernel log)", strerror(-rc));
	else if (rc == -EPERM || rc == -ENOSYS)
		cli_error_no_ring(get_name(r), rc);
	else
		cli_error(get_name(r), "copy: %s", strerror(-rc));
}

static void blame_journal(struct run *r, int rc)
{
	const char *path = r->wish->args.journal;

	worsen(r, EXIT_FAILED);
	if (rc == -EEXIST)
		cli_error(get_name(r), "journal %s is there already: add "
			  "--resume to go on from it, or remove it", path);
	else if (rc == -EINVAL)
		cli_error(get_name(r), "%s is no journal of many files: give "
			  "what this copy was begun with", path);
	else if (rc == -EBUSY)
		cli_error(get_name(r), "journal %s is another copy's that has "
			  "not ended (wait for it)", path);
	else
		cli_error(get_name(r), "open journal %s: %s", path,
			  strerror(-rc));
}

/* The same command goes on where this one ended. */
static void tell_resume(const struct run *r)
{
	const char *path = r->wish->args.journal;

	if (path && (r->code == EXIT_INCOMPLETE || r->code >= 128))
		cli_error(get_name(r), "what is done is in %s: the same "
			  "command with --resume goes on from there", path);
}

static int copy_all(struct run *r)
{
	int rc, last;

	rc = r->wish->manifest ? add_manifest(r) : add_operands(r, r->many);
	if (many_is_silent(r->many))
		return rc;
	last = many_finish(r->many);
	return rc ? rc : last;
}

/* Not over a source. */
static bool keep_back(struct run *r, enum many_own own, struct output *output,
		      const char *what)
{
	if (!(r->endangers & own) || !output->path)
		return false;
	cli_error(get_name(r), "%s is copied from: the %s not written there "
		  "(choose another file)", output->path, what);
	output_discard(output);
	worsen(r, EXIT_FAILED);
	return true;
}

static void write_report(struct run *r, bool is_complete)
{
	static const struct many_totals none;
	int rc;

	report_files_finish(&r->report, r->many ? many_get_totals(r->many) :
						  &none, is_complete);
	if (keep_back(r, MANY_OWN_REPORT, r->wish->output, "report is"))
		return;
	rc = output_commit(r->wish->output);
	if (rc)
		worsen(r, output_fail(r->wish->common, rc));
}

/* What was asked for and not done is a failure. */
static void tell_scrub(struct run *r)
{
	int rc = many_give_back(r->many);

	if (!rc)
		return;
	cli_error_scrub(get_name(r), rc);
	worsen(r, EXIT_FAILED);
}

static void write_sums(struct run *r)
{
	int rc;

	if (!r->wish->sums || r->wish->args.is_planned ||
	    keep_back(r, MANY_OWN_SUMS, r->wish->sums, "checksums are"))
		return;
	rc = output_commit(r->wish->sums);
	if (!rc)
		return;
	cli_error(get_name(r), "write the checksums: %s", strerror(-rc));
	worsen(r, EXIT_FAILED);
}

static void start(struct run *r)
{
	const struct cli_common *common = r->wish->common;
	bool is_stream = r->wish->manifest;

	r->report = (struct report_files){
		.file = r->wish->output->file,
		.format = (enum writer_format)common->format,
		.is_stream = is_stream,
		.is_each_told = is_stream || common->is_verbose,
		.is_plan = r->wish->args.is_planned,
		.algorithm = r->wish->args.checksum,
		.is_sum_told = !r->wish->sums,
		.command = get_name(r),
	};
	/* A launcher that was not meant would leave the rest uncopied. */
	if (r->wish->args.shard_count > 1)
		cli_notice(common, "--shard: part %u of %u",
			   r->wish->args.shard_index + 1,
			   r->wish->args.shard_count);
	raise_limit();
	progress_init(&r->progress, (enum progress_mode)common->progress,
		      stderr);
	count_all(r);
}

static void run(struct run *r, bool *is_silent)
{
	int rc = copy_all(r);
	bool is_complete;

	apart_excuse(r->wish->is_excused, true);
	progress_finish(&r->progress);
	if (rc)
		blame(r, rc);
	tell_resume(r);
	is_complete = r->code == EXIT_DONE;
	write_sums(r);
	write_report(r, is_complete);
	*is_silent = many_is_silent(r->many);
	apart_excuse(r->wish->is_excused, false);
}

/* Programs have a report of nothing, people the sentence. */
static void end_early(struct run *r)
{
	if (r->wish->common->format == WRITER_JSON)
		write_report(r, false);
}

int copy_many(const struct copy_many *wish, bool *is_silent)
{
	struct run r = { .wish = wish, .is_into = is_copied_into(wish) };
	struct many_args args = wish->args;
	int rc;

	start(&r);
	args.ended = ended;
	args.tick = tick;
	args.data = &r;
	rc = many_create(&args, &r.many);
	if (rc) {
		blame(&r, rc);
		end_early(&r);
		return r.code;
	}
	rc = many_open_journal(r.many, &r.is_into);
	if (rc) {
		blame_journal(&r, rc);
		end_early(&r);
	} else {
		run(&r, is_silent);
	}
	tell_scrub(&r);
	if (!*is_silent)
		many_destroy(r.many);
	return r.code;
}
