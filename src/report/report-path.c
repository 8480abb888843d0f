// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/report-path.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/macro.h"
#include "report/report-function.h"
#include "report/report-topology.h"
#include "report/report-verdict.h"

static const struct column hop_columns[] = {
	{ "HOP", "hop", FORM_TEXT },
	{ "KIND", "kind", FORM_TEXT },
	{ "ACS", "acs", FORM_TEXT, .is_optional = true,
	  .colour_key = "acs_colour" },
	{ "MPS", "mps", FORM_TEXT, .is_optional = true },
	{ "LINK TO NEXT", "link", FORM_TEXT, .colour_key = "link_colour" },
	{ "BOTH ENDS CAN", "best", FORM_TEXT, .is_optional = true },
	{ "CARRIES", "rate", FORM_TEXT },
	{ "OF IT DATA", "payload", FORM_TEXT, .is_optional = true },
};

/* The way from one function to another, and what is known about it. */
struct way {
	const struct p2pdma_topology *topology;
	const struct p2pdma_verdict *verdict;
	const struct p2pdma_function *ends[2];
	struct json_object *hops;	/* in the tree */
	struct json_object *rows;	/* for people */
};

/* --- one hop ------------------------------------------------------------ */

static void format_rate(uint64_t rate, char *text, size_t size)
{
	if (rate)
		bytes_format_rate(rate, text, size);
	else
		snprintf(text, size, "?");
}

/* The link above @lower, by which the way goes on. */
static void add_next(struct way *way, struct json_object *hop,
		     struct json_object *row,
		     const struct p2pdma_function *lower)
{
	const struct p2pdma_function *at = way->verdict->bottleneck_at;
	struct p2pdma_uplink uplink;
	struct json_object *next;
	uint64_t payload;
	char text[64];

	if (!lower || !p2pdma_function_get_uplink(lower, &uplink)) {
		tree_add_null(hop, "next");
		return;
	}
	payload = p2pdma_link_get_payload_rate(
		&uplink.now, way->verdict->max_payload_bytes);
	next = tree_add_object(hop, "next");
	report_add_link(next, "link", &uplink.now);
	report_add_link(next, "link_max", &uplink.best);
	tree_add_answer(next, "degraded", uplink.is_degraded);
	tree_add_bool(next, "bottleneck", lower == at);
	tree_add_known(next, "payload_bytes_per_sec", payload);
	function_format_link(&uplink.now, text, sizeof(text));
	tree_add_text(row, "link", text);
	format_rate(uplink.now.bytes_per_sec, text, sizeof(text));
	tree_add_text(row, "rate", text);
	if (payload)
		tree_add_text(row, "payload",
			      bytes_format_rate(payload, text, sizeof(text)));
	if (uplink.is_degraded != P2PDMA_YES)
		return;
	function_format_link(&uplink.best, text, sizeof(text));
	tree_add_text(row, "best", text);
	tree_add_text(row, "link_colour", "yellow");
}

static void add_kind(struct way *way, struct json_object *row,
		     const struct p2pdma_function *function)
{
	const struct p2pdma_drive *drive =
		p2pdma_topology_find_drive(way->topology, function);
	char kind[64];

	function_format_kind(function, kind, sizeof(kind));
	if (drive && drive->controller)
		snprintf(kind, sizeof(kind), "%s", drive->controller);
	if (function == way->ends[0])
		strncat(kind, ", provider", sizeof(kind) - strlen(kind) - 1);
	tree_add_text(row, "kind", kind);
}

/* @lower: the lower end of the link to the next hop; NULL: there is none. */
static void add_hop(struct way *way, const struct p2pdma_function *function,
		    const struct p2pdma_function *lower)
{
	struct json_object *hop = tree_append_object(way->hops);
	struct json_object *row = tree_append_object(way->rows);
	const char *acs = function_get_acs(function);
	char text[32];

	report_add_function(hop, way->topology, function);
	report_add_link(hop, "link", &function->link);
	report_add_link(hop, "link_max", &function->link_max);
	tree_add_text(row, "hop", function->address);
	add_kind(way, row, function);
	tree_add_text(row, "acs", *acs ? acs : NULL);
	if (function->acs_redirects == P2PDMA_YES)
		tree_add_text(row, "acs_colour", "yellow");
	if (function->max_payload_bytes) {
		snprintf(text, sizeof(text), "%u",
			 function->max_payload_bytes);
		tree_add_text(row, "mps", text);
	}
	add_next(way, hop, row, lower);
}

static void add_host(struct way *way, const char *root_bus)
{
	struct json_object *hop = tree_append_object(way->hops);
	struct json_object *row = tree_append_object(way->rows);

	tree_add_text(hop, "address", root_bus);
	tree_add_text(hop, "kind", "host-bridge");
	tree_add_null(hop, "next");
	tree_add_text(row, "hop", root_bus);
	tree_add_text(row, "kind", "host bridge");
}

/* --- the way ------------------------------------------------------------ */

static void add_up(struct way *way)
{
	const struct p2pdma_function *f = way->ends[0];

	for (; f && f != way->verdict->turn; f = f->parent)
		add_hop(way, f, f);
}

/* From @f's side of the turn down to @f. */
static void add_down(struct way *way, const struct p2pdma_function *f,
		     const struct p2pdma_function *lower)
{
	if (!f || f == way->verdict->turn)
		return;
	add_down(way, f->parent, f);
	add_hop(way, f, lower);
}

/* What the client's side begins with, just below the turn. */
static const struct p2pdma_function *find_below_turn(const struct way *way)
{
	const struct p2pdma_function *f = way->ends[1];

	while (f && f->parent != way->verdict->turn)
		f = f->parent;
	return f;
}

static void add_turn(struct way *way)
{
	const char *from = way->ends[0]->root_bus, *to = way->ends[1]->root_bus;
	const struct p2pdma_function *turn = way->verdict->turn;

	if (turn) {
		add_hop(way, turn, turn == way->ends[1] ?
					   NULL : find_below_turn(way));
		return;
	}
	add_host(way, from);
	if (from && to && strcmp(from, to))
		add_host(way, to);
}

/* --- what follows from it ----------------------------------------------- */

static void add_verdict(struct json_object *path, const struct way *way)
{
	const struct p2pdma_verdict *verdict = way->verdict;

	tree_add_text(path, "provider", way->ends[0]->address);
	tree_add_text(path, "client", way->ends[1]->address);
	tree_add_index(path, "distance", verdict->distance);
	tree_add_text(path, "reach", p2pdma_reach_get_name(verdict->reach));
	tree_add_text(path, "map_type",
		      p2pdma_reach_get_map_type(verdict->reach));
	report_add_reasons(path, verdict->reasons, verdict->reason_count);
	tree_add_count(path, "crossings", verdict->links);
	tree_add_known(path, "bottleneck_bytes_per_sec",
		       verdict->bottleneck_bytes_per_sec);
	tree_add_text(path, "bottleneck_at",
		      verdict->bottleneck_at ?
			      verdict->bottleneck_at->address : NULL);
	tree_add_known(path, "max_payload_bytes", verdict->max_payload_bytes);
	tree_add_known(path, "payload_bytes_per_sec",
		       verdict->payload_bytes_per_sec);
}

static void print_heading(struct report *report, const struct way *way)
{
	const struct p2pdma_verdict *verdict = way->verdict;

	report_add_text(report, "%s to the memory of %s: %s, distance %d, "
			"%u link crossing%s",
			report_get_label(way->topology, way->ends[1]),
			report_get_label(way->topology, way->ends[0]),
			p2pdma_reach_get_name(verdict->reach),
			verdict->distance, verdict->links,
			verdict->links == 1 ? "" : "s");
}

static void print_bottleneck(struct report *report, const struct way *way)
{
	const struct p2pdma_verdict *verdict = way->verdict;
	char rate[64], payload[64];

	if (!verdict->links)
		return;
	if (!verdict->bottleneck_at) {
		report_add_text(report, "Bottleneck: not known, for a link "
				"does not tell its speed or width.");
		return;
	}
	bytes_format_rate(verdict->bottleneck_bytes_per_sec, rate,
			  sizeof(rate));
	bytes_format_rate(verdict->payload_bytes_per_sec, payload,
			  sizeof(payload));
	if (verdict->payload_bytes_per_sec)
		report_add_text(report, "Bottleneck: the link above %s, %s, "
				"of which packets of %u bytes leave %s for "
				"data.", verdict->bottleneck_at->address, rate,
				verdict->max_payload_bytes, payload);
	else
		report_add_text(report, "Bottleneck: the link above %s, %s. "
				"What packets take of it is not known: their "
				"size (MPS) could not be read.",
				verdict->bottleneck_at->address, rate);
}

static void print_reasons(struct report *report,
			  const struct p2pdma_verdict *verdict)
{
	for (size_t i = 0; i < verdict->reason_count; i++) {
		const struct p2pdma_reason *reason = &verdict->reasons[i];

		report_add_text(report, "%s%s%s\n  %s", reason->id,
				reason->at ? " at " : "",
				reason->at ? reason->at->address : "",
				reason->advice);
	}
}

static struct json_object *get_paths(struct report *report)
{
	struct json_object *paths =
		json_object_object_get(report->tree, "paths");

	return paths ? paths : tree_add_array(report->tree, "paths");
}

void report_path(struct report *report,
		 const struct p2pdma_topology *topology,
		 const struct p2pdma_function *provider,
		 const struct p2pdma_function *client)
{
	_cleanup_free_ struct p2pdma_verdict *verdict =
		tree_must(calloc(1, sizeof(*verdict)));
	struct way way = { topology, verdict, { provider, client } };
	struct json_object *path = tree_append_object(get_paths(report));

	p2pdma_verdict_judge(topology, provider, client, verdict);
	add_verdict(path, &way);
	way.hops = tree_add_array(path, "hops");
	way.rows = tree_new_array();
	add_up(&way);
	add_turn(&way);
	if (verdict->turn != client)
		add_down(&way, client, NULL);
	print_heading(report, &way);
	report_add_table(report, NULL, way.rows, hop_columns,
			 ARRAY_SIZE(hop_columns), false);
	print_bottleneck(report, &way);
	print_reasons(report, verdict);
	json_object_put(way.rows);
}
