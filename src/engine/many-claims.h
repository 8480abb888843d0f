/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what this run has as a destination already, so that no source goes
 * over the copy of another one, whether that is there or in flight; must not
 * know how they are copied.
 *
 * It is known by its name in its directory, from before it is copied. What has
 * other names, too, as a drive or a file that is written in place, is known by
 * itself as well.
 */
#ifndef P2PDMA_ENGINE_MANY_CLAIMS_H
#define P2PDMA_ENGINE_MANY_CLAIMS_H

#include "engine/many-state.h"

/*
 * True, and told: this run has @name at @place as a destination already. Else
 * it has from now on; once for each copy. @is_followed: what a link of that
 * name leads to is written
 */
bool many_claims_refuse(struct many *m, struct walk_directory *place,
			const char *source, const char *name,
			bool is_followed);

/*
 * The same of the file @old that has that name and may have others; as often
 * as it is asked for the same name, the answer is the same.
 */
bool many_claims_refuse_file(struct many *m, struct walk_directory *place,
			     const char *source, const char *name,
			     const struct stat *old);

#endif
