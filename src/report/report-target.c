// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/report-target.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "report/report-topology.h"
#include "report/report-verdict.h"

static const char *get_kind(const struct p2pdma_target *target)
{
	switch (target->kind) {
	case P2PDMA_TARGET_FUNCTION:
		return "function";
	case P2PDMA_TARGET_BLOCK:
		return "block";
	case P2PDMA_TARGET_PARTITION:
		return "partition";
	case P2PDMA_TARGET_FILE:
		return "file";
	case P2PDMA_TARGET_DIRECTORY:
		return "directory";
	case P2PDMA_TARGET_UNKNOWN:
		break;
	}
	return NULL;
}

static void add_layers(struct json_object *object,
		       const struct p2pdma_target *target)
{
	struct json_object *layers = tree_add_array(object, "layers");

	for (size_t i = 0; i < target->layer_count; i++) {
		const struct p2pdma_layer *layer = &target->layers[i];
		struct json_object *row = tree_append_object(layers);

		tree_add_text(row, "kind", layer->kind);
		tree_add_text(row, "name", layer->name);
		tree_add_answer(row, "passes_reads", layer->passes_reads);
		tree_add_answer(row, "passes_writes", layer->passes_writes);
	}
}

static void add_target(struct json_object *object,
		       const struct p2pdma_target *target)
{
	struct json_object *clients;

	tree_add_text(object, "path", target->path);
	tree_add_text(object, "kind", get_kind(target));
	tree_add_text(object, "device", target->device);
	add_layers(object, target);
	clients = tree_add_array(object, "clients");
	for (size_t i = 0; i < target->client_count; i++)
		tree_append_text(clients, target->clients[i]->address);
	report_add_reasons(object, target->reasons, target->reason_count);
}

/* --- for people ---------------------------------------------------------- */

static const char *get_word(enum p2pdma_answer answer)
{
	static const char *const words[] = {
		[P2PDMA_UNKNOWN] = "nobody knows",
		[P2PDMA_NO] = "no",
		[P2PDMA_YES] = "yes",
	};

	return words[answer];
}

static bool is_plain(const struct p2pdma_target *target)
{
	return target->kind == P2PDMA_TARGET_FUNCTION ||
	       (target->layer_count < 2 && target->client_count);
}

/* "/mnt/file: ext4, partition nvme0n1p1, nvme nvme0n1". */
static void print_layers(FILE *file, const struct p2pdma_target *target)
{
	fprintf(file, "%s:", target->path);
	for (size_t i = 0; i < target->layer_count; i++) {
		const struct p2pdma_layer *layer = &target->layers[i];

		fprintf(file, "%s %s%s%s", i ? "," : "", layer->kind,
			layer->name ? " " : "",
			layer->name ? layer->name : "");
	}
	if (!target->client_count)
		fprintf(file, "%s no PCI function does its I/O",
			target->layer_count ? ";" : "");
	if (target->layer_count)
		fprintf(file, "\n  peer memory passes: reads %s, writes %s",
			get_word(target->passes_reads),
			get_word(target->passes_writes));
	for (size_t i = 0; i < target->reason_count; i++)
		fprintf(file, "\n  %s: %s", target->reasons[i].id,
			target->reasons[i].advice);
}

static void print_target(struct report *report,
			 const struct p2pdma_target *target)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *file = tree_must(open_memstream(&text, &size));

	print_layers(file, target);
	if (fclose(file))
		tree_must(NULL);
	report_add_text(report, "%s", text);
}

void report_targets(struct report *report,
		    const struct p2pdma_target *const *targets, size_t count)
{
	struct json_object *rows;

	if (!count)
		return;
	rows = tree_add_array(report->tree, "targets");
	for (size_t i = 0; i < count; i++) {
		add_target(tree_append_object(rows), targets[i]);
		if (!is_plain(targets[i]))
			print_target(report, targets[i]);
	}
}
