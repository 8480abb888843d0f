// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/report-tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/macro.h"
#include "report/report-function.h"
#include "report/report-verdict.h"

static const struct column tree_columns[] = {
	{ "FUNCTION", "function", FORM_TEXT },
	{ "DEVICE", "device", FORM_TEXT },
	{ "PEER MEMORY", "memory", FORM_TEXT, .is_optional = true,
	  .colour_key = "memory_colour" },
	{ "LINK", "link", FORM_TEXT, .colour_key = "link_colour" },
	{ "BOTH ENDS CAN", "best", FORM_TEXT, .is_optional = true },
	{ "ACS", "acs", FORM_TEXT, .is_optional = true,
	  .colour_key = "acs_colour" },
	{ "BUS OFFSET", "bus_offset", FORM_TEXT, .is_optional = true },
	{ "IOMMU", "iommu", FORM_TEXT, .is_optional = true },
	{ "NUMA", "numa", FORM_TEXT, .is_optional = true },
	{ "NAME", "name", FORM_TEXT },
};

struct growing {
	struct report *report;
	const struct p2pdma_topology *topology;
	const struct tree_view *view;
	const struct p2pdma_function *const *functions;
	size_t count;
	bool *is_shown;			/* of each function */
	struct json_object **nodes;	/* of each that is shown */
	struct json_object *bridges;	/* in the tree */
};

/* --- which functions ---------------------------------------------------- */

static int compare_pointers(const void *key, const void *member)
{
	const struct p2pdma_function *wanted = key;
	const struct p2pdma_function *const *f = member;

	return strcmp(wanted->address, (*f)->address);
}

/* Functions are sorted, though longer domains come last: look, then count. */
static size_t find_index(const struct growing *growing,
			 const struct p2pdma_function *function)
{
	const struct p2pdma_function *const *found =
		bsearch(function, growing->functions, growing->count,
			sizeof(*found), compare_pointers);

	if (found)
		return (size_t)(found - growing->functions);
	for (size_t i = 0; i < growing->count; i++)
		if (growing->functions[i] == function)
			return i;
	return 0;
}

static bool is_wanted(const struct growing *growing,
		      const struct p2pdma_function *function)
{
	const struct tree_view *view = growing->view;

	if (view->has_everything)
		return true;
	if (view->scope->count)
		return scope_has(view->scope, function);
	return function->memory ||
	       p2pdma_topology_find_drive(growing->topology, function);
}

static void choose(struct growing *growing)
{
	for (size_t i = 0; i < growing->count; i++) {
		const struct p2pdma_function *f = growing->functions[i];

		if (!is_wanted(growing, f))
			continue;
		growing->is_shown[i] = true;
		while ((f = f->parent))
			growing->is_shown[find_index(growing, f)] = true;
	}
}

/* --- the tree ----------------------------------------------------------- */

static struct json_object *find_bridge(struct growing *growing,
				       const char *root_bus)
{
	size_t count = json_object_array_length(growing->bridges);
	struct json_object *bridge, *address;

	for (size_t i = 0; i < count; i++) {
		bridge = json_object_array_get_idx(growing->bridges, i);
		address = json_object_object_get(bridge, "address");
		if (address ? root_bus && !strcmp(root_bus,
						  json_object_get_string(
							  address)) :
			      !root_bus)
			return bridge;
	}
	return NULL;
}

static struct json_object *get_bridge(struct growing *growing,
				      const struct p2pdma_function *function)
{
	struct json_object *bridge =
		find_bridge(growing, function->root_bus);

	if (bridge)
		return bridge;
	bridge = tree_append_object(growing->bridges);
	tree_add_text(bridge, "address", function->root_bus);
	tree_add_text(bridge, "kind", "host-bridge");
	tree_add_index(bridge, "numa_node", function->numa_node);
	tree_add_array(bridge, "children");
	return bridge;
}

/* That of the peer memory; else the first that is known. */
static const struct p2pdma_bar *
find_bar(const struct p2pdma_function *function)
{
	int bar = function->memory ? function->memory->bar : -1;

	if (bar >= 0 && bar < (int)ARRAY_SIZE(function->bars))
		return &function->bars[bar];
	for (size_t i = 0; i < ARRAY_SIZE(function->bars); i++)
		if (function->bars[i].is_bus_offset_known)
			return &function->bars[i];
	return NULL;
}

static void add_memory(struct json_object *node,
		       const struct p2pdma_memory *memory)
{
	struct json_object *object;

	if (!memory) {
		tree_add_null(node, "provider");
		return;
	}
	object = tree_add_object(node, "provider");
	report_add_room(object, memory);
	tree_add_answer(object, "published", memory->is_published);
}

static void add_uplink(struct json_object *node,
		       const struct p2pdma_function *function)
{
	struct p2pdma_uplink uplink;

	if (!p2pdma_function_get_uplink(function, &uplink)) {
		tree_add_null(node, "link");
		tree_add_null(node, "link_max");
		tree_add_null(node, "link_degraded");
		return;
	}
	report_add_link(node, "link", &uplink.now);
	report_add_link(node, "link_max", &uplink.best);
	tree_add_answer(node, "link_degraded", uplink.is_degraded);
}

static struct json_object *add_node(struct growing *growing, size_t index)
{
	const struct p2pdma_function *f = growing->functions[index];
	const struct p2pdma_drive *drive =
		p2pdma_topology_find_drive(growing->topology, f);
	const struct p2pdma_bar *bar = find_bar(f);
	struct json_object *above, *node;

	above = f->parent ? growing->nodes[find_index(growing, f->parent)] :
			    get_bridge(growing, f);
	node = tree_append_object(json_object_object_get(above, "children"));
	report_add_function(node, growing->topology, f);
	tree_add_text(node, "driver", f->driver);
	add_uplink(node, f);
	if (bar && bar->is_bus_offset_known)
		tree_add_int(node, "bus_offset", bar->bus_offset);
	else
		tree_add_null(node, "bus_offset");
	add_memory(node, f->memory);
	tree_add_text(node, "controller", drive ? drive->controller : NULL);
	tree_add_text(node, "model", drive ? drive->model : NULL);
	tree_add_array(node, "children");
	return node;
}

/* What is above has the lower address, and so is there already. */
static size_t grow(struct growing *growing)
{
	size_t hidden = 0;

	for (size_t i = 0; i < growing->count; i++)
		if (growing->is_shown[i])
			growing->nodes[i] = add_node(growing, i);
		else
			hidden++;
	return hidden;
}

/* --- for people --------------------------------------------------------- */

static void show_link(struct json_object *row, struct json_object *node)
{
	struct json_object *link = json_object_object_get(node, "link");
	char text[48];

	if (!link) {
		tree_add_text(row, "link", "");
		return;
	}
	tree_format_link(link, text, sizeof(text));
	tree_add_text(row, "link", text);
	if (!tree_is_true(node, "link_degraded"))
		return;
	tree_format_link(json_object_object_get(node, "link_max"), text,
			 sizeof(text));
	tree_add_text(row, "best", text);
	tree_add_text(row, "link_colour", "yellow");
}

static void show_acs(struct json_object *row, struct json_object *node)
{
	struct json_object *acs = json_object_object_get(node, "acs");
	bool is_bridge = json_object_array_length(
		json_object_object_get(node, "children"));

	if (tree_is_true(acs, "redirects")) {
		tree_add_text(row, "acs", "redirects");
		tree_add_text(row, "acs_colour", "yellow");
	} else if (tree_is_true(acs, "present")) {
		tree_add_text(row, "acs", "off");
	} else if (is_bridge && acs &&
		   !json_object_object_get(acs, "present")) {
		tree_add_text(row, "acs", "?");
	}
}

static void show_memory(struct json_object *row, struct json_object *node)
{
	struct json_object *memory = json_object_object_get(node, "provider");
	char size[32], text[64];

	if (!memory)
		return;
	bytes_format(json_object_get_uint64(
			     json_object_object_get(memory, "size_bytes")),
		     size, sizeof(size));
	snprintf(text, sizeof(text), "%s%s", size,
		 tree_is_true(memory, "published") ? "" : " unpublished");
	tree_add_text(row, "memory", text);
	tree_add_text(row, "memory_colour",
		      tree_is_true(memory, "published") ? "green" : "yellow");
}

static void show_offset(struct json_object *row, struct json_object *node)
{
	int64_t offset = json_object_get_int64(
		json_object_object_get(node, "bus_offset"));
	char text[32];

	if (!offset)
		return;
	snprintf(text, sizeof(text), "%s0x%llx", offset < 0 ? "-" : "+",
		 (unsigned long long)llabs(offset));
	tree_add_text(row, "bus_offset", text);
}

/* "nvme0", "downstream port", "mlx5_core": what it is to its user. */
static void show_device(struct json_object *row, struct json_object *node)
{
	const char *controller = tree_get_text(node, "controller");
	const char *driver = tree_get_text(node, "driver");
	const char *kind = tree_get_text(node, "kind");
	char text[64] = "";

	if (controller)
		snprintf(text, sizeof(text), "%s", controller);
	else if (kind && strcmp(kind, "endpoint"))
		snprintf(text, sizeof(text), "%s", kind);
	else if (driver)
		snprintf(text, sizeof(text), "%s", driver);
	for (char *c = text; (c = strchr(c, '-')) && !controller; )
		*c = ' ';
	tree_add_text(row, "device", text);
}

/* The ports of a switch have its name: once is enough. */
static void show_name(struct json_object *row, struct json_object *node)
{
	const char *kind = tree_get_text(node, "kind");
	const char *name = tree_get_text(node, "model");

	if (!name)
		name = tree_get_text(node, "name");
	if (!name || (kind && !strcmp(kind, "downstream-port")))
		name = "";
	tree_add_text(row, "name", name);
}

static void show_all(struct json_object *rows, struct json_object *nodes)
{
	size_t count = json_object_array_length(nodes);

	for (size_t i = 0; i < count; i++) {
		struct json_object *node = json_object_array_get_idx(nodes, i);
		struct json_object *row = tree_append_object(rows);
		const char *address = tree_get_text(node, "address");

		tree_add_text(row, "function", address);
		show_device(row, node);
		show_memory(row, node);
		show_link(row, node);
		show_acs(row, node);
		show_offset(row, node);
		tree_add_text(row, "iommu", tree_get_text(node, "iommu_group"));
		tree_add_text(row, "numa", tree_get_text(node, "numa_node"));
		show_name(row, node);
		show_all(tree_add_array(row, "children"),
			 json_object_object_get(node, "children"));
	}
}

static void show(struct growing *growing, size_t hidden)
{
	struct json_object *rows = tree_new_array();

	show_all(rows, growing->bridges);
	if (json_object_array_length(rows))
		report_add_tree(growing->report, rows, tree_columns,
				ARRAY_SIZE(tree_columns));
	json_object_put(rows);
	if (hidden && !growing->view->is_quiet)
		report_add_text(growing->report, "Functions that lead to no "
				"drive and no peer memory are left out (%zu; "
				"--verbose shows all).", hidden);
}

void report_tree(struct report *report,
		 const struct p2pdma_topology *topology,
		 const struct tree_view *view)
{
	_cleanup_free_ struct json_object **nodes = NULL;
	_cleanup_free_ bool *is_shown = NULL;
	struct growing growing = { report, topology, view };
	size_t hidden;

	growing.functions =
		p2pdma_topology_get_functions(topology, &growing.count);
	growing.nodes = nodes = tree_must(calloc(growing.count + 1,
						 sizeof(*nodes)));
	growing.is_shown = is_shown = tree_must(calloc(growing.count + 1,
						       sizeof(*is_shown)));
	tree_add_text(report->tree, "kernel",
		      p2pdma_topology_get_machine(topology)->kernel_release);
	growing.bridges = tree_add_array(report->tree, "host_bridges");
	choose(&growing);
	hidden = grow(&growing);
	report_pairs(report, topology, view->scope);
	show(&growing, hidden);
}
