// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/watch.h"

#include "base/clock.h"
#include "base/macro.h"

/* How often the stop flag and the clock are looked at. */
#define GLANCE_NS	(200 * NS_PER_MS)

void watch_begin(struct watch *watch)
{
	watch->heard_ns = clock_now_ns();
}

uint64_t watch_get_patience(const struct watch *watch)
{
	uint64_t limit = watch->io_timeout_ns;

	return limit ? MIN(limit, GLANCE_NS) : GLANCE_NS;
}

unsigned watch_look(struct watch *watch, bool is_heard, uint64_t done_bytes)
{
	uint64_t now = clock_now_ns();
	unsigned events = 0;

	if (watch->stop && *watch->stop)
		events |= WATCH_STOP;
	if (watch->tick)
		watch->tick(watch->tick_data, done_bytes);
	if (is_heard)
		watch->heard_ns = now;
	else if (watch->io_timeout_ns &&
		 now - watch->heard_ns >= watch->io_timeout_ns)
		events |= WATCH_SILENCE;
	return events;
}
