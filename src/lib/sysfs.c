// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/array.h"
#include "base/macro.h"

#define LINKS_MAX	40		/* as the kernel follows in one path */
#define NUMBER_SIZE	64
#define PIECE_BYTES	(64 << 10)
#define TEXT_MAX	(4 << 20)	/* a long mountinfo is some 100 KiB */

/* Path components still to walk, and those walked so far. */
struct walk {
	char todo[PATH_MAX];
	char done[PATH_MAX];
	unsigned links;
};

static int join(char *path, size_t size, const char *dir, const char *name)
{
	int n;

	if (name)
		n = snprintf(path, size, "%s/%s", dir, name);
	else
		n = snprintf(path, size, "%s", dir);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

/* Cuts the first component off walk->todo; false when none is left. */
static bool next_component(struct walk *walk, char *component, size_t size)
{
	const char *start = walk->todo + strspn(walk->todo, "/");
	size_t length = strcspn(start, "/");

	if (!length || length >= size)
		return false;
	memcpy(component, start, length);
	component[length] = '\0';
	memmove(walk->todo, start + length, strlen(start + length) + 1);
	return true;
}

/* The root is its own parent, so that no path leaves it. */
static void climb(struct walk *walk)
{
	char *slash = strrchr(walk->done, '/');

	if (slash)
		*slash = '\0';
	else
		walk->done[0] = '\0';
}

/* Puts a link's target in front of what is still to walk. */
static int push_target(struct walk *walk, const char *target)
{
	char rest[PATH_MAX];

	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	memcpy(rest, walk->todo, sizeof(rest));
	if (*target == '/')
		walk->done[0] = '\0';
	return join(walk->todo, sizeof(walk->todo), target, rest);
}

/* One component down: a link is replaced by its target. */
static int descend(int root_fd, struct walk *walk, const char *component)
{
	char here[PATH_MAX], target[PATH_MAX];
	ssize_t n;
	int rc;

	rc = walk->done[0] ?
		     join(here, sizeof(here), walk->done, component) :
		     join(here, sizeof(here), component, NULL);
	if (rc)
		return rc;
	n = readlinkat(root_fd, here, target, sizeof(target) - 1);
	if (n >= 0) {
		target[n] = '\0';
		return push_target(walk, target);
	}
	if (errno != EINVAL)
		return -errno;
	memcpy(walk->done, here, sizeof(here));
	return 0;
}

static int walk_path(int root_fd, struct walk *walk)
{
	char component[NAME_MAX + 1];

	while (next_component(walk, component, sizeof(component))) {
		int rc = 0;

		if (!strcmp(component, ".."))
			climb(walk);
		else if (strcmp(component, "."))
			rc = descend(root_fd, walk, component);
		if (rc)
			return rc;
	}
	return walk->todo[strspn(walk->todo, "/")] ? -ENAMETOOLONG : 0;
}

static int find_canonical(const struct p2pdma_context *context,
			  const char *dir, const char *name, char **path)
{
	struct walk walk = { 0 };
	char *copy;
	int rc;

	rc = join(walk.todo, sizeof(walk.todo), dir, name);
	if (!rc)
		rc = walk_path(context->root_fd, &walk);
	if (rc)
		return rc;
	copy = context_strdup(context, walk.done[0] ? walk.done : ".");
	if (!copy)
		return -ENOMEM;
	*path = copy;
	return 0;
}

char *sysfs_ask_for_path(int fd)
{
	char name[32], path[PATH_MAX];
	ssize_t n;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, path, sizeof(path));
	return n > 0 && (size_t)n < sizeof(path) && *path == '/' ?
		       strndup(path, (size_t)n) : NULL;
}

/* NULL where that is not below the root, for it is mounted elsewhere, too. */
static char *ask_for_canonical(const char *root, int fd)
{
	_cleanup_free_ char *path = root ? sysfs_ask_for_path(fd) : NULL;
	size_t length = root && strcmp(root, "/") ? strlen(root) : 0;

	return path && !strncmp(path, root, length) && path[length] == '/' ?
		       strdup(path + length + 1) : NULL;
}

/* On the machine's own root the kernel resolves links as we would. */
static int open_live(const struct p2pdma_context *context, const char *dir,
		     const char *name, int flags)
{
	char path[PATH_MAX];
	int rc, fd;

	rc = join(path, sizeof(path), dir, name);
	if (rc)
		return rc;
	fd = openat(context->root_fd, path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/*
 * Below another root the kernel resolves links as sysfs_canonical() does, and
 * a hundred times faster than one readlinkat() for each component.
 */
static int open_below(int at_fd, const char *path, int flags,
		      uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.resolve = resolve,
	};
	int fd = (int)syscall(SYS_openat2, at_fd, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

static int open_in_root(const struct p2pdma_context *context,
			const char *dir, const char *name, int flags)
{
	char path[PATH_MAX];
	int rc;

	rc = join(path, sizeof(path), dir, name);
	return rc ? rc : open_below(context->root_fd, path, flags,
				    RESOLVE_IN_ROOT);
}

/* Linux before 5.6, a filter that does not know the call, or a race. */
static bool must_walk(int rc)
{
	return rc == -ENOSYS || rc == -EPERM || rc == -EAGAIN;
}

static bool is_here(const struct p2pdma_context *context, const char *dir)
{
	return context->here && !strcmp(context->here, dir);
}

static int open_here(const struct p2pdma_context *context, const char *name,
		     int flags)
{
	return open_below(context->here_fd, name, flags, RESOLVE_BENEATH);
}

/* A link leads out of the directory, which by the whole path is no harm. */
static bool must_go_round(int rc)
{
	return rc == -EXDEV || must_walk(rc);
}

int sysfs_open(const struct p2pdma_context *context, const char *dir,
	       const char *name, int flags)
{
	_cleanup_free_ char *path = NULL;
	int rc, fd;

	if (is_here(context, dir) && name) {
		fd = open_here(context, name, flags);
		if (!must_go_round(fd))
			return fd;
	}
	if (context->is_live)
		return open_live(context, dir, name, flags);
	fd = open_in_root(context, dir, name, flags);
	if (!must_walk(fd))
		return fd;
	rc = find_canonical(context, dir, name, &path);
	if (rc)
		return rc;
	fd = openat(context->root_fd, path, flags | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

int sysfs_enter(const struct p2pdma_context *context, const char *dir,
		struct p2pdma_context *here)
{
	int fd = sysfs_open(context, dir, NULL, O_PATH | O_DIRECTORY);

	if (fd < 0)
		return fd;
	*here = *context;
	here->here = dir;
	here->here_fd = fd;
	return 0;
}

void sysfs_leave(struct p2pdma_context *here)
{
	if (here->here)
		close(here->here_fd);
	here->here = NULL;
}

int sysfs_canonical(const struct p2pdma_context *context, const char *dir,
		    const char *name, char **path)
{
	_cleanup_fd_ int fd = -1;
	char *known;

	if (is_here(context, dir) && !name) {
		known = ask_for_canonical(context->root_path,
					  context->here_fd);
	} else {
		fd = sysfs_open(context, dir, name, O_PATH);
		if (fd < 0)
			return fd;
		known = ask_for_canonical(context->root_path, fd);
	}
	if (!known)
		return find_canonical(context, dir, name, path);
	*path = known;
	return 0;
}

bool sysfs_exists(const struct p2pdma_context *context, const char *dir,
		  const char *name)
{
	_cleanup_fd_ int fd = sysfs_open(context, dir, name, O_PATH);

	return fd >= 0;
}

/* O_NONBLOCK: a FIFO in somebody's tree must not stop us. */
static int open_file(const struct p2pdma_context *context, const char *dir,
		     const char *name)
{
	return sysfs_open(context, dir, name, O_RDONLY | O_NONBLOCK);
}

static int read_once(int fd, char *bytes, size_t size, size_t *got)
{
	ssize_t n;

	do
		n = read(fd, bytes, size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*got = (size_t)n;
	return 0;
}

static int read_all(int fd, char *bytes, size_t size, size_t *got)
{
	size_t all = 0, n = 1;

	while (all < size && n) {
		int rc = read_once(fd, bytes + all, size - all, &n);

		if (rc)
			return rc;
		all += n;
	}
	*got = all;
	return 0;
}

/* The end of a piece is kept in front of the next, where a word may go on. */
int sysfs_contains(const struct p2pdma_context *context, const char *dir,
		   const char *name, const char *word)
{
	_cleanup_fd_ int fd = open_file(context, dir, name);
	size_t length = strlen(word), kept = 0, got;
	char piece[PIECE_BYTES];

	if (fd < 0)
		return fd;
	for (;;) {
		int rc = read_all(fd, piece + kept, sizeof(piece) - kept,
				  &got);

		if (rc)
			return rc;
		if (memmem(piece, kept + got, word, length))
			return 1;
		if (!got)
			return 0;
		got += kept;
		kept = MIN(length, got);
		memmove(piece, piece + got - kept, kept);
	}
}

static void trim(char *text, size_t length)
{
	while (length && strchr(" \t\n", text[length - 1]))
		length--;
	text[length] = '\0';
}

/* Doubles the buffer until the end of the file is in it. */
static int read_growing(int fd, bool comes_at_once, char **text,
			size_t *length)
{
	size_t size = 0, got = 0;

	while (got == size) {
		size_t more = 0;
		char *grown;
		int rc;

		size = size ? size * 2 : 4096;
		if (size > TEXT_MAX)
			return -EFBIG;
		grown = realloc(*text, size + 1);
		if (!grown)
			return -ENOMEM;
		*text = grown;
		rc = comes_at_once ?
			     read_once(fd, *text + got, size - got, &more) :
			     read_all(fd, *text + got, size - got, &more);
		if (rc)
			return rc;
		got += more;
	}
	*length = got;
	return 0;
}

/* sysfs gives an attribute at once, proc a file record by record. */
static bool is_attribute(const char *dir)
{
	return !strncmp(dir, "sys/", strlen("sys/"));
}

int sysfs_read_text(const struct p2pdma_context *context, const char *dir,
		    const char *name, char **text)
{
	_cleanup_fd_ int fd = open_file(context, dir, name);
	_cleanup_free_ char *buffer = NULL;
	size_t length = 0;
	int rc;

	if (fd < 0)
		return fd;
	rc = read_growing(fd, is_attribute(dir), &buffer, &length);
	if (rc)
		return rc == -ENOMEM ? context_lack(context) : rc;
	trim(buffer, length);
	*text = steal_pointer(buffer);
	return 0;
}

/* What is longer than @text is no number. Attributes come in one piece. */
static int read_short(const struct p2pdma_context *context, const char *dir,
		      const char *name, char text[NUMBER_SIZE])
{
	_cleanup_fd_ int fd = open_file(context, dir, name);
	size_t length = 0;
	int rc;

	if (fd < 0)
		return fd;
	rc = read_once(fd, text, NUMBER_SIZE, &length);
	if (rc)
		return rc;
	if (length == NUMBER_SIZE)
		return -EINVAL;
	trim(text, length);
	return 0;
}

static int read_number(const struct p2pdma_context *context, const char *dir,
		       const char *name, int base, uint64_t *number)
{
	char text[NUMBER_SIZE];
	unsigned long long n;
	char *end;
	int rc;

	rc = read_short(context, dir, name, text);
	if (rc)
		return rc;
	errno = 0;
	n = strtoull(text, &end, base);
	if (errno || end == text || *end || *text == '-')
		return -EINVAL;
	*number = n;
	return 0;
}

int sysfs_read_u64(const struct p2pdma_context *context, const char *dir,
		   const char *name, uint64_t *number)
{
	return read_number(context, dir, name, 0, number);
}

int sysfs_read_hex(const struct p2pdma_context *context, const char *dir,
		   const char *name, uint64_t *number)
{
	return read_number(context, dir, name, 16, number);
}

int sysfs_read_int(const struct p2pdma_context *context, const char *dir,
		   const char *name, int *number)
{
	char text[NUMBER_SIZE], *end;
	long n;
	int rc;

	rc = read_short(context, dir, name, text);
	if (rc)
		return rc;
	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || end == text || *end || n < INT_MIN || n > INT_MAX)
		return -EINVAL;
	*number = (int)n;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

static int fill_names(DIR *dir, struct sysfs_names *names)
{
	const struct dirent *entry;

	while ((entry = readdir(dir))) {
		char **name;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		name = array_add(names->names, names->count);
		if (!name)
			return -ENOMEM;
		*name = strdup(entry->d_name);
		if (!*name)
			return -ENOMEM;
	}
	return 0;
}

int sysfs_list(const struct p2pdma_context *context, const char *dir,
	       const char *name, struct sysfs_names *names)
{
	_cleanup_names_ struct sysfs_names found = { 0 };
	_cleanup_fd_ int fd = -1;
	_cleanup_dir_ DIR *stream = NULL;
	int rc;

	fd = sysfs_open(context, dir, name, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	stream = fdopendir(fd);
	if (!stream)
		return errno == ENOMEM ? context_lack(context) : -errno;
	steal_fd(&fd);
	rc = fill_names(stream, &found);
	if (rc)
		return rc == -ENOMEM ? context_lack(context) : rc;
	if (found.count)
		qsort(found.names, found.count, sizeof(*found.names),
		      compare_names);
	*names = found;
	found = (struct sysfs_names){ 0 };
	return 0;
}

void sysfs_names_fini(struct sysfs_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->names[i]);
	free(names->names);
	*names = (struct sysfs_names){ 0 };
}

int sysfs_read_link(const struct p2pdma_context *context, const char *dir,
		    const char *name, char **target)
{
	_cleanup_fd_ int fd = -1;
	char text[PATH_MAX];
	const char *last;
	char *copy;
	ssize_t n;

	if (!is_here(context, dir)) {
		fd = sysfs_open(context, dir, NULL, O_PATH | O_DIRECTORY);
		if (fd < 0)
			return fd;
	}
	n = readlinkat(fd < 0 ? context->here_fd : fd, name, text,
		       sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	last = strrchr(text, '/');
	copy = context_strdup(context, last ? last + 1 : text);
	if (!copy)
		return -ENOMEM;
	*target = copy;
	return 0;
}
