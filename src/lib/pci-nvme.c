// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Knows how to ask an NVMe controller about itself, by the kernel's own
 * interface: the library for it would bring a cryptographic one along, whose
 * symbols take longer to bind than most copies of a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <sys/ioctl.h>

#include "base/cleanup.h"
#include "lib/sysfs.h"

/* MDTS counts in units of the smallest page that the controller takes, which
 * only its registers tell; no drive on the market takes less than this. */
#define PAGE_SHIFT	12

#define ADMIN_IDENTIFY	0x06
#define CNS_CONTROLLER	1

#define ONCS_COMPARE	(1u << 0)
#define ONCS_COPY	(1u << 8)
#define VWC_PRESENT	(1u << 0)

/* Offsets into what Identify answers (NVM Express Base Specification). */
enum {
	CTRL_MDTS = 77,
	CTRL_ONCS = 520,
	CTRL_VWC = 525,
	CTRL_BYTES = 4096,
};

static enum p2pdma_answer answer(int yes)
{
	return yes ? P2PDMA_YES : P2PDMA_NO;
}

static uint64_t read_max_transfer(uint8_t mdts)
{
	return mdts && mdts < 32 ? UINT64_C(1) << (PAGE_SHIFT + mdts) : 0;
}

/* A positive result is an NVMe status; errno says the rest. */
static int identify(int fd, uint8_t *facts)
{
	struct nvme_admin_cmd command = {
		.opcode = ADMIN_IDENTIFY,
		.addr = (uintptr_t)facts,
		.data_len = CTRL_BYTES,
		.cdw10 = CNS_CONTROLLER,
	};
	int rc = ioctl(fd, NVME_IOCTL_ADMIN_CMD, &command);

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
	uint8_t facts[CTRL_BYTES];
	unsigned commands;
	int rc;

	if (!context->is_live)
		return -EOPNOTSUPP;
	fd = sysfs_open(context, "dev", drive->controller, O_RDONLY);
	if (fd < 0)
		return fd == -EACCES || fd == -EPERM ? -EACCES : -ENODEV;
	rc = identify(fd, facts);
	if (rc)
		return rc;
	commands = facts[CTRL_ONCS] | (unsigned)facts[CTRL_ONCS + 1] << 8;
	*identity = (struct p2pdma_identity){
		.max_transfer_bytes = read_max_transfer(facts[CTRL_MDTS]),
		.can_compare = answer(commands & ONCS_COMPARE),
		.can_copy = answer(commands & ONCS_COPY),
		.has_volatile_cache = answer(facts[CTRL_VWC] & VWC_PRESENT),
	};
	return 0;
}
