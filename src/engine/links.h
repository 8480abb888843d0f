/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows which files of a tree have several names, and where the first of them
 * was copied to; must not know how files are copied or linked.
 *
 * Files all of whose names have been seen are forgotten.
 */
#ifndef P2PDMA_ENGINE_LINKS_H
#define P2PDMA_ENGINE_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum link_state {
	LINK_UNKNOWN = 0,
	LINK_COPYING,		/* the first name is not there yet */
	LINK_THERE,
	LINK_FAILED,
	LINK_ELSEWHERE,		/* another node's */
};

/* A name that waits for the first one. */
struct link_name {
	struct link_name *next;
	void *owner;
	char name[];
};

struct link {
	dev_t device;
	ino_t inode;
	nlink_t names;		/* still to be seen */
	enum link_state state;
	void *owner;		/* of the first name */
	char *name;
	char *sum;		/* of what is in it, or NULL; heap, the
				 * caller's to set */
	struct link_name *waiting;
};

/* Zeroed at first. */
struct links {
	void *root;
};

/*
 * What is known of a file when one of its @names is seen: LINK_UNKNOWN is the
 * first, whose copy is to be made. NULL: no memory.
 */
struct link *links_see(struct links *links, dev_t device, ino_t inode,
		       nlink_t names);

/* Sets the first name. 0 or -ENOMEM. */
int link_set_name(struct link *link, void *owner, const char *name);

/* One more that waits. 0 or -ENOMEM. */
int link_add_waiting(struct link *link, void *owner, const char *name);

struct link *links_find(struct links *links, dev_t device, ino_t inode);

/* When no other name can come, or wait: what was the owner is returned. */
bool link_is_done(const struct link *link);
void links_forget(struct links *links, struct link *link);

/* Any one of those that are left; NULL: none. */
struct link *links_get_any(struct links *links);

#endif
