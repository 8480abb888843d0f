// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/ledger.h"

#include <errno.h>
#include <stdlib.h>

int ledger_create(uint64_t size_bytes, uint64_t block_bytes,
		  struct ledger **ledger)
{
	struct ledger *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->block_bytes = block_bytes;
	l->blocks = size_bytes / block_bytes;
	l->entries = calloc(l->blocks + 1, sizeof(*l->entries));
	if (!l->entries) {
		free(l);
		return -ENOMEM;
	}
	*ledger = l;
	return 0;
}

void ledger_destroy(struct ledger *ledger)
{
	if (!ledger)
		return;
	free(ledger->entries);
	free(ledger);
}

uint64_t ledger_count(const struct ledger *ledger, uint64_t begin,
		      uint64_t end)
{
	uint64_t count = 0;

	for (; begin < end; begin += ledger->block_bytes)
		count += ledger_is_written(ledger, begin);
	return count;
}
