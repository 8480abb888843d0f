// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows how every provider is measured with every drive, and which drives
 * there are; must not know how one of them is measured.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench.h"

struct matrix {
	struct session *session;
	struct report_matrix report;
	unsigned row, column;
};

/* --- who takes part ------------------------------------------------------ */

static void free_paths(char **paths)
{
	for (char **path = paths; path && *path; path++)
		free(*path);
	free(paths);
}

/* A block device for each namespace; NULL after the last. NULL: no memory. */
static char **list_namespaces(const struct p2pdma_topology *topology)
{
	const struct p2pdma_drive *const *drives;
	size_t count, used = 0, room = 1;
	char **paths;

	drives = p2pdma_topology_get_drives(topology, &count);
	for (size_t i = 0; i < count; i++)
		room += drives[i]->namespace_count;
	paths = calloc(room, sizeof(*paths));
	for (size_t i = 0; paths && i < count; i++) {
		const struct p2pdma_drive *drive = drives[i];

		for (size_t j = 0; j < drive->namespace_count; j++, used++) {
			if (asprintf(&paths[used], "/dev/%s",
				     drive->namespaces[j].name) >= 0)
				continue;
			paths[used] = NULL;
			free_paths(paths);
			return NULL;
		}
	}
	return paths;
}

static int find_targets(struct matrix *m, char **paths)
{
	unsigned count = 0;

	while (paths[count])
		count++;
	if (!count) {
		cli_error(BENCH_NAME, "--matrix: there is no NVMe drive here "
			  "(name block devices or files)");
		return EXIT_MACHINE;
	}
	m->report.targets = (const char *const *)paths;
	m->report.target_count = count;
	return CLI_GO_ON;
}

/* Host memory comes first, to compare with. */
static int find_providers(struct matrix *m)
{
	const struct p2pdma_function *const *providers;
	const char **names;
	size_t count;

	providers = p2pdma_topology_get_providers(m->session->topology,
						  &count);
	names = calloc(count + 1, sizeof(*names));
	m->report.providers = names;
	m->report.provider_count = (unsigned)count + 1;
	m->report.cells = calloc((count + 1) * m->report.target_count,
				 sizeof(*m->report.cells));
	if (!names || !m->report.cells)
		return bench_fail("--matrix", -ENOMEM);
	names[0] = "host";
	for (size_t i = 0; i < count; i++)
		names[i + 1] = providers[i]->address;
	return CLI_GO_ON;
}

/* --- a cell -------------------------------------------------------------- */

static struct report_cell *get_cell(struct matrix *m)
{
	return &m->report.cells[m->row * m->report.target_count + m->column];
}

static int measure(struct matrix *m, struct bench_measurement *measurement,
		   struct bench_set *set, const struct bench_point *point)
{
	struct report_cell *cell = get_cell(m);
	struct report_bench bench;
	int rc;

	rc = bench_measurement_prepare(measurement, set, point);
	if (rc)
		return bench_fail(set->paths[0], rc);
	rc = bench_measurement_run(measurement, NULL);
	if (rc && !m->session->is_stuck)
		return EXIT_FAILED;
	if (!rc)
		rc = bench_measurement_check(measurement);
	bench_measurement_describe(measurement, &bench);
	report_add_bench(&m->session->report, &bench, true);
	cell->is_measured = measurement->result->ios;
	cell->bytes_per_sec = bench_result_rate(measurement->result);
	cell->predicted_bytes_per_sec = bench.bottleneck.bytes_per_sec;
	return exit_worst(rc ? EXIT_FAILED : EXIT_DONE,
			  bench_measurement_judge(measurement));
}

/* That a pair does not work is a result as well, but wrong data is not. */
static int take_no(struct matrix *m, const struct memory *memory, int rc)
{
	struct report_cell *cell = get_cell(m);

	cell->reason = memory->why.id ? memory->why.id : memory->no.id;
	if (cell->reason)
		return strcmp(cell->reason, "probe-data-differs") ?
			       EXIT_DONE : EXIT_DIFFERS;
	cell->reason = "failed";
	return bench_fail(m->report.targets[m->column], rc);
}

static int fill_cell(struct matrix *m, struct bench_set *set)
{
	struct bench_measurement measurement = { .set = set };
	const char *provider = m->report.providers[m->row];
	struct memory *memory = &measurement.memory;
	struct bench_point point;
	int rc, code;

	bench_grid_get(m->session, 0, &point);
	rc = bench_memory_try(memory, set, &point, provider);
	get_cell(m)->reach = memory->function ?
		p2pdma_reach_get_name(memory->reach_source ?
				      memory->reach_source :
				      memory->reach_destination) : NULL;
	if (rc || memory->why.id)
		code = take_no(m, memory, rc);
	else
		code = measure(m, &measurement, set, &point);
	code = bench_measurement_fini(&measurement, code);
	m->session->point++;
	return code;
}

/* --- all of them --------------------------------------------------------- */

static int fill_column(struct matrix *m)
{
	char *paths[] = { (char *)m->report.targets[m->column], NULL };
	struct bench_set set;
	int code, worst = EXIT_DONE;

	code = bench_set_open(&set, m->session, paths);
	for (m->row = 0; m->row < m->report.provider_count; m->row++) {
		if (bench_is_over(m->session))
			break;
		if (code == CLI_GO_ON)
			worst = exit_worst(worst, fill_cell(m, &set));
		else
			get_cell(m)->reason = "failed";
	}
	bench_set_close(&set);
	return code == CLI_GO_ON ? worst : code;
}

static int fill(struct matrix *m)
{
	struct session *s = m->session;
	int worst = EXIT_DONE;

	s->points = m->report.target_count * m->report.provider_count;
	for (m->column = 0; m->column < m->report.target_count; m->column++)
		worst = exit_worst(worst, bench_is_over(s) ? EXIT_DONE :
							     fill_column(m));
	report_add_matrix(&s->report, &m->report);
	return worst;
}

int bench_matrix_run(struct session *session)
{
	struct matrix m = { .session = session };
	char **paths = NULL;
	int code;

	if (!session->common.operand_count) {
		paths = list_namespaces(session->topology);
		if (!paths)
			return bench_fail("--matrix", -ENOMEM);
	}
	code = find_targets(&m, paths ? paths : session->common.operands);
	if (code == CLI_GO_ON)
		code = find_providers(&m);
	if (code == CLI_GO_ON)
		code = fill(&m);
	free(m.report.providers);
	free(m.report.cells);
	free_paths(paths);
	return code;
}
