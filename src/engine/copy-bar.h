/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how the CPU copies to and from a BAR that no drive can be pointed at:
 * "pci:FUNCTION/barN[+OFFSET]". The stages of copy-job.h call it where one of
 * the ends has such a name; nobody else does.
 *
 * Stores are plain, aligned and of 8 bytes: anything wider is known to fail
 * on emulated devices. Loads wait for the device, one after the other.
 */
#ifndef P2PDMA_ENGINE_COPY_BAR_H
#define P2PDMA_ENGINE_COPY_BAR_H

#include <stdbool.h>
#include <stdint.h>

struct copy_job;

#define BAR_ADDRESS_SIZE	32

/* What a name says; nothing was looked at. */
struct bar_name {
	char address[BAR_ADDRESS_SIZE];
	unsigned index;
	uint64_t offset_bytes;
};

/* Is it meant for one? A path that begins so needs "./" before it. */
bool bar_is_meant(const char *text);

/* 0, -EINVAL, -ERANGE */
int bar_parse(const char *text, struct bar_name *name);

/* As the stages of copy-job.h. */
int copy_bar_plan(struct copy_job *job);
int copy_bar_open(struct copy_job *job);
int copy_bar_run(struct copy_job *job);
void copy_bar_fini(struct copy_job *job);

#endif
