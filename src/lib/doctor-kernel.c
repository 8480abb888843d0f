// SPDX-License-Identifier: LGPL-2.1-or-later
/* Knows what the kernel must be and allow. */
#include <string.h>

#include "lib/doctor.h"
#include "lib/machine.h"
#include "lib/sysfs.h"

#define NVME_PARAMETERS	"sys/module/nvme/parameters"
#define SYSCTL		"proc/sys/kernel"

void check_kernel_version(const struct doctor *doctor, struct finding *f)
{
	const struct p2pdma_machine *machine = doctor->machine;

	if (!machine->kernel_version) {
		finding_note(f, P2PDMA_STATUS_UNKNOWN,
			     "the tree does not tell which kernel it is");
		return;
	}
	if (machine->kernel_version >= KERNEL(6, 2, 0)) {
		finding_note(f, P2PDMA_STATUS_PASS, "Linux %s",
			     machine->kernel_release);
		return;
	}
	finding_note(f, P2PDMA_STATUS_FAIL,
		     "Linux %s does not hand peer memory out",
		     machine->kernel_release);
	finding_advise(f, "boot Linux 6.2 or later, better 7.2 or later");
}

void check_kernel_config(const struct doctor *doctor, struct finding *f)
{
	switch (doctor->machine->has_p2pdma) {
	case P2PDMA_YES:
		finding_note(f, P2PDMA_STATUS_PASS, "CONFIG_PCI_P2PDMA=y");
		return;
	case P2PDMA_NO:
		finding_note(f, P2PDMA_STATUS_FAIL,
			     "this kernel is built without CONFIG_PCI_P2PDMA");
		finding_advise(f, "boot one that has it (Debian: 6.13 and "
			       "later, from backports)");
		return;
	case P2PDMA_UNKNOWN:
		break;
	}
	finding_note(f, P2PDMA_STATUS_UNKNOWN,
		     "neither /boot/config-* nor a provider tells whether "
		     "the kernel has CONFIG_PCI_P2PDMA");
	finding_advise(f, "look for CONFIG_PCI_P2PDMA=y in the kernel's "
		       "configuration");
}

/* kernel.io_uring_disabled, Linux 6.6 and later. */
void check_io_uring(const struct doctor *doctor, struct finding *f)
{
	uint64_t off;

	if (sysfs_read_u64(doctor->context, SYSCTL, "io_uring_disabled",
			   &off)) {
		finding_note(f, doctor->machine->kernel_version &&
			     doctor->machine->kernel_version < KERNEL(6, 6, 0) ?
				P2PDMA_STATUS_PASS : P2PDMA_STATUS_UNKNOWN,
			     "there is no kernel.io_uring_disabled");
		return;
	}
	if (!off) {
		finding_note(f, P2PDMA_STATUS_PASS,
			     "kernel.io_uring_disabled is 0");
		return;
	}
	finding_note(f, off == 1 ? P2PDMA_STATUS_WARN : P2PDMA_STATUS_FAIL,
		     off == 1 ? "kernel.io_uring_disabled is 1: only root and "
				"kernel.io_uring_group may use io_uring" :
				"kernel.io_uring_disabled is 2: nobody may "
				"use io_uring, so that no program of ours "
				"moves data");
	finding_advise(f, "sysctl kernel.io_uring_disabled=0");
	finding_add_command(f, "sysctl -w kernel.io_uring_disabled=0");
}

/* Not needed, so that their absence passes. */
void check_poll_queues(const struct doctor *doctor, struct finding *f)
{
	uint64_t queues;

	if (sysfs_read_u64(doctor->context, NVME_PARAMETERS, "poll_queues",
			   &queues)) {
		finding_note(f, P2PDMA_STATUS_UNKNOWN,
			     "there is no parameter nvme.poll_queues");
		return;
	}
	finding_note(f, P2PDMA_STATUS_PASS, "nvme.poll_queues is %u",
		     (unsigned)queues);
	if (!queues)
		finding_advise(f, "only for polled I/O (--iopoll): boot with "
			       "nvme.poll_queues=2");
}
