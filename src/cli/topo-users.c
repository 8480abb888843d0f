// SPDX-License-Identifier: GPL-2.0-or-later
/* Knows what "p2ptopo users" does: one look, one report. */
#include "cli/topo.h"
#include "report/report-users.h"

int topo_users(struct topo *topo)
{
	struct p2pdma_users *users;
	int rc;

	rc = p2pdma_users_scan(topo->context, topo->topology, &users);
	if (rc)
		return topo_fail("looking for processes below proc", rc);
	report_users(&topo->report, topo->topology, users);
	p2pdma_users_destroy(users);
	return CLI_GO_ON;
}
