/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/bytes.h"
#include "unit/unit.h"

#include <errno.h>

static const struct {
	const char *text;
	int rc;
	uint64_t bytes;
} sizes[] = {
	{ "0", 0, 0 },
	{ "4096", 0, 4096 },
	{ "64K", 0, 65536 },
	{ "64k", 0, 65536 },
	{ "64KiB", 0, 65536 },
	{ "64KB", 0, 64000 },
	{ "4M", 0, 4194304 },
	{ "1G", 0, 1073741824 },
	{ "2T", 0, 2199023255552 },
	{ "2TB", 0, 2000000000000 },
	{ "18446744073709551615", 0, UINT64_MAX },
	{ "18446744073709551616", -ERANGE, 0 },
	{ "16777216T", -ERANGE, 0 },
	{ "", -EINVAL, 0 },
	{ "K", -EINVAL, 0 },
	{ "-1", -EINVAL, 0 },
	{ "+1", -EINVAL, 0 },
	{ " 1", -EINVAL, 0 },
	{ "1 K", -EINVAL, 0 },
	{ "1.5G", -EINVAL, 0 },
	{ "4Kx", -EINVAL, 0 },
	{ "0x10", -EINVAL, 0 },
};

START_TEST(every_spelling_of_a_size_has_one_meaning)
{
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t bytes = 42;
		int rc = bytes_parse(sizes[i].text, &bytes);

		ck_assert_msg(rc == sizes[i].rc, "\"%s\": %d, not %d",
			      sizes[i].text, rc, sizes[i].rc);
		ck_assert_msg(bytes == (rc ? 42 : sizes[i].bytes),
			      "\"%s\" became %llu", sizes[i].text,
			      (unsigned long long)bytes);
	}
}
END_TEST

START_TEST(rates_are_printed_in_both_units)
{
	char text[64];

	ck_assert_str_eq(bytes_format_rate(6667911004, text, sizeof(text)),
			 "6.21 GiB/s (6.67 GB/s)");
}
END_TEST

START_TEST(a_rate_without_time_is_none)
{
	ck_assert_uint_eq(bytes_rate(4096, 0), 0);
	ck_assert_uint_eq(bytes_rate(4096, 2000000000), 2048);
	ck_assert_uint_eq(bytes_rate(UINT64_C(1) << 62, 1000000000),
			  UINT64_C(1) << 62);
}
END_TEST

UNIT_SUITE("bytes",
	   every_spelling_of_a_size_has_one_meaning,
	   rates_are_printed_in_both_units,
	   a_rate_without_time_is_none);
