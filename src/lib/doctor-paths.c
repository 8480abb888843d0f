// SPDX-License-Identifier: LGPL-2.1-or-later
/* Knows what lies between a provider and a drive: ports, host bridges, the
 * IOMMU, links, NUMA nodes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/macro.h"
#include "lib/doctor.h"
#include "lib/host-bridge.h"
#include "lib/machine.h"

#define LIST_SIZE	512

/* What one look at every pair finds. */
struct look {
	struct finding *f;
	struct function_set guilty, unknown;
	size_t refused, warned, doubtful;
};

static void look_fini(struct look *look)
{
	free(look->guilty.items);
	free(look->unknown.items);
}

static bool lacks_pairs(const struct doctor *doctor, struct finding *f)
{
	if (doctor->topology->provider_count && doctor->topology->drive_count)
		return false;
	finding_note(f, P2PDMA_STATUS_UNKNOWN,
		     "there is no provider, or no drive");
	return true;
}

static void count_reach(struct look *look,
			const struct p2pdma_verdict *verdict)
{
	if (verdict->reach == P2PDMA_REACH_REFUSED)
		look->refused++;
	else
		look->warned++;
}

static bool has_reason(const struct p2pdma_verdict *verdict, const char *id)
{
	for (size_t i = 0; i < verdict->reason_count; i++)
		if (!strcmp(verdict->reasons[i].id, id))
			return true;
	return false;
}

/* --- ACS ------------------------------------------------------------ */

/* From @from upwards; the common bridge counts, too. */
static bool collect_ports(struct look *look,
			  const struct p2pdma_function *from,
			  const struct p2pdma_function *common)
{
	bool redirects = false;

	for (const struct p2pdma_function *p = from; p; p = p->parent) {
		if (p->acs_redirects == P2PDMA_YES) {
			function_set_add(&look->guilty, look->f, p);
			redirects = true;
		} else if (p->acs_redirects == P2PDMA_UNKNOWN) {
			function_set_add(&look->unknown, look->f, p);
		}
		if (p == common)
			break;
	}
	return redirects;
}

static void look_at_ports(const struct doctor *doctor,
			  const struct p2pdma_function *provider,
			  const struct p2pdma_drive *drive, void *data)
{
	struct look *look = data;
	const struct p2pdma_function *common =
		topology_measure(provider, drive->function).common;
	struct p2pdma_verdict verdict;
	bool redirects;

	if (!common)
		return;
	redirects = collect_ports(look, provider, common);
	redirects |= collect_ports(look, drive->function, common);
	if (!redirects)
		return;
	p2pdma_verdict_judge(doctor->topology, provider, drive->function,
			     &verdict);
	count_reach(look, &verdict);
}

/* The addresses that an earlier parameter has already: the last one counts. */
static char *get_earlier(const struct p2pdma_machine *machine)
{
	static const char key[] = "disable_acs_redir=";
	const char *at = machine->command_line, *found = NULL;
	size_t length;

	while (at && (at = strstr(at, key)))
		found = at += sizeof(key) - 1;
	length = found ? strspn(found, "0123456789abcdefABCDEF:.;/pci") : 0;
	while (length && found[length - 1] == ';')
		length--;
	return length ? strndup(found, length) : NULL;
}

/* NULL: no memory. */
static char *list_ports(const struct doctor *doctor,
			const struct function_set *ports)
{
	char *list = get_earlier(doctor->machine);

	for (size_t i = 0; i < ports->count; i++) {
		char *longer;

		if (asprintf(&longer, "%s%s%s", list ? list : "",
			     list ? ";" : "", ports->items[i]->address) < 0)
			longer = NULL;
		free(list);
		list = longer;
		if (!list)
			break;
	}
	return list;
}

static void blame_ports(const struct doctor *doctor, struct look *look)
{
	_cleanup_free_ char *list = list_ports(doctor, &look->guilty);
	char text[LIST_SIZE];

	if (!list) {
		look->f->lacks_memory = true;
		return;
	}
	finding_note(look->f, look->refused ? P2PDMA_STATUS_FAIL :
					      P2PDMA_STATUS_WARN,
		     "ACS sends peer requests up to the host at %s: %zu pairs "
		     "refused, %zu slowed down",
		     function_set_list(&look->guilty, text, sizeof(text)),
		     look->refused, look->warned);
	finding_advise(look->f, "boot with pci=disable_acs_redir=%s, which "
		       "takes away the isolation between these functions, "
		       "that guests may rely on", list);
	finding_add_parameter(look->f, "pci=disable_acs_redir=%s", list);
	if (doctor->machine->command_line &&
	    strstr(doctor->machine->command_line, "config_acs="))
		finding_advise(look->f, "take pci=config_acs= off the kernel's "
			       "command line, which would win");
}

void check_acs(const struct doctor *doctor, struct finding *f)
{
	struct look look = { .f = f };
	char text[LIST_SIZE];

	if (lacks_pairs(doctor, f))
		return;
	doctor_for_each_pair(doctor, look_at_ports, &look);
	if (look.guilty.count)
		blame_ports(doctor, &look);
	if (look.unknown.count) {
		finding_note(f, P2PDMA_STATUS_UNKNOWN,
			     "only root may read it of %s",
			     function_set_list(&look.unknown, text,
					       sizeof(text)));
		finding_advise(f, "run p2ptopo doctor as root");
	}
	if (!f->evidence)
		finding_note(f, P2PDMA_STATUS_PASS, "no function between a "
			     "provider and a drive redirects");
	look_fini(&look);
}

/* --- host bridges --------------------------------------------------- */

static const struct {
	uint16_t vendor;
	const char *name;
} vendors[] = {
	{ 0x1022, "PCI_VENDOR_ID_AMD" },
	{ 0x1002, "PCI_VENDOR_ID_ATI" },
	{ 0x10de, "PCI_VENDOR_ID_NVIDIA" },
	{ 0x8086, "PCI_VENDOR_ID_INTEL" },
	{ 0x1ae0, "PCI_VENDOR_ID_GOOGLE" },
	{ 0x1b36, "PCI_VENDOR_ID_REDHAT" },
	{ 0x1d94, "PCI_VENDOR_ID_HYGON" },
	{ 0x19e5, "PCI_VENDOR_ID_HUAWEI" },
	{ 0x1d0f, "PCI_VENDOR_ID_AMAZON" },
	{ 0x177d, "PCI_VENDOR_ID_CAVIUM" },
};

/* As a line of pci_p2pdma_whitelist[]. */
static const char *format_row(const struct p2pdma_function *device,
			      char *text, size_t size)
{
	char vendor[32];

	snprintf(vendor, sizeof(vendor), "0x%04x", device->vendor);
	for (size_t i = 0; i < ARRAY_SIZE(vendors); i++)
		if (vendors[i].vendor == device->vendor)
			snprintf(vendor, sizeof(vendor), "%s",
				 vendors[i].name);
	snprintf(text, size, "{%s, 0x%04x, 0},", vendor, device->device);
	return text;
}

static void look_at_end(const struct doctor *doctor, struct look *look,
			const struct p2pdma_function *end, bool is_same)
{
	const struct p2pdma_function *device;
	enum p2pdma_answer listed;

	if (!end->root_bus)
		return;
	device = topology_root_device(end);
	listed = host_bridge_is_listed(doctor->machine, device, is_same);
	if (!device)
		finding_note(look->f, P2PDMA_STATUS_FAIL,
			     "the kernel cannot name the host bridge of %s",
			     end->root_bus);
	else if (listed != P2PDMA_YES)
		function_set_add(listed ? &look->guilty : &look->unknown,
				 look->f, device);
}

static void look_at_bridges(const struct doctor *doctor,
			    const struct p2pdma_function *provider,
			    const struct p2pdma_drive *drive, void *data)
{
	const struct p2pdma_function *client = drive->function;
	bool is_same = topology_shares_host_bridge(provider, client);
	struct look *look = data;
	struct p2pdma_verdict verdict;

	p2pdma_verdict_judge(doctor->topology, provider, client, &verdict);
	if (!has_reason(&verdict, "no-common-upstream") &&
	    !has_reason(&verdict, "host-bridge-not-listed"))
		return;
	if (topology_measure(provider, client).common)
		look->warned++;
	else if (verdict.reach == P2PDMA_REACH_UNKNOWN)
		look->doubtful++;
	else
		look->refused++;
	look_at_end(doctor, look, provider, is_same);
	look_at_end(doctor, look, client, is_same);
}

static void advise_kernel(struct finding *f,
			  const struct p2pdma_function *device, unsigned since)
{
	finding_advise(f, "boot Linux %u.%u.%u or later, which has %04x:%04x",
		       since >> 16, since >> 8 & 0xff, since & 0xff,
		       device->vendor, device->device);
}

/* Whose kernel it is decides whether it has the row. */
static void doubt_bridge(struct finding *f,
			 const struct p2pdma_function *device)
{
	finding_note(f, P2PDMA_STATUS_UNKNOWN, "whether this kernel's list has "
		     "host bridge %04x:%04x (%s) is not told", device->vendor,
		     device->device, device->address);
	finding_advise(f, "ask the kernel: p2ptopo probe");
	advise_kernel(f, device, host_bridge_listed_since(device));
}

static void blame_bridge(const struct doctor *doctor, struct finding *f,
			 enum p2pdma_status status,
			 const struct p2pdma_function *device)
{
	unsigned since = host_bridge_listed_since(device);
	char row[96];

	finding_note(f, status,
		     "host bridge %04x:%04x (%s) is not in the kernel's list",
		     device->vendor, device->device, device->address);
	if (since > doctor->machine->kernel_version)
		advise_kernel(f, device, since);
	else
		finding_advise(f, "put provider and drive below one switch; "
			       "or, if the vendor vouches for peer traffic, a "
			       "kernel patch adds to pci_p2pdma_whitelist[] "
			       "in drivers/pci/p2pdma.c: %s",
			       format_row(device, row, sizeof(row)));
}

void check_host_bridge(const struct doctor *doctor, struct finding *f)
{
	struct look look = { .f = f };

	if (lacks_pairs(doctor, f))
		return;
	doctor_for_each_pair(doctor, look_at_bridges, &look);
	for (size_t i = 0; i < look.guilty.count; i++)
		blame_bridge(doctor, f,
			     look.refused ? P2PDMA_STATUS_FAIL :
			     look.warned ? P2PDMA_STATUS_WARN :
					   P2PDMA_STATUS_UNKNOWN,
			     look.guilty.items[i]);
	for (size_t i = 0; i < look.unknown.count; i++)
		doubt_bridge(f, look.unknown.items[i]);
	if (look.refused)
		finding_note(f, P2PDMA_STATUS_FAIL, "pairs without another "
			     "way: %zu", look.refused);
	if (look.doubtful)
		finding_note(f, P2PDMA_STATUS_UNKNOWN, "pairs that it decides "
			     "about: %zu", look.doubtful);
	if (look.warned)
		finding_note(f, P2PDMA_STATUS_WARN, "pairs that only ACS sends "
			     "there: %zu", look.warned);
	if (!f->evidence)
		finding_note(f, P2PDMA_STATUS_PASS,
			     host_bridge_has_cpu(doctor->machine) ==
			     P2PDMA_YES ? "the processor is allowed" :
			     "no pair needs one that is not listed");
	look_fini(&look);
}

/* --- IOMMU ---------------------------------------------------------- */

static bool is_translated(const struct p2pdma_function *f)
{
	return f->iommu_type && !strncmp(f->iommu_type, "DMA", 3);
}

static void sort_by_iommu(struct look *look,
			  const struct p2pdma_function *function)
{
	if (is_translated(function))
		function_set_add(&look->guilty, look->f, function);
	else if (function->iommu_group >= 0 && !function->iommu_type)
		function_set_add(&look->unknown, look->f, function);
}

static void look_at_iommu(const struct doctor *doctor,
			  const struct p2pdma_function *provider,
			  const struct p2pdma_drive *drive, void *data)
{
	(void)doctor;
	(void)provider;
	sort_by_iommu(data, drive->function);
}

void check_iommu(const struct doctor *doctor, struct finding *f)
{
	struct look look = { .f = f };
	char text[LIST_SIZE];

	if (lacks_pairs(doctor, f))
		return;
	doctor_for_each_pair(doctor, look_at_iommu, &look);
	if (look.guilty.count) {
		finding_note(f, P2PDMA_STATUS_WARN, "addresses of %s are "
			     "translated: transfers are split at 128 KiB, and "
			     "bus addresses below a switch may not be what "
			     "the IOMMU expects",
			     function_set_list(&look.guilty, text,
					       sizeof(text)));
		finding_advise(f, "boot with iommu=pt; without it compare "
			       "data (p2ptopo probe, p2pcopy --verify)");
		finding_add_parameter(f, "iommu=pt");
	}
	if (look.unknown.count)
		finding_note(f, P2PDMA_STATUS_UNKNOWN,
			     "how the groups of %s work is not told",
			     function_set_list(&look.unknown, text,
					       sizeof(text)));
	if (!f->evidence)
		finding_note(f, P2PDMA_STATUS_PASS,
			     "no drive's addresses are translated");
	look_fini(&look);
}

/* --- addresses out of reach ----------------------------------------- */

static void look_at_mask(const struct doctor *doctor,
			 const struct p2pdma_function *provider,
			 const struct p2pdma_drive *drive, void *data)
{
	struct p2pdma_verdict verdict;
	struct look *look = data;

	p2pdma_verdict_judge(doctor->topology, provider, drive->function,
			     &verdict);
	if (has_reason(&verdict, "dma-mask"))
		function_set_add(&look->guilty, look->f, drive->function);
}

void check_dma_mask(const struct doctor *doctor, struct finding *f)
{
	const char *line = doctor->machine->command_line;
	struct look look = { .f = f };
	char text[LIST_SIZE];

	if (lacks_pairs(doctor, f))
		return;
	doctor_for_each_pair(doctor, look_at_mask, &look);
	if (look.guilty.count) {
		finding_note(f, P2PDMA_STATUS_FAIL, "%s cannot address a "
			     "provider's memory, and the kernel would try for "
			     "ever",
			     function_set_list(&look.guilty, text,
					       sizeof(text)));
		finding_advise(f, "turn off \"above 4G decoding\" in the BIOS, "
			       "or use an IOMMU");
	}
	if (line && strstr(line, "swiotlb=force")) {
		finding_note(f, P2PDMA_STATUS_WARN, "swiotlb=force: peers "
			     "cannot be mapped through a host bridge, and the "
			     "kernel would try for ever");
		finding_advise(f, "boot without swiotlb=force");
	}
	if (!f->evidence)
		finding_note(f, P2PDMA_STATUS_PASS,
			     "every drive can address every provider");
	look_fini(&look);
}

/* --- links ---------------------------------------------------------- */

static bool is_degraded(const struct p2pdma_function *f)
{
	struct p2pdma_uplink link;

	return p2pdma_function_get_uplink(f, &link) &&
	       link.is_degraded == P2PDMA_YES;
}

static void collect_links(struct look *look, const struct p2pdma_function *f)
{
	for (; f; f = f->parent)
		if (is_degraded(f))
			function_set_add(&look->guilty, look->f, f);
}

static void look_at_links(const struct doctor *doctor,
			  const struct p2pdma_function *provider,
			  const struct p2pdma_drive *drive, void *data)
{
	(void)doctor;
	collect_links(data, provider);
	collect_links(data, drive->function);
}

static void blame_link(struct finding *f, const struct p2pdma_function *lower)
{
	struct p2pdma_uplink link;

	if (!p2pdma_function_get_uplink(lower, &link))
		return;
	finding_note(f, P2PDMA_STATUS_WARN, "%s runs at %u.%u GT/s x%u, both "
		     "ends can do %u.%u GT/s x%u", lower->address,
		     link.now.speed_mtps / 1000,
		     link.now.speed_mtps % 1000 / 100, link.now.width,
		     link.best.speed_mtps / 1000,
		     link.best.speed_mtps % 1000 / 100, link.best.width);
}

void check_links(const struct doctor *doctor, struct finding *f)
{
	struct look look = { .f = f };

	if (lacks_pairs(doctor, f))
		return;
	doctor_for_each_pair(doctor, look_at_links, &look);
	for (size_t i = 0; i < look.guilty.count; i++)
		blame_link(f, look.guilty.items[i]);
	if (look.guilty.count)
		finding_advise(f, "look again while data moves: idle links "
			       "may slow down; if it stays, check seat, "
			       "cable, slot and bifurcation");
	else
		finding_note(f, P2PDMA_STATUS_PASS,
			     "every link runs as fast as both its ends can");
	look_fini(&look);
}

/* --- NUMA ----------------------------------------------------------- */

static void look_at_node(const struct doctor *doctor,
			 const struct p2pdma_function *provider,
			 const struct p2pdma_drive *drive, void *data)
{
	const struct p2pdma_function *client = drive->function;
	struct look *look = data;

	(void)doctor;
	if (provider->numa_node < 0 || client->numa_node < 0 ||
	    provider->numa_node == client->numa_node)
		return;
	look->warned++;
	function_set_add(&look->guilty, look->f, client);
}

void check_numa(const struct doctor *doctor, struct finding *f)
{
	struct look look = { .f = f };
	char text[LIST_SIZE];

	if (lacks_pairs(doctor, f))
		return;
	doctor_for_each_pair(doctor, look_at_node, &look);
	if (look.guilty.count) {
		finding_note(f, P2PDMA_STATUS_WARN, "%zu pairs lie on "
			     "different nodes; drives: %s", look.warned,
			     function_set_list(&look.guilty, text,
					       sizeof(text)));
		finding_advise(f, "choose a provider on the drives' own node: "
			       "p2ptopo best");
	} else {
		finding_note(f, P2PDMA_STATUS_PASS,
			     "no drive is known to be on another node than a "
			     "provider");
	}
	look_fini(&look);
}
