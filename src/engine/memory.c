// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "engine/preflight.h"

static void give_back(struct memory *memory)
{
	p2pdma_pool_destroy(memory->pool);
	memory->pool = NULL;
	if (memory->provider != memory->host)
		p2pdma_provider_close(memory->provider);
	memory->provider = NULL;
}

void memory_release(struct memory *memory)
{
	give_back(memory);
	p2pdma_provider_close(memory->host);
	memory->host = NULL;
}

/* -EREMOTEIO, with its reason noted. */
static int refuse(struct memory *memory, const char *id, const char *advice)
{
	memory->why.id = id;
	memory->why.at = NULL;
	snprintf(memory->why.advice, sizeof(memory->why.advice), "%s",
		 advice);
	return -EREMOTEIO;
}

static int refuse_by_verdict(struct memory *memory,
			     const struct p2pdma_verdict *verdict)
{
	if (!verdict->reason_count)
		return refuse(memory, "probe-refused",
			      "the kernel refuses it: see its log");
	memory->why = verdict->reasons[0];
	return -EREMOTEIO;
}

/* --- one provider --------------------------------------------------------- */

static int open_provider(const struct memory_request *request,
			 const char *name, struct memory *memory)
{
	int rc;

	rc = p2pdma_provider_open(request->context, name, &memory->why,
				  &memory->provider);
	if (!rc)
		return 0;
	if (memory->why.id)
		return -EREMOTEIO;
	return refuse(memory, "no-p2pmem", strerror(-rc));
}

static int take_pool(const struct memory_request *request,
		     struct memory *memory)
{
	int rc;

	rc = p2pdma_pool_create(memory->provider, request->slot_bytes,
				request->slots, request->slots_least,
				&memory->pool);
	if (rc != -ENOMEM || !p2pdma_provider_is_peer(memory->provider))
		return rc;
	return refuse(memory, "provider-too-small",
		      "it has no room in one piece for the blocks in flight: "
		      "use smaller blocks, or fewer");
}

/* What the prediction says about one end; NULL ends are fine. */
static void judge(const struct memory_request *request,
		  const struct p2pdma_target *end, unsigned direction,
		  const char *name, struct p2pdma_verdict *verdict)
{
	const struct p2pdma_function *function;

	memset(verdict, 0, sizeof(*verdict));
	if (!end)
		return;
	function = p2pdma_topology_find(request->topology, name);
	if (function)
		p2pdma_verdict_judge_target(request->topology, function, end,
					    direction, verdict);
}

static int ask_kernel(const struct memory_request *request,
		      struct endpoint *endpoint,
		      const struct p2pdma_verdict *verdict,
		      struct memory *memory)
{
	struct preflight_result result;
	int rc;

	rc = preflight_run(endpoint, 0, memory->pool, memory->host,
			   request->io_timeout_ns, &result);
	if (rc)
		return rc;
	switch (result.answer) {
	case PREFLIGHT_WORKS:
	case PREFLIGHT_UNKNOWN:
		return 0;
	case PREFLIGHT_REFUSED:
		return refuse_by_verdict(memory, verdict);
	case PREFLIGHT_DIFFERS:
		refuse(memory, "probe-data-differs",
		       "the drive reported success and moved other data: "
		       "switch the IOMMU to pass-through, iommu=pt");
		return -EBADMSG;
	case PREFLIGHT_SILENT:
		/* The drive may still write there: nobody may have it. */
		memory->pool = NULL;
		return refuse(memory, "probe-timeout",
			      "the drive does not answer when it is given "
			      "peer memory");
	}
	return 0;
}

/* A layer that loses or bounces the data is not to be asked at all. */
static int try_end(const struct memory_request *request,
		   struct endpoint *endpoint, const struct p2pdma_target *end,
		   unsigned direction, enum p2pdma_reach *reach,
		   struct memory *memory)
{
	struct p2pdma_verdict verdict;

	if (!endpoint)
		return 0;
	judge(request, end, direction,
	      p2pdma_provider_get_name(memory->provider), &verdict);
	*reach = verdict.reach;
	if (end && direction == P2PDMA_WRITE &&
	    end->passes_writes == P2PDMA_NO)
		return refuse_by_verdict(memory, &verdict);
	return ask_kernel(request, endpoint, &verdict, memory);
}

static int try_provider(const struct memory_request *request,
			const char *name, struct memory *memory)
{
	int rc;

	rc = open_provider(request, name, memory);
	if (!rc)
		rc = take_pool(request, memory);
	if (rc || !p2pdma_provider_is_peer(memory->provider))
		return rc;
	rc = try_end(request, request->source_endpoint, request->source,
		     P2PDMA_READ, &memory->reach_source, memory);
	if (!rc)
		rc = try_end(request, request->destination_endpoint,
			     request->destination, P2PDMA_WRITE,
			     &memory->reach_destination, memory);
	if (!rc)
		memory->is_peer = true;
	return rc;
}

/* --- the choice ----------------------------------------------------------- */

static bool is_host(const char *name)
{
	return !strcmp(name, "host") || !strcmp(name, "none");
}

static bool is_allocate_file(const char *name)
{
	const char *last = strrchr(name, '/');

	return last && !strcmp(last, "/allocate");
}

static int use_host(const struct memory_request *request,
		    struct memory *memory)
{
	give_back(memory);
	memory->is_peer = false;
	memory->reach_source = P2PDMA_REACH_UNKNOWN;
	memory->reach_destination = P2PDMA_REACH_UNKNOWN;
	memory->provider = memory->host;
	return take_pool(request, memory);
}

/* "/dev/nvme0" and the like stand for the function that they sit on. */
static int use_device(const struct memory_request *request, const char *name,
		      struct memory *memory)
{
	struct p2pdma_target *target;
	int rc;

	rc = p2pdma_target_resolve(request->context, request->topology, name,
				   -1, &target);
	if (rc)
		return refuse(memory, "not-pci", strerror(-rc));
	rc = target->client_count ?
		     try_provider(request, target->clients[0]->address,
				  memory) :
		     refuse(memory, "not-pci",
			    "it is no PCI function and sits on none");
	p2pdma_target_destroy(target);
	return rc;
}

static int use_named(const struct memory_request *request,
		     struct memory *memory)
{
	const char *name = request->provider;

	if (is_host(name))
		return use_host(request, memory);
	memory->why_provider = name;
	if (strchr(name, '/') && !is_allocate_file(name))
		return use_device(request, name, memory);
	return try_provider(request, name, memory);
}

/* Why it is not the provider that would have been best. */
struct first_no {
	struct p2pdma_reason why;
	const char *provider;
};

static void remember(struct first_no *no, const struct p2pdma_choice *choice,
		     const struct memory *memory)
{
	if (no->why.id)
		return;
	no->why = memory->why;
	no->provider = choice->provider->address;
}

static int skip_refused(struct memory *memory,
			const struct p2pdma_choice *choice)
{
	const struct p2pdma_verdict *worse =
		choice->source.reach == P2PDMA_REACH_REFUSED ?
			&choice->source : &choice->destination;

	return refuse_by_verdict(memory, worse);
}

static bool is_no(int rc)
{
	return rc == -EREMOTEIO || rc == -EBADMSG;
}

/* 0: memory is peer memory of the best provider that works. */
static int try_choices(const struct memory_request *request,
		       const struct p2pdma_choice *choices, size_t count,
		       struct memory *memory, struct first_no *no)
{
	int rc = -EREMOTEIO;

	for (size_t i = 0; i < count && is_no(rc); i++) {
		const struct p2pdma_choice *choice = &choices[i];

		give_back(memory);
		rc = choice->reach == P2PDMA_REACH_REFUSED ?
			     skip_refused(memory, choice) :
			     try_provider(request, choice->provider->address,
					  memory);
		if (is_no(rc))
			remember(no, choice, memory);
	}
	return rc;
}

static int use_best(const struct memory_request *request,
		    struct memory *memory)
{
	struct p2pdma_choice *choices _cleanup_free_ = NULL;
	struct first_no no = { 0 };
	size_t count = 0;
	int rc;

	rc = p2pdma_choices_rank(request->topology, request->source,
				 request->destination, &choices, &count);
	if (rc)
		return rc;
	rc = try_choices(request, choices, count, memory, &no);
	if (!is_no(rc)) {
		memory->why.id = NULL;
		return rc;
	}
	if (no.why.id)
		memory->why = no.why;
	else
		refuse(memory, "no-p2pmem",
		       "no PCI function of this machine has peer memory");
	memory->why_provider = no.provider;
	return use_host(request, memory);
}

int memory_choose(const struct memory_request *request,
		  struct memory *memory)
{
	int rc;

	memset(memory, 0, sizeof(*memory));
	rc = p2pdma_provider_open(request->context, "host", NULL,
				  &memory->host);
	if (rc)
		return rc;
	if (!strcmp(request->provider, "auto"))
		return use_best(request, memory);
	return use_named(request, memory);
}
