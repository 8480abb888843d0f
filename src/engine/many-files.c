// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/many-files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "engine/copy.h"
#include "engine/many-alone.h"
#include "engine/many-claims.h"
#include "engine/many-done.h"
#include "engine/many-links.h"
#include "engine/many-overlap.h"
#include "engine/many-plan.h"
#include "engine/many-route.h"
#include "engine/many-tell.h"

/* --- answers ------------------------------------------------------------ */

static void tell_answer(struct many *m, const struct batch_answer *a,
			enum many_outcome outcome)
{
	struct many_file file = {
		.kind = WALK_FILE,
		.outcome = outcome,
		.tried = a->deed,
		.side = a->side,
		.error = a->error,
		.error_bytes = a->offset_bytes,
		.size_bytes = a->facts ? a->facts->stx_size : 0,
		.copied_bytes = a->copied_bytes,
		.peer_bytes = a->peer_bytes,
		.skipped_bytes = a->skipped_bytes,
		.duration_ns = a->duration_ns,
		.is_changed = a->is_changed,
		.is_verified = a->is_verified,
		.why_not_compared = m->args.is_compared ?
			"a file system lies between" : NULL,
		.mismatched_bytes = a->mismatched_bytes,
		.first_mismatch_bytes = a->first_mismatch_bytes,
		.sum = a->sum,
	};

	many_route_describe(m, a->note, &file);
	many_tell(m, a->owner, a->source, a->destination, &file);
}

static void end_link(struct many *m, const struct batch_answer *a,
		     bool is_there)
{
	if (a->facts && a->facts->stx_nlink > 1 && many_is_in_tree(a->owner))
		many_links_end(m, a->owner,
			       makedev(a->facts->stx_dev_major,
				       a->facts->stx_dev_minor),
			       a->facts->stx_ino, is_there, a->sum);
}

/* A device, or a file that has to be written in place. */
static void copy_alone(struct many *m, const struct batch_answer *a)
{
	struct many_later *later;

	if (a->outcome == BATCH_NOT_REGULAR && a->facts &&
	    S_ISDIR(a->facts->stx_mode)) {
		many_tell_failed(m, a->owner, a->source, a->destination,
				 SIDE_SOURCE, "read", -EISDIR);
		return;
	}
	later = many_do_later(m, a->owner, a->source, a->destination);
	if (later)
		later->is_alone = true;
}

static void copy_again(struct many *m, const struct batch_answer *a)
{
	struct walk_directory *directory = a->owner;
	struct many_later *later;
	_cleanup_free_ char *path = many_format_source(directory, a->source);

	routes_give_up(&m->routes, a->route, path ? path : a->source,
		       a->error);
	later = many_do_later(m, directory, a->source, a->destination);
	if (later)
		later->is_followed = !many_is_in_tree(directory);
}

static void add_done(struct many *m, const struct batch_answer *a)
{
	const struct timespec modified = {
		.tv_sec = a->facts->stx_mtime.tv_sec,
		.tv_nsec = a->facts->stx_mtime.tv_nsec,
	};

	if (!a->mismatched_bytes && !a->is_changed)
		many_done_add(m, a->owner, a->destination, a->facts->stx_size,
			      modified, a->sum);
}

/* A copy job tries again, and goes round what is bad. */
static bool is_worth_more(const struct many *m, const struct batch_answer *a)
{
	return a->outcome == BATCH_FAILED &&
	       (m->args.is_continued || m->args.retries) &&
	       copy_is_bad_medium(a->error);
}

static void take_answer(void *data, const struct batch_answer *a)
{
	struct many *m = data;

	switch (a->outcome) {
	case BATCH_DONE:
		add_done(m, a);
		tell_answer(m, a, a->mismatched_bytes ? MANY_DIFFERS :
							MANY_DONE);
		end_link(m, a, !a->mismatched_bytes);
		break;
	case BATCH_NOT_REGULAR:
	case BATCH_IN_PLACE:
		copy_alone(m, a);
		break;
	case BATCH_NO_PEER:
		copy_again(m, a);
		break;
	case BATCH_LEFT:
		break;
	case BATCH_KEPT:
		end_link(m, a, false);
		break;
	case BATCH_STOPPED:
		tell_answer(m, a, MANY_STOPPED);
		end_link(m, a, false);
		break;
	case BATCH_UNKNOWN:
	case BATCH_FAILED:
		if (is_worth_more(m, a)) {
			copy_alone(m, a);
			break;
		}
		tell_answer(m, a, MANY_FAILED);
		end_link(m, a, false);
		break;
	}
	walk_release(&m->walk, a->owner);
}

static struct ground_file get_source_file(const struct batch_answer *a)
{
	return (struct ground_file){
		.device = makedev(a->facts->stx_dev_major,
				  a->facts->stx_dev_minor),
		.inode = a->facts->stx_ino,
	};
}

static bool may_replace(void *data, const struct batch_answer *a,
			const struct stat *old)
{
	const struct ground_file from = get_source_file(a);
	const struct ground_file there = { old->st_dev, old->st_ino };

	return !many_overlap_refuse(data, a->owner, a->source, a->destination,
				    &from, &there) &&
	       !many_claims_refuse_file(data, a->owner, a->source,
					a->destination, old);
}

static bool is_wanted(void *data, const struct batch_answer *a)
{
	const struct ground_file from = get_source_file(a);
	struct many *m = data;

	if (many_overlap_refuse(m, a->owner, a->source, a->destination, &from,
				NULL))
		return false;
	if (a->facts->stx_nlink < 2 || !many_is_in_tree(a->owner))
		return true;
	return many_links_is_wanted(m, a->owner, a->source,
				    makedev(a->facts->stx_dev_major,
					    a->facts->stx_dev_minor),
				    a->facts->stx_ino, a->facts->stx_nlink);
}

static void take_tick(void *data, uint64_t bytes)
{
	many_tick(data, bytes);
}

/* --- turns -------------------------------------------------------------- */

static int run_later(struct many *m);

/* What is done is saved, unless the journal would wait for the same drive. */
static void tell_silent(struct many *m)
{
	const struct batch_answer *a = batch_get_silent(m->batch);

	if (!a)
		return;
	tell_answer(m, a, MANY_FAILED);
	if (a->side == SIDE_SOURCE)
		(void)many_done_save(m, true);
}

int many_files_turn(struct many *m)
{
	int rc = batch_turn(m->batch);

	m->is_silent |= rc == -ETIMEDOUT;
	m->is_ring_dead |= rc;
	if (rc == -ETIMEDOUT)
		tell_silent(m);
	if (!rc)
		rc = many_done_save(m, false);
	if (rc)
		return rc;
	/* Somebody may have asked how far it is. */
	many_tick(m, 0);
	if (m->is_busy_with_later)
		return 0;
	m->is_busy_with_later = true;
	rc = run_later(m);
	m->is_busy_with_later = false;
	return rc;
}

int many_files_drain(struct many *m)
{
	int rc = 0;

	while (!rc && batch_is_busy(m->batch))
		rc = many_files_turn(m);
	return rc;
}

/* --- files -------------------------------------------------------------- */

static int push_request(struct many *m, const struct batch_request *request)
{
	int rc;

	while ((rc = batch_push(m->batch, request)) == -EBUSY) {
		rc = many_is_stopped(m) ? -EINTR : many_files_turn(m);
		if (rc)
			return rc;
	}
	if (rc)
		many_tell_failed_places(m, request, SIDE_NONE, "name", rc);
	for (unsigned i = 0; i < request->place_count && !rc; i++)
		walk_hold(request->places[i].owner);
	return 0;
}

static int find_route(struct many *m, const struct batch_request *request,
		      struct route_plan **plan)
{
	int rc = many_route_find(m, request, false, plan);

	if (rc != -EBUSY)
		return rc;
	rc = many_files_drain(m);
	return rc ? rc : many_route_find(m, request, true, plan);
}

/* 0: @request has it; 1: it was told why there is none; -errno. */
static int choose_route(struct many *m, struct batch_request *request)
{
	struct route_plan *plan;
	int rc = find_route(m, request, &plan);

	if (rc && !m->is_silent && !m->is_ring_dead) {
		many_tell_failed_places(m, request, SIDE_NONE,
					"find memory for", rc);
		return 1;
	}
	if (rc)
		return rc;
	if (many_route_refuse(m, request, plan))
		return 1;
	request->route = plan ? plan->number : m->routes.host_number;
	request->note = plan;
	return 0;
}

static int push_places(struct many *m, struct batch_request *request)
{
	int rc;

	if (m->args.is_planned)
		return many_plan_file(m, request);
	rc = choose_route(m, request);
	if (rc)
		return rc < 0 ? rc : 0;
	return push_request(m, request);
}

int many_files_push(struct many *m, struct walk_directory *directory,
		    const char *source, const char *destination,
		    bool is_followed, bool is_regular)
{
	struct batch_place places[BATCH_PLACES_MOST];
	struct batch_request request = {
		.source = source,
		.is_followed = is_followed,
		.is_regular = is_regular,
		.places = places,
	};
	struct walk_directory *d;

	for (d = many_find_place(directory); d; d = many_find_place(d->also)) {
		const char *name = many_get_name(d, destination);

		/* Pairs have theirs. */
		if (many_is_in_tree(d) &&
		    many_claims_refuse(m, d, source, name, false))
			continue;
		if (m->args.is_planned ||
		    !many_done_skip(m, d, source, name, is_followed))
			places[request.place_count++] = (struct batch_place){
				many_get_source_fd(d), d->to_fd, name, d,
			};
	}
	return request.place_count ? push_places(m, &request) : 0;
}

/* --- what waited -------------------------------------------------------- */

static int push_again(struct many *m, const struct many_later *later)
{
	const struct batch_place place = {
		.source_directory = many_get_source_fd(later->directory),
		.directory = later->directory->to_fd,
		.name = later->destination,
		.owner = later->directory,
	};
	struct batch_request request = {
		.source = later->source,
		.is_followed = later->is_followed,
		.is_regular = true,
		.places = &place,
		.place_count = 1,
	};

	return push_places(m, &request);
}

static int run_one(struct many *m, const struct many_later *later)
{
	int rc;

	if (!later->is_alone)
		return push_again(m, later);
	rc = many_files_drain(m);
	return rc ? rc : many_alone_copy(m, later);
}

static int run_later(struct many *m)
{
	struct many_later *later;
	int rc = 0;

	while (!rc && (later = many_take_later(m))) {
		if (!many_is_stopped(m))
			rc = run_one(m, later);
		if (!m->is_silent)
			many_free_later(m, later);
	}
	return rc;
}

/* --- the batch ---------------------------------------------------------- */

static int open_batch(struct many *m)
{
	const struct batch_plan plan = {
		.is_preserved = m->args.is_preserved,
		.is_sparse = m->args.is_sparse,
		.is_verified = m->args.is_verified,
		.is_in_place = m->args.is_in_place,
		.checksum = m->args.checksum,
		.rate_bytes_per_sec = m->args.rate_bytes_per_sec,
		.io_timeout_ns = m->args.io_timeout_ns,
		.stop = m->args.stop,
		.is_wanted = is_wanted,
		.may_replace = may_replace,
		.done = take_answer,
		.tick = take_tick,
		.data = m,
		.ring = m->ring,
	};

	return batch_create(&plan, &m->batch);
}

int many_files_open(struct many *m)
{
	const struct routes_wish wish = {
		.context = m->args.context,
		.topology = m->args.topology,
		.provider = m->args.provider,
		.block_bytes = m->args.block_bytes,
		.depth = m->args.depth,
		.is_scrubbed = m->args.is_scrubbed,
		.io_timeout_ns = m->args.io_timeout_ns,
	};
	int rc = m->args.is_planned ? 0 : open_batch(m);

	return rc ? rc : routes_init(&m->routes, &wish, m->ring, m->batch);
}
