/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what the parts of many.h (many-*.c) share; must not know what any of
 * them does. Nobody else includes it.
 *
 * Who calls whom, downwards only:
 *
 *	many		what is there, in which order, to the end
 *	many-tree	directories		many-pairs	pairs
 *	many-nodes	links, devices		many-deal	which node
 *	many-files	regular files, through a batch
 *	many-plan	the same in a dry run	many-route	by which memory
 *	many-alone	one thing by a copy job	many-done	the journal
 *	many-links	names of one file	many-overlap	what must not be
 *	many-claims	whose destination it is
 *	many-later	what waits		many-tell	what is told
 */
#ifndef P2PDMA_ENGINE_MANY_STATE_H
#define P2PDMA_ENGINE_MANY_STATE_H

#include <fcntl.h>
#include <sys/stat.h>

#include "engine/batch.h"
#include "engine/ground.h"
#include "engine/key-set.h"
#include "engine/links.h"
#include "engine/many.h"
#include "engine/routes.h"
#include "engine/shard.h"
#include "engine/syncs.h"

struct done_list;
struct many_later;

struct many {
	struct many_args args;
	struct ring *ring;
	struct ring *drives;		/* with commands; NULL: none yet */
	struct batch *batch;
	struct routes routes;
	struct shard *shard;		/* NULL: everything falls to us */
	struct links dealt;		/* files of several names */
	struct links links[MANY_PLACES_MOST];	/* of each place */
	struct grounds grounds;
	struct key_set claims;		/* what is a destination already */
	struct walk walk;
	struct walk_directory *place;	/* where pairs went last */
	struct many_later *later, **later_end;
	struct syncs syncs;
	struct done_list *done;		/* NULL: there is no journal */
	uint64_t saved_ns;
	uint64_t cleaned[1024];		/* a bit for each directory, hashed */
	struct many_totals totals;
	uint64_t started_ns, started_cpu_ns;
	bool is_busy_with_later;
	int scrub_error;		/* of a copy job's memory */
	bool is_silent;
	bool is_ring_dead;
};

/* What has to get to drives past the file systems goes by copy jobs. */
static inline bool many_is_for_drives(const struct many *m)
{
	return m->args.is_polled ||
	       m->args.engine == COPY_ENGINE_PASSTHROUGH ||
	       m->args.engine == COPY_ENGINE_OFFLOAD;
}

static inline bool many_is_stopped(const struct many *m)
{
	return m->args.stop && *m->args.stop;
}

/*
 * That the copies of @directory lie on, where that is open or known already; 0:
 * unknown. Asked for once, and not with each file.
 */
static inline dev_t many_get_device(struct walk_directory *directory)
{
	struct stat st;

	if (!directory->to_device && directory->to_fd >= 0 &&
	    !fstat(directory->to_fd, &st)) {
		directory->to_device = st.st_dev;
		directory->to_inode = st.st_ino;
	}
	return directory->to_device;
}

/*
 * The first from @directory on that something is copied to; NULL: none. What
 * goes round all places:
 *
 *	for (d = many_find_place(directory); d; d = many_find_place(d->also))
 */
static inline struct walk_directory *
many_find_place(struct walk_directory *directory)
{
	while (directory && directory->is_dropped)
		directory = directory->also;
	return directory;
}

/* What @name is called at @place. */
static inline const char *many_get_name(const struct walk_directory *place,
					const char *name)
{
	return place->to_file ? place->to_file : name;
}

/* Of a pair, the source is a path by itself. */
static inline bool many_is_in_tree(const struct walk_directory *directory)
{
	return directory->fd >= 0;
}

/* Below what the names of its sources are. */
static inline int many_get_source_fd(const struct walk_directory *directory)
{
	return many_is_in_tree(directory) ? directory->fd : AT_FDCWD;
}

#endif
