/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows how a scope gives back what it took; must not know what that is.
 * _cleanup_(fn): fn gets the address of the variable when it leaves scope.
 */
#ifndef P2PDMA_BASE_CLEANUP_H
#define P2PDMA_BASE_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(fn)	__attribute__((cleanup(fn)))
#define _cleanup_free_	_cleanup_(cleanup_free)
#define _cleanup_fd_	_cleanup_(cleanup_fd)
#define _cleanup_file_	_cleanup_(cleanup_file)
#define _cleanup_dir_	_cleanup_(cleanup_dir)

/* Hands the pointer over to the caller's caller: the scope forgets it. */
#define steal_pointer(p)	\
	__extension__({ __typeof__(p) stolen_ = (p); (p) = NULL; stolen_; })

static inline int steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void cleanup_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void cleanup_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#endif
