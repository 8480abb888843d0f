/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how a machine is written down as text and becomes a directory; must
 * not know what its files mean. Lines, of which later ones win:
 *
 *   file PATH VALUE	VALUE and a newline; "\n" in it is a newline
 *   link PATH TARGET	a symbolic link; nothing need be at TARGET
 *   hex PATH BYTES	"86 80"; "@100" fills up with zeros to offset 0x100
 *   dir PATH		an empty directory
 *   # what a reader should know
 *
 * tests/fixture-tree does the same for the shell.
 */
#ifndef P2PDMA_FIXTURE_H
#define P2PDMA_FIXTURE_H

#include "lib/p2pdma.h"

struct fixture {
	char root[64];
	struct p2pdma_context *context;
	struct p2pdma_topology *topology;	/* NULL until fixture_scan() */
};

/* The directory for tests/fixtures/NAME.txt; NULL: an empty one. */
void fixture_open(struct fixture *fixture, const char *name);

/* More lines, over those that are there. */
void fixture_add(struct fixture *fixture, const char *lines);

/* Reads the facts, again if it was done before. */
void fixture_scan(struct fixture *fixture);

/* The function at @address, which must be there. */
const struct p2pdma_function *fixture_find(const struct fixture *fixture,
					   const char *address);

/* Open, add @lines (may be NULL), scan. */
void fixture_load(struct fixture *fixture, const char *name,
		  const char *lines);

/* Removes the directory and everything made from it. */
void fixture_close(struct fixture *fixture);

#endif
