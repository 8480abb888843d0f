// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/file.h"

#include <errno.h>
#include <sys/types.h>
#include <unistd.h>

int file_store(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n < 0)
			continue;
		data += n;
		size -= (size_t)n;
	}
	return fsync(fd) ? -errno : 0;
}
