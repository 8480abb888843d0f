/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/launcher.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>

static void check(const char *text, unsigned index, unsigned count)
{
	struct launcher_place place = { 0 };

	ck_assert_msg(!launcher_parse(text, &place), "%s", text);
	ck_assert_uint_eq(place.index, index);
	ck_assert_uint_eq(place.count, count);
}

START_TEST(a_place_counts_from_one)
{
	static const char *const wrong[] = {
		"", "1", "/", "1/", "/2", "0/2", "3/2", "1/2/3", "-1/2",
		"1/0", "a/b", "1 /2", "1/99999999999999999999",
	};
	struct launcher_place place;

	check("1/1", 0, 1);
	check("3/4", 2, 4);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(launcher_parse(wrong[i], &place) == -EINVAL,
			      "%s", wrong[i]);
}
END_TEST

START_TEST(launchers_tell_rank_and_size)
{
	struct launcher_place place;

	clearenv();
	ck_assert_int_eq(launcher_parse("auto", &place), -ENOENT);
	setenv("SLURM_PROCID", "5", 1);
	ck_assert_int_eq(launcher_parse("auto", &place), -ENOENT);
	setenv("SLURM_NTASKS", "8", 1);
	check("auto", 5, 8);
	setenv("PMIX_RANK", "1", 1);
	check("auto", 1, 8);
	setenv("PMIX_SIZE", "7", 1);
	check("auto", 1, 7);
	setenv("PMI_RANK", "2", 1);
	setenv("PMI_SIZE", "6", 1);
	check("auto", 2, 6);
	setenv("OMPI_COMM_WORLD_RANK", "3", 1);
	setenv("OMPI_COMM_WORLD_SIZE", "5", 1);
	check("auto", 3, 5);
	setenv("OMPI_COMM_WORLD_RANK", "x", 1);
	ck_assert_int_eq(launcher_parse("auto", &place), -EINVAL);
}
END_TEST

UNIT_SUITE("launcher",
	   a_place_counts_from_one,
	   launchers_tell_rank_and_size);
