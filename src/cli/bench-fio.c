// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how fio is told to do the same run; must not know how it is done.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "cli/bench.h"

static const struct {
	const char *ours, *fios;
} names[] = {
	{ "mixed", "randrw" },
};

static const char *translate(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i].ours, name))
			return names[i].fios;
	return name;
}

static void put_time(FILE *file, const char *key, uint64_t ns)
{
	fprintf(file, "%s=%lluus\n", key, (unsigned long long)(ns / 1000));
}

static void put_times(FILE *file, const struct bench_options *o)
{
	if (!o->time_ns)
		return;
	fputs("time_based=1\n", file);
	put_time(file, "runtime", o->time_ns);
	if (o->warmup_ns)
		put_time(file, "ramp_time", o->warmup_ns);
}

/* Jobs that go forward have a part each, random ones all of it. */
static void put_size(FILE *file, const struct bench_set *set,
		     const struct bench_point *point)
{
	uint64_t size = round_down(set->size_bytes, point->block_bytes);
	uint64_t part = size / point->block_bytes / point->jobs *
			point->block_bytes;

	if (set->workload->is_random)
		fprintf(file, "size=%llu\nio_size=%llu\n",
			(unsigned long long)size, (unsigned long long)part);
	else
		fprintf(file, "size=%llu\noffset_increment=%llu\n",
			(unsigned long long)part, (unsigned long long)part);
}

/* Fio divides by what is missing to it. */
static bool is_one(double theta)
{
	return theta > 0.9999 && theta < 1.0001;
}

static void put_random(FILE *file, const struct bench_set *set)
{
	const struct bench_options *o = &set->session->options;

	if (!set->workload->is_random)
		return;
	fprintf(file, "norandommap=1\nrandseed=%llu\n",
		(unsigned long long)(o->seed & INT64_MAX));
	if (set->workload == &workload_mixed)
		fprintf(file, "rwmixread=%llu\n",
			(unsigned long long)o->read_percent);
	if (o->zipf_theta > 0)
		fprintf(file, "random_distribution=zipf:%g\n",
			is_one(o->zipf_theta) ? 1.0001 : o->zipf_theta);
}

static void put_engine(FILE *file, const struct bench_set *set)
{
	const struct bench_options *o = &set->session->options;

	if (o->is_passthrough)
		fputs("ioengine=io_uring_cmd\ncmd_type=nvme\n", file);
	else
		fputs("ioengine=io_uring\ndirect=1\nregisterfiles=1\n", file);
	if (o->is_polled)
		fputs("hipri=1\n", file);
	if (o->is_handed)
		fputs("sqthread_poll=1\n", file);
	if (o->cpus && strcmp(o->cpus, "auto"))
		fprintf(file, "cpus_allowed=%s\ncpus_allowed_policy=split\n",
			o->cpus);
}

/* A command goes to the namespace's character node: nvme0n1, ng0n1. */
static void put_filename(FILE *file, const struct bench_set *set)
{
	const char *device = set->facts[0]->device;
	const char *path = set->paths[0];

	fputs("filename=", file);
	if (set->session->options.is_passthrough && device &&
	    !strncmp(device, "nvme", 4)) {
		fprintf(file, "/dev/ng%s\n", device + 4);
		return;
	}
	for (; *path; path++) {
		if (*path == ':' || *path == '\\')
			fputc('\\', file);
		fputc(*path, file);
	}
	fputc('\n', file);
}

/* Pages of the provider, as every job maps them for itself. */
static int put_memory(FILE *file, struct bench_set *set,
		      const struct bench_point *point)
{
	struct memory memory;
	int rc;

	rc = bench_memory_plan(&memory, set, point,
			       set->session->options.provider);
	if (!rc && memory.function)
		fprintf(file, "iomem=mmapshared:/sys/bus/pci/devices/%s/"
			"p2pmem/allocate\n", memory.function->address);
	memory_release(&memory);
	return rc;
}

static int put_job(FILE *file, struct bench_set *set,
		   const struct bench_point *point, unsigned number)
{
	const struct bench_options *o = &set->session->options;
	unsigned batch = bench_get_batch(point->depth, o->rate_iops);

	fprintf(file, "%s[%s-%u]\n%srw=%s\nbs=%u\niodepth=%u\nnumjobs=%u\n",
		number ? "\n" : "", set->workload->name, number,
		number ? "stonewall=1\n" : "",
		translate(set->workload->name), point->block_bytes,
		point->depth, point->jobs);
	if (batch > 1)
		fprintf(file, "iodepth_batch=%u\n"
			"iodepth_batch_complete_min=%u\n"
			"iodepth_batch_complete_max=%u\n", batch, batch,
			point->depth);
	if (o->rate_iops)
		fprintf(file, "rate_iops=%llu\n",
			(unsigned long long)MAX(o->rate_iops / point->jobs,
						1));
	put_engine(file, set);
	put_filename(file, set);
	put_size(file, set, point);
	put_random(file, set);
	put_times(file, o);
	fputs("group_reporting=1\n", file);
	return put_memory(file, set, point);
}

/*
 * Fio cuts a name where a line ends, which then could tell it to write, and
 * blanks off its ends, and puts variables in.
 */
static bool is_tellable(const char *path)
{
	size_t length = strlen(path);

	for (const char *c = path; *c; c++)
		if (iscntrl((unsigned char)*c) || *c == '$')
			return false;
	return *path != ' ' && length && path[length - 1] != ' ';
}

static int check_name(const char *path)
{
	if (is_tellable(path))
		return CLI_GO_ON;
	cli_error(BENCH_NAME, "--fio: %s: fio would take it for another name "
		  "(choose one without $, line breaks and blanks at its ends)",
		  path);
	return EXIT_USAGE;
}

int bench_fio_run(struct session *session, FILE *file)
{
	unsigned number = 0;
	int code = CLI_GO_ON;

	for (size_t i = 0; i < session->common.operand_count &&
			   code == CLI_GO_ON; i++) {
		struct bench_point point;
		struct bench_set set;

		code = check_name(session->common.operands[i]);
		if (code != CLI_GO_ON)
			break;
		code = bench_set_open(&set, session,
				      session->common.operands + i);
		for (unsigned j = 0; code == CLI_GO_ON &&
				     bench_grid_get(session, j, &point); j++)
			if (put_job(file, &set, &point, number++))
				code = EXIT_MACHINE;
		bench_set_close(&set);
	}
	return code == CLI_GO_ON ? EXIT_DONE : code;
}
