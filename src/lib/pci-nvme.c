// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Knows how to ask an NVMe controller about itself. The only file that
 * includes libnvme, which looks at this machine and no other. It is loaded
 * when a controller is asked: it brings a cryptographic library along, whose
 * symbols take longer to bind at a program's start than most copies of a file.
 */
#include <dlfcn.h>
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

/* What is used of it. */
struct libnvme {
	__typeof__(nvme_open) *open;
	__typeof__(nvme_identify) *identify;
};

/* It stays loaded. -EOPNOTSUPP: it is not installed. */
static int load(struct libnvme *nvme)
{
	void *library = dlopen("libnvme.so.1", RTLD_LAZY | RTLD_LOCAL);

	if (!library)
		return -EOPNOTSUPP;
	nvme->open = (__typeof__(nvme->open))dlsym(library, "nvme_open");
	nvme->identify = (__typeof__(nvme->identify))dlsym(library,
							   "nvme_identify");
	return nvme->open && nvme->identify ? 0 : -EOPNOTSUPP;
}

/* A positive answer is an NVMe status; errno says the rest. */
static int identify(const struct libnvme *nvme, int fd,
		    struct nvme_id_ctrl *id)
{
	struct nvme_identify_args args = {
		.args_size = sizeof(args),
		.fd = fd,
		.data = id,
		.cns = NVME_IDENTIFY_CNS_CTRL,
		.csi = NVME_CSI_NVM,
		.nsid = NVME_NSID_NONE,
		.cntid = NVME_CNTLID_NONE,
		.cns_specific_id = NVME_CNSSPECID_NONE,
		.uuidx = NVME_UUID_NONE,
		.timeout = NVME_DEFAULT_IOCTL_TIMEOUT,
	};
	int rc = nvme->identify(&args);

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
	struct libnvme nvme;
	unsigned commands;
	int rc;

	if (!context->is_live)
		return -EOPNOTSUPP;
	rc = load(&nvme);
	if (rc)
		return rc;
	fd = nvme.open(drive->controller);
	if (fd < 0)
		return errno == EACCES || errno == EPERM ? -EACCES : -ENODEV;
	rc = identify(&nvme, fd, &id);
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
