// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/syncs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"

int syncs_add(struct syncs *syncs, int fd)
{
	struct syncs_item *item;
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	for (size_t i = 0; i < syncs->count; i++)
		if (syncs->items[i].device == st.st_dev)
			return 0;
	item = array_add(syncs->items, syncs->count);
	if (!item)
		return -ENOMEM;
	item->device = st.st_dev;
	item->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return item->fd < 0 ? -errno : 0;
}

/* A file that another descriptor of its file system could not write, too. */
int syncs_flush(const struct syncs *syncs)
{
	for (size_t i = 0; i < syncs->count; i++)
		if (syncs->items[i].fd >= 0 && syncfs(syncs->items[i].fd))
			return -errno;
	return 0;
}

void syncs_fini(struct syncs *syncs)
{
	for (size_t i = 0; i < syncs->count; i++)
		if (syncs->items[i].fd >= 0)
			close(syncs->items[i].fd);
	free(syncs->items);
	*syncs = (struct syncs){ 0 };
}
