/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what the tests of copy*.c have at hand: two files in a directory of
 * their own, a plan for a copy from one to the other, and a pattern that tells
 * where a byte belongs.
 */
#ifndef P2PDMA_UNIT_COPYING_H
#define P2PDMA_UNIT_COPYING_H

#include "engine/copy.h"
#include "engine/endpoint-null.h"

#define BLOCK	65536
#define SLOTS	4

extern char directory[64], from[80], to[80];
extern struct p2pdma_provider *host;
extern struct copy_plan plan;
extern struct copy_result result;
extern volatile sig_atomic_t stop;

char byte_at(uint64_t offset);
void put_pattern(const char *path, uint64_t size);
void put_same(const char *path, uint64_t size, char byte);

/* @size bytes of the pattern from @skip on, at @seek of the destination. */
void check_pattern(uint64_t skip, uint64_t seek, uint64_t size);
void check_same(uint64_t start, uint64_t end, char byte);
uint64_t size_of(const char *path);

/* Begins and ends a test. */
void start(void);
void open_both(uint64_t size);
void fail_source(const struct endpoint_faults *faults);
/* The destination is @to, which is there, and written in place. */
void fail_destination(const struct endpoint_faults *faults);
void finish(void);

#endif
