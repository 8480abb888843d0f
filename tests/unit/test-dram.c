/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/dram.h"
#include "unit/fixture.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>

#define IMC(n)	"sys/bus/event_source/devices/uncore_imc_" n "/"

/* As the kernel tells them of a machine with two sockets. */
#define CONTROLLER(n, type)						\
	"file " IMC(n) "type " type "\n"				\
	"file " IMC(n) "cpumask 0,28\n"					\
	"file " IMC(n) "format/event config:0-7\n"			\
	"file " IMC(n) "format/umask config:8-15\n"			\
	"file " IMC(n) "events/cas_count_read event=0x04,umask=0x03\n"	\
	"file " IMC(n) "events/cas_count_read.scale 6.103515625e-5\n"	\
	"file " IMC(n) "events/cas_count_read.unit MiB\n"		\
	"file " IMC(n) "events/cas_count_write event=0x04,umask=0x0c\n"	\
	"file " IMC(n) "events/cas_count_write.scale 6.103515625e-5\n"	\
	"file " IMC(n) "events/cas_count_write.unit MiB\n"

static struct fixture tree;
static struct dram_counter *counters;
static size_t count;

static int find(const char *lines)
{
	fixture_open(&tree, NULL);
	if (lines)
		fixture_add(&tree, lines);
	return dram_find(tree.context, &counters, &count);
}

START_TEST(each_controller_counts_reads_and_writes_on_each_socket)
{
	ck_assert_int_eq(find(CONTROLLER("0", "14") CONTROLLER("1", "15")),
			 0);
	ck_assert_uint_eq(count, 8);
	ck_assert_uint_eq(counters[0].type, 14);
	ck_assert_uint_eq(counters[0].config, 0x304);
	ck_assert_int_eq(counters[0].cpu, 0);
	ck_assert_double_eq(counters[0].bytes, 64);
	ck_assert_int_eq(counters[1].cpu, 28);
	ck_assert_uint_eq(counters[2].config, 0xc04);
	ck_assert_uint_eq(counters[7].type, 15);
	free(counters);
	fixture_close(&tree);
}
END_TEST

START_TEST(the_same_traffic_is_not_counted_twice)
{
	ck_assert_int_eq(find(CONTROLLER("0", "14")
		"file " IMC("free_running") "type 20\n"
		"file " IMC("free_running") "cpumask 0\n"
		"file " IMC("free_running") "format/event config:0-7\n"
		"file " IMC("free_running") "events/data_read event=0xff\n"
		"file " IMC("free_running") "events/data_read.scale 64\n"
		"file " IMC("free_running") "events/data_read.unit Bytes"),
		0);
	ck_assert_uint_eq(count, 4);
	free(counters);
	fixture_close(&tree);
}
END_TEST

START_TEST(what_the_kernel_does_not_explain_is_not_counted)
{
	ck_assert_int_eq(find(CONTROLLER("0", "14")
			      "file " IMC("0") "format/umask config1:8-15\n"),
			 -ENODEV);
	fixture_close(&tree);
	ck_assert_int_eq(find(CONTROLLER("0", "14")
			      "file " IMC("0") "cpumask rubbish\n"), -ENODEV);
	fixture_close(&tree);
	ck_assert_int_eq(find(NULL), -ENODEV);
	fixture_close(&tree);
}
END_TEST

START_TEST(another_machine_can_not_be_counted_on)
{
	struct p2pdma_dram *dram;

	ck_assert_int_eq(find(CONTROLLER("0", "14")), 0);
	ck_assert_int_eq(p2pdma_dram_open(tree.context, &dram), -EOPNOTSUPP);
	p2pdma_dram_close(NULL);
	free(counters);
	fixture_close(&tree);
}
END_TEST

UNIT_SUITE("dram",
	   each_controller_counts_reads_and_writes_on_each_socket,
	   the_same_traffic_is_not_counted_twice,
	   what_the_kernel_does_not_explain_is_not_counted,
	   another_machine_can_not_be_counted_on);
