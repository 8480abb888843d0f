// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/done-list.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/macro.h"

#define HEAD(into)							\
	"# Mapfile. Created by p2pcopy, of many files\n"		\
	"# p2pcopy files: 1\n"						\
	"# p2pcopy into: " into "\n"					\
	"# current_pos  current_status  current_pass\n"			\
	"0x00000000     ?               1\n"				\
	"#      pos        size  status\n"
#define MARK	"# p2pcopy done: "
#define WRITER	"# p2pcopy process: "
#define NO_SUM	"-"

/* Both are as long. */
static const char *const heads[] = { HEAD("0"), HEAD("1") };
#define HEAD_SIZE	(sizeof(HEAD("0")) - 1)

/* Of one that was done before; no more of it is kept in memory. */
struct entry {
	XXH128_hash_t hash;
	off_t place;		/* of its line */
};

struct done_list {
	int fd;
	const char *algorithm;
	struct entry *entries;	/* sorted */
	size_t count;
	long *writers;		/* processes */
	size_t writer_count;
	uint64_t position;	/* in the map: where the next file goes */
	char *unsaved;
	size_t unsaved_bytes, room;
};

/* --- lines -------------------------------------------------------------- */

#define NUMBERS_MOST	80

/* A name ends where the line does. */
static void put_name(char *to, const char *name)
{
	for (; *name; name++) {
		if (*name == '\n' || *name == '\\')
			*to++ = '\\';
		*to++ = *name == '\n' ? 'n' : *name;
	}
	*to = '\0';
}

/* What is the same only for the same file. Heap; NULL: no memory. */
static char *make_key(const struct done_file *file)
{
	char *text = malloc(NUMBERS_MOST + 2 * strlen(file->destination) + 1);
	int length;

	if (!text)
		return NULL;
	length = snprintf(text, NUMBERS_MOST, "%" PRIu64 " %lld.%09ld ",
			  file->size_bytes, (long long)file->modified.tv_sec,
			  file->modified.tv_nsec);
	put_name(text + length, file->destination);
	return text;
}

static XXH128_hash_t make_hash(const char *key)
{
	return XXH3_128bits(key, strlen(key));
}

static int compare(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	int order = XXH128_cmp(&left->hash, &right->hash);

	return order ? order : (left->place > right->place) -
				       (left->place < right->place);
}

static int compare_hash(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	return XXH128_cmp(&left->hash, &right->hash);
}

/* What was done twice is as it was done last. */
static void sort(struct done_list *list)
{
	size_t count = 0;

	if (!list->count)
		return;
	qsort(list->entries, list->count, sizeof(*list->entries), compare);
	for (size_t i = 0; i < list->count; i++)
		if (i + 1 == list->count ||
		    compare_hash(&list->entries[i], &list->entries[i + 1]))
			list->entries[count++] = list->entries[i];
	list->count = count;
}

static int append(struct done_list *list, const char *line, size_t length)
{
	if (list->room - list->unsaved_bytes < length) {
		size_t room = 2 * (list->room + length);
		char *bigger = realloc(list->unsaved, room);

		if (!bigger)
			return -ENOMEM;
		list->unsaved = bigger;
		list->room = room;
	}
	memcpy(list->unsaved + list->unsaved_bytes, line, length);
	list->unsaved_bytes += length;
	return 0;
}

static int put(struct done_list *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int put(struct done_list *list, const char *format, ...)
{
	_cleanup_free_ char *line = NULL;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&line, format, args);
	va_end(args);
	if (length < 0) {
		line = NULL;
		return -ENOMEM;
	}
	return append(list, line, (size_t)length);
}

/* --- reading ------------------------------------------------------------ */

/* False: it is no whole line of ours. */
static bool read_line(FILE *file, char **line, size_t *room)
{
	ssize_t length = getline(line, room, file);

	if (length <= 0 || (*line)[length - 1] != '\n' ||
	    strlen(*line) != (size_t)length)
		return false;
	(*line)[length - 1] = '\0';
	return true;
}

/* Behind "SUM "; NULL: there is none. */
static const char *find_key(const char *line)
{
	const char *space;

	if (strncmp(line, MARK, strlen(MARK)))
		return NULL;
	space = strchr(line + strlen(MARK), ' ');
	return space ? space + 1 : NULL;
}

static int keep(struct done_list *list, const char *key, off_t place)
{
	struct entry *entry = array_add(list->entries, list->count);

	if (!entry)
		return -ENOMEM;
	entry->hash = make_hash(key);
	entry->place = place;
	return 0;
}

static int keep_writer(struct done_list *list, const char *line)
{
	long *writer = array_add(list->writers, list->writer_count);

	if (!writer)
		return -ENOMEM;
	*writer = strtol(line + strlen(WRITER), NULL, 10);
	return 1;
}

/* 1: one more was read; 0: here it ends, or is torn; -errno. */
static int read_entry(struct done_list *list, FILE *file, char **line,
		      size_t *room)
{
	uint64_t size, start, length;
	off_t place = ftello(file);
	const char *key;
	char letter;

	if (!read_line(file, line, room))
		return 0;
	if (!strncmp(*line, WRITER, strlen(WRITER)))
		return keep_writer(list, *line);
	key = find_key(*line);
	if (!key || sscanf(key, "%" SCNu64, &size) != 1)
		return 0;
	if (keep(list, key, place))
		return -ENOMEM;
	if (size && (!read_line(file, line, room) ||
		     sscanf(*line, "%" SCNx64 " %" SCNx64 " %c", &start,
			    &length, &letter) != 3 ||
		     start != list->position || length != size)) {
		list->count--;
		return 0;
	}
	list->position += size;
	return 1;
}

static int load(struct done_list *list, FILE *file, bool *is_into)
{
	char head[HEAD_SIZE + 1] = "", *line = NULL;
	size_t room = 0;
	off_t end;
	int rc;

	if (fread(head, 1, HEAD_SIZE, file) != HEAD_SIZE ||
	    (strcmp(head, heads[0]) && strcmp(head, heads[1])))
		return -EINVAL;
	*is_into = !strcmp(head, heads[1]);
	do {
		end = ftello(file);
		rc = read_entry(list, file, &line, &room);
	} while (rc > 0);
	free(line);
	if (!rc && ftruncate(list->fd, end))
		rc = -errno;
	sort(list);
	return rc;
}

/* --- the file ----------------------------------------------------------- */

static int sync_directory(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);
	_cleanup_fd_ int fd = -1;

	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) ? -errno : 0;
}

static int begin_file(struct done_list *list, const char *path,
		      bool is_into)
{
	int rc = file_store(list->fd, heads[is_into], HEAD_SIZE);

	return rc ? rc : sync_directory(path);
}

/* An empty one, or one whose head was torn, tells nothing. */
static bool is_begun(int fd)
{
	char head[HEAD_SIZE + 1] = "";
	ssize_t length = pread(fd, head, HEAD_SIZE, 0);

	return length < 0 || length == HEAD_SIZE ||
	       (strncmp(head, heads[0], (size_t)length) &&
		strncmp(head, heads[1], (size_t)length));
}

/* A process that was killed needs a moment to let go of what it had. */
#define LOCK_TRIES	200
#define LOCK_PAUSE_NS	(25 * NS_PER_MS)

/* Where there are no locks, there is nobody to be asked. */
static bool lock(int fd)
{
	for (unsigned i = 0; i < LOCK_TRIES; i++) {
		if (!flock(fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK)
			return true;
		clock_sleep_until(clock_now_ns() + LOCK_PAUSE_NS);
	}
	return false;
}

static int open_file(struct done_list *list, const char *path,
		     bool is_resumed, bool *is_into)
{
	_cleanup_file_ FILE *file = NULL;
	struct stat st;
	int rc;

	list->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC |
			      O_NOCTTY | O_NONBLOCK, 0666);
	if (list->fd < 0 || fstat(list->fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size && !is_resumed)
		return -EEXIST;
	if (!lock(list->fd))
		return -EBUSY;
	if (!is_begun(list->fd))
		return ftruncate(list->fd, 0) ?
			       -errno : begin_file(list, path, *is_into);
	file = fopen(path, "re");
	rc = file ? load(list, file, is_into) : -errno;
	return rc;
}

/* Before anything is left behind. */
static int begin_run(struct done_list *list)
{
	int rc = put(list, WRITER "%ld\n", (long)getpid());

	return rc ? rc : done_list_save(list);
}

int done_list_open(const char *path, bool is_resumed, bool *is_into,
		   const char *algorithm, struct done_list **list)
{
	struct done_list *l = calloc(1, sizeof(*l));
	int rc;

	if (!l)
		return -ENOMEM;
	l->algorithm = algorithm;
	rc = open_file(l, path, is_resumed, is_into);
	if (!rc)
		rc = begin_run(l);
	if (rc)
		done_list_close(l);
	else
		*list = l;
	return rc;
}

void done_list_close(struct done_list *list)
{
	if (!list)
		return;
	if (list->fd >= 0)
		close(list->fd);
	free(list->unsaved);
	free(list->entries);
	free(list->writers);
	free(list);
}

/* --- one file ----------------------------------------------------------- */

bool done_list_is_writer(const struct done_list *list, long process)
{
	for (size_t i = 0; i < list->writer_count; i++)
		if (list->writers[i] == process)
			return true;
	return false;
}

/* "ALGO:DIGEST" of the line at @place; false: it has another one, or none. */
static bool read_sum(const struct done_list *list, off_t place,
		     char sum[CHECKSUM_TEXT_SIZE])
{
	size_t name = strlen(list->algorithm);
	char line[sizeof(MARK) + 16 + CHECKSUM_TEXT_SIZE] = "";
	char *text = line + strlen(MARK);
	size_t length;

	if (pread(list->fd, line, sizeof(line) - 1, place) <= 0 ||
	    strncmp(text, list->algorithm, name) || text[name] != ':')
		return false;
	text += name + 1;
	length = strcspn(text, " \n");
	if (length >= CHECKSUM_TEXT_SIZE)
		return false;
	memcpy(sum, text, length);
	sum[length] = '\0';
	return true;
}

bool done_list_has(struct done_list *list, const struct done_file *file,
		   char sum[CHECKSUM_TEXT_SIZE])
{
	_cleanup_free_ char *key = list->count ? make_key(file) : NULL;
	struct entry wanted, *found;

	if (!key)
		return false;
	wanted.hash = make_hash(key);
	found = bsearch(&wanted, list->entries, list->count, sizeof(wanted),
			compare_hash);
	if (!found)
		return false;
	return !list->algorithm || read_sum(list, found->place, sum);
}

int done_list_add(struct done_list *list, const struct done_file *file,
		  const char *sum)
{
	_cleanup_free_ char *key = make_key(file);

	int rc;

	if (!key)
		return -ENOMEM;
	if (sum && list->algorithm)
		rc = put(list, MARK "%s:%s %s\n", list->algorithm, sum, key);
	else
		rc = put(list, MARK NO_SUM " %s\n", key);
	if (!rc && file->size_bytes)
		rc = put(list, "0x%08" PRIX64 "  0x%08" PRIX64 "  +\n",
			 list->position, file->size_bytes);
	list->position += file->size_bytes;
	return rc;
}

uint64_t done_list_get_unsaved(const struct done_list *list)
{
	return list->unsaved_bytes;
}

int done_list_save(struct done_list *list)
{
	int rc;

	if (!list->unsaved_bytes)
		return 0;
	rc = file_store(list->fd, list->unsaved, list->unsaved_bytes);
	if (!rc)
		list->unsaved_bytes = 0;
	return rc;
}
