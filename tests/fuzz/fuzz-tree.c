// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The input is a machine: tests/fixtures/stack.txt with some of its files
 * changed. Every word of p2ptopo that reads a tree answers on it, in every
 * format. Lines, and whatever is no such line is left out:
 *
 *   f N BYTES	the N-th file of the fixture is BYTES; "\n" is a newline
 *   b N BYTES	the same over and over, to 100000 bytes
 *   l N TARGET	it is a link; "@M" is the path of the M-th from the root
 *   p N OFF HH…	its bytes from OFF on (all hexadecimal) are these
 *   d N	it is an empty directory
 *   q N	it is a FIFO
 *   x N	it is not there
 *
 * N counts modulo the number of files.
 */
#include <errno.h>
#include <limits.h>
#include <pci/pci.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/macro.h"
#include "fuzz/fuzz.h"
#include "lib/p2pdma.h"
#include "report/report-doctor.h"
#include "report/report-path.h"
#include "report/report-target.h"
#include "report/report-topology.h"
#include "report/report-tree.h"
#include "report/report-users.h"
#include "report/report-verdict.h"

#define FILES_MAX	1024
#define BIG_BYTES	100000
#define CONFIG_BYTES	4096

struct file {
	char *path;		/* below the root */
	bool is_link;
	uint8_t *bytes;		/* content, or target */
	size_t size;
	bool is_changed;
};

static struct {
	char root[64];
	struct file files[FILES_MAX];
	size_t count;
	FILE *nowhere;
} base;

static void must(bool is_so, const char *what)
{
	if (is_so)
		return;
	fprintf(stderr, "fuzz-tree: %s: %s\n", what, strerror(errno));
	abort();
}

/* Names of devices are not what is fuzzed, and take longest to read. */
char *pci_lookup_name(struct pci_access *access, char *text, int size,
		      int flags, ...)
{
	(void)access;
	(void)flags;
	snprintf(text, (size_t)size, "name");
	return text;
}

/* --- the machine as it is ------------------------------------------------ */

static void place(const struct file *file, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", base.root, file->path);
}

static void make_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
}

static void put_bytes(const char *path, const uint8_t *bytes, size_t size)
{
	_cleanup_file_ FILE *file = fopen(path, "w");

	must(file && fwrite(bytes, 1, size, file) == size, path);
}

static void take_away(const char *path)
{
	if (unlink(path))
		rmdir(path);
}

static void put_back(struct file *file)
{
	char path[PATH_MAX];

	place(file, path);
	take_away(path);
	if (file->is_link)
		must(!symlink((char *)file->bytes, path), path);
	else
		put_bytes(path, file->bytes, file->size);
	file->is_changed = false;
}

/* Turns "\n" into a newline, where it stands. */
static size_t unescape(uint8_t *bytes, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++) {
		bool is_newline = i + 1 < size && bytes[i] == '\\' &&
				  bytes[i + 1] == 'n';

		bytes[n++] = is_newline ? '\n' : bytes[i];
		i += is_newline;
	}
	return n;
}

/* "86 80 @100 0d", from a multiple of 16 on zeros. */
static size_t parse_hex(const char *text, uint8_t bytes[CONFIG_BYTES])
{
	unsigned value;
	size_t n = 0;
	int used;

	for (; *text; text += used) {
		used = 0;
		if (sscanf(text, " @%x%n", &value, &used) == 1 && used)
			n = MIN(value, CONFIG_BYTES);
		else if (sscanf(text, " %2x%n", &value, &used) == 1 && used &&
			 n < CONFIG_BYTES)
			bytes[n++] = (uint8_t)value;
		else
			break;
	}
	return n;
}

static struct file *find_file(const char *path)
{
	for (size_t i = 0; i < base.count; i++)
		if (!strcmp(base.files[i].path, path))
			return &base.files[i];
	must(base.count < FILES_MAX, "more files than there is room for");
	return &base.files[base.count++];
}

static void keep(const char *kind, const char *path, const char *value)
{
	struct file *file = find_file(path);

	file->is_link = !strcmp(kind, "link");
	free(file->path);
	free(file->bytes);
	file->path = strdup(path);
	file->bytes = calloc(1, MAX(strlen(value) + 2, (size_t)CONFIG_BYTES));
	must(file->path && file->bytes, "memory");
	if (!strcmp(kind, "hex")) {
		file->size = parse_hex(value, file->bytes);
		return;
	}
	file->size = strlen(value);
	memcpy(file->bytes, value, file->size);
	if (file->is_link)
		return;
	file->bytes[file->size] = '\n';
	file->size = unescape(file->bytes, file->size + 1);
}

static void read_fixture(const char *name)
{
	_cleanup_file_ FILE *fixture = fopen(name, "r");
	_cleanup_free_ char *line = NULL;
	char kind[8], path[512];
	size_t size = 0;
	ssize_t length;
	int used;

	must(fixture, name);
	while ((length = getline(&line, &size, fixture)) > 0) {
		line[length - (line[length - 1] == '\n')] = '\0';
		used = 0;
		if (*line == '#' ||
		    sscanf(line, "%7s %511s%n", kind, path, &used) != 2 ||
		    !strcmp(kind, "dir"))
			continue;
		keep(kind, path, line + used + (line[used] == ' '));
	}
}

static void remove_tree(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", base.root);
	if (*base.root && system(command))
		fprintf(stderr, "%s: is left\n", base.root);
}

static void set_up(void)
{
	const char *top = getenv("top_srcdir");
	char fixture[PATH_MAX];

	snprintf(fixture, sizeof(fixture), "%s/tests/fixtures/stack.txt",
		 top ? top : ".");
	snprintf(base.root, sizeof(base.root), "%s/fuzz-tree-XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	must(mkdtemp(base.root), base.root);
	atexit(remove_tree);
	base.nowhere = fopen("/dev/null", "w");
	must(base.nowhere, "/dev/null");
	read_fixture(fixture);
	for (size_t i = 0; i < base.count; i++) {
		char path[PATH_MAX];

		place(&base.files[i], path);
		make_parents(path);
		put_back(&base.files[i]);
	}
}

/* --- the machine as the input has it ------------------------------------- */

struct change {
	struct file *file;
	char path[PATH_MAX];
	uint8_t *value;
	size_t size;
};

static void change_file(struct change *c)
{
	put_bytes(c->path, c->value, unescape(c->value, c->size));
}

static void change_big(struct change *c)
{
	size_t size = unescape(c->value, c->size);
	_cleanup_file_ FILE *file = fopen(c->path, "w");

	must(file, c->path);
	for (size_t n = 0; size && n < BIG_BYTES; n += size)
		must(fwrite(c->value, 1, size, file) == size, c->path);
}

static void change_link(struct change *c)
{
	char target[PATH_MAX] = "";
	unsigned other;

	memcpy(target, c->value, MIN(c->size, sizeof(target) - 1));
	if (sscanf(target, "@%u", &other) == 1)
		snprintf(target, sizeof(target), "/%s",
			 base.files[other % base.count].path);
	/* An empty one, or one that is too long, is none. */
	if (symlink(target, c->path))
		errno = 0;
}

static void change_part(struct change *c)
{
	uint8_t bytes[CONFIG_BYTES] = { 0 }, part[CONFIG_BYTES] = { 0 };
	char text[512] = "";
	size_t length;
	unsigned at;
	int used = 0;

	memcpy(text, c->value, MIN(c->size, sizeof(text) - 1));
	if (sscanf(text, "%3x%n", &at, &used) != 1)
		used = 0;
	else
		at %= CONFIG_BYTES;
	memcpy(bytes, c->file->bytes, MIN(c->file->size, sizeof(bytes)));
	length = used ? parse_hex(text + used, part) : 0;
	if (length)
		memcpy(bytes + at, part, MIN(length, sizeof(bytes) - at));
	put_bytes(c->path, bytes, MIN(c->file->size, sizeof(bytes)));
}

static void change_directory(struct change *c)
{
	must(!mkdir(c->path, 0755), c->path);
}

static void change_fifo(struct change *c)
{
	must(!mkfifo(c->path, 0644), c->path);
}

static void change_nothing(struct change *c)
{
	(void)c;
}

static const struct {
	char letter;
	void (*change)(struct change *c);
} changes[] = {
	{ 'f', change_file },	   { 'b', change_big },
	{ 'l', change_link },	   { 'p', change_part },
	{ 'd', change_directory }, { 'q', change_fifo },
	{ 'x', change_nothing },
};

static void change(char letter, struct change *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		if (changes[i].letter != letter)
			continue;
		place(c->file, c->path);
		take_away(c->path);
		c->file->is_changed = true;
		changes[i].change(c);
	}
}

static void take_line(uint8_t *line, size_t size)
{
	struct change c = { 0 };
	char start[16] = "";
	unsigned number;
	int used = 0;

	memcpy(start, line, MIN(size, sizeof(start) - 1));
	if (strlen(start) < 3 || start[1] != ' ' ||
	    sscanf(start + 2, "%4u%n", &number, &used) != 1)
		return;
	c.file = &base.files[number % base.count];
	used += 2;
	if ((size_t)used < size && line[used] == ' ')
		used++;
	c.value = line + used;
	c.size = size - (size_t)used;
	change(start[0], &c);
}

static void take_lines(const uint8_t *data, size_t size)
{
	_cleanup_free_ uint8_t *copy = malloc(size + 1);
	uint8_t *line = copy, *end;

	must(copy, "memory");
	memcpy(copy, data, size);
	copy[size] = '\n';
	for (size_t left = size + 1; left;) {
		end = memchr(line, '\n', left);
		take_line(line, (size_t)(end - line));
		left -= (size_t)(end + 1 - line);
		line = end + 1;
	}
}

/* --- the answers --------------------------------------------------------- */

static struct p2pdma_context *context;
static struct p2pdma_topology *topology;
static const struct scope everything;

static void answer_matrix(struct report *report)
{
	report_topology(report, topology, &everything);
	report_matrix(report, topology, &everything, false);
}

static void answer_tree(struct report *report)
{
	const struct tree_view view = { &everything, true, false };

	report_tree(report, topology, &view);
}

static void answer_path(struct report *report)
{
	const struct p2pdma_function *const *f;
	size_t count;

	f = p2pdma_topology_get_functions(topology, &count);
	for (size_t i = 1; i < count; i++)
		report_path(report, topology, f[i - 1], f[i]);
}

static void rank(struct report *report, struct p2pdma_target *target)
{
	_cleanup_free_ struct p2pdma_choice *choices = NULL;
	size_t count;

	if (!p2pdma_choices_rank(topology, target, NULL, &choices, &count))
		report_choices(report, choices, count, false);
}

static void answer_best(struct report *report)
{
	static const char *const paths[] = {
		"0000:03:00.0",	   "/dev/nvme0",   "/dev/nvme1n1p2",
		"/dev/md0",	   "/dev/md2",	   "/dev/dm-0",
		"/dev/mapper/vg0", "/dev/loop0",
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct p2pdma_target *target;

		if (p2pdma_target_resolve(context, topology, paths[i], -1,
					  &target))
			continue;
		report_targets(report,
			       (const struct p2pdma_target *const *)&target,
			       1);
		rank(report, target);
		p2pdma_target_destroy(target);
	}
}

static void answer_users(struct report *report)
{
	struct p2pdma_users *users;

	if (p2pdma_users_scan(context, topology, &users))
		return;
	report_users(report, topology, users);
	p2pdma_users_destroy(users);
}

static void answer_doctor(struct report *report)
{
	struct p2pdma_diagnosis *diagnosis;

	if (p2pdma_diagnose(context, topology, &diagnosis))
		return;
	report_doctor(report, diagnosis, false);
	report_remedies(report, p2pdma_topology_get_machine(topology),
			diagnosis);
	p2pdma_diagnosis_destroy(diagnosis);
}

static const struct {
	void (*answer)(struct report *report);
	enum writer_format format;
} answers[] = {
	{ answer_matrix, WRITER_TEXT }, { answer_matrix, WRITER_JSON },
	{ answer_matrix, WRITER_CSV },	{ answer_tree, WRITER_TEXT },
	{ answer_tree, WRITER_DOT },	{ answer_tree, WRITER_SVG },
	{ answer_path, WRITER_TEXT },	{ answer_best, WRITER_JSON },
	{ answer_users, WRITER_TEXT },	{ answer_doctor, WRITER_TEXT },
	{ answer_doctor, WRITER_JSON },
};

static void answer_one(size_t i)
{
	struct report report;

	report_init(&report, "p2ptopo");
	report.is_text = answers[i].format == WRITER_TEXT;
	answers[i].answer(&report);
	must(!report_write(&report, answers[i].format, base.nowhere),
	     "report");
	report_fini(&report);
}

/* All of them while replaying; else some, by the input, to get on faster. */
static void answer_some(const uint8_t *data, size_t size)
{
	bool is_replay = !getenv("FUZZ_FAST");
	size_t sum = size;

	for (size_t i = 0; i < size; i++)
		sum = sum * 31 + data[i];
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		if (is_replay || (sum + i) % 4 == 0)
			answer_one(i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!base.count)
		set_up();
	take_lines(data, size);
	must(!p2pdma_context_create(base.root, &context), base.root);
	must(!p2pdma_topology_scan(context, &topology), "scan");
	answer_some(data, size);
	p2pdma_topology_destroy(topology);
	p2pdma_context_destroy(context);
	for (size_t i = 0; i < base.count; i++)
		if (base.files[i].is_changed)
			put_back(&base.files[i]);
	return 0;
}
