// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/pace.h"

#include "base/clock.h"
#include "base/macro.h"

/* Who comes a little late goes on as if in time. */
#define GRACE_NS	(50 * NS_PER_MS)

uint64_t pace_get_wait(const struct pace *pace, uint64_t now_ns)
{
	if (!pace->bytes_per_sec || now_ns >= pace->next_ns)
		return 0;
	return pace->next_ns - now_ns;
}

void pace_take(struct pace *pace, uint64_t now_ns, uint64_t bytes)
{
	if (!pace->bytes_per_sec)
		return;
	pace->next_ns = MAX(pace->next_ns, now_ns - MIN(now_ns, GRACE_NS)) +
			bytes * NS_PER_SEC / pace->bytes_per_sec;
}
