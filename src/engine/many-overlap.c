// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/many-overlap.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/macro.h"
#include "engine/many-tell.h"

static void tell_shared(struct many *m, struct walk_directory *directory,
			const char *source, const char *destination)
{
	_cleanup_free_ char *from = many_format_source(directory, source);
	_cleanup_free_ char *to = walk_format_path(directory, destination,
						   true);
	struct guard_answer answer;
	struct many_file file = {
		.kind = WALK_FILE,
		.outcome = MANY_REFUSED,
		.tried = answer.why,
		.guards = &answer,
		.guard_count = 1,
	};

	guard_refuse_overlap(from ? from : source, to ? to : destination,
			     &answer);
	many_tell(m, directory, source, destination, &file);
}

static bool is_same(const struct ground_file *a, const struct ground_file *b)
{
	return a->device == b->device && a->inode == b->inode;
}

/* By what it is now: a journal is a new file each time it is saved. */
static bool is_at(const char *path, const struct ground_file *file)
{
	struct stat st;

	return path && !stat(path, &st) &&
	       is_same(file, &(const struct ground_file){ st.st_dev,
							  st.st_ino });
}

/* One of the pair would be lost to what only tells of it; and what is said. */
static const struct {
	enum many_own own;
	const char *replaces;	/* the source */
	const char *goes;	/* to the destination */
} owns[] = {
	{ MANY_OWN_JOURNAL,
	  "it is this copy's journal: copy it when the copy has ended",
	  "the journal goes to its destination: choose another file for it" },
	{ MANY_OWN_REPORT,
	  "the report would replace it: choose another file for that",
	  "the report goes to its destination: choose another file for it" },
	{ MANY_OWN_SUMS,
	  "the checksums would replace it: choose another file for them",
	  "the checksums go to its destination: choose another file for "
	  "them" },
};

static unsigned find_owns(const struct many_args *args,
			  const struct ground_file *file)
{
	return (is_at(args->journal, file) ? MANY_OWN_JOURNAL : 0) |
	       (is_at(args->report_path, file) ? MANY_OWN_REPORT : 0) |
	       (is_at(args->sums_path, file) ? MANY_OWN_SUMS : 0);
}

static bool refuse_own(struct many *m, struct walk_directory *directory,
		       const char *source, const char *destination,
		       const struct ground_file *file, bool is_source)
{
	unsigned found = find_owns(&m->args, file);
	struct many_file told = {
		.kind = WALK_FILE,
		.outcome = MANY_REFUSED,
		.endangers = is_source ? found : 0,
	};

	for (size_t i = 0; i < ARRAY_SIZE(owns) && !told.tried; i++)
		if (owns[i].own & found)
			told.tried = is_source ? owns[i].replaces :
						 owns[i].goes;
	if (!found)
		return false;
	many_tell(m, directory, source, destination, &told);
	return true;
}

static bool do_meet(struct many *m, struct walk_directory *directory,
		    const char *source, const struct ground_file *from,
		    const struct ground_file *old)
{
	if (old && is_same(from, old))
		return true;
	if (ground_has(&m->grounds, many_get_device(directory),
		       directory->to_fd, NULL, from))
		return true;
	return old && ground_has(&m->grounds, from->device,
				 many_get_source_fd(directory), source, old);
}

bool many_overlap_refuse(struct many *m, struct walk_directory *directory,
			 const char *source, const char *destination,
			 const struct ground_file *from,
			 const struct ground_file *old)
{
	if (old && refuse_own(m, directory, source, destination, old, false))
		return true;
	/* A tree may hold what told of it before; a pair is meant. */
	if (!old && !many_is_in_tree(directory) &&
	    refuse_own(m, directory, source, destination, from, true))
		return true;
	if (!do_meet(m, directory, source, from, old))
		return false;
	tell_shared(m, directory, source, destination);
	return true;
}

bool many_overlap_refuse_path(struct many *m, struct walk_directory *directory,
			      const char *source, const char *destination,
			      const struct stat *from, const struct stat *old)
{
	const struct ground_file there = { old->st_dev, old->st_ino };
	const struct ground_file source_file = { from->st_dev, from->st_ino };

	if (S_ISREG(old->st_mode) && directory->to_fd >= 0)
		return many_overlap_refuse(m, directory, source, destination,
					   &source_file, &there);
	if (refuse_own(m, directory, source, destination, &there, false))
		return true;
	if (!is_same(&source_file, &there))
		return false;
	tell_shared(m, directory, source, destination);
	return true;
}

/* The directory of the source: the link itself may lead elsewhere. */
static bool is_ground(struct many *m, const struct walk_directory *directory,
		      const char *source, dev_t device,
		      const struct ground_file *old)
{
	_cleanup_free_ char *copy = NULL;

	if (many_is_in_tree(directory))
		return ground_has(&m->grounds, device, directory->fd, NULL,
				  old);
	copy = strdup(source);
	return copy && ground_has(&m->grounds, device, AT_FDCWD, dirname(copy),
				  old);
}

bool many_overlap_refuse_name(struct many *m, struct walk_directory *directory,
			      const char *source, const char *destination,
			      dev_t device)
{
	struct ground_file old;
	struct stat st;

	if (fstatat(directory->to_fd, destination, &st, AT_SYMLINK_NOFOLLOW) ||
	    !S_ISREG(st.st_mode))
		return false;
	old = (struct ground_file){ st.st_dev, st.st_ino };
	if (refuse_own(m, directory, source, destination, &old, false))
		return true;
	if (!is_ground(m, directory, source, device, &old))
		return false;
	tell_shared(m, directory, source, destination);
	return true;
}
