// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/links.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return (x->inode > y->inode) - (x->inode < y->inode);
}

struct link *links_find(struct links *links, dev_t device, ino_t inode)
{
	const struct link key = { .device = device, .inode = inode };
	struct link *const *found = tfind(&key, &links->root, compare);

	return found ? *found : NULL;
}

struct link *links_see(struct links *links, dev_t device, ino_t inode,
		       nlink_t names)
{
	struct link *link = links_find(links, device, inode);

	if (link) {
		link->names -= !!link->names;
		return link;
	}
	link = calloc(1, sizeof(*link));
	if (!link)
		return NULL;
	link->device = device;
	link->inode = inode;
	link->names = names - 1;
	if (tsearch(link, &links->root, compare))
		return link;
	free(link);
	return NULL;
}

int link_set_name(struct link *link, void *owner, const char *name)
{
	link->name = strdup(name);
	link->owner = owner;
	return link->name ? 0 : -ENOMEM;
}

int link_add_waiting(struct link *link, void *owner, const char *name)
{
	size_t size = strlen(name) + 1;
	struct link_name *waiting = malloc(sizeof(*waiting) + size);

	if (!waiting)
		return -ENOMEM;
	memcpy(waiting->name, name, size);
	waiting->owner = owner;
	waiting->next = link->waiting;
	link->waiting = waiting;
	return 0;
}

bool link_is_done(const struct link *link)
{
	return !link->names && !link->waiting &&
	       link->state != LINK_COPYING && link->state != LINK_UNKNOWN;
}

void links_forget(struct links *links, struct link *link)
{
	tdelete(link, &links->root, compare);
	free(link->name);
	free(link->sum);
	free(link);
}

struct link *links_get_any(struct links *links)
{
	return links->root ? *(struct link **)links->root : NULL;
}
