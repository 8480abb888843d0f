/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows what the doctor's checks have in common: the machine that they look
 * at and the finding that each fills. A new check is one function and one row
 * in doctor.c.
 */
#ifndef P2PDMA_LIB_DOCTOR_H
#define P2PDMA_LIB_DOCTOR_H

#include <stdbool.h>

#include "base/arena.h"
#include "lib/context.h"
#include "lib/topology.h"

struct doctor {
	struct p2pdma_context *context;
	const struct p2pdma_topology *topology;
	const struct p2pdma_machine *machine;
};

/* What a check has to say. Passes until something worse is noted. */
struct finding {
	enum p2pdma_status status;
	char *evidence, *advice, *parameters, *commands; /* heap; NULL */
	bool lacks_memory;
};

typedef void (*check_fn)(const struct doctor *doctor, struct finding *f);

/* A piece of evidence; the finding is at least as bad as @status. */
void finding_note(struct finding *f, enum p2pdma_status status,
		  const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What to do; a kernel parameter, a line of shell that does it. The same
 * text is taken once. */
void finding_advise(struct finding *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void finding_add_parameter(struct finding *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void finding_add_command(struct finding *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Functions, each once. Starts as { 0 }; free(items) gives it back. */
struct function_set {
	const struct p2pdma_function **items;
	size_t count;
};

bool function_set_has(const struct function_set *set,
		      const struct p2pdma_function *function);
void function_set_add(struct function_set *set, struct finding *f,
		      const struct p2pdma_function *function);

/* "0000:03:00.0, 0000:04:00.0 and 3 more" into @text; returns @text. */
const char *function_set_list(const struct function_set *set, char *text,
			      size_t size);

/* Every provider with every drive but its own; see p2pdma_diagnosis. */
typedef void (*pair_fn)(const struct doctor *doctor,
			const struct p2pdma_function *provider,
			const struct p2pdma_drive *drive, void *data);
void doctor_for_each_pair(const struct doctor *doctor, pair_fn look,
			  void *data);

/* kernel */
void check_kernel_version(const struct doctor *doctor, struct finding *f);
void check_kernel_config(const struct doctor *doctor, struct finding *f);
void check_io_uring(const struct doctor *doctor, struct finding *f);
void check_poll_queues(const struct doctor *doctor, struct finding *f);
/* memory */
void check_providers(const struct doctor *doctor, struct finding *f);
void check_cmb(const struct doctor *doctor, struct finding *f);
void check_published(const struct doctor *doctor, struct finding *f);
void check_allocate(const struct doctor *doctor, struct finding *f);
void check_permission(const struct doctor *doctor, struct finding *f);
void check_cmb_queues(const struct doctor *doctor, struct finding *f);
void check_fragmentation(const struct doctor *doctor, struct finding *f);
/* drives */
void check_drives(const struct doctor *doctor, struct finding *f);
void check_multipath(const struct doctor *doctor, struct finding *f);
void check_md(const struct doctor *doctor, struct finding *f);
/* paths */
void check_acs(const struct doctor *doctor, struct finding *f);
void check_host_bridge(const struct doctor *doctor, struct finding *f);
void check_iommu(const struct doctor *doctor, struct finding *f);
void check_dma_mask(const struct doctor *doctor, struct finding *f);
void check_links(const struct doctor *doctor, struct finding *f);
void check_numa(const struct doctor *doctor, struct finding *f);

#endif
