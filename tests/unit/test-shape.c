/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/shape.h"
#include "unit/unit.h"

static const struct {
	const char *what;
	struct shape_end source, destination;
	uint64_t size;
	bool is_cut;
	struct shape wanted;
} shapes[] = {
	{ "whole blocks", { 512, 0 }, { 512, 0 }, 8192, false,
	  { 0, 8192, 0, true, true } },
	{ "a tail on a device", { 512, 0 }, { 512, 0 }, 8193, false,
	  { 0, 8192, 1, true, true } },
	{ "a tail on a file that is cut", { 512, 0 }, { 512, 0 }, 8193, true,
	  { 0, 8193, 0, true, true } },
	{ "512 to 4096", { 512, 0 }, { 4096, 0 }, 4608, false,
	  { 0, 4096, 512, true, true } },
	{ "4096 to 512", { 4096, 0 }, { 512, 0 }, 4608, false,
	  { 0, 4608, 0, true, true } },
	{ "the same odd start", { 512, 100 }, { 512, 612 }, 2000, false,
	  { 412, 1536, 52, true, true } },
	{ "a head at the coarser end", { 512, 512 }, { 4096, 512 }, 8192,
	  false, { 3584, 4096, 512, true, true } },
	{ "a coarser source", { 4096, 512 }, { 512, 0 }, 8192, false,
	  { 3584, 4608, 0, true, true } },
	{ "an odd source never fits", { 512, 1 }, { 512, 0 }, 1024, false,
	  { 0, 1024, 0, false, true } },
	{ "an odd destination never fits", { 512, 0 }, { 512, 1 }, 1024, false,
	  { 0, 1024, 0, true, false } },
	{ "both odd, and not alike", { 512, 2 }, { 512, 1 }, 1025, false,
	  { 0, 1025, 0, false, false } },
	{ "no direct I/O at the source", { 1, 7 }, { 512, 0 }, 1025, false,
	  { 0, 1024, 1, false, true } },
	{ "no direct I/O anywhere", { 1, 7 }, { 1, 9 }, 1025, false,
	  { 0, 1025, 0, false, false } },
	{ "shorter than its head", { 512, 100 }, { 512, 100 }, 10, false,
	  { 10, 0, 0, false, false } },
	{ "nothing", { 512, 0 }, { 512, 0 }, 0, false,
	  { 0, 0, 0, true, true } },
};

START_TEST(every_range_has_its_head_body_and_tail)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const struct shape *w = &shapes[i].wanted;
		struct shape s;

		shape_find(&shapes[i].source, &shapes[i].destination,
			   shapes[i].size, shapes[i].is_cut, &s);
		ck_assert_msg(s.head_bytes + s.body_bytes + s.tail_bytes ==
				      shapes[i].size,
			      "%s: the parts are not the whole",
			      shapes[i].what);
		ck_assert_msg(s.head_bytes == w->head_bytes &&
				      s.body_bytes == w->body_bytes &&
				      s.tail_bytes == w->tail_bytes,
			      "%s: %llu %llu %llu", shapes[i].what,
			      (unsigned long long)s.head_bytes,
			      (unsigned long long)s.body_bytes,
			      (unsigned long long)s.tail_bytes);
		ck_assert_msg(!s.body_bytes ||
			      (s.is_source_direct == w->is_source_direct &&
			       s.is_destination_direct ==
				       w->is_destination_direct),
			      "%s: %d %d", shapes[i].what, s.is_source_direct,
			      s.is_destination_direct);
	}
}
END_TEST

UNIT_SUITE("shape", every_range_has_its_head_body_and_tail);
