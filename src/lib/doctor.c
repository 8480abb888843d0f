// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Knows which conditions there are, and in which order; what each is about is
 * the business of doctor-*.c.
 */
#include "lib/doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/macro.h"

#define SHOWN_MAX	8	/* functions by name; more are counted */

struct diagnosis {
	struct p2pdma_diagnosis public;	/* first: it is what people hold */
	struct arena arena;
	struct p2pdma_check *checks;
};

static void check_pairs(const struct doctor *doctor, struct finding *f);

/* Causes before what they lead to. */
static const struct {
	const char *id;
	check_fn check;
} rows[] = {
	{ "kernel-version", check_kernel_version },
	{ "kernel-config", check_kernel_config },
	{ "drives", check_drives },
	{ "providers", check_providers },
	{ "cmb", check_cmb },
	{ "published", check_published },
	{ "allocate", check_allocate },
	{ "permission", check_permission },
	{ "cmb-queues", check_cmb_queues },
	{ "fragmentation", check_fragmentation },
	{ "acs", check_acs },
	{ "host-bridge", check_host_bridge },
	{ "iommu", check_iommu },
	{ "dma-mask", check_dma_mask },
	{ "links", check_links },
	{ "numa", check_numa },
	{ "multipath", check_multipath },
	{ "md-mirror", check_md },
	{ "io-uring", check_io_uring },
	{ "poll-queues", check_poll_queues },
	{ "pairs", check_pairs },
};

/* --- findings ------------------------------------------------------------ */

static const unsigned badness[] = {
	[P2PDMA_STATUS_PASS] = 0,
	[P2PDMA_STATUS_UNKNOWN] = 1,
	[P2PDMA_STATUS_WARN] = 2,
	[P2PDMA_STATUS_FAIL] = 3,
};

const char *p2pdma_status_get_name(enum p2pdma_status status)
{
	static const char *const names[] = {
		[P2PDMA_STATUS_UNKNOWN] = "unknown",
		[P2PDMA_STATUS_PASS] = "pass",
		[P2PDMA_STATUS_WARN] = "warn",
		[P2PDMA_STATUS_FAIL] = "fail",
	};

	return (size_t)status < ARRAY_SIZE(names) ? names[status] : "unknown";
}

/* Once: what is part of *@text already is not said again. */
static void __attribute__((format(printf, 4, 0)))
append(struct finding *f, char **text, const char *separator,
       const char *format, va_list args)
{
	_cleanup_free_ char *more = NULL;
	char *longer;

	if (vasprintf(&more, format, args) < 0) {
		more = NULL;
		f->lacks_memory = true;
		return;
	}
	if (*text && strstr(*text, more))
		return;
	if (asprintf(&longer, "%s%s%s", *text ? *text : "",
		     *text ? separator : "", more) < 0) {
		f->lacks_memory = true;
		return;
	}
	free(*text);
	*text = longer;
}

#define APPEND(f, text, separator, format)			\
	do {							\
		va_list args_;					\
								\
		va_start(args_, format);			\
		append(f, text, separator, format, args_);	\
		va_end(args_);					\
	} while (0)

void finding_note(struct finding *f, enum p2pdma_status status,
		  const char *format, ...)
{
	if (badness[status] > badness[f->status])
		f->status = status;
	APPEND(f, &f->evidence, "; ", format);
}

void finding_advise(struct finding *f, const char *format, ...)
{
	APPEND(f, &f->advice, "; ", format);
}

void finding_add_parameter(struct finding *f, const char *format, ...)
{
	APPEND(f, &f->parameters, " ", format);
}

void finding_add_command(struct finding *f, const char *format, ...)
{
	APPEND(f, &f->commands, "\n", format);
}

static void finding_fini(struct finding *f)
{
	free(f->evidence);
	free(f->advice);
	free(f->parameters);
	free(f->commands);
}

/* --- sets of functions ---------------------------------------------------- */

bool function_set_has(const struct function_set *set,
		      const struct p2pdma_function *function)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i] == function)
			return true;
	return false;
}

void function_set_add(struct function_set *set, struct finding *f,
		      const struct p2pdma_function *function)
{
	const struct p2pdma_function **slot;

	if (function_set_has(set, function))
		return;
	slot = array_add(set->items, set->count);
	if (slot)
		*slot = function;
	else
		f->lacks_memory = true;
}

const char *function_set_list(const struct function_set *set, char *text,
			      size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < MIN(set->count, SHOWN_MAX) && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s",
					 i ? ", " : "",
					 set->items[i]->address);
	if (set->count > SHOWN_MAX && used < size)
		snprintf(text + used, size - used, " and %zu more",
			 set->count - SHOWN_MAX);
	return text;
}

/* --- pairs ---------------------------------------------------------------- */

void doctor_for_each_pair(const struct doctor *doctor, pair_fn look,
			  void *data)
{
	const struct p2pdma_topology *t = doctor->topology;

	for (size_t i = 0; i < t->provider_count; i++)
		for (size_t j = 0; j < t->drive_count; j++)
			if (t->drives[j]->function != t->providers[i] ||
			    t->drive_count == 1)
				look(doctor, t->providers[i], t->drives[j],
				     data);
}

static void count_pair(const struct doctor *doctor,
		       const struct p2pdma_function *provider,
		       const struct p2pdma_drive *drive, void *data)
{
	struct p2pdma_diagnosis *counts = data;
	struct p2pdma_verdict verdict;

	p2pdma_verdict_judge(doctor->topology, provider, drive->function,
			     &verdict);
	counts->pairs++;
	counts->unknown += verdict.reach == P2PDMA_REACH_UNKNOWN;
	counts->reachable += verdict.reach == P2PDMA_REACH_DIRECT ||
			     verdict.reach == P2PDMA_REACH_VIA_HOST;
}

static void check_pairs(const struct doctor *doctor, struct finding *f)
{
	struct p2pdma_diagnosis counts = { 0 };

	doctor_for_each_pair(doctor, count_pair, &counts);
	if (!counts.pairs) {
		finding_note(f, P2PDMA_STATUS_FAIL,
			     "there is no provider with a drive to reach it");
		return;
	}
	finding_note(f, counts.reachable == counts.pairs ? P2PDMA_STATUS_PASS :
			counts.reachable ? P2PDMA_STATUS_WARN :
			counts.unknown ? P2PDMA_STATUS_UNKNOWN :
					 P2PDMA_STATUS_FAIL,
		     "%zu of %zu pairs of a provider and another's drive "
		     "work, %zu are not known", counts.reachable, counts.pairs,
		     counts.unknown);
	if (counts.reachable < counts.pairs)
		finding_advise(f, "p2ptopo matrix tells of each why not");
}

/* --- all of it ------------------------------------------------------------ */

static int keep(struct diagnosis *d, const char *id, const struct finding *f)
{
	struct arena *arena = &d->arena;
	struct p2pdma_check *check = array_add(d->checks, d->public.count);

	if (!check || f->lacks_memory)
		return -ENOMEM;
	*check = (struct p2pdma_check){
		.id = id,
		.status = f->status,
		.evidence = arena_strdup(arena, f->evidence),
		.advice = arena_strdup(arena, f->advice),
		.parameters = arena_strdup(arena, f->parameters),
		.commands = arena_strdup(arena, f->commands),
	};
	return 0;
}

static int run(struct diagnosis *d, const struct doctor *doctor, size_t row)
{
	struct finding f = { .status = P2PDMA_STATUS_PASS };
	int rc;

	rows[row].check(doctor, &f);
	rc = keep(d, rows[row].id, &f);
	finding_fini(&f);
	return rc;
}

int p2pdma_diagnose(struct p2pdma_context *context,
		    const struct p2pdma_topology *topology,
		    struct p2pdma_diagnosis **diagnosis)
{
	const struct doctor doctor = {
		context, topology, p2pdma_topology_get_machine(topology),
	};
	struct diagnosis *d = calloc(1, sizeof(*d));
	int rc = d ? 0 : -ENOMEM;

	context_begin(context);
	for (size_t i = 0; !rc && i < ARRAY_SIZE(rows); i++)
		rc = run(d, &doctor, i);
	rc = context_end(context, d ? &d->arena : NULL, rc);
	if (rc) {
		p2pdma_diagnosis_destroy(d ? &d->public : NULL);
		return rc;
	}
	doctor_for_each_pair(&doctor, count_pair, &d->public);
	d->public.checks = d->checks;
	*diagnosis = &d->public;
	return 0;
}

void p2pdma_diagnosis_destroy(struct p2pdma_diagnosis *diagnosis)
{
	struct diagnosis *d = (struct diagnosis *)diagnosis;

	if (!d)
		return;
	arena_fini(&d->arena);
	free(d->checks);
	free(d);
}
