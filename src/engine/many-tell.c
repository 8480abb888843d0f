// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/many-tell.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static bool has_failed(const struct many_file *file)
{
	return file->outcome != MANY_DONE && file->outcome != MANY_LINKED &&
	       file->outcome != MANY_DONE_BEFORE &&
	       file->outcome != MANY_UNKNOWN;
}

static void count(struct many_totals *t, const struct many_file *file)
{
	if (has_failed(file)) {
		t->failed++;
		return;
	}
	t->files += file->kind == WALK_FILE && file->outcome != MANY_LINKED &&
		    file->outcome != MANY_DONE_BEFORE;
	t->done_before += file->outcome == MANY_DONE_BEFORE;
	t->links += file->outcome == MANY_LINKED;
	t->directories += file->kind == WALK_DIRECTORY;
	t->others += file->kind == WALK_SYMLINK || file->kind == WALK_SPECIAL;
	t->changed += file->is_changed;
	t->copied_bytes += file->copied_bytes;
	t->peer_bytes += file->peer_bytes;
	t->drive_bytes += file->is_offloaded ? file->copied_bytes : 0;
	t->skipped_bytes += file->skipped_bytes;
}

char *many_format_source(const struct walk_directory *directory,
			 const char *name)
{
	if (directory && many_is_in_tree(directory))
		return walk_format_path(directory, name, false);
	return strdup(name);
}

void many_tell(struct many *m, struct walk_directory *directory,
	       const char *source, const char *destination,
	       struct many_file *file)
{
	_cleanup_free_ char *from = NULL, *to = NULL;

	count(&m->totals, file);
	if (!m->args.ended)
		return;
	from = many_format_source(directory, source);
	to = directory ? walk_format_path(directory, destination, true) :
			 strdup(destination);
	file->source = from ? from : source;
	file->destination = to ? to : destination;
	m->args.ended(m->args.data, file);
}

void many_tell_failed(struct many *m, struct walk_directory *directory,
		      const char *source, const char *destination,
		      enum side side, const char *tried, int error)
{
	struct many_file file = {
		.outcome = MANY_FAILED,
		.tried = tried,
		.side = side,
		.error = error,
	};

	many_tell(m, directory, source, destination, &file);
}

void many_tell_failed_places(struct many *m,
			     const struct batch_request *request,
			     enum side side, const char *tried, int error)
{
	for (unsigned i = 0; i < request->place_count; i++)
		many_tell_failed(m, request->places[i].owner, request->source,
				 request->places[i].name, side, tried, error);
}

void many_tick(struct many *m, uint64_t bytes)
{
	if (m->args.tick)
		m->args.tick(m->args.data, bytes);
}
