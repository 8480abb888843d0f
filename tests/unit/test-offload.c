/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/endpoint-null.h"
#include "engine/offload.h"
#include "unit/unit.h"

#include <fcntl.h>

/* What a drive does is for the lab; here is what it is not asked for. */

static struct endpoint *open_fake(const char *device)
{
	const struct endpoint_faults faults = { 0 };
	struct endpoint *endpoint;

	ck_assert_int_eq(endpoint_null_open(NULL, ENDPOINT_WRITE, &faults,
					    &endpoint), 0);
	endpoint->direct_fd = open(device, O_RDWR);
	ck_assert_int_ge(endpoint->direct_fd, 0);
	endpoint->range = (struct nvme_range){ 1, 9, 0, 1 << 20 };
	return endpoint;
}

START_TEST(only_one_namespace_and_whole_blocks_are_asked_for)
{
	struct offload_plan plan = {
		.source = open_fake("/dev/null"),
		.destination = open_fake("/dev/zero"),
		.size_bytes = 4096,
	};

	ck_assert_str_eq(offload_find_obstacle(&plan), "source and "
			 "destination are not in one namespace");
	endpoint_close(plan.destination);
	plan.destination = open_fake("/dev/null");
	plan.destination->range.namespace_id = 2;
	ck_assert_str_eq(offload_find_obstacle(&plan), "source and "
			 "destination are not in one namespace");
	plan.destination->range.namespace_id = 1;
	plan.destination_offset_bytes = 100;
	ck_assert_str_eq(offload_find_obstacle(&plan),
			 "it does not fall onto the drive's blocks");
	plan.destination_offset_bytes = 512;
	ck_assert_str_eq(offload_find_obstacle(&plan),
			 "the drive does not say what it can");
	endpoint_close(plan.source);
	endpoint_close(plan.destination);
}
END_TEST

UNIT_SUITE("offload",
	   only_one_namespace_and_whole_blocks_are_asked_for);
