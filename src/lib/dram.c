// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/dram.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <locale.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cpulist.h"
#include "base/macro.h"
#include "lib/sysfs.h"

#define DEVICES	"sys/bus/event_source/devices"

/*
 * What Intel's memory controllers count, in the kernel's names. Controllers
 * may have the same traffic in more than one of these: the first kind that is
 * there counts, on all of them.
 */
static const char *const kinds[][4] = {
	{ "cas_count_read", "cas_count_write" },
	{ "cas_count_read_sch0", "cas_count_read_sch1",
	  "cas_count_write_sch0", "cas_count_write_sch1" },
	{ "data_read", "data_write" },
	{ "data_reads", "data_writes" },
};

static const struct {
	const char *name;
	double bytes;
} units[] = {
	{ "MiB", MIB }, { "KiB", KIB }, { "Bytes", 1 }, { "B", 1 },
};

struct search {
	const struct p2pdma_context *context;
	struct dram_counter *counters;
	size_t count;
};

/* "6.103515625e-5", whatever the locale writes instead of the dot. */
static double parse_scale(const char *text)
{
	locale_t locale = newlocale(LC_ALL_MASK, "C", NULL);
	double scale = 0;

	if (locale) {
		scale = strtod_l(text, NULL, locale);
		freelocale(locale);
	}
	return scale;
}

/* 0 where the kernel does not tell. */
static double read_bytes(const struct search *search, const char *dir,
			 const char *event)
{
	_cleanup_free_ char *scale = NULL, *unit = NULL;
	char name[96];

	snprintf(name, sizeof(name), "events/%s.scale", event);
	if (sysfs_read_text(search->context, dir, name, &scale))
		return 0;
	snprintf(name, sizeof(name), "events/%s.unit", event);
	if (sysfs_read_text(search->context, dir, name, &unit))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (!strcmp(units[i].name, unit))
			return parse_scale(scale) * units[i].bytes;
	return 0;
}

/* "umask=0x03": its place is what format/umask tells, "config:8-15". */
static int add_term(const struct search *search, const char *dir,
		    const char *term, uint64_t *config)
{
	_cleanup_free_ char *format = NULL;
	unsigned long long value = 1;
	char key[32], name[64];
	unsigned shift;
	int rc;

	if (sscanf(term, "%31[a-z0-9_]=%lli", key, (long long *)&value) < 1)
		return -EINVAL;
	snprintf(name, sizeof(name), "format/%s", key);
	rc = sysfs_read_text(search->context, dir, name, &format);
	if (rc)
		return rc;
	if (sscanf(format, "config:%u", &shift) != 1 || shift > 63)
		return -EINVAL;
	*config |= (uint64_t)value << shift;
	return 0;
}

static int read_config(const struct search *search, const char *dir,
		       const char *event, uint64_t *config)
{
	_cleanup_free_ char *text = NULL;
	char name[96], *term, *rest = NULL;
	int rc;

	snprintf(name, sizeof(name), "events/%s", event);
	rc = sysfs_read_text(search->context, dir, name, &text);
	*config = 0;
	for (term = rc ? NULL : strtok_r(text, ",", &rest); term && !rc;
	     term = strtok_r(NULL, ",", &rest))
		rc = add_term(search, dir, term, config);
	return rc;
}

static int add_counter(struct search *search,
		       const struct dram_counter *counter)
{
	struct dram_counter *more;

	more = reallocarray(search->counters, search->count + 1,
			    sizeof(*more));
	if (!more)
		return -ENOMEM;
	search->counters = more;
	more[search->count++] = *counter;
	return 0;
}

/* One event of one controller, on a processor of each socket. */
static int add_event(struct search *search, const char *dir,
		     const char *event)
{
	struct dram_counter counter = { 0 };
	_cleanup_free_ char *list = NULL;
	uint64_t type;
	cpu_set_t cpus;
	int rc = 0;

	counter.bytes = read_bytes(search, dir, event);
	if (counter.bytes <= 0 ||
	    read_config(search, dir, event, &counter.config) ||
	    sysfs_read_u64(search->context, dir, "type", &type) ||
	    sysfs_read_text(search->context, dir, "cpumask", &list) ||
	    cpulist_parse(list, &cpus))
		return 0;
	counter.type = (uint32_t)type;
	for (int cpu = 0; cpu < CPU_SETSIZE && !rc; cpu++) {
		if (!CPU_ISSET(cpu, &cpus))
			continue;
		counter.cpu = cpu;
		rc = add_counter(search, &counter);
	}
	return rc;
}

static int add_kind(struct search *search, const struct sysfs_names *devices,
		    size_t kind)
{
	int rc = 0;

	for (size_t i = 0; i < devices->count && !rc; i++) {
		char dir[160];

		if (strncmp(devices->names[i], "uncore_imc", 10))
			continue;
		snprintf(dir, sizeof(dir), DEVICES "/%.100s",
			 devices->names[i]);
		for (size_t j = 0; j < ARRAY_SIZE(kinds[kind]) && !rc; j++)
			if (kinds[kind][j])
				rc = add_event(search, dir, kinds[kind][j]);
	}
	return rc;
}

int dram_find(const struct p2pdma_context *context,
	      struct dram_counter **counters, size_t *count)
{
	struct search search = { .context = context };
	_cleanup_names_ struct sysfs_names devices = { 0 };
	int rc;

	rc = sysfs_list(context, DEVICES, ".", &devices);
	if (rc)
		return rc == -ENOMEM ? rc : -ENODEV;
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && !rc && !search.count; i++)
		rc = add_kind(&search, &devices, i);
	if (!rc && !search.count)
		rc = -ENODEV;
	if (rc) {
		free(search.counters);
		return rc;
	}
	*counters = search.counters;
	*count = search.count;
	return 0;
}

/* --- counting ------------------------------------------------------------ */

struct p2pdma_dram {
	size_t count;
	struct {
		int fd;
		double bytes;
	} counters[];
};

static int open_counter(const struct dram_counter *counter)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = counter->type,
		.config = counter->config,
	};
	long fd = syscall(SYS_perf_event_open, &attr, -1, counter->cpu, -1,
			  PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static int open_all(const struct dram_counter *counters, size_t count,
		    struct p2pdma_dram **dram)
{
	struct p2pdma_dram *d;

	d = calloc(1, sizeof(*d) + count * sizeof(d->counters[0]));
	if (!d)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		int fd = open_counter(&counters[i]);

		if (fd < 0) {
			p2pdma_dram_close(d);
			return fd;
		}
		d->counters[d->count].fd = fd;
		d->counters[d->count++].bytes = counters[i].bytes;
	}
	*dram = d;
	return 0;
}

int p2pdma_dram_open(struct p2pdma_context *context,
		     struct p2pdma_dram **dram)
{
	_cleanup_free_ struct dram_counter *counters = NULL;
	size_t count;
	int rc;

	if (!p2pdma_context_is_live(context))
		return -EOPNOTSUPP;
	rc = dram_find(context, &counters, &count);
	if (rc)
		return rc;
	rc = open_all(counters, count, dram);
	return rc == -EPERM ? -EACCES : rc;
}

int p2pdma_dram_read(const struct p2pdma_dram *dram, uint64_t *bytes)
{
	double sum = 0;

	for (size_t i = 0; i < dram->count; i++) {
		uint64_t value;

		if (read(dram->counters[i].fd, &value, sizeof(value)) !=
		    sizeof(value))
			return -EIO;
		sum += (double)value * dram->counters[i].bytes;
	}
	*bytes = (uint64_t)sum;
	return 0;
}

void p2pdma_dram_close(struct p2pdma_dram *dram)
{
	if (!dram)
		return;
	for (size_t i = 0; i < dram->count; i++)
		close(dram->counters[i].fd);
	free(dram);
}
