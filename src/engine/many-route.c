// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/many-route.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/macro.h"
#include "engine/many-tell.h"

/* What is shorter proves nothing about peer memory, and gains nothing; what is
 * a hole from end to end does not, either. */
#define PEER_LEAST	4096

/* Of a dry run, what of the path is there already; "": here. */
static char *find_there(const struct walk_directory *directory)
{
	char *path = walk_format_path(directory, NULL, true), *slash;

	while (path && *path && access(path, F_OK)) {
		slash = strrchr(path, '/');
		if (slash == path && path[1])
			slash++;
		*(slash ? slash : path) = '\0';
	}
	return path;
}

/* Where the directory is not open, that of what is there of its path. */
static int find_device(struct walk_directory *directory)
{
	_cleanup_free_ char *there = NULL;
	struct stat st;

	if (many_get_device(directory))
		return 0;
	if (directory->to_fd >= 0)
		return -errno;
	there = find_there(directory);
	if (!there)
		return -ENOMEM;
	if (stat(*there ? there : ".", &st))
		return -errno;
	directory->to_device = st.st_dev;
	return 0;
}

static int advance(struct many *m, const struct routes_ends *ends,
		   bool is_proof_wanted, struct route_plan **plan)
{
	int rc = 0;

	if (!*plan)
		rc = routes_predict(&m->routes, ends, plan);
	if (!rc && is_proof_wanted && routes_needs_proof(*plan))
		rc = routes_prove(&m->routes, *plan, ends);
	m->ring = m->routes.ring;
	m->is_silent |= m->routes.is_silent;
	return rc;
}

/* False: of one of them it cannot be said. */
static bool find_devices(const struct batch_request *request, dev_t source,
			 struct routes_ends *ends)
{
	*ends = (struct routes_ends){
		.source_device = source,
		.place_count = request->place_count,
	};
	for (unsigned i = 0; i < request->place_count; i++) {
		struct walk_directory *d = request->places[i].owner;

		if (find_device(d))
			return false;
		ends->places[i].device = d->to_device;
	}
	return true;
}

/* What it is tried with. Heap, in @paths. */
static int find_paths(const struct batch_request *request,
		      struct routes_ends *ends, char **paths)
{
	const struct walk_directory *first = request->places[0].owner;

	paths[0] = many_format_source(first, request->source);
	ends->source = paths[0];
	for (unsigned i = 0; i < request->place_count; i++) {
		paths[1 + i] = find_there(request->places[i].owner);
		ends->places[i].directory = paths[1 + i];
	}
	for (unsigned i = 0; i <= request->place_count; i++)
		if (!paths[i])
			return -ENOMEM;
	return 0;
}

static int advance_with(struct many *m, const struct batch_request *request,
			struct routes_ends *ends, bool is_proof_wanted,
			struct route_plan **plan)
{
	char *paths[1 + BATCH_PLACES_MOST] = { NULL };
	int rc = find_paths(request, ends, paths);

	if (!rc)
		rc = advance(m, ends, is_proof_wanted, plan);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		free(paths[i]);
	return rc;
}

int many_route_find(struct many *m, const struct batch_request *request,
		    bool is_idle, struct route_plan **plan)
{
	struct routes_ends ends;
	bool is_proof_wanted;
	struct stat from;

	*plan = NULL;
	if (m->routes.is_host_only ||
	    fstatat(request->places->source_directory, request->source, &from,
		    request->is_followed ? 0 : AT_SYMLINK_NOFOLLOW) ||
	    !S_ISREG(from.st_mode) || !from.st_size ||
	    !find_devices(request, from.st_dev, &ends))
		return 0;
	is_proof_wanted = from.st_size >= PEER_LEAST && from.st_blocks &&
			  !m->args.is_planned;
	*plan = routes_find(&m->routes, &ends);
	if (*plan && !(is_proof_wanted && routes_needs_proof(*plan)))
		return 0;
	if (!is_idle && (*plan || is_proof_wanted ||
			 routes_is_full(&m->routes)))
		return -EBUSY;
	return advance_with(m, request, &ends, is_proof_wanted, plan);
}

static void tell_refused(struct many *m, const struct batch_place *place,
			 const char *source, const struct route_plan *plan)
{
	struct many_file file = {
		.kind = WALK_FILE,
		.outcome = MANY_NO_PEER,
		.tried = "reach through peer memory",
	};

	many_route_describe(m, plan, &file);
	many_tell(m, place->owner, source, place->name, &file);
}

bool many_route_refuse(struct many *m, const struct batch_request *request,
		       const struct route_plan *plan)
{
	if (!m->args.is_peer_required || !plan || plan->is_peer ||
	    routes_needs_proof(plan))
		return false;
	for (unsigned i = 0; i < request->place_count; i++)
		tell_refused(m, &request->places[i], request->source, plan);
	return true;
}

/* Of a dry run the plan is what was predicted. */
void many_route_describe(const struct many *m, const struct route_plan *plan,
			 struct many_file *file)
{
	bool is_peer = plan && (plan->is_peer ||
				(m->args.is_planned && plan->memory.provider));
	const struct memory *memory = is_peer ? &plan->memory :
						&m->routes.host;

	file->block_bytes = memory->block_bytes;
	file->depth = memory->depth;
	if (is_peer) {
		file->provider = memory->providers;
		file->reach_source = memory->reach_source;
		file->reach_destination = memory->reach_destination;
	} else if (plan && plan->memory.why.id) {
		file->why = &plan->memory.why;
	}
}
