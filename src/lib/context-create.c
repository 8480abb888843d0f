// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Knows how a root is opened and whether it is this machine's; must not know
 * what is read below it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/context.h"
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
