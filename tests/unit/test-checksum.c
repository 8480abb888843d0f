/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/checksum.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Of "abc", as the tools print them. */
static const struct {
	const char *name, *text;
} known[] = {
	{ "sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61"
		    "f20015ad" },
	{ "md5", "900150983cd24fb0d6963f7d28e17f72" },
	{ "sha1", "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ "xxh64", "44bc2cf5ad770999" },
	{ "xxh128", "06b05ab6733a618578af5f94892f3950" },
};

START_TEST(known_digests_come_out)
{
	char text[CHECKSUM_TEXT_SIZE];
	struct checksum *c;

	ck_assert_int_eq(checksum_create(known[_i].name, &c), 0);
	checksum_add(c, "rubbish", 7);
	checksum_restart(c);
	checksum_add(c, "a", 1);
	checksum_add(c, "bc", 2);
	checksum_finish(c, text);
	ck_assert_str_eq(text, known[_i].text);
	checksum_destroy(c);
}
END_TEST

START_TEST(zeros_are_as_if_they_were_there)
{
	static const char zeros[200001];
	char a[CHECKSUM_TEXT_SIZE], b[CHECKSUM_TEXT_SIZE];
	struct checksum *c;

	for (unsigned i = 0; checksum_get_name(i); i++) {
		ck_assert_int_eq(checksum_create(checksum_get_name(i), &c), 0);
		checksum_add(c, zeros, sizeof(zeros));
		checksum_finish(c, a);
		checksum_restart(c);
		checksum_add_zeros(c, 65537);
		checksum_add_zeros(c, 0);
		checksum_add_zeros(c, sizeof(zeros) - 65537);
		checksum_finish(c, b);
		ck_assert_str_eq(a, b);
		checksum_destroy(c);
	}
}
END_TEST

START_TEST(what_is_no_algorithm_is_told)
{
	struct checksum *c;

	ck_assert_int_eq(checksum_create("crc7", &c), -ENOENT);
}
END_TEST

static void check_line(const char *name, const char *wanted)
{
	char *line = checksum_make_line("00", name);

	ck_assert_str_eq(line, wanted);
	free(line);
}

START_TEST(lines_are_those_of_coreutils)
{
	check_line("a b", "00  a b");
	check_line("a\\b", "\\00  a\\\\b");
	check_line("a\nb\r", "\\00  a\\nb\\r");
}
END_TEST

const char unit_name[] = "checksum";

void unit_fill(Suite *suite)
{
	TCase *loop = tcase_create("known_digests_come_out");

	tcase_add_loop_test(loop, known_digests_come_out, 0,
			    sizeof(known) / sizeof(known[0]));
	suite_add_tcase(suite, loop);
	unit_add(suite, zeros_are_as_if_they_were_there);
	unit_add(suite, what_is_no_algorithm_is_told);
	unit_add(suite, lines_are_those_of_coreutils);
}
