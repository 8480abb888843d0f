// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Knows how to ask an NVMe controller about itself. The only file that
 * includes libnvme, which looks at this machine and no other.
 */
#include <endian.h>
#include <errno.h>
#include <libnvme.h>

#include "base/cleanup.h"
#include "lib/context.h"

/* MDTS counts in units of the smallest page that the controller takes, which
 * only its registers tell; no drive on the market takes less than this. */
#define PAGE_SHIFT	12

static enum p2pdma_answer answer(int yes)
{
	return yes ? P2PDMA_YES : P2PDMA_NO;
}

static uint64_t read_max_transfer(const struct nvme_id_ctrl *id)
{
	return id->mdts && id->mdts < 32 ?
		       UINT64_C(1) << (PAGE_SHIFT + id->mdts) : 0;
}

/* A positive answer is an NVMe status; errno says the rest. */
static int identify(int fd, struct nvme_id_ctrl *id)
{
	int rc = nvme_identify_ctrl(fd, id);

	if (!rc)
		return 0;
	if (rc < 0 && (errno == EACCES || errno == EPERM))
		return -EACCES;
	return rc < 0 && errno == ENODEV ? -ENODEV : -EIO;
}

int p2pdma_drive_identify(struct p2pdma_context *context,
			  const struct p2pdma_drive *drive,
			  struct p2pdma_identity *identity)
{
	_cleanup_fd_ int fd = -1;
	struct nvme_id_ctrl id = { 0 };
	unsigned commands;
	int rc;

	if (!context->is_live)
		return -EOPNOTSUPP;
	fd = nvme_open(drive->controller);
	if (fd < 0)
		return errno == EACCES || errno == EPERM ? -EACCES : -ENODEV;
	rc = identify(fd, &id);
	if (rc)
		return rc;
	commands = (unsigned)le16toh(id.oncs);
	*identity = (struct p2pdma_identity){
		.max_transfer_bytes = read_max_transfer(&id),
		.can_compare = answer(commands & NVME_CTRL_ONCS_COMPARE),
		.can_copy = answer(commands & NVME_CTRL_ONCS_COPY),
		.has_volatile_cache = answer(id.vwc & NVME_CTRL_VWC_PRESENT),
	};
	return 0;
}
