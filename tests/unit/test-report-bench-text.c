/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report-bench-text.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct bench_result result;
static struct report_bench bench;
static const struct bench_args args = {
	.workload = &workload_copy, .size_bytes = 1 << 30,
	.block_bytes = 1 << 20, .depth = 2, .jobs = 1,
};

/* Four blocks of 1 MiB in a second, of 1, 2, 3 and 4 ms. */
static void make(void)
{
	result = (struct bench_result){
		.ios = 4, .bytes = 4 << 20, .duration_ns = 1000000000,
		.cpu_user_ns = 1000000, .cpu_system_ns = 3000000,
		.submits = 6,
	};
	histogram_init(&result.latency);
	for (uint64_t ms = 1; ms <= 4; ms++)
		histogram_record(&result.latency, ms * 1000000);
	bench = (struct report_bench){
		.args = &args,
		.targets = { "/dev/\033nvme1n1", "/dev/nvme2n1" },
		.memory = { .kind = "peer", .provider = "0000:03:00.0",
			    .reach_source = "direct",
			    .reach_destination = "via-host" },
		.result = &result, .dram_reason = "no-memory-counters",
	};
}

static void must_be(const char *wanted)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	report_bench_print(file, &bench);
	fclose(file);
	ck_assert_str_eq(text, wanted);
	free(text);
}

START_TEST(people_get_lines_as_fio_prints_them)
{
	make();
	must_be("/dev/?nvme1n1 -> /dev/nvme2n1: copy, blocks of 1 MiB in "
		"1 GiB, depth 2, 1 job\n"
		"  memory: peer 0000:03:00.0, read direct, written via-host\n"
		"  IOPS=4, BW=4.00 MiB/s (4.19 MB/s), 4 MiB in 1.00 s\n"
		"  lat: min=1000.0 us, mean=2500.0 us, stddev=1118.0 us, "
		"max=4000.0 us\n"
		"  lat percentiles: 50.00th=[1999.9 us], "
		"90.00th=[3999.7 us], 99.00th=[3999.7 us], "
		"99.90th=[3999.7 us], 99.99th=[3999.7 us]\n"
		"  too short for percentiles from 50.00th on: only 4 I/Os\n"
		"  cpu: user=1000.0 us, system=3000.0 us, 1.02 s a GiB\n"
		"  calls into the kernel: 6, 1.500 an I/O");
}
END_TEST

START_TEST(what_never_moved_anything_says_why)
{
	make();
	result = (struct bench_result){
		.errors = 2, .end = BENCH_FAILED,
		.first_error = { .error = EIO, .offset = 4096, .target = 1,
				 .direction = P2PDMA_WRITE },
	};
	histogram_init(&result.latency);
	bench.memory = (struct report_memory){
		.kind = "host", .fallback_reason = "no-p2pmem",
	};
	must_be("/dev/?nvme1n1 -> /dev/nvme2n1: copy, blocks of 1 MiB in "
		"1 GiB, depth 2, 1 job\n"
		"  memory: host (no peer memory: no-p2pmem)\n"
		"  nothing was measured\n"
		"  cpu: user=0 ns, system=0 ns\n"
		"  calls into the kernel: 0\n"
		"  errors: 2, the first one: write of /dev/nvme2n1 at 4096: "
		"Input/output error\n"
		"  ended early: one failure after another");
}
END_TEST

UNIT_SUITE("report-bench-text", people_get_lines_as_fio_prints_them,
	   what_never_moved_anything_says_why);
