// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/copy-state.h"

void copy_stop(struct copy *copy, int rc)
{
	if (!copy->rc)
		copy->rc = rc;
}

void copy_fail(struct copy *copy, const struct transfer *transfer, int error)
{
	if (copy->rc)
		return;
	copy->rc = error;
	copy->result->error = (struct copy_error){
		.side = transfer->side,
		.offset_bytes = transfer->offset_bytes + transfer->done_bytes,
		.length_bytes = transfer->length_bytes - transfer->done_bytes,
		.error = error,
	};
}

void copy_drop(struct copy *copy, unsigned leg, const struct copy_error *error)
{
	if (copy->legs[leg].is_dropped)
		return;
	copy->legs[leg].is_dropped = true;
	*copy->legs[leg].error = *error;
	if (++copy->dropped_count < copy->leg_count)
		return;
	if (!copy->rc)
		copy->result->error = *error;
	copy_stop(copy, error->error);
}
