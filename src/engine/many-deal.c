// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/many-deal.h"

#include <errno.h>
#include <sys/stat.h>

#include "engine/many-files.h"
#include "engine/many-later.h"

bool many_deal_one(struct many *m)
{
	struct shard_range range;

	return !m->shard || shard_deal(m->shard, 0, 1, 0, &range);
}

static int push_ranges(struct many *m, struct walk_directory *directory,
		       const char *source, const char *destination,
		       const struct stat *facts, unsigned parts)
{
	uint64_t size = (uint64_t)facts->st_size;
	struct shard_range range;
	struct many_later *later;

	for (unsigned i = 0; i < parts; i++) {
		if (!shard_deal(m->shard, size, parts, i, &range))
			continue;
		later = many_do_later(m, directory, source, destination);
		if (!later)
			return 0;
		later->is_alone = later->is_range = later->is_parted = true;
		later->range = range;
		later->facts = *facts;
	}
	/* With nobody in flight, nobody else would come to it. */
	return many_files_turn(m);
}

int many_deal_file(struct many *m, struct walk_directory *directory,
		   const char *source, const char *destination,
		   bool is_followed, const struct stat *facts)
{
	uint64_t size = (uint64_t)facts->st_size;
	struct shard_range range;
	unsigned parts;

	parts = S_ISREG(facts->st_mode) ? shard_count_parts(m->shard, size) :
					  1;
	if (parts > 1)
		return push_ranges(m, directory, source, destination, facts,
				   parts);
	if (!shard_deal(m->shard, size, 1, 0, &range))
		return 0;
	return many_files_push(m, directory, source, destination, is_followed,
			       S_ISREG(facts->st_mode));
}

/* The first one decides for the others. */
static bool deal_link(struct many *m, const struct stat *st, struct link *link)
{
	struct shard_range range;
	bool is_ours;

	if (link->state == LINK_UNKNOWN)
		link->state = shard_deal(m->shard, (uint64_t)st->st_size, 1, 0,
					 &range) ? LINK_THERE : LINK_ELSEWHERE;
	is_ours = link->state == LINK_THERE;
	if (link_is_done(link))
		links_forget(&m->dealt, link);
	return is_ours;
}

/* All names of a file, and all of its data, fall to one node. */
int many_deal_name(struct many *m, struct walk_directory *directory,
		   const char *name, const struct stat *st)
{
	struct link *link = links_see(&m->dealt, st->st_dev, st->st_ino,
				      st->st_nlink);

	if (!link)
		return -ENOMEM;
	return deal_link(m, st, link) ?
		       many_files_push(m, directory, name, name, false, true) :
		       0;
}

void many_deal_fini(struct many *m)
{
	struct link *link;

	while ((link = links_get_any(&m->dealt)))
		links_forget(&m->dealt, link);
}
