// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/probe.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/macro.h"

/* One block of any drive; peer memory is handed out by the page. */
#define PAGE_LEAST	4096

struct prober {
	struct p2pdma_context *context;
	const struct p2pdma_topology *topology;
	struct p2pdma_provider *host;
	struct ring *ring;	/* NULL: the last one waits for ever */
	uint64_t timeout_ns;
};

int prober_open(struct p2pdma_context *context,
		const struct p2pdma_topology *topology, uint64_t timeout_ns,
		struct prober **prober)
{
	struct prober *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return -ENOMEM;
	p->context = context;
	p->topology = topology;
	p->timeout_ns = timeout_ns;
	rc = p2pdma_provider_open(context, "host", NULL, &p->host);
	if (!rc)
		rc = ring_open(1, &p->ring);
	if (rc) {
		prober_close(p);
		return rc;
	}
	*prober = p;
	return 0;
}

void prober_close(struct prober *prober)
{
	if (!prober)
		return;
	ring_close(prober->ring);
	p2pdma_provider_close(prober->host);
	free(prober);
}

static void __attribute__((format(printf, 3, 4)))
explain(struct probe_pair *pair, const char *id, const char *format, ...)
{
	va_list args;

	pair->why.id = id;
	pair->why.at = NULL;
	va_start(args, format);
	vsnprintf(pair->why.advice, sizeof(pair->why.advice), format, args);
	va_end(args);
}

/* --- before anything is asked ------------------------------------------- */

/*
 * A client that cannot address the memory is not refused: the kernel tries
 * again for ever. Only bus addresses below one switch are out of its way.
 */
static bool exceeds_mask(const struct probe_pair *pair)
{
	const struct p2pdma_function *provider = pair->provider;
	unsigned bits = pair->client->dma_mask_bits;
	int bar = provider->memory ? provider->memory->bar : -1;

	return pair->verdict.reach != P2PDMA_REACH_DIRECT && bits &&
	       bits < 64 && bar >= 0 && bar < 6 &&
	       provider->bars[bar].end >> bits;
}

/* True where it is known that there is nothing to be asked. */
static bool is_hopeless(struct probe_pair *pair)
{
	const struct p2pdma_memory *memory = pair->provider->memory;

	if (!memory || memory->is_published != P2PDMA_YES ||
	    memory->has_allocate == P2PDMA_NO)
		return true;	/* the verdict has the reason */
	if (!pair->device) {
		explain(pair, "client-not-readable",
			"%s has no namespace that could be read: only NVMe "
			"drives can be asked", pair->client->address);
		return true;
	}
	if (!exceeds_mask(pair))
		return false;
	explain(pair, "dma-mask",
		"%s addresses %u bits and the memory lies above: the kernel "
		"would try for ever, so it was not asked",
		pair->client->address, pair->client->dma_mask_bits);
	return true;
}

/* --- what the answer means ---------------------------------------------- */

static void explain_difference(struct probe_pair *pair)
{
	static const char *const words[] = {
		[PREFLIGHT_SAME] = "something else",
		[PREFLIGHT_STALE] = "what was there before",
		[PREFLIGHT_ONES] = "only bytes of 0xFF",
		[PREFLIGHT_ZEROS] = "only zeros",
		[PREFLIGHT_OTHER] = "something else",
	};

	explain(pair, "probe-data-differs",
		"%s reports success and the memory holds %s: trust no copy "
		"of this pair; with an IOMMU boot with iommu=pt",
		pair->client->address, words[pair->difference]);
}

static bool is_refusal(int error)
{
	return error == -EREMOTEIO || error == -EINVAL;
}

static void take(struct probe_pair *pair,
		 const struct preflight_result *result)
{
	pair->error = -result->error;
	pair->difference = result->difference;
	switch (result->answer) {
	case PREFLIGHT_UNKNOWN:
		explain(pair, "client-not-readable",
			"%s has nothing that could be read directly",
			pair->device->path);
		return;
	case PREFLIGHT_WORKS:
		pair->answer = PROBE_ACCEPTED;
		return;
	case PREFLIGHT_REFUSED:
		pair->answer = is_refusal(result->error) ? PROBE_REFUSED :
							   PROBE_FAILED;
		explain(pair, "probe-refused", "the kernel's answer: %s",
			strerror(pair->error));
		return;
	case PREFLIGHT_DIFFERS:
		pair->answer = PROBE_FAILED;
		explain_difference(pair);
		return;
	case PREFLIGHT_SILENT:
		pair->answer = PROBE_FAILED;
		explain(pair, "probe-timeout",
			"%s does not answer when it is to read into peer "
			"memory, and does with host memory",
			pair->device->path);
		return;
	}
}

/* How a reach is foretold: UNKNOWN stands by itself. */
static enum p2pdma_answer foretell(const struct p2pdma_verdict *verdict)
{
	switch (verdict->reach) {
	case P2PDMA_REACH_DIRECT:
	case P2PDMA_REACH_VIA_HOST:
		return P2PDMA_YES;
	case P2PDMA_REACH_REFUSED:
		return P2PDMA_NO;
	case P2PDMA_REACH_UNKNOWN:
		break;
	}
	return P2PDMA_UNKNOWN;
}

/* A mapping that was made is accepted, whatever the data became. */
static enum p2pdma_answer get_answer(const struct probe_pair *pair)
{
	if (pair->answer == PROBE_ACCEPTED || pair->difference)
		return P2PDMA_YES;
	return pair->answer == PROBE_REFUSED ? P2PDMA_NO : P2PDMA_UNKNOWN;
}

/* Where one path of a head fails and another works, any answer is right. */
static bool is_mixed(const struct probe_pair *pair)
{
	for (size_t i = 0; i < pair->verdict.reason_count; i++)
		if (!strcmp(pair->verdict.reasons[i].id, "multipath-masks"))
			return true;
	return false;
}

static void compare(struct probe_pair *pair)
{
	enum p2pdma_answer foretold = foretell(&pair->verdict);
	enum p2pdma_answer answered = get_answer(pair);

	if (foretold == P2PDMA_UNKNOWN || answered == P2PDMA_UNKNOWN ||
	    is_mixed(pair))
		return;
	pair->agrees = foretold == answered ? P2PDMA_YES : P2PDMA_NO;
}

/* --- links that are slow at rest ---------------------------------------- */

/* Long enough for a link to train, and for people not to notice. */
#define LOAD_NS		(100 * NS_PER_MS)

static struct p2pdma_reason *find_degraded(struct p2pdma_verdict *verdict)
{
	for (size_t i = 0; i < verdict->reason_count; i++)
		if (!strcmp(verdict->reasons[i].id, "link-degraded"))
			return &verdict->reasons[i];
	return NULL;
}

/* Reads the same over and over; stops when one does not end well. */
static void put_under_load(struct prober *prober, struct endpoint *endpoint,
			   struct p2pdma_pool *pool)
{
	uint64_t end = clock_now_ns() + LOAD_NS;
	struct preflight_result result;
	int rc;

	do
		rc = preflight_run(prober->ring, endpoint, 0, pool,
				   prober->host, prober->timeout_ns, &result);
	while (!rc && result.answer == PREFLIGHT_WORKS &&
	       clock_now_ns() < end);
}

void probe_judge_link(struct probe_pair *pair, struct p2pdma_reason *reason,
		      const struct p2pdma_uplink *uplink)
{
	const struct p2pdma_link *now = &uplink->now;

	if (uplink->is_degraded == P2PDMA_UNKNOWN)
		return;
	pair->trains_up = uplink->is_degraded == P2PDMA_NO ? P2PDMA_YES :
							     P2PDMA_NO;
	snprintf(reason->advice, sizeof(reason->advice),
		 pair->trains_up == P2PDMA_YES ?
			 "its link runs at %.1f GT/s x%u under load, as it "
			 "should: it trains down at rest, and that is no "
			 "fault" :
			 "its link runs at %.1f GT/s x%u under load, too, and "
			 "both ends can do more: check seat, slot and cable",
		 now->speed_mtps / 1000.0, now->width);
}

static void look_at_link(struct prober *prober, struct probe_pair *pair,
			 struct endpoint *endpoint, struct p2pdma_pool *pool)
{
	struct p2pdma_reason *reason = find_degraded(&pair->verdict);
	struct p2pdma_uplink uplink;

	if (!reason || pair->answer != PROBE_ACCEPTED)
		return;
	put_under_load(prober, endpoint, pool);
	if (p2pdma_function_read_uplink(prober->context, reason->at, &uplink))
		probe_judge_link(pair, reason, &uplink);
}

/* --- asking -------------------------------------------------------------- */

static int read_into(struct prober *prober, struct probe_pair *pair,
		     struct endpoint *endpoint, struct p2pdma_pool *pool)
{
	struct preflight_result result;
	int rc;

	rc = preflight_run(prober->ring, endpoint, 0, pool, prober->host,
			   prober->timeout_ns, &result);
	if (rc == -ETIMEDOUT)
		explain(pair, "client-not-readable",
			"%s does not answer with host memory either",
			pair->device->path);
	else if (rc)
		explain(pair, "client-not-readable",
			"%s cannot be read into host memory either: %s",
			pair->device->path, strerror(-rc));
	else
		take(pair, &result);
	return 0;
}

/* The memory and the ring belong to a read that may end at any time. */
static int renew_ring(struct prober *prober)
{
	prober->ring = NULL;
	return ring_open(1, &prober->ring);
}

static int use_endpoint(struct prober *prober, struct probe_pair *pair,
			struct p2pdma_provider *provider,
			struct endpoint *endpoint)
{
	size_t bytes = MAX(PAGE_LEAST, endpoint->offset_align);
	struct p2pdma_pool *pool;
	int rc;

	rc = p2pdma_pool_create(provider, bytes, 1, 1, &pool);
	if (rc) {
		explain(pair, "provider-too-small",
			"%s gives no page: %s (p2ptopo users shows who has "
			"its memory)", pair->provider->address, strerror(-rc));
		endpoint_close(endpoint);
		return 0;
	}
	rc = read_into(prober, pair, endpoint, pool);
	if (!rc && !ring_get_in_flight(prober->ring))
		look_at_link(prober, pair, endpoint, pool);
	if (ring_get_in_flight(prober->ring))
		return rc ? rc : renew_ring(prober);
	p2pdma_pool_destroy(pool);
	endpoint_close(endpoint);
	return rc;
}

static int use_provider(struct prober *prober, struct probe_pair *pair,
			struct p2pdma_provider *provider)
{
	const char *path = pair->device->path;
	struct endpoint *endpoint;
	int rc;

	rc = endpoint_open(path, ENDPOINT_READ, &endpoint);
	if (rc) {
		explain(pair, "client-not-readable", "%s: %s%s", path,
			strerror(-rc), rc == -EACCES || rc == -EPERM ?
			" (run as root, or be let into its group)" : "");
		return 0;
	}
	return use_endpoint(prober, pair, provider, endpoint);
}

int prober_ask(struct prober *prober, struct probe_pair *pair)
{
	struct p2pdma_provider *provider;
	int rc;

	if (pair->device)
		p2pdma_verdict_judge_target(prober->topology, pair->provider,
					    pair->device, P2PDMA_READ,
					    &pair->verdict);
	else
		p2pdma_verdict_judge(prober->topology, pair->provider,
				     pair->client, &pair->verdict);
	if (is_hopeless(pair))
		return 0;
	rc = p2pdma_provider_open(prober->context, pair->provider->address,
				  &pair->why, &provider);
	if (rc)
		return rc == -ENOMEM ? rc : 0;
	pair->why.id = NULL;
	rc = use_provider(prober, pair, provider);
	p2pdma_provider_close(provider);
	compare(pair);
	return rc;
}
