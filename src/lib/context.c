// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/sysfs.h"

/* "/" by any name is this machine. */
static bool is_machine_root(int fd)
{
	struct stat root, given;

	return !stat("/", &root) && !fstat(fd, &given) &&
	       root.st_dev == given.st_dev && root.st_ino == given.st_ino;
}

int p2pdma_context_create(const char *root, struct p2pdma_context **context)
{
	struct p2pdma_context *c;
	int rc;

	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->root_fd = open(root ? root : "/",
			  O_PATH | O_DIRECTORY | O_CLOEXEC);
	c->lacks_memory = calloc(1, sizeof(*c->lacks_memory));
	if (!c->lacks_memory)
		errno = ENOMEM;
	if (c->root_fd < 0 || !c->lacks_memory) {
		rc = -errno;
		p2pdma_context_destroy(c);
		return rc;
	}
	c->is_live = is_machine_root(c->root_fd);
	c->root_path = sysfs_ask_for_path(c->root_fd);
	*context = c;
	return 0;
}

void p2pdma_context_destroy(struct p2pdma_context *context)
{
	if (!context)
		return;
	if (context->root_fd >= 0)
		close(context->root_fd);
	free(context->root_path);
	free(context->lacks_memory);
	free(context);
}

void p2pdma_context_set_log(struct p2pdma_context *context, p2pdma_log_fn log,
			    void *data)
{
	context->log = log;
	context->log_data = data;
}

bool p2pdma_context_is_live(const struct p2pdma_context *context)
{
	return context->is_live;
}

void context_log(const struct p2pdma_context *context, int priority,
		 const char *format, ...)
{
	char line[512];
	va_list args;

	if (!context->log)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	context->log(context->log_data, priority, line);
}

void context_begin(const struct p2pdma_context *context)
{
	*context->lacks_memory = false;
}

int context_end(const struct p2pdma_context *context,
		const struct arena *arena, int rc)
{
	return *context->lacks_memory || (arena && arena->lacks_memory) ?
		       -ENOMEM : rc;
}

int context_lack(const struct p2pdma_context *context)
{
	*context->lacks_memory = true;
	return -ENOMEM;
}

char *context_strdup(const struct p2pdma_context *context, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		context_lack(context);
	return copy;
}
