// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/memory.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/macro.h"
#include "engine/memory-parts.h"

/* Stored at once: signals are held off for so long. */
#define SCRUB_BYTES	(64 * KIB)

/* --- why not ------------------------------------------------------------ */

static const struct p2pdma_reason not_pci = {
	"not-pci", NULL, "neither end is on PCI",
};
static const struct p2pdma_reason no_p2pdma = {
	"kernel-without-p2pdma", NULL,
	"boot a kernel that is built with CONFIG_PCI_P2PDMA=y",
};
static const struct p2pdma_reason no_p2pmem = {
	"no-p2pmem", NULL, "no driver offers memory to its peers here; "
			   "p2ptopo doctor tells what is missing",
};

static int say_no(struct memory *m, const struct p2pdma_function *provider,
		  const struct p2pdma_reason *why)
{
	if (!m->no.id) {
		m->no = *why;
		m->no_provider = provider;
	}
	return MEMORY_NEXT_ONE;
}

int memory_deny(struct memory *m, const char *id, const char *format, ...)
{
	struct p2pdma_reason why = { .id = id };
	va_list args;

	va_start(args, format);
	vsnprintf(why.advice, sizeof(why.advice), format, args);
	va_end(args);
	return say_no(m, m->function, &why);
}

static bool is_refused(const struct p2pdma_verdict *verdict)
{
	return verdict->reach == P2PDMA_REACH_REFUSED;
}

int memory_say_verdict(struct memory *m, const struct p2pdma_choice *choice)
{
	const struct p2pdma_verdict *verdict = is_refused(&choice->source) ?
		&choice->source : &choice->destination;

	return say_no(m, choice->provider, verdict->reason_count ?
					   &verdict->reasons[0] : &not_pci);
}

/* Nothing was taken; if nobody said why, there was nobody to ask. */
static void explain(struct memory *m, const struct p2pdma_function *only)
{
	struct p2pdma_reason why = no_p2pmem;
	struct p2pdma_provider *provider;

	if (m->no.id)
		return;
	if (p2pdma_topology_get_machine(m->place.topology)->has_p2pdma ==
	    P2PDMA_NO) {
		say_no(m, only, &no_p2pdma);
		return;
	}
	if (only && !p2pdma_provider_open(m->place.context, only->address,
					  &why, &provider))
		p2pdma_provider_close(provider);
	say_no(m, only, &why);
}

/* --- which provider ----------------------------------------------------- */

static bool loses_writes(const struct memory *m)
{
	for (unsigned i = 1; i < 2 + m->place.also_count; i++) {
		const struct p2pdma_target *to = memory_get_target(m, i);

		if (to && to->passes_writes == P2PDMA_NO)
			return true;
	}
	return false;
}

/* A layer that loses or bounces the data is not to be asked at all. */
static bool is_hopeless(const struct memory *m,
			const struct p2pdma_choice *choice)
{
	if (!is_refused(&choice->source) && !is_refused(&choice->destination))
		return false;
	return !m->wish.is_asked_anyway || loses_writes(m);
}

/* Bus addresses pass by its IOMMU, where the data may be dropped. */
static bool is_doubtful(const struct memory *m,
			const struct p2pdma_function *provider,
			const struct p2pdma_function *client)
{
	struct p2pdma_verdict verdict;

	if (!client->iommu_type || strncmp(client->iommu_type, "DMA", 3))
		return false;
	p2pdma_verdict_judge(m->place.topology, provider, client, &verdict);
	return verdict.reach != P2PDMA_REACH_VIA_HOST;
}

/* The one block that is compared lies on one drive, and tells of no other. */
static const struct p2pdma_target *
find_unprovable(const struct memory *m, const struct p2pdma_function *provider)
{
	for (unsigned i = 0; i < 2 + m->place.also_count; i++) {
		const struct p2pdma_target *target = memory_get_target(m, i);

		for (size_t j = 0; target && target->client_count > 1 &&
				   j < target->client_count; j++)
			if (is_doubtful(m, provider, target->clients[j]))
				return target;
	}
	return NULL;
}

static int say_unprovable(struct memory *m,
			  const struct p2pdma_function *provider,
			  const struct p2pdma_target *target)
{
	struct p2pdma_reason why = { .id = "iommu-translates" };

	snprintf(why.advice, sizeof(why.advice), "%s lies on %zu drives, whose "
		 "bus addresses pass by the IOMMU, and a block that arrives "
		 "proves one of them: boot with iommu=pt", target->path,
		 target->client_count);
	return say_no(m, provider, &why);
}

int memory_open_choice(struct memory *m, const struct p2pdma_choice *choice)
{
	const struct p2pdma_target *unprovable;
	struct p2pdma_reason why = { 0 };
	int rc;

	if (is_hopeless(m, choice))
		return memory_say_verdict(m, choice);
	unprovable = find_unprovable(m, choice->provider);
	if (unprovable)
		return say_unprovable(m, choice->provider, unprovable);
	rc = p2pdma_provider_open(m->place.context, choice->provider->address,
				  &why, &m->provider);
	if (rc == -ENOMEM)
		return rc;
	if (rc && !why.id) {
		why.id = no_p2pmem.id;
		snprintf(why.advice, sizeof(why.advice), "%s", strerror(-rc));
	}
	if (rc)
		return say_no(m, choice->provider, &why);
	m->function = choice->provider;
	snprintf(m->providers, sizeof(m->providers), "%s",
		 m->function->address);
	m->reach_source = choice->source.reach;
	m->reach_destination = choice->destination.reach;
	m->bottleneck_bytes_per_sec = choice->bottleneck_bytes_per_sec;
	memory_choose_peer_sizes(m);
	return 0;
}

/*
 * The kernel hands it to the next one as it is. A provider that is gone keeps
 * nothing of ours that anybody could be handed.
 */
static void scrub(struct memory *m)
{
	static const char zeros[SCRUB_BYTES] __attribute__((aligned(8)));
	size_t size = p2pdma_pool_get_slot_bytes(m->pool);
	unsigned slots = p2pdma_pool_get_slots(m->pool);
	int rc = 0;

	for (unsigned slot = 0; slot < slots && !rc; slot++)
		for (size_t at = 0; at < size && !rc; at += SCRUB_BYTES)
			rc = p2pdma_pool_store(m->pool, slot, at, zeros,
					       MIN(size - at, SCRUB_BYTES));
	if (rc)
		m->scrub_error = rc;
}

void memory_drop_peer(struct memory *m)
{
	if (m->wish.is_scrubbed && m->pool && m->provider)
		scrub(m);
	p2pdma_pool_destroy(m->pool);
	p2pdma_provider_close(m->provider);
	while (m->partner_count)
		p2pdma_provider_close(m->partners[--m->partner_count]);
	m->pool = NULL;
	m->provider = NULL;
	m->function = NULL;
	*m->providers = '\0';
	m->reach_source = m->reach_destination = P2PDMA_REACH_UNKNOWN;
	m->bottleneck_bytes_per_sec = 0;
}

static void use_host(struct memory *m)
{
	memory_drop_peer(m);
	m->why = m->no;
	m->why_provider = m->no_provider;
	memory_choose_host_sizes(m);
}

void memory_give_up_peer(struct memory *memory,
			 const struct p2pdma_reason *why)
{
	memory->no = *why;
	memory->no_provider = memory->function;
	memory->next = memory->choice_count;
	use_host(memory);
}

/* EFAULT: nothing is mapped there any more. */
void memory_explain_refusal(struct p2pdma_reason *why, const char *path,
			    int error)
{
	*why = (struct p2pdma_reason){ .id = "probe-refused" };
	if (error == -EFAULT)
		snprintf(why->advice, sizeof(why->advice), "the provider's "
			 "memory is gone, as %s found: was it removed, or its "
			 "driver unbound?", path);
	else
		snprintf(why->advice, sizeof(why->advice), "the kernel refused "
			 "peer memory for %s: %s; see the kernel log", path,
			 strerror(-error));
}

int memory_choose_next(struct memory *m)
{
	int rc = MEMORY_NEXT_ONE;

	memory_drop_peer(m);
	while (rc == MEMORY_NEXT_ONE && m->next < m->choice_count)
		rc = memory_open_choice(m, &m->choices[m->next++]);
	if (rc != MEMORY_NEXT_ONE)
		return rc;
	use_host(m);
	return 0;
}

/* --- the plan ----------------------------------------------------------- */

static bool is_host(const char *name)
{
	return name && (!strcmp(name, "host") || !strcmp(name, "none"));
}

static bool is_auto(const char *name)
{
	return !name || !strcmp(name, "auto");
}

/* Of all choices, those that were named: there may be none. */
static void keep_named(struct memory *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->choice_count; i++)
		if (memory_names_have(&m->named, m->choices[i].provider))
			m->choices[kept++] = m->choices[i];
	m->choice_count = kept;
}

/* For all destinations at once: none of them may lose what it is given. */
static int rank(struct memory *m)
{
	const struct memory_place *place = &m->place;
	_cleanup_free_ const struct p2pdma_target **all = NULL;
	size_t count = 0;

	all = calloc(1 + place->also_count, sizeof(*all));
	if (!all)
		return -ENOMEM;
	if (place->destination)
		all[count++] = place->destination;
	for (unsigned i = 0; i < place->also_count; i++)
		all[count++] = place->also[i];
	return p2pdma_choices_rank_all(place->topology, place->source, all,
				       count, &m->choices, &m->choice_count);
}

static int plan_peer(struct memory *m)
{
	int rc = rank(m);

	if (rc)
		return rc;
	if (m->named.count)
		keep_named(m);
	if (!m->choice_count)
		explain(m, m->named.functions[0]);
	return memory_choose_next(m);
}

int memory_plan(struct memory *memory, const struct memory_place *place,
		const struct memory_wish *wish)
{
	int rc;

	*memory = (struct memory){ .wish = *wish, .place = *place };
	if (is_host(wish->provider)) {
		use_host(memory);
		return 0;
	}
	if (is_auto(wish->provider)) {
		memory->wish.is_asked_anyway = false;
		return plan_peer(memory);
	}
	rc = memory_names_find(place->context, place->topology, wish->provider,
			       &memory->named, &memory->no);
	return rc ? rc : plan_peer(memory);
}

void memory_release(struct memory *memory)
{
	memory_drop_peer(memory);
	p2pdma_provider_close(memory->host);
	memory->host = NULL;
	free(memory->choices);
	memory->choices = NULL;
}
