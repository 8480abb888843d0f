// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/report-verdict.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/macro.h"
#include "report/remarks.h"

static const struct column pair_columns[] = {
	{ NULL, "provider", FORM_TEXT },
	{ NULL, "client", FORM_TEXT },
	{ NULL, "distance", FORM_INT },
	{ NULL, "reach", FORM_TEXT },
	{ NULL, "map_type", FORM_TEXT },
	{ NULL, "reasons.id", FORM_TEXT },
	{ NULL, "bottleneck_bytes_per_sec", FORM_RATE },
	{ NULL, "bottleneck_at", FORM_TEXT },
	{ NULL, "probe", FORM_TEXT },
	{ NULL, "probe_errno", FORM_INT },
	{ NULL, "payload_bytes_per_sec", FORM_RATE },
};

static const struct column choice_columns[] = {
	{ "PROVIDER", "provider", FORM_TEXT },
	{ "REACH", "reach", FORM_TEXT },
	{ "SOURCE", "reach_source", FORM_TEXT },
	{ "DESTINATION", "reach_destination", FORM_TEXT },
	{ "CROSSINGS", "crossings", FORM_INT },
	{ "BOTTLENECK", "bottleneck_bytes_per_sec", FORM_RATE },
	{ "REASONS", "reasons.id", FORM_TEXT },
};

static const char legend[] =
	"direct N  below one switch, with bus addresses; N is the kernel's "
	"distance:\n"
	"          hops from both up to the nearest common bridge, added up\n"
	"host N    through a host bridge that the kernel allows\n"
	"refused   the kernel refuses, for a reason given below\n"
	"?         a fact could not be read, see below\n"
	"!         accepted, but with a warning below";

void report_add_reasons(struct json_object *object,
			const struct p2pdma_reason *reasons, size_t count)
{
	struct json_object *array = tree_add_array(object, "reasons");

	for (size_t i = 0; i < count; i++) {
		struct json_object *reason = tree_append_object(array);

		tree_add_text(reason, "id", reasons[i].id);
		tree_add_text(reason, "at",
			      reasons[i].at ? reasons[i].at->address : NULL);
		tree_add_text(reason, "advice", reasons[i].advice);
	}
}

/* --- one pair ----------------------------------------------------------- */

static bool is_reachable(const struct p2pdma_verdict *verdict)
{
	return verdict->reach == P2PDMA_REACH_DIRECT ||
	       verdict->reach == P2PDMA_REACH_VIA_HOST;
}

/* Of a pair that the kernel refuses nothing is promised. */
static void add_bottleneck(struct json_object *pair,
			   const struct p2pdma_verdict *verdict)
{
	bool is_so = is_reachable(verdict);

	tree_add_known(pair, "bottleneck_bytes_per_sec",
		       is_so ? verdict->bottleneck_bytes_per_sec : 0);
	tree_add_text(pair, "bottleneck_at",
		      is_so && verdict->bottleneck_at ?
			      verdict->bottleneck_at->address : NULL);
	tree_add_known(pair, "payload_bytes_per_sec",
		       is_so ? verdict->payload_bytes_per_sec : 0);
}

void report_add_pair(struct json_object *pair,
		     const struct p2pdma_function *provider,
		     const struct p2pdma_function *client,
		     const struct p2pdma_verdict *verdict)
{
	tree_add_text(pair, "provider", provider->address);
	tree_add_text(pair, "client", client->address);
	tree_add_index(pair, "distance", verdict->distance);
	tree_add_text(pair, "reach", p2pdma_reach_get_name(verdict->reach));
	tree_add_text(pair, "map_type",
		      p2pdma_reach_get_map_type(verdict->reach));
	report_add_reasons(pair, verdict->reasons, verdict->reason_count);
	add_bottleneck(pair, verdict);
	tree_add_null(pair, "probe");
	tree_add_null(pair, "probe_errno");
}

/* "direct 4", "host 5 !", "refused", "?". */
static void format_cell(const struct p2pdma_verdict *verdict, char *text,
			size_t size)
{
	static const char *const words[] = {
		[P2PDMA_REACH_UNKNOWN] = "?",
		[P2PDMA_REACH_REFUSED] = "refused",
		[P2PDMA_REACH_VIA_HOST] = "host",
		[P2PDMA_REACH_DIRECT] = "direct",
	};
	char distance[16] = "";

	if (is_reachable(verdict) && verdict->distance >= 0)
		snprintf(distance, sizeof(distance), " %d",
			 verdict->distance);
	snprintf(text, size, "%s%s%s", words[verdict->reach], distance,
		 is_reachable(verdict) && verdict->reason_count ? " !" : "");
}

/* --- the pairs ----------------------------------------------------------- */

/* Takes down @verdict's reasons for the pair that is called @pair. */
static void remark_on(struct remarks *remarks,
		      const struct p2pdma_verdict *verdict, const char *pair)
{
	for (size_t i = 0; i < verdict->reason_count; i++)
		remarks_add(remarks, &verdict->reasons[i], pair);
}

/* Every provider with every client; goes through them again and again. */
struct pairs {
	const struct p2pdma_topology *topology;
	const struct scope *scope;
	const struct p2pdma_function *const *providers;
	size_t provider_count;
	const struct p2pdma_function **clients;
	size_t client_count;
	struct p2pdma_verdict verdict;	/* of the pair at hand */
};

static void add_client(struct pairs *pairs,
		       const struct p2pdma_function *function)
{
	size_t count = pairs->client_count;

	pairs->clients = tree_must(reallocarray(pairs->clients, count + 1,
						sizeof(*pairs->clients)));
	pairs->clients[pairs->client_count++] = function;
}

/* The drives, then what else the user named. */
static void collect_clients(struct pairs *pairs)
{
	const struct p2pdma_drive *const *drives;
	const struct scope *scope = pairs->scope;
	size_t count;

	drives = p2pdma_topology_get_drives(pairs->topology, &count);
	for (size_t i = 0; i < count; i++)
		add_client(pairs, drives[i]->function);
	for (size_t i = 0; i < scope->count; i++)
		if (!p2pdma_topology_find_drive(pairs->topology,
						scope->functions[i]) &&
		    !scope->functions[i]->memory)
			add_client(pairs, scope->functions[i]);
}

/* For pairs_destroy(); topology and scope have to outlive it. */
static struct pairs *pairs_create(struct report *report,
				  const struct p2pdma_topology *topology,
				  const struct scope *scope)
{
	struct pairs *pairs = tree_must(calloc(1, sizeof(*pairs)));

	pairs->topology = topology;
	pairs->scope = scope;
	pairs->providers = p2pdma_topology_get_providers(
		topology, &pairs->provider_count);
	collect_clients(pairs);
	if (!pairs->provider_count)
		report_no_provider(report, topology);
	return pairs;
}

static void pairs_destroy(void *data)
{
	struct pairs *pairs = data;

	free(pairs->clients);
	free(pairs);
}

/* Fills in the verdict; false: nobody asked for this pair. */
static bool pairs_judge(struct pairs *pairs,
			const struct p2pdma_function *provider,
			const struct p2pdma_function *client)
{
	if (!scope_has(pairs->scope, provider) &&
	    !scope_has(pairs->scope, client))
		return false;
	p2pdma_verdict_judge(pairs->topology, provider, client,
			     &pairs->verdict);
	return true;
}

static struct json_object *pairs_make(void *data, size_t index)
{
	struct pairs *pairs = data;
	const struct p2pdma_function *provider =
		pairs->providers[index / pairs->client_count];
	const struct p2pdma_function *client =
		pairs->clients[index % pairs->client_count];
	struct json_object *pair;

	if (!pairs_judge(pairs, provider, client))
		return NULL;
	pair = tree_new_object();
	report_add_pair(pair, provider, client, &pairs->verdict);
	return pair;
}

/* Of thousands of pairs nobody needs more than one at a time. */
static struct json_object *add_rows(struct report *report,
				    struct pairs *pairs)
{
	const struct tree_rows rows = {
		.count = pairs->provider_count * pairs->client_count,
		.make = pairs_make,
		.fini = pairs_destroy,
		.data = pairs,
	};

	return tree_add_rows(report->tree, "pairs", &rows);
}

void report_pairs(struct report *report,
		  const struct p2pdma_topology *topology,
		  const struct scope *scope)
{
	add_rows(report, pairs_create(report, topology, scope));
}

/* --- the matrix --------------------------------------------------------- */

#define KEY_SIZE	24	/* "c0", a cell's key in the grid */

/* For people: a row of cells for each provider. */
struct matrix {
	struct report *report;
	struct pairs *pairs;
	struct json_object *grid;
	size_t cell_count;
	bool *has_cells;		/* for each client */
	struct remarks remarks;
};

static void add_cell(struct matrix *matrix,
		     const struct p2pdma_function *provider, size_t column,
		     struct json_object *row)
{
	const struct p2pdma_function *client = matrix->pairs->clients[column];
	const struct p2pdma_verdict *verdict = &matrix->pairs->verdict;
	char key[KEY_SIZE], cell[32], pair[64];

	snprintf(key, sizeof(key), "c%zu", column);
	format_cell(verdict, cell, sizeof(cell));
	tree_add_text(row, key, cell);
	matrix->has_cells[column] = true;
	matrix->cell_count++;
	if (!verdict->reason_count)
		return;
	snprintf(pair, sizeof(pair), "%s from %s", provider->address,
		 report_get_label(matrix->pairs->topology, client));
	remark_on(&matrix->remarks, verdict, pair);
}

static void add_row(struct matrix *matrix,
		    const struct p2pdma_function *provider)
{
	struct json_object *row = tree_append_object(matrix->grid);

	tree_add_text(row, "provider", provider->address);
	for (size_t i = 0; i < matrix->pairs->client_count; i++)
		if (pairs_judge(matrix->pairs, provider,
				matrix->pairs->clients[i]))
			add_cell(matrix, provider, i, row);
}

static void add_grid(struct matrix *matrix)
{
	size_t count = matrix->pairs->client_count;
	_cleanup_free_ struct column *columns =
		tree_must(calloc(count + 1, sizeof(*columns)));
	_cleanup_free_ char (*keys)[KEY_SIZE] =
		tree_must(calloc(count + 1, sizeof(*keys)));
	size_t used = 1;

	columns[0] = (struct column){ "PROVIDER", "provider", FORM_TEXT };
	for (size_t i = 0; i < count; i++) {
		snprintf(keys[i], sizeof(keys[i]), "c%zu", i);
		if (!matrix->has_cells[i])
			continue;
		columns[used++] = (struct column){
			report_get_label(matrix->pairs->topology,
					 matrix->pairs->clients[i]),
			keys[i], FORM_TEXT
		};
	}
	report_add_table(matrix->report, "Reach of a provider's memory (rows) "
			 "from a client (columns)", matrix->grid, columns,
			 used, false);
}

/* Which function is called "nvme0" above. */
static void add_labels(struct matrix *matrix)
{
	const struct pairs *pairs = matrix->pairs;
	char *text = NULL;
	size_t size = 0;
	FILE *file = tree_must(open_memstream(&text, &size));

	for (size_t i = 0; i < pairs->client_count; i++)
		if (matrix->has_cells[i])
			fprintf(file, "%-8s  %s\n",
				report_get_label(pairs->topology,
						 pairs->clients[i]),
				pairs->clients[i]->address);
	if (fclose(file))
		tree_must(NULL);
	report_add_text(matrix->report, "%s\n%s", text, legend);
	free(text);
}

static void draw_matrix(struct report *report, struct pairs *pairs,
			bool is_quiet)
{
	struct matrix matrix = {
		.report = report,
		.pairs = pairs,
		.grid = tree_new_array(),
		.has_cells = tree_must(calloc(pairs->client_count + 1,
					      sizeof(bool))),
	};

	for (size_t i = 0; i < pairs->provider_count; i++)
		add_row(&matrix, pairs->providers[i]);
	if (matrix.cell_count) {
		add_grid(&matrix);
		if (!is_quiet)
			add_labels(&matrix);
	}
	remarks_print(report, &matrix.remarks);
	json_object_put(matrix.grid);
	free(matrix.has_cells);
}

void report_matrix(struct report *report,
		   const struct p2pdma_topology *topology,
		   const struct scope *scope, bool is_quiet)
{
	struct pairs *pairs = pairs_create(report, topology, scope);

	if (!report->is_text) {
		report_add_table(report, NULL, add_rows(report, pairs),
				 pair_columns, ARRAY_SIZE(pair_columns), true);
		return;
	}
	draw_matrix(report, pairs, is_quiet);
	pairs_destroy(pairs);
}

/* --- the choices -------------------------------------------------------- */

/* The reasons of both ends, each once. */
static void add_choice_reasons(struct json_object *object,
			       const struct p2pdma_choice *choice)
{
	struct p2pdma_reason reasons[2 * P2PDMA_REASONS_MAX];
	struct remarks seen = { 0 };
	size_t count = 0;

	remark_on(&seen, &choice->source, "");
	remark_on(&seen, &choice->destination, "");
	for (size_t i = 0; i < seen.count; i++)
		reasons[count++] = seen.items[i].reason;
	remarks_fini(&seen);
	report_add_reasons(object, reasons, count);
}

static void add_choice(struct json_object *object,
		       const struct p2pdma_choice *choice,
		       bool has_destination)
{
	tree_add_text(object, "provider", choice->provider->address);
	tree_add_text(object, "reach", p2pdma_reach_get_name(choice->reach));
	tree_add_text(object, "reach_source",
		      p2pdma_reach_get_name(choice->source.reach));
	tree_add_text(object, "reach_destination",
		      has_destination ?
			p2pdma_reach_get_name(choice->destination.reach) :
			NULL);
	tree_add_count(object, "crossings", choice->crossings);
	tree_add_known(object, "bottleneck_bytes_per_sec",
		       choice->bottleneck_bytes_per_sec);
	add_choice_reasons(object, choice);
}

void report_choices(struct report *report,
		    const struct p2pdma_choice *choices, size_t count,
		    bool has_destination)
{
	struct json_object *rows = tree_add_array(report->tree, "choices");

	for (size_t i = 0; i < count; i++)
		add_choice(tree_append_object(rows), &choices[i],
			   has_destination);
	report_add_table(report, NULL, rows, choice_columns,
			 ARRAY_SIZE(choice_columns), true);
}
