// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/report-probe.h"

#include <string.h>

#include "base/macro.h"
#include "report/remarks.h"
#include "report/report-topology.h"
#include "report/report-verdict.h"

static const struct column columns[] = {
	{ "PROVIDER", "provider", FORM_TEXT },
	{ "CLIENT", "client", FORM_TEXT },
	{ "DEVICE", "device", FORM_TEXT },
	{ "PREDICTION", "reach", FORM_TEXT },
	{ "DISTANCE", "distance", FORM_INT },
	{ "KERNEL", "probe", FORM_TEXT },
	{ "ERRNO", "probe_errno", FORM_INT },
	{ "AGREE", "agrees", FORM_BOOL },
	{ "REASONS", "reasons.id", FORM_TEXT },
};

static const char cached[] =
	"The kernel calculates a pair once and keeps its answer until the "
	"provider's\ndriver is unbound: what was changed since, such as ACS "
	"by setpci, does not\ncount. Unbind and bind the provider's driver, "
	"or boot again, and probe anew.";

/* --- numbers ------------------------------------------------------------- */

static void count_answer(const struct probe_pair *pair,
			 struct probe_counts *counts)
{
	switch (pair->answer) {
	case PROBE_NONE:
		counts->unasked++;
		break;
	case PROBE_ACCEPTED:
		counts->accepted++;
		break;
	case PROBE_REFUSED:
		counts->refused++;
		break;
	case PROBE_FAILED:
		counts->failed++;
		break;
	}
}

void report_probe_count(const struct probe_pair *pairs, size_t count,
			struct probe_counts *counts)
{
	*counts = (struct probe_counts){ .pairs = count };
	for (size_t i = 0; i < count; i++) {
		count_answer(&pairs[i], counts);
		counts->disagreeing += pairs[i].agrees == P2PDMA_NO;
		counts->differing += pairs[i].difference != PREFLIGHT_SAME;
	}
}

/* --- one pair ------------------------------------------------------------ */

/* A refusal that was foretold has its reasons already. */
static bool has_news(const struct probe_pair *pair)
{
	return pair->why.id && (pair->answer != PROBE_REFUSED ||
				pair->agrees != P2PDMA_YES);
}

static void add_reasons(struct json_object *row,
			const struct probe_pair *pair)
{
	struct p2pdma_reason reasons[P2PDMA_REASONS_MAX + 1];
	size_t count = pair->verdict.reason_count;

	for (size_t i = 0; i < count; i++)
		reasons[i] = pair->verdict.reasons[i];
	if (has_news(pair))
		reasons[count++] = pair->why;
	report_add_reasons(row, reasons, count);
}

static void add_row(struct json_object *row, const struct probe_pair *pair)
{
	static const char *const answers[] = {
		[PROBE_NONE] = NULL,
		[PROBE_ACCEPTED] = "accepted",
		[PROBE_REFUSED] = "refused",
		[PROBE_FAILED] = "failed",
	};
	static const char *const differences[] = {
		[PREFLIGHT_SAME] = NULL,
		[PREFLIGHT_STALE] = "stale",
		[PREFLIGHT_ONES] = "ones",
		[PREFLIGHT_ZEROS] = "zeros",
		[PREFLIGHT_OTHER] = "other",
	};

	report_add_pair(row, pair->provider, pair->client, &pair->verdict);
	tree_add_text(row, "device",
		      pair->device ? pair->device->path : NULL);
	add_reasons(row, pair);
	tree_add_text(row, "probe", answers[pair->answer]);
	tree_add_known(row, "probe_errno", (uint64_t)pair->error);
	tree_add_text(row, "probe_difference", differences[pair->difference]);
	tree_add_answer(row, "agrees", pair->agrees);
	tree_add_answer(row, "link_trains_up", pair->trains_up);
}

/* --- for people ---------------------------------------------------------- */

/* Where all is well nobody asks why, but a slow link was looked at. */
static bool is_worth_saying(const struct probe_pair *pair,
			    const struct p2pdma_reason *reason)
{
	return pair->answer != PROBE_ACCEPTED || pair->agrees == P2PDMA_NO ||
	       (pair->trains_up && !strcmp(reason->id, "link-degraded"));
}

static void remark_on(struct remarks *remarks,
		      const struct p2pdma_topology *topology,
		      const struct probe_pair *pair)
{
	char name[64];

	snprintf(name, sizeof(name), "%s from %s", pair->provider->address,
		 report_get_label(topology, pair->client));
	for (size_t i = 0; i < pair->verdict.reason_count; i++)
		if (is_worth_saying(pair, &pair->verdict.reasons[i]))
			remarks_add(remarks, &pair->verdict.reasons[i], name);
	if (has_news(pair))
		remarks_add(remarks, &pair->why, name);
}

static void add_summary(struct report *report,
			const struct probe_counts *counts)
{
	report_add_text(report, "%zu pairs: %zu accepted, %zu refused, %zu "
			"failed, %zu not asked; %zu not as predicted",
			counts->pairs, counts->accepted, counts->refused,
			counts->failed, counts->unasked, counts->disagreeing);
	if (counts->disagreeing)
		report_add_text(report, "%s", cached);
}

static void add_heads(struct report *report, const struct probe_pair *pairs,
		      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct p2pdma_target *device = pairs[i].device;

		if (!device || device->client_count < 2)
			continue;
		report_add_text(report, "%s is a head of %zu paths: the kernel "
				"takes one of them, and nobody may say which.",
				device->path, device->client_count);
		return;
	}
}

void report_probe(struct report *report,
		  const struct p2pdma_topology *topology,
		  const struct probe_pair *pairs, size_t count)
{
	struct json_object *rows = tree_add_array(report->tree, "pairs");
	struct remarks remarks = { 0 };
	struct probe_counts counts;

	report_probe_count(pairs, count, &counts);
	for (size_t i = 0; i < count; i++) {
		add_row(tree_append_object(rows), &pairs[i]);
		remark_on(&remarks, topology, &pairs[i]);
	}
	if (count)
		report_add_table(report, "Prediction, and the kernel's answer",
				 rows, columns, ARRAY_SIZE(columns), true);
	remarks_print(report, &remarks);
	add_heads(report, pairs, count);
	add_summary(report, &counts);
	tree_add_count(report->tree, "disagreeing", counts.disagreeing);
}
