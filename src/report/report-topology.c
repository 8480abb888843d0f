// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/report-topology.h"

#include <string.h>

#include "base/bytes.h"
#include "base/macro.h"

#define CLASS_NVME	0x010802

static const struct column provider_columns[] = {
	{ "ADDRESS", "address", FORM_TEXT },
	{ "KIND", "kind", FORM_TEXT },
	{ "DRIVER", "driver", FORM_TEXT },
	{ "SIZE", "size_bytes", FORM_BYTES },
	{ "AVAILABLE", "available_bytes", FORM_BYTES },
	{ "PUBLISHED", "published", FORM_BOOL },
	{ "BAR", "bar", FORM_INT },
	{ "NUMA", "numa_node", FORM_INT },
	{ "IOMMU", "iommu_group", FORM_INT },
	{ "GT/S", "link.speed_gtps", FORM_REAL },
	{ "LANES", "link.width", FORM_INT },
	{ "NAME", "name", FORM_TEXT },
};

static const struct column drive_columns[] = {
	{ "DRIVE", "controller", FORM_TEXT },
	{ "ADDRESS", "address", FORM_TEXT },
	{ "MODEL", "model", FORM_TEXT },
	{ "SERIAL", "serial", FORM_TEXT },
	{ "FIRMWARE", "firmware", FORM_TEXT },
	{ "CMB", "cmb.size_bytes", FORM_BYTES },
	{ "NUMA", "numa_node", FORM_INT },
	{ "IOMMU", "iommu_group", FORM_INT },
	{ "GT/S", "link.speed_gtps", FORM_REAL },
	{ "LANES", "link.width", FORM_INT },
};

static const struct column namespace_columns[] = {
	{ "NAMESPACE", "name", FORM_TEXT },
	{ "DRIVE", "controller", FORM_TEXT },
	{ "SIZE", "size_bytes", FORM_BYTES },
	{ "LBA", "lba_bytes", FORM_BYTES },
	{ "METADATA", "metadata_bytes", FORM_BYTES },
	{ "MULTIPATH", "multipath", FORM_BOOL },
};

/* One row for each function, whether it is a drive, a provider or both. */
static const struct column csv_columns[] = {
	{ NULL, "address", FORM_TEXT },
	{ NULL, "kind", FORM_TEXT },
	{ NULL, "name", FORM_TEXT },
	{ NULL, "driver", FORM_TEXT },
	{ NULL, "controller", FORM_TEXT },
	{ NULL, "model", FORM_TEXT },
	{ NULL, "serial", FORM_TEXT },
	{ NULL, "firmware", FORM_TEXT },
	{ NULL, "namespaces.name", FORM_TEXT },
	{ NULL, "size_bytes", FORM_BYTES },
	{ NULL, "available_bytes", FORM_BYTES },
	{ NULL, "published", FORM_BOOL },
	{ NULL, "bar", FORM_INT },
	{ NULL, "numa_node", FORM_INT },
	{ NULL, "iommu_group", FORM_INT },
	{ NULL, "link.speed_gtps", FORM_REAL },
	{ NULL, "link.width", FORM_INT },
	{ NULL, "link.bytes_per_sec", FORM_RATE },
};

/* What a CMB may be used for (NVMe base specification, CMBSZ). */
static const struct {
	const char *key;
	unsigned bit;
} cmb_abilities[] = {
	{ "submission_queues", 0 }, { "completion_queues", 1 },
	{ "lists", 2 },		    { "read_data", 3 },
	{ "write_data", 4 },
};

bool scope_has(const struct scope *scope,
	       const struct p2pdma_function *function)
{
	for (size_t i = 0; i < scope->count; i++)
		if (scope->functions[i] == function)
			return true;
	return !scope->count;
}

const char *report_get_label(const struct p2pdma_topology *topology,
			     const struct p2pdma_function *function)
{
	const struct p2pdma_drive *drive =
		p2pdma_topology_find_drive(topology, function);

	return drive && drive->controller ? drive->controller :
					    function->address;
}

/* What every function has: where it sits. */
static void add_place(struct json_object *object,
		      const struct p2pdma_function *function)
{
	tree_add_index(object, "numa_node", function->numa_node);
	tree_add_index(object, "iommu_group", function->iommu_group);
	report_add_link(object, "link", &function->link);
}

static const char *get_kind(const struct p2pdma_function *function)
{
	return function->class_code == CLASS_NVME ? "nvme-cmb" : "other";
}

static void add_provider(struct json_object *provider,
			 const struct p2pdma_topology *topology,
			 const struct p2pdma_function *function)
{
	const struct p2pdma_memory *memory = function->memory;

	tree_add_text(provider, "address", function->address);
	tree_add_text(provider, "kind", get_kind(function));
	tree_add_text(provider, "name",
		      p2pdma_topology_get_name(topology, function));
	tree_add_text(provider, "driver", function->driver);
	report_add_room(provider, memory);
	tree_add_answer(provider, "published", memory->is_published);
	tree_add_answer(provider, "can_allocate", memory->has_allocate);
	tree_add_index(provider, "bar", memory->bar);
	add_place(provider, function);
}

static void add_cmb(struct json_object *object,
		    const struct p2pdma_drive *drive)
{
	struct json_object *cmb;

	if (!drive->cmb_bytes) {
		tree_add_null(object, "cmb");
		return;
	}
	cmb = tree_add_object(object, "cmb");
	tree_add_count(cmb, "size_bytes", drive->cmb_bytes);
	for (size_t i = 0; i < ARRAY_SIZE(cmb_abilities); i++)
		tree_add_bool(cmb, cmb_abilities[i].key,
			      drive->cmb_size_register >>
					      cmb_abilities[i].bit & 1);
}

static void add_namespace(struct json_object *object,
			  const struct p2pdma_namespace *ns)
{
	tree_add_text(object, "name", ns->name);
	tree_add_count(object, "size_bytes", ns->size_bytes);
	tree_add_known(object, "lba_bytes", ns->lba_bytes);
	tree_add_count(object, "metadata_bytes", ns->metadata_bytes);
	tree_add_answer(object, "multipath", ns->is_multipath);
}

static void add_drive(struct json_object *object,
		      const struct p2pdma_drive *drive)
{
	struct json_object *namespaces;

	tree_add_text(object, "address", drive->function->address);
	tree_add_text(object, "controller", drive->controller);
	tree_add_text(object, "model", drive->model);
	tree_add_text(object, "serial", drive->serial);
	tree_add_text(object, "firmware", drive->firmware);
	tree_add_text(object, "driver", drive->function->driver);
	add_place(object, drive->function);
	add_cmb(object, drive);
	namespaces = tree_add_array(object, "namespaces");
	for (size_t i = 0; i < drive->namespace_count; i++)
		add_namespace(tree_append_object(namespaces),
			      &drive->namespaces[i]);
}

/* --- why there is nothing ----------------------------------------------- */

struct explanation {
	const char *id;
	char advice[512];
};

/* A drive whose memory the kernel could have registered, but did not. */
static const struct p2pdma_drive *
find_unused_cmb(const struct p2pdma_topology *topology)
{
	const struct p2pdma_drive *const *drives;
	size_t count;

	drives = p2pdma_topology_get_drives(topology, &count);
	for (size_t i = 0; i < count; i++)
		if (drives[i]->cmb_bytes)
			return drives[i];
	return NULL;
}

static void explain_none(const struct p2pdma_topology *topology,
			 struct explanation *why)
{
	const struct p2pdma_machine *machine =
		p2pdma_topology_get_machine(topology);
	const struct p2pdma_drive *drive = find_unused_cmb(topology);
	char size[32];

	if (machine->has_p2pdma == P2PDMA_NO) {
		why->id = "kernel-without-p2pdma";
		snprintf(why->advice, sizeof(why->advice),
			 "Linux %s is built without CONFIG_PCI_P2PDMA; boot "
			 "one that has it (Debian: 6.13 and later).",
			 machine->kernel_release ? machine->kernel_release :
						   "here");
		return;
	}
	why->id = "no-p2pmem";
	if (drive)
		snprintf(why->advice, sizeof(why->advice),
			 "%s has %s of controller memory, but its driver "
			 "registered none of it; the kernel log tells why "
			 "(a CMB must be at least 2 MiB and be for data).",
			 drive->controller,
			 bytes_format(drive->cmb_bytes, size, sizeof(size)));
	else
		snprintf(why->advice, sizeof(why->advice),
			 "no device here has memory that the kernel hands out "
			 "(an NVMe drive needs a controller memory buffer)%s.",
			 machine->has_p2pdma == P2PDMA_YES ? "" :
			 ", and whether the kernel has CONFIG_PCI_P2PDMA is "
			 "not known");
}

void report_no_provider(struct report *report,
			const struct p2pdma_topology *topology)
{
	struct json_object *reason;
	struct explanation why;

	if (json_object_object_get(report->tree, "reasons"))
		return;
	explain_none(topology, &why);
	reason = tree_append_object(tree_add_array(report->tree, "reasons"));
	tree_add_text(reason, "id", why.id);
	tree_add_null(reason, "at");
	tree_add_text(reason, "advice", why.advice);
	report_add_text(report, "No providers (%s): %s", why.id, why.advice);
}

/* --- the tables --------------------------------------------------------- */

static struct json_object *add_providers(struct report *report,
					 const struct p2pdma_topology *topology,
					 const struct scope *scope)
{
	struct json_object *rows = tree_add_array(report->tree, "providers");
	const struct p2pdma_function *const *providers;
	size_t count;

	providers = p2pdma_topology_get_providers(topology, &count);
	for (size_t i = 0; i < count; i++)
		if (scope_has(scope, providers[i]))
			add_provider(tree_append_object(rows), topology,
				     providers[i]);
	if (!count)
		report_no_provider(report, topology);
	else if (json_object_array_length(rows))
		report_add_table(report, "Providers", rows, provider_columns,
				 ARRAY_SIZE(provider_columns), false);
	return rows;
}

static void add_namespaces(struct report *report, struct json_object *drives)
{
	struct json_object *rows = tree_new_array();
	size_t count = json_object_array_length(drives);

	for (size_t i = 0; i < count; i++) {
		struct json_object *drive, *all;

		drive = json_object_array_get_idx(drives, i);
		all = json_object_object_get(drive, "namespaces");
		for (size_t j = 0; j < json_object_array_length(all); j++) {
			struct json_object *row = tree_append_object(rows);

			tree_copy(row, json_object_array_get_idx(all, j));
			tree_copy_key(row, drive, "controller");
		}
	}
	if (json_object_array_length(rows))
		report_add_table(report, "Namespaces", rows, namespace_columns,
				 ARRAY_SIZE(namespace_columns), false);
	json_object_put(rows);
}

static struct json_object *add_drives(struct report *report,
				      const struct p2pdma_topology *topology,
				      const struct scope *scope)
{
	struct json_object *rows = tree_add_array(report->tree, "drives");
	const struct p2pdma_drive *const *drives;
	size_t count;

	drives = p2pdma_topology_get_drives(topology, &count);
	for (size_t i = 0; i < count; i++)
		if (scope_has(scope, drives[i]->function))
			add_drive(tree_append_object(rows), drives[i]);
	if (!count)
		report_add_text(report, "No NVMe drives.");
	else if (json_object_array_length(rows))
		report_add_table(report, "Drives", rows, drive_columns,
				 ARRAY_SIZE(drive_columns), false);
	return rows;
}

static struct json_object *find_row(struct json_object *rows,
				    struct json_object *address)
{
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		if (json_object_equal(json_object_object_get(row, "address"),
				      address))
			return row;
	}
	return NULL;
}

/* A drive that is a provider, too, is one row with both halves. */
static void add_csv(struct report *report, struct json_object *providers,
		    struct json_object *drives)
{
	struct json_object *rows = tree_new_array(), *row, *other;

	for (size_t i = 0; i < json_object_array_length(providers); i++) {
		other = json_object_array_get_idx(providers, i);
		tree_copy(tree_append_object(rows), other);
	}
	for (size_t i = 0; i < json_object_array_length(drives); i++) {
		other = json_object_array_get_idx(drives, i);
		row = find_row(rows,
			       json_object_object_get(other, "address"));
		tree_copy(row ? row : tree_append_object(rows), other);
	}
	report_add_table(report, NULL, rows, csv_columns,
			 ARRAY_SIZE(csv_columns), true);
	json_object_put(rows);
}

void report_topology(struct report *report,
		     const struct p2pdma_topology *topology,
		     const struct scope *scope)
{
	const struct p2pdma_machine *machine =
		p2pdma_topology_get_machine(topology);
	struct json_object *providers, *drives;

	tree_add_text(report->tree, "kernel", machine->kernel_release);
	providers = add_providers(report, topology, scope);
	drives = add_drives(report, topology, scope);
	add_namespaces(report, drives);
	add_csv(report, providers, drives);
}
