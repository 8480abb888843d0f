/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what a dry run tells of a file of many: by which way it would be
 * copied, or why it would not. Must not write, nor know how it is copied.
 */
#ifndef P2PDMA_ENGINE_MANY_PLAN_H
#define P2PDMA_ENGINE_MANY_PLAN_H

#include "engine/many-state.h"

/* Each owner in @request is a struct walk_directory. As many_files_push(). */
int many_plan_file(struct many *m, const struct batch_request *request);

#endif
