// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/report-environment.h"

#include <string.h>
#include <time.h>

#include "report/report-function.h"

static void add_time(struct json_object *object)
{
	time_t now = time(NULL);
	struct tm parts;
	char text[32];

	gmtime_r(&now, &parts);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
	tree_add_text(object, "time", text);
}

static void add_parameters(struct json_object *object,
			   const struct p2pdma_machine *machine)
{
	struct json_object *p = tree_add_object(object, "parameters");

	for (size_t i = 0; i < machine->parameter_count; i++)
		tree_add_text(p, machine->parameters[i].name,
			      machine->parameters[i].value);
}

/* What decides about the speed of a function. */
static void add_function(struct json_object *object,
			 const struct p2pdma_function *function)
{
	tree_add_text(object, "address", function->address);
	report_add_link(object, "link", &function->link);
	report_add_link(object, "link_max", &function->link_max);
	tree_add_index(object, "numa_node", function->numa_node);
	tree_add_index(object, "iommu_group", function->iommu_group);
	tree_add_text(object, "iommu_type", function->iommu_type);
	tree_add_known(object, "max_payload_bytes",
		       function->max_payload_bytes);
}

static void add_drives(struct json_object *object,
		       const struct p2pdma_topology *topology)
{
	struct json_object *array = tree_add_array(object, "drives");
	const struct p2pdma_drive *const *drives;
	size_t count;

	drives = p2pdma_topology_get_drives(topology, &count);
	for (size_t i = 0; i < count; i++) {
		struct json_object *drive = tree_append_object(array);

		tree_add_text(drive, "controller", drives[i]->controller);
		tree_add_text(drive, "model", drives[i]->model);
		tree_add_text(drive, "firmware", drives[i]->firmware);
		add_function(drive, drives[i]->function);
	}
}

static void add_providers(struct json_object *object,
			  const struct p2pdma_topology *topology)
{
	struct json_object *array = tree_add_array(object, "providers");
	const struct p2pdma_function *const *providers;
	size_t count;

	providers = p2pdma_topology_get_providers(topology, &count);
	for (size_t i = 0; i < count; i++) {
		struct json_object *provider = tree_append_object(array);

		tree_add_text(provider, "name",
			      p2pdma_topology_get_name(topology,
						       providers[i]));
		tree_add_text(provider, "driver", providers[i]->driver);
		tree_add_known(provider, "size_bytes",
			       providers[i]->memory->size_bytes);
		add_function(provider, providers[i]);
	}
}

/* One word for all drives: "none", "identity", "DMA"…, "mixed". */
static const char *get_iommu(const struct p2pdma_topology *topology)
{
	const struct p2pdma_drive *const *drives;
	const char *word = NULL;
	size_t count;

	drives = p2pdma_topology_get_drives(topology, &count);
	for (size_t i = 0; i < count; i++) {
		const struct p2pdma_function *f = drives[i]->function;
		const char *type = f->iommu_group < 0 ? "none" :
							f->iommu_type;

		if (!type)
			return NULL;
		if (word && strcmp(word, type))
			return "mixed";
		word = type;
	}
	return word;
}

void report_add_environment(struct report *report,
			    const struct p2pdma_topology *topology)
{
	const struct p2pdma_machine *machine =
		p2pdma_topology_get_machine(topology);
	struct json_object *e = tree_add_object(report->tree, "environment");

	tree_add_text(e, "version", PACKAGE_VERSION);
	add_time(e);
	tree_add_text(e, "kernel", machine->kernel_release);
	tree_add_text(e, "command_line", machine->command_line);
	tree_add_text(e, "cpu_model", machine->cpu_model);
	tree_add_text(e, "governor", machine->governor);
	tree_add_text(e, "iommu", get_iommu(topology));
	add_parameters(e, machine);
	add_drives(e, topology);
	add_providers(e, topology);
}
