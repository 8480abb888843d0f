/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows through which memory a file of many goes, by the file systems that it
 * is copied from and to; must not know how it is copied.
 */
#ifndef P2PDMA_ENGINE_MANY_ROUTE_H
#define P2PDMA_ENGINE_MANY_ROUTE_H

#include "engine/many-state.h"

/*
 * many_route_find() - the plan for a file that is to get to all its places
 * @request:	of which each owner is a struct walk_directory
 * @is_idle:	nothing is in flight, so that a way can be proven
 * @plan:	NULL: host memory, for nothing was asked: there is nothing to
 *		copy, or that is what was wanted
 *
 * In a dry run nothing is proven. 0; -EBUSY: only with @is_idle; -errno as
 * routes_predict() and routes_prove().
 */
int many_route_find(struct many *m, const struct batch_request *request,
		    bool is_idle, struct route_plan **plan);

/* True: peer memory is required, @plan has none, and that has been told. */
bool many_route_refuse(struct many *m, const struct batch_request *request,
		       const struct route_plan *plan);

/* What @file tells of memory; @plan as above. */
void many_route_describe(const struct many *m, const struct route_plan *plan,
			 struct many_file *file);

#endif
