/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/copy-bar.h"
#include "unit/unit.h"

#include <errno.h>

START_TEST(a_name_has_a_function_a_bar_and_an_offset)
{
	struct bar_name name;

	ck_assert_int_eq(bar_parse("pci:0000:03:00.0/bar2", &name), 0);
	ck_assert_str_eq(name.address, "0000:03:00.0");
	ck_assert_uint_eq(name.index, 2);
	ck_assert_uint_eq(name.offset_bytes, 0);
	ck_assert_int_eq(bar_parse("pci:03:00.0/bar5+64K", &name), 0);
	ck_assert_str_eq(name.address, "03:00.0");
	ck_assert_uint_eq(name.index, 5);
	ck_assert_uint_eq(name.offset_bytes, 65536);
}
END_TEST

START_TEST(what_is_no_such_name_is_refused)
{
	static const char *const wrong[] = {
		"", "p", "pci:", "pci:03:00.0", "pci:/bar0", "pci:03:00.0/bar",
		"pci:03:00.0/bar6", "pci:03:00.0/bar12", "pci:03:00.0/bar0+",
		"pci:03:00.0/bar0+-8", "pci:03:00.0/bar0 ", "03:00.0/bar0",
		"pci:a-very-long-name-that-is-no-address-at-all/bar0",
	};
	struct bar_name name = { .index = 7 };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(bar_parse(wrong[i], &name) == -EINVAL, "%s",
			      wrong[i]);
	ck_assert_int_eq(bar_parse("pci:03:00.0/bar0+99999999999999999999",
				   &name), -ERANGE);
	ck_assert_uint_eq(name.index, 7);
}
END_TEST

START_TEST(a_file_may_have_such_a_name_too)
{
	ck_assert(bar_is_meant("pci:03:00.0/bar0"));
	ck_assert(!bar_is_meant("./pci:03:00.0/bar0"));
	ck_assert(!bar_is_meant("/dev/nvme0n1"));
}
END_TEST

UNIT_SUITE("copy-bar",
	   a_name_has_a_function_a_bar_and_an_offset,
	   what_is_no_such_name_is_refused,
	   a_file_may_have_such_a_name_too);
