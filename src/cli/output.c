// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/exit.h"
#include "cli/say.h"

void output_hold_standard(void)
{
	/* The other way round than they are used: that tells of it. */
	static const int flags[] = { O_WRONLY, O_RDONLY, O_RDONLY };

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", flags[fd]) < 0)
			_exit(EXIT_FAILED);
}

/* Devices, pipes and sockets are written to, never replaced. */
static bool is_special(const char *path)
{
	struct stat st;

	return !stat(path, &st) && !S_ISREG(st.st_mode);
}

/* As many as the kernel follows. */
#define LINKS_MOST	40

/* Where the symbolic link @path leads to, as seen from here; or NULL. */
static char *follow(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);
	char target[PATH_MAX], *joined;
	ssize_t length = readlink(path, target, sizeof(target) - 1);

	if (!copy || length < 0)
		return NULL;
	target[length] = 0;
	if (*target == '/')
		return strdup(target);
	return asprintf(&joined, "%s/%s", dirname(copy), target) < 0 ? NULL :
								      joined;
}

/* What is not there yet, in a directory that is; NULL: it is not. */
static char *canonicalize_new(const char *path)
{
	_cleanup_free_ char *copy = strdup(path), *parent = NULL;
	char *real;

	if (!copy)
		return NULL;
	parent = realpath(dirname(copy), NULL);
	free(copy);
	copy = strdup(path);
	if (!parent || !copy || asprintf(&real, "%s/%s", parent,
					 basename(copy)) < 0)
		return NULL;
	return real;
}

/*
 * The path without links, also of what is not there yet, be it that a link
 * leads there; NULL: nowhere.
 */
static char *canonicalize(const char *path)
{
	_cleanup_free_ char *place = strdup(path);

	for (int i = 0; place && i < LINKS_MOST; i++) {
		char *real = realpath(place, NULL), *next;

		if (real)
			return real;
		next = follow(place);
		if (!next)
			return canonicalize_new(place);
		free(place);
		place = next;
	}
	return NULL;
}

static bool is_path(const char *canonical, const char *path)
{
	_cleanup_free_ char *other = canonicalize(path);

	return other && !strcmp(canonical, other);
}

/* As cp names it: what @path is called in the directory @directory. */
static bool is_in_directory(const char *canonical, const char *directory,
			    const char *path)
{
	_cleanup_free_ char *copy = strdup(path), *joined = NULL;

	if (!copy || asprintf(&joined, "%s/%s", directory,
			      basename(copy)) < 0) {
		joined = NULL;
		return false;
	}
	return is_path(canonical, joined);
}

bool output_is_same(const char *path, const char *end, const char *source)
{
	_cleanup_free_ char *canonical = canonicalize(path);

	return canonical && (is_path(canonical, end) ||
			     (source && is_in_directory(canonical, end,
							source)));
}

/* Of a program with words, operands are names of what is only looked at. */
static bool is_operand(const struct cli_common *common, const char *path)
{
	size_t count = common->program->words ? 0 : common->operand_count;
	const char *last = count ? common->operands[count - 1] : NULL;

	for (size_t i = 0; i < count; i++)
		if (output_is_same(path, common->operands[i], NULL) ||
		    output_is_same(path, last, common->operands[i]))
			return true;
	return false;
}

const char *output_find_trouble(const struct cli_common *common,
				const char *path)
{
	struct stat st;

	if (!path)
		return NULL;
	if (!stat(path, &st) && S_ISBLK(st.st_mode))
		return "a block device, whose data would be overwritten";
	if (is_operand(common, path))
		return "an operand as well, which would be replaced";
	return NULL;
}

/* Replacing what a standard stream writes to would part it from its name. */
static int find_stream(const char *path)
{
	struct stat st, stream;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return -1;
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
		if (!fstat(fd, &stream) && st.st_dev == stream.st_dev &&
		    st.st_ino == stream.st_ino)
			return fd;
	return -1;
}

static FILE *open_stream(int stream)
{
	_cleanup_fd_ int fd = fcntl(stream, F_DUPFD_CLOEXEC, 0);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (file)
		steal_fd(&fd);
	return file;
}

/* Who makes a file by open(2) gets this mode; mkstemp(3) is stricter. */
static mode_t get_new_mode(const char *path)
{
	struct stat st;
	mode_t mask;

	if (!stat(path, &st))
		return st.st_mode & 0777;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

static bool is_there(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

static int open_temp(struct output *output)
{
	_cleanup_fd_ int fd = -1;

	output->is_new = !is_there(output->path);
	if (asprintf(&output->temp, "%s.XXXXXX", output->path) < 0) {
		output->temp = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(output->temp, O_CLOEXEC);
	if (fd < 0) {
		int rc = -errno;

		free(output->temp);
		output->temp = NULL;
		return rc;
	}
	if (fchmod(fd, get_new_mode(output->path)))
		return -errno;
	output->file = fdopen(fd, "w");
	if (!output->file)
		return -errno;
	steal_fd(&fd);
	return 0;
}

static bool is_link(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISLNK(st.st_mode);
}

int output_open(struct output *output, const char *path)
{
	int rc = 0, stream;

	*output = (struct output){ 0 };
	if (!path) {
		output->file = stdout;
		return 0;
	}
	/* Through a symbolic link: its target is made or replaced, not it. */
	output->path = canonicalize(path);
	if (!output->path && is_link(path))
		return -ENOENT;
	if (!output->path)
		output->path = strdup(path);
	if (!output->path)
		return -ENOMEM;
	stream = find_stream(output->path);
	if (stream < 0 && !is_special(output->path)) {
		rc = open_temp(output);
	} else {
		output->file = stream < 0 ? fopen(output->path, "we") :
					    open_stream(stream);
		rc = output->file ? 0 : -errno;
	}
	if (rc)
		output_discard(output);
	return rc;
}

/* Everything out of the buffers and, for a file, onto the disk. */
static int flush(struct output *output)
{
	errno = 0;
	if (fflush(output->file) || ferror(output->file))
		return errno ? -errno : -EIO;
	if (output->temp && fsync(fileno(output->file)))
		return -errno;
	return 0;
}

/* What has come there meanwhile, a copy or another report, is not replaced. */
static int name(const struct output *output)
{
	if (output->is_new) {
		if (!renameat2(AT_FDCWD, output->temp, AT_FDCWD, output->path,
			       RENAME_NOREPLACE))
			return 0;
		/* Not every file system, nor every kernel, can do that. */
		if (errno != EINVAL && errno != ENOSYS)
			return -errno;
		if (is_there(output->path))
			return -EEXIST;
	}
	return rename(output->temp, output->path) ? -errno : 0;
}

int output_commit(struct output *output)
{
	FILE *file = output->file;
	int rc = flush(output);

	output->file = NULL;
	if (fclose(file) && !rc)
		rc = -errno;
	if (!rc && output->temp)
		rc = name(output);
	if (!rc) {
		free(output->temp);
		output->temp = NULL;
	}
	output_discard(output);
	return rc;
}

void output_discard(struct output *output)
{
	if (output->file && output->file != stdout)
		fclose(output->file);
	if (output->temp)
		unlink(output->temp);
	free(output->temp);
	free(output->path);
	*output = (struct output){ 0 };
}

bool output_takes_colour(const struct cli_common *common)
{
	const char *no_colour = getenv("NO_COLOR");

	return !common->output && isatty(STDOUT_FILENO) &&
	       !(no_colour && *no_colour);
}

int output_fail(const struct cli_common *common, int rc)
{
	cli_error(common->program->name, "%s: %s",
		  common->output ? common->output : "standard output",
		  strerror(-rc));
	return EXIT_FAILED;
}

int output_report_to(const struct cli_common *common,
		     const struct report *report, struct output *output)
{
	int rc;

	rc = report_write(report, (enum writer_format)common->format,
			  output->file);
	if (rc && rc != -EIO) {
		output_discard(output);
		return output_fail(common, rc);
	}
	rc = output_commit(output);
	return rc ? output_fail(common, rc) : EXIT_DONE;
}

int output_report(const struct cli_common *common,
		  const struct report *report)
{
	struct output output;
	int rc;

	rc = output_open(&output, common->output);
	if (rc)
		return output_fail(common, rc);
	return output_report_to(common, report, &output);
}
