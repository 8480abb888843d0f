/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what the two halves of many.h share: many.c, which copies files, and
 * many-tree.c, which goes through directories. Nobody else includes it.
 */
#ifndef P2PDMA_ENGINE_MANY_OPS_H
#define P2PDMA_ENGINE_MANY_OPS_H

#include "engine/batch.h"
#include "engine/links.h"
#include "engine/many.h"
#include "engine/routes.h"
#include "engine/shard.h"

/* What waits until the batch can be left alone. */
struct many_later {
	struct many_later *next;
	struct walk_directory *directory;
	char *source, *destination;	/* names there */
	bool is_followed;
	bool is_alone;			/* by a copy job; else once more */
	bool is_range;			/* of a file that is shared by nodes */
	struct shard_range range;
	struct stat facts;		/* is_range: of the source */
};

struct many_sync {
	dev_t device;
	int fd;
};

struct many {
	struct many_args args;
	struct ring *ring;
	struct batch *batch;
	struct routes routes;
	struct shard *shard;
	struct links links;
	struct walk walk;
	struct walk_directory *place;	/* where pairs went last */
	struct many_later *later, **later_end;
	struct many_sync *syncs;
	size_t sync_count;
	struct many_totals totals;
	uint64_t started_ns, started_cpu_ns;
	bool is_busy_with_later;
	bool is_silent;
	bool is_ring_dead;
};

/* Tells that something in @directory has ended; fills in its paths. */
void many_tell(struct many *m, struct walk_directory *directory,
	       const char *source, const char *destination,
	       struct many_file *file);
void many_tell_failed(struct many *m, struct walk_directory *directory,
		      const char *source, const char *destination,
		      enum side side, const char *tried, int error);

/* One regular file of @directory; @facts NULL: not known to be regular. */
int many_push(struct many *m, struct walk_directory *directory,
	      const char *source, const char *destination, bool is_followed,
	      bool is_regular);

/* The same of a file that is shared, and dealt here. */
int many_push_dealt(struct many *m, struct walk_directory *directory,
		    const char *source, const char *destination,
		    bool is_followed, const struct stat *facts);

/* False when it falls to another node. */
bool many_is_dealt(struct many *m);

/* Its file system is to be synced at the end. 0 or -errno. */
int many_will_sync(struct many *m, int fd);

bool many_is_stopped(const struct many *m);

/* many-tree.c */
int many_add_tree(struct many *m, const char *source, const char *destination);
void many_copy_node(struct many *m, struct walk_directory *directory,
		    const char *source, const char *destination,
		    enum walk_kind kind);
bool many_is_link_wanted(struct many *m, struct walk_directory *directory,
			 const char *name, dev_t device, ino_t inode,
			 nlink_t names);
void many_link_ended(struct many *m, dev_t device, ino_t inode, bool is_there);
void many_leave(void *data, struct walk_directory *directory);
void many_forget_links(struct many *m);

#endif
