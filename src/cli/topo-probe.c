// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows which pairs "p2ptopo probe" asks about, and what its exit code is;
 * engine/probe.h asks, report/report-probe.h tells.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/topo.h"
#include "engine/probe.h"
#include "report/report-probe.h"

struct probe {
	struct topo *topo;
	struct prober *prober;
	struct probe_pair *pairs;
	size_t count;
	/* Of each drive what is read of it, in the drives' order; or NULL. */
	struct p2pdma_target **devices;
	size_t device_count;
};

/* --- the pairs ----------------------------------------------------------- */

static void add_pair(struct probe *probe,
		     const struct p2pdma_function *provider,
		     const struct p2pdma_function *client,
		     const struct p2pdma_target *device)
{
	probe->pairs = tree_must(reallocarray(probe->pairs, probe->count + 1,
					      sizeof(*probe->pairs)));
	probe->pairs[probe->count++] = (struct probe_pair){
		.provider = provider, .client = client, .device = device,
	};
}

/* The first namespace stands for its drive. */
static void resolve_drives(struct probe *probe)
{
	const struct p2pdma_drive *const *drives;
	char path[64];

	drives = p2pdma_topology_get_drives(probe->topo->topology,
					    &probe->device_count);
	probe->devices = tree_must(calloc(probe->device_count + 1,
					  sizeof(*probe->devices)));
	for (size_t i = 0; i < probe->device_count; i++) {
		if (!drives[i]->namespace_count)
			continue;
		snprintf(path, sizeof(path), "/dev/%s",
			 drives[i]->namespaces[0].name);
		(void)p2pdma_target_resolve(probe->topo->context,
					    probe->topo->topology, path, -1,
					    &probe->devices[i]);
	}
}

/* What of a target is read: itself, or of a function its drive. */
static const struct p2pdma_target *find_device(const struct probe *probe,
					       const struct p2pdma_target *t)
{
	const struct p2pdma_drive *const *drives;
	size_t count;

	if (t->kind != P2PDMA_TARGET_FUNCTION)
		return t;
	drives = p2pdma_topology_get_drives(probe->topo->topology, &count);
	for (size_t i = 0; i < count; i++)
		if (drives[i]->function == t->clients[0])
			return probe->devices[i];
	return NULL;
}

static void add_drives(struct probe *probe,
		       const struct p2pdma_function *provider)
{
	const struct p2pdma_drive *const *drives;
	size_t count;

	drives = p2pdma_topology_get_drives(probe->topo->topology, &count);
	for (size_t i = 0; i < count; i++)
		add_pair(probe, provider, drives[i]->function,
			 probe->devices[i]);
}

static void add_client(struct probe *probe,
		       const struct p2pdma_function *provider,
		       const struct p2pdma_target *client)
{
	add_pair(probe, provider, client->clients[0],
		 find_device(probe, client));
}

/* One operand: as the provider that it is, and as a client of the others. */
static bool is_provider(const struct p2pdma_target *target)
{
	return target->kind == P2PDMA_TARGET_FUNCTION &&
	       target->clients[0]->memory;
}

static void collect_pairs(struct probe *probe)
{
	const struct topo *topo = probe->topo;
	const struct p2pdma_function *const *providers;
	size_t count;

	if (topo->target_count == 2) {
		add_client(probe, topo->targets[0]->clients[0],
			   topo->targets[1]);
		return;
	}
	providers = p2pdma_topology_get_providers(topo->topology, &count);
	for (size_t i = 0; i < count; i++)
		if (!topo->target_count ||
		    (is_provider(*topo->targets) &&
		     (*topo->targets)->clients[0] == providers[i]))
			add_drives(probe, providers[i]);
		else
			add_client(probe, providers[i], *topo->targets);
}

/* --- asking --------------------------------------------------------------- */

static int ask_all(struct probe *probe)
{
	struct topo *topo = probe->topo;
	int rc;

	rc = prober_open(topo->context, topo->topology, topo->io_timeout_ns,
			 &probe->prober);
	if (rc) {
		cli_error_no_ring("p2ptopo", rc);
		return EXIT_FAILED;
	}
	for (size_t i = 0; !rc && i < probe->count; i++)
		rc = prober_ask(probe->prober, &probe->pairs[i]);
	return rc ? topo_fail("probe", rc) : CLI_GO_ON;
}

/* Nothing asked: the machine has nothing, or we may not. */
static int judge_unasked(const struct probe *probe)
{
	for (size_t i = 0; i < probe->count; i++) {
		const struct p2pdma_reason *why = &probe->pairs[i].why;

		if (!why->id || !strcmp(why->id, "dma-mask"))
			continue;
		cli_error("p2ptopo", "probe: nothing could be asked: %s: %s",
			  why->id, why->advice);
		return EXIT_FAILED;
	}
	return EXIT_MACHINE;
}

static int judge(const struct probe *probe)
{
	struct probe_counts counts;

	report_probe_count(probe->pairs, probe->count, &counts);
	if (counts.differing)
		return EXIT_DIFFERS;
	if (counts.disagreeing || counts.failed)
		return EXIT_FAILED;
	return counts.unasked == counts.pairs ? judge_unasked(probe) :
						EXIT_DONE;
}

static void fini(struct probe *probe)
{
	prober_close(probe->prober);
	for (size_t i = 0; i < probe->device_count; i++)
		p2pdma_target_destroy(probe->devices[i]);
	free(probe->devices);
	free(probe->pairs);
}

int topo_probe(struct topo *topo)
{
	struct probe probe = { .topo = topo };
	size_t providers;
	int code;

	resolve_drives(&probe);
	collect_pairs(&probe);
	code = ask_all(&probe);
	if (code == CLI_GO_ON) {
		p2pdma_topology_get_providers(topo->topology, &providers);
		if (!providers)
			report_no_provider(&topo->report, topo->topology);
		report_probe(&topo->report, topo->topology, probe.pairs,
			     probe.count);
		topo->code = judge(&probe);
	}
	fini(&probe);
	return code;
}
