// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows where the data of a file is that has holes; must not know how it is
 * read.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"
#include "engine/batch-state.h"

/* What file systems hand out at least: no hole is smaller. */
#define GRAIN	4096

bool batch_has_holes(const struct file *f)
{
	return f->size_bytes > GRAIN && f->facts.stx_size &&
	       f->facts.stx_blocks * 512 < f->size_bytes;
}

static uint32_t get_grain(const struct file *f)
{
	return MAX(f->route->align, GRAIN);
}

/* The ring has no lseek(2); the name may mean something else by now. */
int batch_open_for_holes(struct file *f)
{
	struct stat st;

	f->hole_fd = openat(f->source_directory, f->source,
			    O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
			    (f->is_followed ? 0 : O_NOFOLLOW));
	if (f->hole_fd < 0 || fstat(f->hole_fd, &st))
		return -errno;
	return st.st_ino == f->facts.stx_ino ? 0 : -ESTALE;
}

/* Sets next_bytes to data and data_end_bytes behind it. */
int batch_find_data(struct file *f)
{
	off_t begin, end;

	if (f->next_bytes < f->data_end_bytes)
		return 0;
	begin = lseek(f->hole_fd, (off_t)f->next_bytes, SEEK_DATA);
	if (begin < 0 && errno == ENXIO)
		begin = (off_t)f->size_bytes;
	if (begin < 0)
		return -errno;
	/* What lies before is zeros; and blocks are written whole. */
	begin = (off_t)MAX(round_down((uint64_t)begin, get_grain(f)),
			   f->next_bytes);
	begin = (off_t)MIN((uint64_t)begin, f->size_bytes);
	f->answer.skipped_bytes += (uint64_t)begin - f->next_bytes;
	f->next_bytes = (uint64_t)begin;
	if (f->next_bytes == f->size_bytes)
		return 0;
	end = lseek(f->hole_fd, begin + 1, SEEK_HOLE);
	if (end < 0)
		end = (off_t)f->size_bytes;
	f->data_end_bytes = MIN(round_up((uint64_t)end, get_grain(f)),
				f->size_bytes);
	return 0;
}
