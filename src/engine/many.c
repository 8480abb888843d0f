// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/many.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "engine/many-deal.h"
#include "engine/many-done.h"
#include "engine/many-files.h"
#include "engine/many-later.h"
#include "engine/many-links.h"
#include "engine/many-pairs.h"
#include "engine/many-tree.h"

static bool ends_in_slash(const char *path)
{
	size_t length = strlen(path);

	return length && path[length - 1] == '/';
}

/* As cp -r: a link is one, unless a slash follows it. */
static enum walk_kind find_kind(const char *source)
{
	struct stat st;

	if (ends_in_slash(source) ? stat(source, &st) : lstat(source, &st))
		return WALK_UNKNOWN;
	if (S_ISDIR(st.st_mode))
		return WALK_DIRECTORY;
	if (S_ISLNK(st.st_mode))
		return WALK_SYMLINK;
	if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))
		return WALK_FILE;
	return WALK_SPECIAL;
}

int many_add(struct many *many, const char *source,
	     const char *const *destinations, unsigned count)
{
	enum walk_kind kind = WALK_FILE;

	if (many_is_stopped(many))
		return -EINTR;
	if (many->args.is_recursive)
		kind = find_kind(source);
	if (kind == WALK_DIRECTORY)
		return many_tree_add(many, source, destinations, count);
	if (kind == WALK_SYMLINK || kind == WALK_SPECIAL)
		return many_pairs_add_node(many, source, destinations, count,
					   kind);
	return many_pairs_add(many, source, destinations, count);
}

int many_create(const struct many_args *args, struct many **many)
{
	struct many *m = calloc(1, sizeof(*m));
	int rc = 0;

	if (!m)
		return -ENOMEM;
	m->args = *args;
	m->later_end = &m->later;
	m->started_ns = clock_now_ns();
	m->started_cpu_ns = clock_cpu_ns();
	m->grounds = (struct grounds){
		.context = args->context,
		.topology = args->topology,
	};
	m->syncs = (struct syncs){
		.context = args->context,
		.io_timeout_ns = args->io_timeout_ns,
	};
	m->walk = (struct walk){
		.is_by_name = args->shard_count,
		.leave = many_tree_leave,
		.data = m,
	};
	if (args->shard_count)
		rc = shard_create(args->shard_index, args->shard_count,
				  &m->shard);
	if (!rc && !args->is_planned)
		rc = ring_open_with(BATCH_RING_DEPTH,
				    args->is_handed ? RING_HANDED : 0,
				    &m->ring);
	if (!rc)
		rc = many_files_open(m);
	if (rc) {
		many_destroy(m);
		return rc;
	}
	*many = m;
	return 0;
}

int many_open_journal(struct many *many, bool *is_into)
{
	return many->args.is_planned ? 0 : many_done_open(many, is_into);
}

bool many_is_busy(const struct many *many)
{
	return many->batch && (many->later || batch_is_busy(many->batch));
}

int many_work(struct many *many)
{
	return many_files_turn(many);
}

int many_finish(struct many *many)
{
	int rc = 0, last = 0;

	while (!rc && !many->is_ring_dead && many_is_busy(many))
		rc = many_files_turn(many);
	if (!rc && many->args.is_synced)
		rc = many_done_flush(many);
	if (!many->is_ring_dead && !many->is_silent)
		last = many_done_save(many, true);
	many->totals.duration_ns = clock_now_ns() - many->started_ns;
	many->totals.cpu_ns = clock_cpu_ns() - many->started_cpu_ns;
	if (many->ring)
		many->totals.submits = ring_get_submits(many->ring);
	if (!rc)
		rc = last;
	if (!rc && many_is_stopped(many))
		rc = -EINTR;
	return rc;
}

const struct many_totals *many_get_totals(const struct many *many)
{
	return &many->totals;
}

bool many_is_silent(const struct many *many)
{
	return many->is_silent;
}

int many_give_back(struct many *many)
{
	int rc;

	many->routes.is_silent |= many->is_silent;
	rc = routes_fini(&many->routes);
	many->routes.count = 0;
	return rc ? rc : many->scrub_error;
}

void many_destroy(struct many *many)
{
	struct many_later *later;

	if (!many)
		return;
	while ((later = many_take_later(many)))
		many_free_later(many, later);
	many_links_fini(many);
	many_deal_fini(many);
	walk_fini(&many->walk);
	if (many->place)
		walk_release(&many->walk, many->place);
	ring_close(many->ring);
	ring_close(many->drives);
	many_give_back(many);
	batch_destroy(many->batch);
	shard_destroy(many->shard);
	grounds_fini(&many->grounds);
	key_set_fini(&many->claims);
	syncs_fini(&many->syncs);
	many_done_close(many);
	free(many);
}
