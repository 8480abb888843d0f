// SPDX-License-Identifier: GPL-2.0-or-later
/* Knows what "p2ptopo doctor" does: one look, one report, or a script. */
#include "cli/topo.h"
#include "report/report-doctor.h"

int topo_doctor(struct topo *topo)
{
	struct p2pdma_diagnosis *diagnosis;
	int rc;

	rc = p2pdma_diagnose(topo->context, topo->topology, &diagnosis);
	if (rc)
		return topo_fail("doctor", rc);
	if (topo->is_fix)
		report_remedies(&topo->report,
				p2pdma_topology_get_machine(topo->topology),
				diagnosis);
	else
		report_doctor(&topo->report, diagnosis,
			      topo->common.is_quiet);
	if (!diagnosis->reachable && !diagnosis->unknown)
		topo->code = EXIT_MACHINE;
	p2pdma_diagnosis_destroy(diagnosis);
	return CLI_GO_ON;
}
