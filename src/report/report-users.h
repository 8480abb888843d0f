/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how it is told who holds peer memory. Must not know how that was
 * found.
 */
#ifndef P2PDMA_REPORT_REPORT_USERS_H
#define P2PDMA_REPORT_REPORT_USERS_H

#include "lib/p2pdma.h"
#include "report/writer.h"

/*
 * users[]{pid, command, provider, mapped_bytes, mappings}, and
 * providers[]{address, size_bytes, available_bytes, mapped_bytes,
 * other_bytes}: what is out and in no mapping that we could see.
 */
void report_users(struct report *report,
		  const struct p2pdma_topology *topology,
		  const struct p2pdma_users *users);

#endif
