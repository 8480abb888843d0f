/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit/device.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct fixture device_machine;
struct p2pdma_target *device_target;

void device_resolve(const char *path)
{
	p2pdma_target_destroy(device_target);
	device_target = NULL;
	ck_assert_int_eq(p2pdma_target_resolve(device_machine.context,
					       device_machine.topology, path,
					       -1, &device_target), 0);
	ck_assert_str_eq(device_target->path, path);
}

void device_finish(void)
{
	p2pdma_target_destroy(device_target);
	device_target = NULL;
	fixture_close(&device_machine);
}

static void append(char *text, size_t size, const char *word)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s%s", used ? " " : "", word);
}

/* Words separated by a space, in order. */
void device_expect_clients(const char *wanted)
{
	char got[512] = "";

	for (size_t i = 0; i < device_target->client_count; i++)
		append(got, sizeof(got), device_target->clients[i]->address);
	ck_assert_str_eq(got, wanted);
}

void device_expect_layers(const char *wanted)
{
	char got[512] = "";

	for (size_t i = 0; i < device_target->layer_count; i++)
		append(got, sizeof(got), device_target->layers[i].kind);
	ck_assert_str_eq(got, wanted);
}

void device_expect_holders(const char *wanted)
{
	char got[512] = "";

	for (size_t i = 0; i < device_target->holder_count; i++)
		append(got, sizeof(got), device_target->holders[i]);
	ck_assert_str_eq(got, wanted);
}

void device_expect_passes(enum p2pdma_answer reads, enum p2pdma_answer writes,
			  const char *reason)
{
	ck_assert_int_eq(device_target->passes_reads, reads);
	ck_assert_int_eq(device_target->passes_writes, writes);
	ck_assert_uint_eq(device_target->reason_count, reason ? 1 : 0);
	if (reason)
		ck_assert_str_eq(device_target->reasons[0].id, reason);
}

/* The ways down: "CONTAINER MEMBER START-END", "~" where not in order. */
void device_expect_ways(const char *wanted)
{
	char got[512] = "", part[160];

	for (size_t i = 0; i < device_target->way_count; i++) {
		const struct p2pdma_way *way = &device_target->ways[i];

		if (i)
			append(got, sizeof(got), "|");
		for (size_t j = 0; j < way->place_count; j++) {
			const struct p2pdma_place *p = &way->places[j];

			snprintf(part, sizeof(part), "%s%s%s:%ju%s",
				 p->container, p->member ? "/" : "",
				 p->member ? p->member : "",
				 (uintmax_t)p->start_bytes,
				 p->is_linear ? "" : "~");
			append(got, sizeof(got), part);
		}
	}
	ck_assert_str_eq(got, wanted);
}

void device_expect_error(const char *path, int rc)
{
	struct p2pdma_target *none = NULL;

	ck_assert_int_eq(p2pdma_target_resolve(device_machine.context,
					       device_machine.topology, path,
					       -1, &none), rc);
	ck_assert_ptr_null(none);
}
