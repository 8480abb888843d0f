/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/cmb.h"
#include "unit/fixture.h"
#include "unit/unit.h"

static struct cmb cmb;

START_TEST(both_spellings_of_the_kernel_are_read)
{
	cmb_parse("cmbloc : 0x00000062\ncmbsz  : 0x0004021d", &cmb);
	ck_assert_uint_eq(cmb.location, 0x62);
	ck_assert_uint_eq(cmb.size, 0x4021d);
	cmb_parse("cmbloc : x00000062\ncmbsz  : x0004021d", &cmb);
	ck_assert_uint_eq(cmb.location, 0x62);
	ck_assert_uint_eq(cmb.size, 0x4021d);
	cmb_parse("nothing of the kind", &cmb);
	ck_assert_uint_eq(cmb.size, 0);
}
END_TEST

START_TEST(the_registers_tell_size_place_and_use)
{
	cmb = (struct cmb){ 0x62, 0x4021d };
	ck_assert_uint_eq(cmb_get_bytes(&cmb), 64 << 20);
	ck_assert_int_eq(cmb_get_bar(&cmb), 2);
	ck_assert(cmb_takes_data(&cmb));
	cmb = (struct cmb){ 0x4, 0x10001 };
	ck_assert_uint_eq(cmb_get_bytes(&cmb), 16 * 4096);
	ck_assert_int_eq(cmb_get_bar(&cmb), 4);
	ck_assert(!cmb_takes_data(&cmb));
	cmb = (struct cmb){ 0, 0x1618 };
	ck_assert_uint_eq(cmb_get_bytes(&cmb), UINT64_C(64) << 30);
}
END_TEST

START_TEST(no_register_is_no_buffer)
{
	struct fixture tree;

	fixture_open(&tree, NULL);
	fixture_add(&tree, "dir a\nfile b/cmb cmbloc : 0x62\\ncmbsz : 0x4021d\n"
			   "file c/cmbloc 98\nfile c/cmbsz 262685");
	cmb_read(tree.context, "a", &cmb);
	ck_assert_uint_eq(cmb.size, 0);
	ck_assert_int_eq(cmb_get_bar(&cmb), -1);
	ck_assert_uint_eq(cmb_get_bytes(&cmb), 0);
	cmb_read(tree.context, "b", &cmb);
	ck_assert_uint_eq(cmb.size, 0x4021d);
	cmb_read(tree.context, "c", &cmb);
	ck_assert_uint_eq(cmb.location, 0x62);
	ck_assert_uint_eq(cmb.size, 0x4021d);
	fixture_close(&tree);
}
END_TEST

UNIT_SUITE("cmb",
	   both_spellings_of_the_kernel_are_read,
	   the_registers_tell_size_place_and_use,
	   no_register_is_no_buffer);
