/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows the facts that belong to the whole machine: kernel and processor.
 */
#ifndef P2PDMA_LIB_MACHINE_H
#define P2PDMA_LIB_MACHINE_H

#include "base/arena.h"
#include "lib/context.h"

#define KERNEL(a, b, c)	((unsigned)(a) << 16 | (b) << 8 | (c))

/* Strings are kept in @arena; what cannot be read stays unknown. */
void machine_read(const struct p2pdma_context *context, struct arena *arena,
		  struct p2pdma_machine *machine);

/*
 * Was the kernel built with P2PDMA? By its configuration, else by its symbols,
 * which are megabytes: for machines where no provider shows it.
 */
enum p2pdma_answer machine_find_p2pdma(const struct p2pdma_context *context,
				       const char *release);

/* "7.2.12-cloud" to 0x07020c; 0 when it is no version. */
unsigned machine_parse_release(const char *release);

#endif
