// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Knows the rules by which the kernel lets a client reach a provider
 * (calc_map_type_and_dist() in drivers/pci/p2pdma.c), and what to tell people
 * about each. Must not read anything: facts come with the topology.
 */
#include "lib/verdict.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "lib/host-bridge.h"
#include "lib/layer.h"
#include "lib/topology.h"

#define NODES_MAX	64
#define CMB_ALIGNMENT	(2 * MIB)

/* One pair, and what is known about it before any rule is asked. */
struct pair {
	const struct p2pdma_topology *topology;
	const struct p2pdma_function *provider, *client;
	struct topology_path path;
	/* Whose ACS counts: both chains below the common bridge, and that. */
	const struct p2pdma_function *nodes[NODES_MAX];
	size_t node_count;
	enum p2pdma_answer redirects;
	enum p2pdma_answer host_allows;
	enum p2pdma_reach route;	/* what the kernel calculates */
};

static const unsigned badness[] = {
	[P2PDMA_REACH_DIRECT] = 0,
	[P2PDMA_REACH_VIA_HOST] = 1,
	[P2PDMA_REACH_UNKNOWN] = 2,
	[P2PDMA_REACH_REFUSED] = 3,
};

bool verdict_is_worse(enum p2pdma_reach a, enum p2pdma_reach b)
{
	return badness[a] > badness[b];
}

enum p2pdma_reach verdict_worse(enum p2pdma_reach a, enum p2pdma_reach b)
{
	return verdict_is_worse(a, b) ? a : b;
}

/* -------------------------------------------------------------------------
 * The kernel's calculation
 */

/* Adds @from and what is above it, up to @end, which is not added. */
static void collect(struct pair *pair, const struct p2pdma_function *from,
		    const struct p2pdma_function *end)
{
	for (; from && from != end; from = from->parent)
		if (pair->node_count < NODES_MAX)
			pair->nodes[pair->node_count++] = from;
}

/* Where a redirecting function is known, others do not matter any more. */
static enum p2pdma_answer find_redirect(const struct pair *pair)
{
	enum p2pdma_answer worst = P2PDMA_NO;

	for (size_t i = 0; i < pair->node_count; i++) {
		if (pair->nodes[i]->acs_redirects == P2PDMA_YES)
			return P2PDMA_YES;
		if (pair->nodes[i]->acs_redirects == P2PDMA_UNKNOWN)
			worst = P2PDMA_UNKNOWN;
	}
	return worst;
}

static const enum p2pdma_reach through_host[] = {
	[P2PDMA_UNKNOWN] = P2PDMA_REACH_UNKNOWN,
	[P2PDMA_NO] = P2PDMA_REACH_REFUSED,
	[P2PDMA_YES] = P2PDMA_REACH_VIA_HOST,
};

static enum p2pdma_reach find_route(const struct pair *pair)
{
	if (pair->path.common && pair->redirects == P2PDMA_NO)
		return P2PDMA_REACH_DIRECT;
	if (pair->path.common && pair->redirects == P2PDMA_UNKNOWN)
		return P2PDMA_REACH_UNKNOWN;
	return through_host[pair->host_allows];
}

static void calculate(struct pair *pair)
{
	const struct p2pdma_function *common;

	pair->path = topology_measure(pair->provider, pair->client);
	common = pair->path.common;
	if (common) {
		collect(pair, pair->provider, common->parent);
		collect(pair, pair->client, common);
	}
	pair->redirects = find_redirect(pair);
	pair->host_allows = host_bridge_allows(pair->topology, pair->provider,
					       pair->client);
	pair->route = find_route(pair);
}

/* -------------------------------------------------------------------------
 * Rules: true when the reason applies; then at and advice are filled
 */

static void __attribute__((format(printf, 3, 4)))
explain(struct p2pdma_reason *reason, const struct p2pdma_function *at,
	const char *format, ...)
{
	va_list args;

	reason->at = at;
	va_start(args, format);
	vsnprintf(reason->advice, sizeof(reason->advice), format, args);
	va_end(args);
}

static bool is_reachable(const struct pair *pair)
{
	return pair->route == P2PDMA_REACH_DIRECT ||
	       pair->route == P2PDMA_REACH_VIA_HOST;
}

/* The register tells of memory that a kernel with P2PDMA would register. */
static bool has_usable_cmb(const struct pair *pair)
{
	const struct p2pdma_drive *drive =
		p2pdma_topology_find_drive(pair->topology, pair->provider);

	return drive && drive->cmb_bytes &&
	       drive->cmb_bytes % CMB_ALIGNMENT == 0;
}

/* Where the kernel does not tell, memory that nobody registered does. */
static bool lacks_p2pdma(const struct pair *pair)
{
	enum p2pdma_answer has =
		p2pdma_topology_get_machine(pair->topology)->has_p2pdma;

	return has == P2PDMA_NO ||
	       (has == P2PDMA_UNKNOWN && has_usable_cmb(pair));
}

static bool judge_kernel(const struct pair *pair, struct p2pdma_reason *why)
{
	if (pair->provider->memory || !lacks_p2pdma(pair))
		return false;
	explain(why, NULL,
		"boot a kernel that is built with CONFIG_PCI_P2PDMA=y");
	return true;
}

static bool judge_memory(const struct pair *pair, struct p2pdma_reason *why)
{
	const struct p2pdma_drive *drive =
		p2pdma_topology_find_drive(pair->topology, pair->provider);

	if (pair->provider->memory || lacks_p2pdma(pair))
		return false;
	if (drive && drive->cmb_bytes)
		explain(why, pair->provider,
			"its CMB is not registered: size and place must be "
			"multiples of 2 MiB; the kernel log may tell more");
	else
		explain(why, pair->provider,
			"choose a function whose driver registers memory, "
			"such as an NVMe drive with a CMB");
	return true;
}

static bool judge_published(const struct pair *pair,
			    struct p2pdma_reason *why)
{
	if (!pair->provider->memory ||
	    pair->provider->memory->is_published == P2PDMA_YES)
		return false;
	explain(why, pair->provider,
		"its driver keeps this memory for itself and may be using "
		"it; choose another provider");
	return true;
}

static bool judge_allocate(const struct pair *pair, struct p2pdma_reason *why)
{
	if (!pair->provider->memory ||
	    pair->provider->memory->has_allocate != P2PDMA_NO)
		return false;
	explain(why, NULL,
		"boot Linux 6.2 or later, which hands peer memory out");
	return true;
}

/* "pci=disable_acs_redir=A;B", as the kernel's own message has it. */
static void name_redirecting(const struct pair *pair, char *text, size_t size)
{
	const char *separator = "";
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < pair->node_count; i++) {
		const struct p2pdma_function *f = pair->nodes[i];

		if (f->acs_redirects != P2PDMA_YES ||
		    used + strlen(f->address) + 2 > size)
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%s",
					 separator, f->address);
		separator = ";";
	}
}

static const struct p2pdma_function *
first_with_acs(const struct pair *pair, enum p2pdma_answer redirects)
{
	for (size_t i = 0; i < pair->node_count; i++)
		if (pair->nodes[i]->acs_redirects == redirects)
			return pair->nodes[i];
	return NULL;
}

static bool judge_acs(const struct pair *pair, struct p2pdma_reason *why)
{
	char list[P2PDMA_ADVICE_SIZE - 80];

	if (pair->redirects != P2PDMA_YES)
		return false;
	name_redirecting(pair, list, sizeof(list));
	explain(why, first_with_acs(pair, P2PDMA_YES),
		"boot with the kernel parameter \"pci=disable_acs_redir=%s\"",
		list);
	return true;
}

static bool judge_config(const struct pair *pair, struct p2pdma_reason *why)
{
	if (pair->route != P2PDMA_REACH_UNKNOWN)
		return false;
	if (pair->path.common && pair->redirects == P2PDMA_UNKNOWN)
		explain(why, first_with_acs(pair, P2PDMA_UNKNOWN),
			"run as root, who may read whether ACS redirects "
			"here, or try: p2pcopy --require-peer --verify");
	else
		explain(why, NULL,
			"the tree does not tell whether the host bridge is "
			"allowed; try: p2pcopy --require-peer --verify");
	return true;
}

static bool judge_upstream(const struct pair *pair, struct p2pdma_reason *why)
{
	if (pair->path.common || is_reachable(pair))
		return false;
	explain(why, NULL,
		"put both below one PCIe switch: they meet in no bridge");
	return true;
}

static bool judge_bridges(const struct pair *pair, struct p2pdma_reason *why)
{
	const char *a = pair->provider->root_bus, *b = pair->client->root_bus;
	bool is_first;

	if (pair->path.common || is_reachable(pair) || !a || !b ||
	    topology_shares_host_bridge(pair->provider, pair->client))
		return false;
	/* The same sentence for both ways, so that people read it once. */
	is_first = strcmp(a, b) < 0;
	explain(why, NULL,
		"choose functions below one host bridge: these are below %s "
		"and %s", is_first ? a : b, is_first ? b : a);
	return true;
}

/* The end whose host bridge is known to be unlisted; NULL when neither is. */
static const struct p2pdma_function *find_unlisted(const struct pair *pair)
{
	const struct p2pdma_function *ends[] = { pair->provider,
						 pair->client };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		const struct p2pdma_function *device;

		if (!ends[i]->root_bus)
			continue;
		device = topology_root_device(ends[i]);
		if (host_bridge_is_listed(&pair->topology->machine, device,
					  true) == P2PDMA_NO)
			return ends[i];
	}
	return NULL;
}

static void explain_unlisted(struct p2pdma_reason *why,
			     const struct p2pdma_function *device)
{
	unsigned since = host_bridge_listed_since(device);

	if (since)
		explain(why, device,
			"this kernel is older than the line that lists host "
			"bridge %04x:%04x for peer traffic: boot Linux "
			"%u.%u.%u or later", device->vendor, device->device,
			since >> 16, since >> 8 & 0xff, since & 0xff);
	else
		explain(why, device,
			"this kernel does not list host bridge %04x:%04x for "
			"peer traffic; a newer one, or an AMD Zen processor, "
			"may be allowed", device->vendor, device->device);
}

static bool judge_listed(const struct pair *pair, struct p2pdma_reason *why)
{
	const struct p2pdma_function *end, *device;

	if (is_reachable(pair) || pair->host_allows == P2PDMA_YES ||
	    (pair->path.common && pair->redirects != P2PDMA_YES))
		return false;
	end = find_unlisted(pair);
	if (!end)
		return false;
	device = topology_root_device(end);
	if (device)
		explain_unlisted(why, device);
	else
		explain(why, NULL,
			"the kernel cannot name the host bridge of %s, whose "
			"first device is neither 00.0 nor a root port",
			end->root_bus);
	return true;
}

static bool is_translated(const struct p2pdma_function *f)
{
	return f->iommu_type && !strncmp(f->iommu_type, "DMA", 3);
}

/* Without an IOMMU between them the client must reach the address itself;
 * where it cannot, the kernel tries for ever instead of failing. */
static bool judge_mask(const struct pair *pair, struct p2pdma_reason *why)
{
	const struct p2pdma_function *provider = pair->provider;
	unsigned bits = pair->client->dma_mask_bits;
	int bar = provider->memory ? provider->memory->bar : -1;

	if (pair->route != P2PDMA_REACH_VIA_HOST || bar < 0 || bar > 5 ||
	    !bits || bits >= 64 || is_translated(pair->client) ||
	    !(provider->bars[bar].end >> bits))
		return false;
	explain(why, pair->client,
		"it addresses %u bits and the memory lies above: turn off "
		"\"above 4G decoding\" or use an IOMMU", bits);
	return true;
}

static bool judge_iommu(const struct pair *pair, struct p2pdma_reason *why)
{
	if (!is_translated(pair->client) || !is_reachable(pair))
		return false;
	if (pair->route == P2PDMA_REACH_DIRECT)
		explain(why, pair->client,
			"bus addresses pass by the IOMMU: compare data before "
			"you trust it (p2pcopy --verify), or boot with "
			"iommu=pt");
	else
		explain(why, pair->client,
			"transfers are split at 128 KiB: boot with iommu=pt");
	return true;
}

/* -------------------------------------------------------------------------
 * The way: up from the provider, down to the client
 */

typedef void (*hop_fn)(const struct p2pdma_function *f, void *data);

/* What ACS redirects goes up to the host, past the bridge that is shared. */
static const struct p2pdma_function *find_turn(const struct pair *pair)
{
	return pair->redirects == P2PDMA_YES ? NULL : pair->path.common;
}

/* Every function below the turn, whose link or chip leads up from it. */
static void for_each_hop(const struct pair *pair, hop_fn look, void *data)
{
	const struct p2pdma_function *ends[] = { pair->provider,
						 pair->client };
	const struct p2pdma_function *turn = find_turn(pair);

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		for (const struct p2pdma_function *f = ends[i]; f && f != turn;
		     f = f->parent)
			look(f, data);
}

struct narrowest {
	struct p2pdma_verdict *verdict;
	struct p2pdma_link link;
};

static void find_bottleneck(const struct p2pdma_function *f, void *data)
{
	struct narrowest *narrowest = data;
	struct p2pdma_verdict *verdict = narrowest->verdict;
	struct p2pdma_uplink uplink;

	if (!p2pdma_function_get_uplink(f, &uplink))
		return;
	/* One unknown link makes the slowest one unknown. */
	if (!verdict->links++ ||
	    (narrowest->link.bytes_per_sec &&
	     uplink.now.bytes_per_sec < narrowest->link.bytes_per_sec)) {
		narrowest->link = uplink.now;
		verdict->bottleneck_at = f;
	}
}

/* UINT_MAX before the first; a function that does not tell spoils it. */
static void find_payload(const struct p2pdma_function *f, void *data)
{
	unsigned *least = data;

	*least = MIN(*least, f->max_payload_bytes);
}

static void measure(const struct pair *pair, struct p2pdma_verdict *verdict)
{
	struct narrowest narrowest = { verdict };
	unsigned least = UINT_MAX;

	verdict->turn = find_turn(pair);
	for_each_hop(pair, find_bottleneck, &narrowest);
	if (!verdict->links)
		return;
	for_each_hop(pair, find_payload, &least);
	if (verdict->turn)
		find_payload(verdict->turn, &least);
	verdict->max_payload_bytes = least;
	verdict->bottleneck_bytes_per_sec = narrowest.link.bytes_per_sec;
	if (!verdict->bottleneck_bytes_per_sec)
		verdict->bottleneck_at = NULL;
	verdict->payload_bytes_per_sec =
		p2pdma_link_get_payload_rate(&narrowest.link, least);
}

struct degraded {
	const struct p2pdma_function *at;
	struct p2pdma_uplink uplink;
};

static void find_degraded(const struct p2pdma_function *f, void *data)
{
	struct degraded *worst = data;
	struct p2pdma_uplink uplink;

	if (!p2pdma_function_get_uplink(f, &uplink) ||
	    uplink.is_degraded != P2PDMA_YES)
		return;
	if (worst->at && uplink.now.bytes_per_sec >=
				 worst->uplink.now.bytes_per_sec)
		return;
	*worst = (struct degraded){ f, uplink };
}

static bool judge_link(const struct pair *pair, struct p2pdma_reason *why)
{
	const struct p2pdma_link *now, *best;
	struct degraded worst = { 0 };

	for_each_hop(pair, find_degraded, &worst);
	if (!worst.at)
		return false;
	now = &worst.uplink.now;
	best = &worst.uplink.best;
	explain(why, worst.at,
		"its link runs at %.1f GT/s x%u, both ends can do %.1f GT/s "
		"x%u: it may train down at rest, so look again under load, "
		"then check seat, slot and cable", now->speed_mtps / 1000.0,
		now->width, best->speed_mtps / 1000.0, best->width);
	return true;
}

/* -------------------------------------------------------------------------
 * The table
 */

/* In the order in which people are told; the limit is the best reach that
 * is left where the rule applies. */
static const struct {
	const char *id;
	bool (*judge)(const struct pair *pair, struct p2pdma_reason *why);
	enum p2pdma_reach limit;
} rules[] = {
	{ "kernel-without-p2pdma", judge_kernel, P2PDMA_REACH_REFUSED },
	{ "no-p2pmem", judge_memory, P2PDMA_REACH_REFUSED },
	{ "not-published", judge_published, P2PDMA_REACH_REFUSED },
	{ "kernel-without-allocate", judge_allocate, P2PDMA_REACH_REFUSED },
	{ "acs-redirect", judge_acs, P2PDMA_REACH_VIA_HOST },
	{ "config-unreadable", judge_config, P2PDMA_REACH_UNKNOWN },
	{ "no-common-upstream", judge_upstream, P2PDMA_REACH_UNKNOWN },
	{ "different-host-bridges", judge_bridges, P2PDMA_REACH_UNKNOWN },
	{ "host-bridge-not-listed", judge_listed, P2PDMA_REACH_UNKNOWN },
	{ "dma-mask", judge_mask, P2PDMA_REACH_REFUSED },
	{ "iommu-translates", judge_iommu, P2PDMA_REACH_DIRECT },
	{ "link-degraded", judge_link, P2PDMA_REACH_DIRECT },
};

/* Reasons that nobody counts are not worth three kilobytes of zeros a pair. */
static void clear(struct p2pdma_verdict *verdict)
{
	memset(verdict, 0, offsetof(struct p2pdma_verdict, reasons));
}

static void add_reason(struct p2pdma_verdict *verdict,
		       const struct p2pdma_reason *reason)
{
	if (verdict->reason_count < P2PDMA_REASONS_MAX)
		verdict->reasons[verdict->reason_count++] = *reason;
}

void p2pdma_verdict_judge(const struct p2pdma_topology *topology,
			  const struct p2pdma_function *provider,
			  const struct p2pdma_function *client,
			  struct p2pdma_verdict *verdict)
{
	struct pair pair = { topology, provider, client };

	calculate(&pair);
	clear(verdict);
	verdict->reach = pair.route;
	verdict->distance = pair.path.distance;
	measure(&pair, verdict);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		struct p2pdma_reason reason;

		if (!rules[i].judge(&pair, &reason))
			continue;
		reason.id = rules[i].id;
		add_reason(verdict, &reason);
		verdict->reach = verdict_worse(verdict->reach, rules[i].limit);
	}
}

/* -------------------------------------------------------------------------
 * A target: several clients, and the layers above them
 */

static bool has_head(const struct p2pdma_target *target)
{
	for (size_t i = 0; i < target->layer_count; i++)
		if (!strcmp(target->layers[i].kind, LAYER_MULTIPATH))
			return true;
	return false;
}

/* A head takes whichever path it likes, so one that fails spoils it. */
static void blame_head(const struct p2pdma_target *target,
		       const struct p2pdma_function *worst,
		       struct p2pdma_verdict *verdict)
{
	struct p2pdma_reason reason = { .id = "multipath-masks" };

	if (!has_head(target))
		return;
	explain(&reason, worst,
		"this path of the multipath head fails while another works: "
		"boot with nvme_core.multipath=N to choose a path");
	add_reason(verdict, &reason);
}

/* A head and a stripe are as slow as the narrowest way below them. */
static void take_narrower(struct p2pdma_verdict *to,
			  const struct p2pdma_verdict *from)
{
	uint64_t now = to->bottleneck_bytes_per_sec;
	uint64_t rate = from->bottleneck_bytes_per_sec;

	if (!from->links || (to->links && (!now || (rate && rate >= now))))
		return;
	to->bottleneck_bytes_per_sec = rate;
	to->bottleneck_at = from->bottleneck_at;
	to->links = from->links;
	to->turn = from->turn;
	to->max_payload_bytes = from->max_payload_bytes;
	to->payload_bytes_per_sec = from->payload_bytes_per_sec;
}

static void judge_clients(const struct p2pdma_topology *topology,
			  const struct p2pdma_function *provider,
			  const struct p2pdma_target *target,
			  struct p2pdma_verdict *verdict)
{
	const struct p2pdma_function *worst = target->clients[0];
	enum p2pdma_reach best;
	int distance;

	p2pdma_verdict_judge(topology, provider, worst, verdict);
	best = verdict->reach;
	distance = verdict->distance;
	for (size_t i = 1; i < target->client_count; i++) {
		struct p2pdma_verdict other, before;

		p2pdma_verdict_judge(topology, provider, target->clients[i],
				     &other);
		distance = MAX(distance, other.distance);
		if (verdict_is_worse(best, other.reach))
			best = other.reach;
		before = *verdict;
		if (verdict_is_worse(other.reach, verdict->reach)) {
			*verdict = other;
			worst = target->clients[i];
		}
		take_narrower(verdict, &before);
		take_narrower(verdict, &other);
	}
	verdict->distance = distance;
	if (verdict->reach == P2PDMA_REACH_REFUSED &&
	    best != P2PDMA_REACH_REFUSED)
		blame_head(target, worst, verdict);
}

static void judge_layers(const struct p2pdma_target *target,
			 unsigned direction, struct p2pdma_verdict *verdict)
{
	for (size_t i = 0; i < target->layer_count; i++) {
		const struct p2pdma_layer *layer = &target->layers[i];
		enum p2pdma_answer passes = layer_passes(layer, direction);
		struct p2pdma_reason reason;

		if (passes == P2PDMA_YES)
			continue;
		layer_explain(layer, &reason);
		add_reason(verdict, &reason);
		verdict->reach = verdict_worse(verdict->reach,
					       passes == P2PDMA_NO ?
						       P2PDMA_REACH_REFUSED :
						       P2PDMA_REACH_UNKNOWN);
	}
}

void p2pdma_verdict_judge_target(const struct p2pdma_topology *topology,
				 const struct p2pdma_function *provider,
				 const struct p2pdma_target *target,
				 unsigned direction,
				 struct p2pdma_verdict *verdict)
{
	struct p2pdma_reason not_pci = { .id = "not-pci" };

	if (target->client_count) {
		judge_clients(topology, provider, target, verdict);
	} else {
		clear(verdict);
		verdict->reach = P2PDMA_REACH_REFUSED;
		verdict->distance = -1;
		explain(&not_pci, NULL,
			"no PCI function does the I/O of %s: use an NVMe "
			"drive on PCI Express", target->path);
		add_reason(verdict, &not_pci);
	}
	judge_layers(target, direction, verdict);
}
