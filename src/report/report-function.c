// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/report-function.h"

#include <stdio.h>

static const char *const kinds[] = {
	[P2PDMA_PORT_UNKNOWN] = NULL,
	[P2PDMA_PORT_ENDPOINT] = "endpoint",
	[P2PDMA_PORT_ROOT] = "root-port",
	[P2PDMA_PORT_UPSTREAM] = "upstream-port",
	[P2PDMA_PORT_DOWNSTREAM] = "downstream-port",
	[P2PDMA_PORT_INTEGRATED] = "integrated",
	[P2PDMA_PORT_BRIDGE] = "bridge",
};

const char *function_get_kind(const struct p2pdma_function *function)
{
	return kinds[function->port];
}

void function_format_kind(const struct p2pdma_function *function, char *text,
			  size_t size)
{
	const char *kind = function_get_kind(function);

	snprintf(text, size, "%s", kind ? kind : "?");
	for (; *text; text++)
		if (*text == '-')
			*text = ' ';
}

void function_format_link(const struct p2pdma_link *link, char *text,
			  size_t size)
{
	if (link->speed_mtps && link->width)
		snprintf(text, size, "%.1f GT/s x%u",
			 link->speed_mtps / 1000.0, link->width);
	else
		snprintf(text, size, "?");
}

const char *function_get_acs(const struct p2pdma_function *function)
{
	if (function->acs_redirects == P2PDMA_YES)
		return "redirects";
	if (function->has_acs == P2PDMA_UNKNOWN)
		return "?";
	return function->has_acs == P2PDMA_YES ? "off" : "";
}

void tree_add_answer(struct json_object *object, const char *key,
		     enum p2pdma_answer answer)
{
	if (answer == P2PDMA_UNKNOWN)
		tree_add_null(object, key);
	else
		tree_add_bool(object, key, answer == P2PDMA_YES);
}

void report_add_link(struct json_object *object, const char *key,
		     const struct p2pdma_link *link)
{
	struct json_object *member;

	if (!link->speed_mtps && !link->width) {
		tree_add_null(object, key);
		return;
	}
	member = tree_add_object(object, key);
	if (link->speed_mtps)
		tree_add_real(member, "speed_gtps", link->speed_mtps / 1000.0);
	else
		tree_add_null(member, "speed_gtps");
	tree_add_known(member, "width", link->width);
	tree_add_known(member, "bytes_per_sec", link->bytes_per_sec);
}

void report_add_room(struct json_object *object,
		     const struct p2pdma_memory *memory)
{
	tree_add_known(object, "size_bytes", memory->size_bytes);
	if (memory->is_available_known)
		tree_add_count(object, "available_bytes",
			       memory->available_bytes);
	else
		tree_add_null(object, "available_bytes");
}

void report_add_function(struct json_object *object,
			 const struct p2pdma_topology *topology,
			 const struct p2pdma_function *function)
{
	struct json_object *acs;

	tree_add_text(object, "address", function->address);
	tree_add_text(object, "name",
		      p2pdma_topology_get_name(topology, function));
	tree_add_text(object, "kind", function_get_kind(function));
	tree_add_index(object, "numa_node", function->numa_node);
	tree_add_index(object, "iommu_group", function->iommu_group);
	acs = tree_add_object(object, "acs");
	tree_add_answer(acs, "present", function->has_acs);
	tree_add_answer(acs, "redirects", function->acs_redirects);
	tree_add_known(object, "max_payload_bytes",
		       function->max_payload_bytes);
}
