/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how a test asks for a device of another machine, and what it expects of
 * it; must not know the machine.
 */
#ifndef P2PDMA_UNIT_DEVICE_H
#define P2PDMA_UNIT_DEVICE_H

#include "unit/fixture.h"

extern struct fixture device_machine;
extern struct p2pdma_target *device_target;

/* From now on @path is device_target. */
void device_resolve(const char *path);
void device_expect_error(const char *path, int rc);
void device_finish(void);

/* Words separated by a space, in order. */
void device_expect_clients(const char *wanted);
void device_expect_layers(const char *wanted);
void device_expect_holders(const char *wanted);
/* The ways down: "CONTAINER/MEMBER:START", "~" where not in order; "|". */
void device_expect_ways(const char *wanted);
/* @reason: the only one; or NULL */
void device_expect_passes(enum p2pdma_answer reads, enum p2pdma_answer writes,
			  const char *reason);

#endif
