/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit/copying.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/endpoint-null.h"
#include "unit/unit.h"

char directory[64], from[80], to[80];
static struct p2pdma_context *context;
struct p2pdma_provider *host;
struct copy_plan plan;
struct copy_result result;
volatile sig_atomic_t stop;

char byte_at(uint64_t offset)
{
	return (char)((offset * 2654435761u) >> 13 ^ offset >> 16);
}

void put_pattern(const char *path, uint64_t size)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	for (uint64_t i = 0; i < size; i++)
		putc_unlocked(byte_at(i), file);
	ck_assert_int_eq(fclose(file), 0);
}

void put_same(const char *path, uint64_t size, char byte)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	for (uint64_t i = 0; i < size; i++)
		putc_unlocked(byte, file);
	ck_assert_int_eq(fclose(file), 0);
}

void check_pattern(uint64_t skip, uint64_t seek, uint64_t size)
{
	FILE *file = fopen(to, "r");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fseek(file, (long)seek, SEEK_SET), 0);
	for (uint64_t i = 0; i < size; i++) {
		int got = getc_unlocked(file);

		if (got != (unsigned char)byte_at(skip + i))
			ck_abort_msg("byte %llu is %d",
				     (unsigned long long)i, got);
	}
	fclose(file);
}

void check_same(uint64_t start, uint64_t end, char byte)
{
	FILE *file = fopen(to, "r");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fseek(file, (long)start, SEEK_SET), 0);
	/* Check writes a message for every assertion: none in a long loop. */
	for (uint64_t i = start; i < end; i++) {
		int got = getc_unlocked(file);

		if (got != byte)
			ck_abort_msg("byte %llu is %d",
				     (unsigned long long)i, got);
	}
	fclose(file);
}

uint64_t size_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return (uint64_t)st.st_size;
}

void start(void)
{
	strcpy(directory, "/var/tmp/test-copy-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(from, sizeof(from), "%s/from", directory);
	snprintf(to, sizeof(to), "%s/to", directory);
	ck_assert_int_eq(p2pdma_context_create(NULL, &context), 0);
	ck_assert_int_eq(p2pdma_provider_open(context, "host", NULL, &host), 0);
	stop = 0;
	plan = (struct copy_plan){
		.host = host, .block_bytes = BLOCK, .stop = &stop,
	};
	ck_assert_int_eq(p2pdma_pool_create(host, BLOCK, SLOTS, SLOTS,
					    &plan.pool), 0);
	ck_assert_int_eq(ring_open(2 * SLOTS, &plan.ring), 0);
}

void open_both(uint64_t size)
{
	ck_assert_int_eq(endpoint_open(from, ENDPOINT_READ, &plan.source), 0);
	ck_assert_int_eq(endpoint_open(to, ENDPOINT_WRITE | ENDPOINT_REPLACE,
				       &plan.destination), 0);
	plan.size_bytes = size;
}

void fail_source(const struct endpoint_faults *faults)
{
	endpoint_close(plan.source);
	ck_assert_int_eq(endpoint_null_open(from, ENDPOINT_READ, faults,
					    &plan.source), 0);
}

void finish(void)
{
	endpoint_close(plan.source);
	endpoint_close(plan.destination);
	ring_close(plan.ring);
	p2pdma_pool_destroy(plan.pool);
	p2pdma_provider_close(host);
	p2pdma_context_destroy(context);
	unlink(from);
	unlink(to);
	ck_assert_msg(!rmdir(directory), "%s is not empty", directory);
}

void fail_destination(const struct endpoint_faults *faults)
{
	endpoint_close(plan.destination);
	ck_assert_int_eq(endpoint_null_open(to, ENDPOINT_WRITE, faults,
					    &plan.destination), 0);
}
