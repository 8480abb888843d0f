/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how a tree of directories is gone through, below descriptors and
 * through no symbolic link, so that a name that is swapped meanwhile leads
 * nowhere; must not know what is done with what is found.
 *
 *	walk_open(&walk, AT_FDCWD, "tree", &top);
 *	walk_enter(&walk, top);
 *	while ((rc = walk_next(&walk, &entry)) > 0)
 *		if (entry.kind == WALK_DIRECTORY &&
 *		    !walk_open(&walk, &entry, &directory))
 *			walk_enter(&walk, directory);
 *	walk_fini(&walk);
 *
 * Files come before directories, each in the order of their inodes, which is
 * mostly that of the medium. Memory: some thousand names for each level.
 */
#ifndef P2PDMA_ENGINE_WALK_H
#define P2PDMA_ENGINE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum walk_kind {
	WALK_UNKNOWN = 0,	/* could not be looked at: error */
	WALK_FILE,
	WALK_SYMLINK,
	WALK_SPECIAL,		/* pipe, socket, device node */
	WALK_DIRECTORY,
};

/* Open as long as it has users. */
struct walk_directory {
	struct walk_directory *parent;	/* NULL: the top */
	char *name;			/* of the top, its path */
	int fd;
	struct stat facts;
	unsigned users;

	/* The caller's: where its copy is. Closed and freed with it. */
	int to_fd;
	char *to_name;			/* of the top, the path of the copy */
	char *to_file;			/* what a file is called there, unless
					 * as its source; or NULL */
	dev_t to_device;		/* 0: was not asked for */
	ino_t to_inode;			/* with it, where to_fd is open */
	bool is_new;
	bool is_dropped;		/* nothing is copied to it any more */
	unsigned place;			/* of several, which one */
	/* The same directory with its copy at the next place; or NULL. */
	struct walk_directory *also;
};

struct walk_entry {
	enum walk_kind kind;
	int error;			/* negative errno */
	struct walk_directory *directory; /* that it is in */
	const char *name;		/* until the next one */
};

struct walk_level;

/* Caller's storage; zeroed, but for what the caller sets. */
struct walk {
	/*
	 * In the order of names instead, the same on every machine; all names
	 * of a directory are held then.
	 */
	bool is_by_name;
	/* NULL, or told when the last user of a directory has gone. */
	void (*leave)(void *data, struct walk_directory *directory);
	void *data;

	struct walk_level *level;	/* walk.c's */
};

/*
 * A directory to be entered or released; @parent NULL: @name is a path, whose
 * last part may be a link only where a slash follows it. 0, or -errno:
 * -ENOTDIR, -ELOOP where it is none.
 */
int walk_open(struct walk *walk, struct walk_directory *parent,
	      const char *name, struct walk_directory **directory);

/*
 * @directory once more, below @parent, for a copy at the next place; released
 * with @directory. 0 or -errno.
 */
int walk_add_place(struct walk_directory *directory,
		   struct walk_directory *parent);

/* Takes over the caller's use of @directory. 0 or -errno. */
int walk_enter(struct walk *walk, struct walk_directory *directory);

/* 1: @entry is the next one; 0: there is none; -errno */
int walk_next(struct walk *walk, struct walk_entry *entry);

void walk_hold(struct walk_directory *directory);
void walk_release(struct walk *walk, struct walk_directory *directory);

/* Leaves all that was entered. */
void walk_fini(struct walk *walk);

/* The path of @name there (NULL: of itself), or of its copy; NULL: ENOMEM. */
char *walk_format_path(const struct walk_directory *directory,
		       const char *name, bool is_copy);

#endif
