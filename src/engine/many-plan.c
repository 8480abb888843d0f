// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/many-plan.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "engine/many-alone.h"
#include "engine/many-overlap.h"
#include "engine/many-route.h"
#include "engine/many-tell.h"

/* A device, or what is written in place: its guards are those of a job. */
static int plan_alone(struct many *m, struct walk_directory *directory,
		      const char *source, const char *destination)
{
	char *from = (char *)(uintptr_t)source;
	char *to = (char *)(uintptr_t)destination;
	const struct many_later later = {
		.directory = directory,
		.source = from,
		.destination = to,
	};

	return many_alone_copy(m, &later);
}

static int plan_regular(struct many *m, struct walk_directory *directory,
			const char *source, const char *destination,
			const struct stat *from, bool is_followed)
{
	struct many_file file = { .kind = WALK_FILE };
	struct route_plan *plan;
	int rc;

	rc = many_route_find(m, directory, source, is_followed, true, &plan);
	if (rc) {
		many_tell_failed(m, directory, source, destination, SIDE_NONE,
				 "find memory for", rc);
		return 0;
	}
	if (many_route_refuse(m, directory, source, destination, plan))
		return 0;
	many_route_describe(m, plan, &file);
	file.size_bytes = file.copied_bytes = (uint64_t)from->st_size;
	if (file.provider)
		file.peer_bytes = file.size_bytes;
	many_tell(m, directory, source, destination, &file);
	return 0;
}

int many_plan_file(struct many *m, struct walk_directory *directory,
		   const char *source, const char *destination,
		   bool is_followed)
{
	_cleanup_free_ char *path = walk_format_path(directory, destination,
						     true);
	struct stat from, to;
	bool is_there;

	if (!path)
		return -ENOMEM;
	is_there = !lstat(path, &to);
	if (fstatat(many_get_source_fd(directory), source, &from,
		    is_followed ? 0 : AT_SYMLINK_NOFOLLOW)) {
		many_tell_failed(m, directory, source, destination,
				 SIDE_SOURCE, "look at", -errno);
		return 0;
	}
	if (S_ISDIR(from.st_mode)) {
		many_tell_failed(m, directory, source, destination,
				 SIDE_SOURCE, "read", -EISDIR);
		return 0;
	}
	if (is_there && S_ISDIR(to.st_mode)) {
		many_tell_failed(m, directory, source, destination,
				 SIDE_DESTINATION, "replace", -EISDIR);
		return 0;
	}
	if (is_there && many_overlap_refuse_path(m, directory, source,
						 destination, &from, &to))
		return 0;
	if (!S_ISREG(from.st_mode) || (is_there && !S_ISREG(to.st_mode) &&
				       !many_is_in_tree(directory)))
		return plan_alone(m, directory, source, destination);
	return plan_regular(m, directory, source, destination, &from,
			    is_followed);
}
