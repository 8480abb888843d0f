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
static void plan_alone(struct many *m, struct walk_directory *directory,
		       const char *source, const char *destination,
		       bool is_parted)
{
	char *from = (char *)(uintptr_t)source;
	char *to = (char *)(uintptr_t)destination;
	const struct many_later later = {
		.directory = directory,
		.source = from,
		.destination = to,
		.is_parted = is_parted,
	};

	(void)many_alone_copy(m, &later);
}

static void tell_planned(struct many *m, const struct batch_request *request,
			 const struct batch_place *place,
			 const struct route_plan *plan, uint64_t size)
{
	struct many_file file = { .kind = WALK_FILE };

	many_route_describe(m, plan, &file);
	file.size_bytes = file.copied_bytes = size;
	if (file.provider)
		file.peer_bytes = size;
	many_tell(m, place->owner, request->source, place->name, &file);
}

static void plan_regular(struct many *m, const struct batch_request *request,
			 uint64_t size)
{
	struct route_plan *plan;
	int rc;

	rc = many_route_find(m, request, true, &plan);
	if (rc)
		many_tell_failed_places(m, request, SIDE_NONE,
					"find memory for", rc);
	if (rc || many_route_refuse(m, request, plan))
		return;
	for (unsigned i = 0; i < request->place_count; i++)
		tell_planned(m, request, &request->places[i], plan, size);
}

/* False: it has been told what comes of it. */
static bool is_regular_at(struct many *m, const struct batch_request *request,
			  const struct batch_place *place,
			  const struct stat *from)
{
	struct walk_directory *directory = place->owner;
	_cleanup_free_ char *path = walk_format_path(directory, place->name,
						     true);
	struct stat to;
	bool is_there = path && !lstat(path, &to);

	if (is_there && S_ISDIR(to.st_mode)) {
		many_tell_failed(m, directory, request->source, place->name,
				 SIDE_DESTINATION, "replace", -EISDIR);
		return false;
	}
	if (is_there && many_overlap_refuse_path(m, directory, request->source,
						 place->name, from, &to))
		return false;
	if (!many_is_for_drives(m) && S_ISREG(from->st_mode) &&
	    (!is_there || S_ISREG(to.st_mode) || many_is_in_tree(directory)))
		return true;
	plan_alone(m, directory, request->source, place->name, false);
	return false;
}

/* As a pair of several places that is copied: all of them by one job. */
static bool is_alone_somewhere(const struct many *m,
			       const struct batch_request *request,
			       const struct stat *from)
{
	bool is_alone = many_is_for_drives(m) || S_ISBLK(from->st_mode);

	if (request->place_count < 2 ||
	    many_is_in_tree(request->places->owner))
		return false;
	for (unsigned i = 0; i < request->place_count; i++) {
		const struct walk_directory *d = request->places[i].owner;
		struct stat to;

		is_alone |= !fstatat(d->to_fd, request->places[i].name, &to,
				     AT_SYMLINK_NOFOLLOW) &&
			    !S_ISREG(to.st_mode) && !S_ISDIR(to.st_mode);
	}
	return is_alone;
}

int many_plan_file(struct many *m, const struct batch_request *request)
{
	struct batch_place places[BATCH_PLACES_MOST];
	struct batch_request regular = *request;
	struct stat from;
	int rc;

	rc = fstatat(request->places->source_directory, request->source, &from,
		     request->is_followed ? 0 : AT_SYMLINK_NOFOLLOW) ?
		     -errno : 0;
	if (rc || S_ISDIR(from.st_mode)) {
		many_tell_failed_places(m, request, SIDE_SOURCE,
					rc ? "look at" : "read",
					rc ? rc : -EISDIR);
		return 0;
	}
	if (is_alone_somewhere(m, request, &from)) {
		plan_alone(m, request->places->owner, request->source,
			   request->places->name, true);
		return 0;
	}
	regular.places = places;
	regular.place_count = 0;
	for (unsigned i = 0; i < request->place_count; i++)
		if (is_regular_at(m, request, &request->places[i], &from))
			places[regular.place_count++] = request->places[i];
	if (regular.place_count)
		plan_regular(m, &regular, (uint64_t)from.st_size);
	return 0;
}
