/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows how the kernel and people write down processors: "0-3,8". Must not
 * know what they are for.
 */
#ifndef P2PDMA_BASE_CPULIST_H
#define P2PDMA_BASE_CPULIST_H

#include <sched.h>

/*
 * 0, -EINVAL (no such list, or none in it), -ERANGE (beyond CPU_SETSIZE);
 * @set is untouched then.
 */
int cpulist_parse(const char *text, cpu_set_t *set);

#endif
