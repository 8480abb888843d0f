// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/copy-status.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/clock.h"

void copy_status_tell(const struct progress *progress, uint64_t done_bytes)
{
	uint64_t passed = clock_now_ns() - progress->started_ns;
	char size[32], time[32], rate[64];

	progress_step_aside();
	fprintf(stderr, "%llu bytes (%s) copied, %s, %s\n",
		(unsigned long long)done_bytes,
		bytes_format(done_bytes, size, sizeof(size)),
		clock_format_duration(passed, time, sizeof(time)),
		bytes_format_rate(bytes_rate(done_bytes, passed), rate,
				  sizeof(rate)));
}
