// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"

/* The kernel has no larger list, and no larger value. */
#define XATTR_MOST	65536

void attributes_take_stat(struct attributes *attributes,
			  const struct stat *facts)
{
	*attributes = (struct attributes){
		.mode = facts->st_mode,
		.owner = facts->st_uid,
		.group = facts->st_gid,
		.times = { facts->st_atim, facts->st_mtim },
	};
}

static struct timespec get_time(const struct statx_timestamp *stamp)
{
	return (struct timespec){ .tv_sec = stamp->tv_sec,
				  .tv_nsec = (long)stamp->tv_nsec };
}

void attributes_take_statx(struct attributes *attributes,
			   const struct statx *facts)
{
	*attributes = (struct attributes){
		.mode = facts->stx_mode,
		.owner = facts->stx_uid,
		.group = facts->stx_gid,
		.times = { get_time(&facts->stx_atime),
			   get_time(&facts->stx_mtime) },
	};
}

/* Not ours to give, or not there to be given. */
static bool is_excused(int error)
{
	return error == EPERM || error == EACCES || error == EINVAL ||
	       error == EOPNOTSUPP || error == ENODATA;
}

/* Rights of an owner whom the copy does not have would be another's. */
static mode_t get_mode(const struct attributes *a, bool is_owned)
{
	return a->mode & (is_owned ? 07777 : 01777);
}

static int copy_value(int from, int to, const char *name, char *value)
{
	ssize_t size = fgetxattr(from, name, value, XATTR_MOST);

	if (size < 0)
		return is_excused(errno) ? 0 : -errno;
	if (!fsetxattr(to, name, value, (size_t)size, 0) || is_excused(errno))
		return 0;
	return -errno;
}

static int copy_xattrs(int from, int to)
{
	_cleanup_free_ char *value = NULL;
	char none[1];
	_cleanup_free_ char *names = NULL;
	ssize_t size = flistxattr(from, none, 0);
	int rc = 0;

	if (size <= 0)
		return size && !is_excused(errno) ? -errno : 0;
	names = malloc(XATTR_MOST);
	value = malloc(XATTR_MOST);
	if (!names || !value)
		return -ENOMEM;
	size = flistxattr(from, names, XATTR_MOST);
	for (char *name = names; !rc && size > 0 && name < names + size;
	     name += strlen(name) + 1)
		rc = copy_value(from, to, name, value);
	return rc;
}

int attributes_copy(const struct attributes *attributes, int from, int to)
{
	bool is_owned = !fchown(to, attributes->owner, attributes->group);
	int rc;

	if (!is_owned && !is_excused(errno))
		return -errno;
	/* As a user who is in the group, at least that. */
	if (!is_owned && fchown(to, (uid_t)-1, attributes->group) &&
	    !is_excused(errno))
		return -errno;
	rc = copy_xattrs(from, to);
	if (rc)
		return rc;
	if (fchmod(to, get_mode(attributes, is_owned)) && !is_excused(errno))
		return -errno;
	return futimens(to, attributes->times) ? -errno : 0;
}

int attributes_copy_at(const struct attributes *attributes, int directory,
		       const char *name)
{
	bool is_owned;

	is_owned = !fchownat(directory, name, attributes->owner,
			     attributes->group, AT_SYMLINK_NOFOLLOW);
	if (!is_owned && !is_excused(errno))
		return -errno;
	/* Links have no mode. */
	if (!S_ISLNK(attributes->mode) &&
	    fchmodat(directory, name, get_mode(attributes, is_owned),
		     AT_SYMLINK_NOFOLLOW) &&
	    !is_excused(errno))
		return -errno;
	return utimensat(directory, name, attributes->times,
			 AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}
