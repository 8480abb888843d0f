// SPDX-License-Identifier: LGPL-2.1-or-later
/* Knows what peer memory needs to be had: registered, published, permitted,
 * in one piece. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/macro.h"
#include "lib/cmb.h"
#include "lib/doctor.h"
#include "lib/sysfs.h"

#define CLASS_NVME	"sys/class/nvme"
#define RULES		"70-p2pdma.rules"
#define SIZE_SQS	1u	/* submission queues may lie in the CMB */
#define ALIGNMENT	(2 * MIB)
/* A trial takes no more of a large provider, nor pages to no end. */
#define TRIAL_BYTES	(256 * MIB)
#define TRIAL_SLOT	(64 * KIB)

#define FOR_EACH_PROVIDER(doctor, f)					\
	for (const struct p2pdma_function *const *p_ =			\
		     (doctor)->topology->providers, *f;			\
	     p_ && p_ < (doctor)->topology->providers +			\
			(doctor)->topology->provider_count &&		\
	     (f = *p_, true); p_++)

static bool lacks_providers(const struct doctor *doctor, struct finding *f)
{
	if (doctor->topology->provider_count)
		return false;
	finding_note(f, P2PDMA_STATUS_UNKNOWN, "there is no provider");
	return true;
}

void check_providers(const struct doctor *doctor, struct finding *f)
{
	struct function_set set = { 0 };
	char list[512];

	FOR_EACH_PROVIDER(doctor, provider)
		function_set_add(&set, f, provider);
	if (set.count) {
		finding_note(f, P2PDMA_STATUS_PASS, "%zu: %s", set.count,
			     function_set_list(&set, list, sizeof(list)));
	} else {
		finding_note(f, P2PDMA_STATUS_FAIL,
			     "no driver offers memory to peers");
		finding_advise(f, "have a device whose driver does, such as "
			       "an NVMe drive with a controller memory "
			       "buffer of 2 MiB or more");
	}
	free(set.items);
}

/* --- controller memory buffers -------------------------------------- */

/* As nvme_map_cmb() cuts it: what lies behind the BAR's end is not there. */
static uint64_t cut_size(const struct p2pdma_bar *bar, const struct cmb *cmb)
{
	uint64_t unit = (4 * KIB) << 4 * MIN(cmb->size >> 8 & 0xf, 8u);
	uint64_t offset = unit * (cmb->location >> 12);
	uint64_t bytes = bar->end ? bar->end - bar->start + 1 : 0;

	return offset < bytes ? MIN(cmb_get_bytes(cmb), bytes - offset) : 0;
}

static void explain_alignment(struct finding *f, enum p2pdma_status status,
			      const struct p2pdma_drive *drive,
			      const struct p2pdma_bar *bar, uint64_t bytes)
{
	char size[32];

	if (bytes % ALIGNMENT || !bytes)
		finding_note(f, status, "%s (%s): %s of it in the BAR, no "
			     "multiple of 2 MiB", drive->function->address,
			     drive->controller,
			     bytes_format(bytes, size, sizeof(size)));
	else
		finding_note(f, status, "%s (%s): its BAR begins at %#llx, no "
			     "multiple of 2 MiB", drive->function->address,
			     drive->controller,
			     (unsigned long long)bar->start);
	finding_advise(f, "the kernel registers only whole 2 MiB: look for a "
		       "setting of the drive or the BIOS that makes the "
		       "buffer or its BAR larger");
}

static void explain_unregistered(const struct doctor *doctor,
				 struct finding *f,
				 const struct p2pdma_drive *drive)
{
	enum p2pdma_status status = doctor->topology->provider_count ?
					    P2PDMA_STATUS_WARN :
					    P2PDMA_STATUS_FAIL;
	char dir[128];
	struct cmb cmb;
	const struct p2pdma_bar *bar;
	uint64_t bytes;
	int index;

	snprintf(dir, sizeof(dir), CLASS_NVME "/%s", drive->controller);
	cmb_read(doctor->context, dir, &cmb);
	index = cmb_get_bar(&cmb);
	bar = index >= 0 && index < 6 ? &drive->function->bars[index] : NULL;
	bytes = bar && bar->end ? cut_size(bar, &cmb) : drive->cmb_bytes;
	if (bytes % ALIGNMENT || !bytes || (bar && bar->start % ALIGNMENT)) {
		explain_alignment(f, status, drive, bar, bytes);
		return;
	}
	finding_note(f, status, "%s (%s): has a CMB that is not registered",
		     drive->function->address, drive->controller);
	if (doctor->machine->has_p2pdma == P2PDMA_NO)
		finding_advise(f, "see kernel-config");
	else
		finding_advise(f, "the kernel log may tell more: dmesg | grep "
			       "-i cmb");
}

void check_cmb(const struct doctor *doctor, struct finding *f)
{
	const struct p2pdma_topology *t = doctor->topology;
	size_t registered = 0;

	for (size_t i = 0; i < t->drive_count; i++) {
		if (!t->drives[i]->cmb_bytes)
			continue;
		if (t->drives[i]->function->memory)
			registered++;
		else
			explain_unregistered(doctor, f, t->drives[i]);
	}
	if (f->status == P2PDMA_STATUS_PASS)
		finding_note(f, P2PDMA_STATUS_PASS, "%zu of %zu drives have a "
			     "controller memory buffer, all are registered",
			     registered, t->drive_count);
}

static void explain_unpublished(const struct doctor *doctor,
				struct finding *f,
				const struct p2pdma_function *provider)
{
	const struct p2pdma_drive *drive =
		p2pdma_topology_find_drive(doctor->topology, provider);
	struct cmb cmb = { .size = drive ? drive->cmb_size_register : 0 };

	finding_note(f, P2PDMA_STATUS_WARN, "%s is not published%s",
		     provider->address, cmb.size && !cmb_takes_data(&cmb) ?
		     ": its CMB is not for data (CMBSZ lacks RDS or WDS)" :
		     "");
	finding_advise(f, "leave unpublished memory alone: its driver may be "
		       "using it");
}

void check_published(const struct doctor *doctor, struct finding *f)
{
	size_t published = 0;

	if (lacks_providers(doctor, f))
		return;
	FOR_EACH_PROVIDER(doctor, provider) {
		if (provider->memory->is_published == P2PDMA_YES)
			published++;
		else
			explain_unpublished(doctor, f, provider);
	}
	if (published)
		finding_note(f, P2PDMA_STATUS_PASS, "%zu published",
			     published);
	else
		finding_note(f, P2PDMA_STATUS_FAIL, "none is published");
}

/* --- handing it out ------------------------------------------------- */

void check_allocate(const struct doctor *doctor, struct finding *f)
{
	if (lacks_providers(doctor, f))
		return;
	FOR_EACH_PROVIDER(doctor, provider) {
		if (provider->memory->has_allocate == P2PDMA_YES)
			continue;
		finding_note(f, P2PDMA_STATUS_FAIL,
			     "%s has no p2pmem/allocate", provider->address);
		finding_advise(f, "boot Linux 6.2 or later");
	}
	if (f->status == P2PDMA_STATUS_PASS)
		finding_note(f, P2PDMA_STATUS_PASS,
			     "every provider has p2pmem/allocate");
}

static bool has_rule(const struct doctor *doctor)
{
	static const char *const dirs[] = { "etc/udev/rules.d",
					    "run/udev/rules.d",
					    "usr/local/lib/udev/rules.d",
					    "usr/lib/udev/rules.d",
					    "lib/udev/rules.d" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (sysfs_exists(doctor->context, dirs[i], RULES))
			return true;
	return false;
}

static void advise_rule(const struct doctor *doctor, struct finding *f)
{
	finding_advise(f, "give %s to a group with the udev rule " RULES
		       ", which is shipped in contrib/udev, and join it: the "
		       "rule says how", "p2pmem/allocate");
	finding_add_command(f, "getent group p2pdma >/dev/null || groupadd "
			    "--system p2pdma");
	finding_add_command(f, "usermod --append --groups p2pdma "
			    "\"${SUDO_USER:-$USER}\"");
	if (!has_rule(doctor))
		finding_add_command(f, "install -m 644 contrib/udev/" RULES
				    " /etc/udev/rules.d/");
	finding_add_command(f, "udevadm control --reload");
	finding_add_command(f,
			    "udevadm trigger --subsystem-match=pci --settle");
}

/* Opening takes nothing; only a mapping does. */
static void try_open(const struct doctor *doctor, struct finding *f,
		     const struct p2pdma_function *provider)
{
	_cleanup_fd_ int fd = -1;
	struct stat status;
	char dir[64];

	snprintf(dir, sizeof(dir), SYSFS_PCI_DEVICES "/%s/p2pmem",
		 provider->address);
	fd = sysfs_open(doctor->context, dir, "allocate", O_RDWR);
	if (fd >= 0 && !fstat(fd, &status)) {
		finding_note(f, P2PDMA_STATUS_PASS,
			     "%s: open to us (mode %04o, group %u)",
			     provider->address,
			     (unsigned)status.st_mode & 07777,
			     (unsigned)status.st_gid);
		return;
	}
	if (fd != -EACCES && fd != -EPERM) {
		finding_note(f, P2PDMA_STATUS_UNKNOWN, "%s: %s",
			     provider->address, strerror(-fd));
		return;
	}
	finding_note(f, P2PDMA_STATUS_FAIL, "%s: p2pmem/allocate is not "
		     "open to this user", provider->address);
	advise_rule(doctor, f);
}

void check_permission(const struct doctor *doctor, struct finding *f)
{
	if (lacks_providers(doctor, f))
		return;
	if (!doctor->context->is_live) {
		finding_note(f, has_rule(doctor) ? P2PDMA_STATUS_PASS :
						   P2PDMA_STATUS_UNKNOWN,
			     "a copy of a machine does not tell who may open "
			     "p2pmem/allocate; the udev rule is %sinstalled",
			     has_rule(doctor) ? "" : "not ");
		return;
	}
	FOR_EACH_PROVIDER(doctor, provider)
		if (provider->memory->is_published == P2PDMA_YES &&
		    provider->memory->has_allocate == P2PDMA_YES)
			try_open(doctor, f, provider);
	if (!f->evidence)
		finding_note(f, P2PDMA_STATUS_UNKNOWN,
			     "no provider hands memory out");
}

/* --- how much there is ---------------------------------------------- */

static uint64_t get_taken(const struct p2pdma_function *provider)
{
	const struct p2pdma_memory *memory = provider->memory;

	return memory->size_bytes -
	       MIN(memory->available_bytes, memory->size_bytes);
}

static void find_queues(const struct doctor *doctor, struct finding *f,
			const struct p2pdma_function *provider)
{
	const struct p2pdma_drive *drive =
		p2pdma_topology_find_drive(doctor->topology, provider);
	char taken[32], size[32];

	if (!drive || !(drive->cmb_size_register & SIZE_SQS) ||
	    !get_taken(provider))
		return;
	bytes_format(get_taken(provider), taken, sizeof(taken));
	bytes_format(provider->memory->size_bytes, size, sizeof(size));
	finding_note(f, P2PDMA_STATUS_WARN, "%s of %s's %s are taken, by "
		     "submission queues at least in part", taken,
		     provider->address, size);
	finding_advise(f, "boot with nvme.use_cmb_sqes=0: queues in the "
		       "buffer take room and bandwidth of the data");
	finding_add_parameter(f, "nvme.use_cmb_sqes=0");
}

void check_cmb_queues(const struct doctor *doctor, struct finding *f)
{
	_cleanup_free_ char *text = NULL;

	if (sysfs_read_text(doctor->context, "sys/module/nvme/parameters",
			    "use_cmb_sqes", &text)) {
		finding_note(f, P2PDMA_STATUS_UNKNOWN,
			     "there is no parameter nvme.use_cmb_sqes");
		return;
	}
	if (*text == 'Y' || *text == '1')
		FOR_EACH_PROVIDER(doctor, provider)
			find_queues(doctor, f, provider);
	if (f->status == P2PDMA_STATUS_PASS)
		finding_note(f, P2PDMA_STATUS_PASS,
			     "nvme.use_cmb_sqes is %.1s, and no queue takes "
			     "peer memory", text);
}

/* The largest piece that backing off by halves finds; 0: not to be had. */
static uint64_t try_pieces(const struct doctor *doctor,
			   const struct p2pdma_function *provider)
{
	uint64_t wanted = MIN(provider->memory->available_bytes, TRIAL_BYTES);
	struct p2pdma_provider *memory;
	struct p2pdma_pool *pool;
	uint64_t bytes = 0;

	if (p2pdma_provider_open(doctor->context, provider->address, NULL,
				 &memory))
		return 0;
	if (!p2pdma_pool_create(memory, TRIAL_SLOT,
				MAX((unsigned)(wanted / TRIAL_SLOT), 1u), 1,
				&pool)) {
		bytes = p2pdma_pool_get_slots(pool) * TRIAL_SLOT;
		p2pdma_pool_destroy(pool);
	}
	p2pdma_provider_close(memory);
	return bytes;
}

static void find_fragments(const struct doctor *doctor, struct finding *f,
			   const struct p2pdma_function *provider)
{
	uint64_t available = provider->memory->available_bytes;
	uint64_t piece = doctor->context->is_live ?
				 try_pieces(doctor, provider) : 0;
	char all[32], one[32];

	bytes_format(available, all, sizeof(all));
	bytes_format(piece, one, sizeof(one));
	if (available && !piece)
		finding_note(f, P2PDMA_STATUS_UNKNOWN, "%s: %s are free, in "
			     "pieces of unknown size", provider->address, all);
	else
		finding_note(f, piece < MIN(available, TRIAL_BYTES) / 4 ||
				!available ?
				P2PDMA_STATUS_WARN : P2PDMA_STATUS_PASS,
			     "%s: %s are free, at least %s in one piece",
			     provider->address, all, one);
	if (f->status == P2PDMA_STATUS_WARN)
		finding_advise(f, "end the programs that hold pieces: p2ptopo "
			       "users names them");
}

void check_fragmentation(const struct doctor *doctor, struct finding *f)
{
	if (lacks_providers(doctor, f))
		return;
	FOR_EACH_PROVIDER(doctor, provider)
		if (provider->memory->is_published == P2PDMA_YES)
			find_fragments(doctor, f, provider);
	if (!f->evidence)
		finding_note(f, P2PDMA_STATUS_UNKNOWN,
			     "no provider hands memory out");
}
