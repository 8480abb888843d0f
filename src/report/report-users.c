// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/report-users.h"

#include "base/macro.h"
#include "report/report-function.h"
#include "report/report-topology.h"

static const struct column user_columns[] = {
	{ "PID", "pid", FORM_INT },
	{ "COMMAND", "command", FORM_TEXT },
	{ "PROVIDER", "provider", FORM_TEXT },
	{ "MAPPED", "mapped_bytes", FORM_BYTES },
	{ "MAPPINGS", "mappings", FORM_INT },
};

static const struct column csv_columns[] = {
	{ NULL, "pid", FORM_INT },
	{ NULL, "command", FORM_TEXT },
	{ NULL, "provider", FORM_TEXT },
	{ NULL, "mapped_bytes", FORM_BYTES },
	{ NULL, "mappings", FORM_INT },
};

static const struct column provider_columns[] = {
	{ "PROVIDER", "address", FORM_TEXT },
	{ "SIZE", "size_bytes", FORM_BYTES },
	{ "AVAILABLE", "available_bytes", FORM_BYTES },
	{ "MAPPED", "mapped_bytes", FORM_BYTES },
	{ "OTHER", "other_bytes", FORM_BYTES },
};

static void add_user(struct json_object *row, const struct p2pdma_user *user)
{
	tree_add_int(row, "pid", user->pid);
	tree_add_text(row, "command", user->command);
	tree_add_text(row, "provider",
		      user->provider ? user->provider->address : NULL);
	tree_add_count(row, "mapped_bytes", user->mapped_bytes);
	tree_add_count(row, "mappings", user->mappings);
}

static uint64_t sum_mapped(const struct p2pdma_users *users,
			   const struct p2pdma_function *provider)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < users->count; i++)
		if (users->users[i].provider == provider)
			sum += users->users[i].mapped_bytes;
	return sum;
}

static void add_provider(struct json_object *row,
			 const struct p2pdma_users *users,
			 const struct p2pdma_function *provider)
{
	const struct p2pdma_memory *memory = provider->memory;
	uint64_t mapped = sum_mapped(users, provider);
	uint64_t out = memory->size_bytes - MIN(memory->available_bytes,
						memory->size_bytes);

	tree_add_text(row, "address", provider->address);
	report_add_room(row, memory);
	tree_add_count(row, "mapped_bytes", mapped);
	tree_add_count(row, "other_bytes", out - MIN(mapped, out));
}

static void explain(struct report *report, const struct p2pdma_users *users)
{
	if (!users->count)
		report_add_text(report, "No process%s holds peer memory.",
				users->unreadable ? " that may be seen" : "");
	report_add_text(report, "OTHER is what the kernel took for itself, "
			"such as submission queues, and\nwhat processes hold "
			"that could not be seen.");
	if (users->unreadable)
		report_add_text(report, "%zu processes of others could not be "
				"looked into (run as root to see them).",
				users->unreadable);
}

void report_users(struct report *report,
		  const struct p2pdma_topology *topology,
		  const struct p2pdma_users *users)
{
	struct json_object *rows = tree_add_array(report->tree, "users");
	struct json_object *sums = tree_add_array(report->tree, "providers");
	const struct p2pdma_function *const *providers;
	size_t count;

	for (size_t i = 0; i < users->count; i++)
		add_user(tree_append_object(rows), &users->users[i]);
	providers = p2pdma_topology_get_providers(topology, &count);
	for (size_t i = 0; i < count; i++)
		add_provider(tree_append_object(sums), users, providers[i]);
	tree_add_count(report->tree, "unreadable_processes",
		       users->unreadable);
	report_add_table(report, NULL, rows, csv_columns,
			 ARRAY_SIZE(csv_columns), true);
	if (!count) {
		report_no_provider(report, topology);
		return;
	}
	if (users->count)
		report_add_table(report, "Processes", rows, user_columns,
				 ARRAY_SIZE(user_columns), false);
	report_add_table(report, "Providers", sums, provider_columns,
			 ARRAY_SIZE(provider_columns), false);
	explain(report, users);
}
