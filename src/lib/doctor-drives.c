// SPDX-License-Identifier: LGPL-2.1-or-later
/* Knows what becomes of drives: their driver, heads and mirrors above them. */
#include <stdio.h>
#include <string.h>

#include "lib/doctor.h"
#include "lib/layer.h"
#include "lib/sysfs.h"

#define CLASS_BLOCK	"sys/class/block"
#define CLASS_NVME	0x010802

/* --- a driver ------------------------------------------------------- */

static void find_driverless(const struct doctor *doctor, struct finding *f)
{
	const struct p2pdma_topology *t = doctor->topology;

	for (size_t i = 0; i < t->function_count; i++) {
		const struct p2pdma_function *function = t->functions[i];

		if (function->class_code != CLASS_NVME ||
		    (function->driver && !strcmp(function->driver, "nvme")))
			continue;
		finding_note(f, P2PDMA_STATUS_WARN, "%s: driver %s, not nvme",
			     function->address,
			     function->driver ? function->driver : "none");
		finding_advise(f, "bind the driver nvme, unless a guest or "
			       "another program owns the drive");
		if (!function->driver)
			finding_add_command(f, "echo %s "
					    ">/sys/bus/pci/drivers_probe",
					    function->address);
	}
}

void check_drives(const struct doctor *doctor, struct finding *f)
{
	size_t count = doctor->topology->drive_count;

	find_driverless(doctor, f);
	if (count) {
		finding_note(f, P2PDMA_STATUS_PASS, "%zu NVMe drives", count);
		return;
	}
	finding_note(f, P2PDMA_STATUS_FAIL, "there is no NVMe drive");
	finding_advise(f, "only NVMe drives on PCI Express do DMA to peers");
}

/* --- multipath ------------------------------------------------------ */

/* The heads' layer refuses on kernels up to 6.12, see layer.c. */
static void find_masking(const struct doctor *doctor, struct finding *f,
			 const char *name)
{
	struct p2pdma_layer layer =
		layer_make(doctor->machine->kernel_version, LAYER_MULTIPATH,
			   name);

	if (layer.passes_reads == P2PDMA_YES) {
		finding_note(f, P2PDMA_STATUS_PASS,
			     "%s is a head, which passes peer memory", name);
		return;
	}
	if (layer.passes_reads == P2PDMA_NO)
		finding_note(f, P2PDMA_STATUS_FAIL, "%s is a head, which this "
			     "kernel lets no peer memory pass", name);
	else
		finding_note(f, P2PDMA_STATUS_UNKNOWN, "%s is a head, which "
			     "not every kernel lets peer memory pass", name);
	finding_advise(f, "boot with nvme_core.multipath=N, or Linux 7.2 or "
		       "later");
	finding_add_parameter(f, "nvme_core.multipath=N");
}

struct paths {
	const char *head;
	const struct p2pdma_function *provider;
	bool is_reached, is_refused;
};

static void judge_path(const struct doctor *doctor, struct paths *paths,
		       const struct p2pdma_drive *drive)
{
	struct p2pdma_verdict verdict;

	for (size_t i = 0; i < drive->namespace_count; i++) {
		if (strcmp(drive->namespaces[i].name, paths->head))
			continue;
		p2pdma_verdict_judge(doctor->topology, paths->provider,
				     drive->function, &verdict);
		paths->is_refused |= verdict.reach == P2PDMA_REACH_REFUSED;
		paths->is_reached |= verdict.reach == P2PDMA_REACH_DIRECT ||
				     verdict.reach == P2PDMA_REACH_VIA_HOST;
	}
}

/* A head takes whichever path it likes: one that fails spoils it. */
static void find_mixed(const struct doctor *doctor, struct finding *f,
		       const char *head)
{
	const struct p2pdma_topology *t = doctor->topology;

	for (size_t i = 0; i < t->provider_count; i++) {
		struct paths paths = { head, t->providers[i] };

		for (size_t j = 0; j < t->drive_count; j++)
			judge_path(doctor, &paths, t->drives[j]);
		if (!paths.is_reached || !paths.is_refused)
			continue;
		finding_note(f, P2PDMA_STATUS_WARN, "%s reaches %s by one path "
			     "and not by another", head,
			     t->providers[i]->address);
		finding_advise(f, "boot with nvme_core.multipath=N, and use "
			       "the path that works");
		finding_add_parameter(f, "nvme_core.multipath=N");
	}
}

void check_multipath(const struct doctor *doctor, struct finding *f)
{
	const struct p2pdma_topology *t = doctor->topology;

	for (size_t i = 0; i < t->drive_count; i++)
		for (size_t j = 0; j < t->drives[i]->namespace_count; j++) {
			const struct p2pdma_namespace *ns =
				&t->drives[i]->namespaces[j];

			if (ns->is_multipath != P2PDMA_YES)
				continue;
			find_masking(doctor, f, ns->name);
			find_mixed(doctor, f, ns->name);
		}
	if (!f->evidence)
		finding_note(f, P2PDMA_STATUS_PASS, "no multipath heads");
}

/* --- mirrors -------------------------------------------------------- */

/* Members are "nvme0n1", "nvme0n1p2". */
static bool has_nvme_member(const struct doctor *doctor, const char *md)
{
	_cleanup_names_ struct sysfs_names members = { 0 };
	char dir[160];

	snprintf(dir, sizeof(dir), CLASS_BLOCK "/%.100s/slaves", md);
	if (sysfs_list(doctor->context, dir, NULL, &members))
		return false;
	for (size_t i = 0; i < members.count; i++)
		if (!strncmp(members.names[i], "nvme", 4))
			return true;
	return false;
}

static void look_at_array(const struct doctor *doctor, struct finding *f,
			  const char *md)
{
	_cleanup_free_ char *level = NULL;
	char dir[160];

	snprintf(dir, sizeof(dir), CLASS_BLOCK "/%.100s/md", md);
	if (sysfs_read_text(doctor->context, dir, "level", &level) ||
	    (strcmp(level, "raid1") && strcmp(level, "raid10")) ||
	    !has_nvme_member(doctor, md))
		return;
	finding_note(f, P2PDMA_STATUS_WARN, "%s is a %s over NVMe drives", md,
		     level);
	finding_advise(f, "never write to such a mirror from peer memory: it "
		       "reports success for what a member refused, and loses "
		       "it (p2pcopy refuses to)");
}

void check_md(const struct doctor *doctor, struct finding *f)
{
	_cleanup_names_ struct sysfs_names names = { 0 };

	if (sysfs_list(doctor->context, CLASS_BLOCK, NULL, &names)) {
		finding_note(f, P2PDMA_STATUS_UNKNOWN,
			     "there is no " CLASS_BLOCK);
		return;
	}
	for (size_t i = 0; i < names.count; i++)
		if (!strncmp(names.names[i], "md", 2))
			look_at_array(doctor, f, names.names[i]);
	if (!f->evidence)
		finding_note(f, P2PDMA_STATUS_PASS,
			     "no raid1 or raid10 over NVMe drives");
}
