// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/many-later.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/many-tell.h"

void many_free_later(struct many *m, struct many_later *later)
{
	walk_release(&m->walk, later->directory);
	free(later->source);
	free(later->destination);
	free(later);
}

struct many_later *many_do_later(struct many *m,
				 struct walk_directory *directory,
				 const char *source, const char *destination)
{
	struct many_later *later = calloc(1, sizeof(*later));

	if (!later)
		goto fail;
	later->source = strdup(source);
	later->destination = strdup(destination);
	if (!later->source || !later->destination)
		goto fail;
	later->directory = directory;
	walk_hold(directory);
	*m->later_end = later;
	m->later_end = &later->next;
	return later;
fail:
	if (later) {
		free(later->source);
		free(later->destination);
	}
	free(later);
	many_tell_failed(m, directory, source, destination, SIDE_NONE, "copy",
			 -ENOMEM);
	return NULL;
}

struct many_later *many_take_later(struct many *m)
{
	struct many_later *later = m->later;

	if (!later)
		return NULL;
	m->later = later->next;
	if (!m->later)
		m->later_end = &m->later;
	return later;
}
