// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/pci.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pci/pci.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "lib/cmb.h"
#include "lib/link.h"
#include "lib/pci-caps.h"
#include "lib/sysfs.h"

/* -------------------------------------------------------------------------
 * Addresses
 */

/* One to @most hexadecimal digits, and the character that follows them. */
static bool take_hex(const char **text, size_t most, char after,
		     unsigned *number)
{
	const char *digit = *text;
	unsigned n = 0;

	for (; isxdigit((unsigned char)*digit); digit++)
		n = n << 4 | (unsigned)(*digit <= '9' ? *digit - '0' :
					(*digit | 0x20) - 'a' + 10);
	if (digit == *text || digit > *text + most || *digit != after)
		return false;
	*number = n;
	*text = digit + 1;
	return true;
}

int pci_address_parse(const char *text, struct pci_address *address)
{
	const char *colon = strchr(text, ':');
	unsigned domain = 0, bus, device, function;

	if (colon && strchr(colon + 1, ':') &&
	    !take_hex(&text, 8, ':', &domain))
		return -EINVAL;
	if (!take_hex(&text, 2, ':', &bus) ||
	    !take_hex(&text, 2, '.', &device) ||
	    !take_hex(&text, 1, '\0', &function) || device > 31 ||
	    function > 7)
		return -EINVAL;
	*address = (struct pci_address){ domain, (uint8_t)bus,
					 (uint8_t)device, (uint8_t)function };
	return 0;
}

uint64_t pci_address_get_key(const struct pci_address *a)
{
	return (uint64_t)a->domain << 16 | (uint64_t)a->bus << 8 |
	       (uint64_t)a->device << 3 | a->function;
}

/* A path component that is a full address. */
static bool is_address(const char *component)
{
	struct pci_address address;

	return strlen(component) >= strlen("0000:00:00.0") &&
	       !pci_address_parse(component, &address);
}

bool pci_address_of_path(const char *path, char text[PCI_ADDRESS_SIZE])
{
	bool is_found = false;

	while (*path) {
		char component[PCI_ADDRESS_SIZE] = "";
		size_t length = strcspn(path, "/");

		if (length < sizeof(component))
			memcpy(component, path, length);
		if (is_address(component)) {
			memcpy(text, component, sizeof(component));
			is_found = true;
		}
		path += length;
		path += strspn(path, "/");
	}
	return is_found;
}

/* -------------------------------------------------------------------------
 * Links
 */

/* "8.0 GT/s PCIe" to 8000; "Unknown" to 0. */
static uint32_t parse_speed(const char *text)
{
	unsigned whole, tenth = 0;

	if (sscanf(text, "%5u.%1u", &whole, &tenth) < 1)
		return 0;
	return whole * 1000 + tenth * 100;
}

static void read_link(const struct p2pdma_context *context, const char *dir,
		      const char *speed, const char *width,
		      struct p2pdma_link *link)
{
	_cleanup_free_ char *text = NULL;
	uint64_t lanes;

	if (!sysfs_read_text(context, dir, speed, &text))
		link->speed_mtps = parse_speed(text);
	/* 255 is what the kernel prints for "unknown". */
	if (!sysfs_read_u64(context, dir, width, &lanes) && lanes <= 32)
		link->width = (uint32_t)lanes;
	link->bytes_per_sec = link_get_rate(link->speed_mtps, link->width);
}

/* -------------------------------------------------------------------------
 * One function
 */

struct reading {
	const struct p2pdma_context *context;
	struct arena *arena;
	char dir[64];
	struct p2pdma_function *f;
	struct pci_caps caps;
};

static const char *keep_text(struct reading *r, const char *name)
{
	_cleanup_free_ char *text = NULL;

	if (sysfs_read_text(r->context, r->dir, name, &text))
		return NULL;
	return arena_strdup(r->arena, text);
}

static const char *keep_link(struct reading *r, const char *name)
{
	_cleanup_free_ char *target = NULL;

	if (sysfs_read_link(r->context, r->dir, name, &target))
		return NULL;
	return arena_strdup(r->arena, target);
}

static uint64_t read_hex(struct reading *r, const char *name)
{
	uint64_t number = 0;

	sysfs_read_hex(r->context, r->dir, name, &number);
	return number;
}

static void read_iommu(struct reading *r)
{
	_cleanup_free_ char *group = NULL;

	r->f->iommu_group = -1;
	if (sysfs_read_link(r->context, r->dir, "iommu_group", &group))
		return;
	r->f->iommu_group = atoi(group);
	r->f->iommu_type = keep_text(r, "iommu_group/type");
}

/* "0x… 0x… 0x…"; false when there are no three numbers. */
static bool take_bar(const char *line, struct p2pdma_bar *bar)
{
	uint64_t *const numbers[] = { &bar->start, &bar->end, &bar->flags };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		char *end;

		*numbers[i] = strtoull(line, &end, 16);
		if (end == line)
			return false;
		line = end;
	}
	return true;
}

static void read_bars(struct reading *r)
{
	_cleanup_free_ char *text = NULL;
	const char *line;

	if (sysfs_read_text(r->context, r->dir, "resource", &text))
		return;
	line = text;
	for (int i = 0; line && i < PCI_BARS; i++) {
		struct p2pdma_bar bar = { 0 };

		if (!take_bar(line, &bar))
			return;
		if (bar.end && r->caps.has_bar[i]) {
			bar.bus_offset = (int64_t)(r->caps.bar_bus_address[i] -
						   bar.start);
			bar.is_bus_offset_known = true;
		}
		r->f->bars[i] = bar;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
}

/* Where NVMe says that its memory is; other drivers do not tell. */
static int find_memory_bar(struct reading *r)
{
	_cleanup_names_ struct sysfs_names controllers = { 0 };
	char dir[256];
	struct cmb cmb;

	if (sysfs_list(r->context, r->dir, "nvme", &controllers) ||
	    controllers.count != 1)
		return -1;
	snprintf(dir, sizeof(dir), "%s/nvme/%.64s", r->dir,
		 controllers.names[0]);
	cmb_read(r->context, dir, &cmb);
	return cmb_get_bar(&cmb);
}

static enum p2pdma_answer answer(bool yes)
{
	return yes ? P2PDMA_YES : P2PDMA_NO;
}

static int read_memory(struct reading *r)
{
	struct p2pdma_memory *memory;
	uint64_t published;

	if (!sysfs_exists(r->context, r->dir, "p2pmem"))
		return 0;
	memory = arena_alloc(r->arena, sizeof(*memory));
	if (!memory)
		return -ENOMEM;
	sysfs_read_u64(r->context, r->dir, "p2pmem/size",
		       &memory->size_bytes);
	memory->is_available_known =
		!sysfs_read_u64(r->context, r->dir, "p2pmem/available",
				&memory->available_bytes);
	if (!sysfs_read_u64(r->context, r->dir, "p2pmem/published",
			    &published))
		memory->is_published = answer(published);
	memory->has_allocate =
		answer(sysfs_exists(r->context, r->dir, "p2pmem/allocate"));
	memory->bar = find_memory_bar(r);
	r->f->memory = memory;
	return 0;
}

/* The header is for everybody; what follows, for root and piece by piece. */
struct config_file {
	int fd;
	uint8_t header[PCI_CONFIG_HEADER];
};

static bool read_word(const struct pci_config *config, size_t at,
		      uint8_t bytes[4])
{
	const struct config_file *file = config->data;

	if (at >= PCI_CONFIG_HEADER)
		return pread(file->fd, bytes, 4, (off_t)at) == 4;
	memcpy(bytes, file->header + at, 4);
	return true;
}

static void read_config(struct reading *r)
{
	_cleanup_fd_ int fd = sysfs_open(r->context, r->dir, "config",
					 O_RDONLY | O_NONBLOCK);
	struct config_file file = { .fd = fd };
	const struct pci_config config = { read_word, &file };

	if (fd >= 0 && pread(fd, file.header, sizeof(file.header), 0) ==
			       (ssize_t)sizeof(file.header))
		pci_caps_parse(&config, &r->caps);
	r->f->is_config_readable = r->caps.is_readable;
	r->f->port = r->caps.port;
	r->f->has_acs = r->caps.has_acs;
	r->f->acs_redirects = r->caps.acs_redirects;
	r->f->max_payload_bytes = r->caps.max_payload_bytes;
	r->f->max_read_request_bytes = r->caps.max_read_request_bytes;
}

/*
 * The kernel shows link attributes for PCI Express functions only, and a
 * PCI-to-PCI bridge of that kind on a root bus is a root port.
 */
static void infer_port(struct reading *r, bool is_on_root_bus)
{
	bool is_bridge = r->f->class_code >> 8 == PCI_CLASS_BRIDGE;

	if (r->f->port ||
	    !sysfs_exists(r->context, r->dir, "max_link_speed"))
		return;
	if (is_on_root_bus)
		r->f->port = is_bridge ? P2PDMA_PORT_ROOT :
					 P2PDMA_PORT_INTEGRATED;
	else if (!is_bridge)
		r->f->port = P2PDMA_PORT_ENDPOINT;
}

/*
 * A device of one function without SR-IOV has no ACS (PCIe base
 * specification 6.12.1.3), which an ordinary user can tell from the header.
 */
static void infer_acs(struct reading *r, bool is_virtual)
{
	if (r->f->has_acs || r->caps.is_bridge ||
	    r->f->class_code >> 8 == PCI_CLASS_BRIDGE ||
	    r->caps.is_multifunction != P2PDMA_NO || is_virtual ||
	    sysfs_exists(r->context, r->dir, "sriov_totalvfs"))
		return;
	r->f->has_acs = P2PDMA_NO;
	r->f->acs_redirects = P2PDMA_NO;
}

/*
 * .../pci0000:00/0000:00:01.0/0000:01:00.0: the bridge above and the host
 * bridge. Domains behind VMD have a host bridge of their own further down.
 */
static void read_place(struct reading *r, struct pci_place *place)
{
	_cleanup_free_ char *path = NULL;
	char *above, *slash;

	if (sysfs_canonical(r->context, r->dir, NULL, &path))
		return;
	slash = strrchr(path, '/');
	if (!slash)
		return;
	*slash = '\0';
	above = strrchr(path, '/');
	if (above && is_address(above + 1))
		snprintf(place->parent, sizeof(place->parent), "%s",
			 above + 1);
	for (; above; *above = '\0', above = strrchr(path, '/'))
		if (!strncmp(above + 1, "pci", 3) &&
		    strchr(above + 1, ':')) {
			r->f->root_bus = arena_strdup(r->arena, above + 1);
			return;
		}
}

static void read_physfn(struct reading *r, struct pci_place *place)
{
	_cleanup_free_ char *physfn = NULL;

	if (!sysfs_read_link(r->context, r->dir, "physfn", &physfn))
		snprintf(place->physfn, sizeof(place->physfn), "%s", physfn);
}

static void read_numbers(struct reading *r)
{
	uint64_t bits = 0;

	r->f->device = (uint16_t)read_hex(r, "device");
	r->f->class_code = (uint32_t)read_hex(r, "class");
	r->f->numa_node = -1;
	sysfs_read_int(r->context, r->dir, "numa_node", &r->f->numa_node);
	r->f->local_cpus = keep_text(r, "local_cpulist");
	sysfs_read_u64(r->context, r->dir, "dma_mask_bits", &bits);
	r->f->dma_mask_bits = (unsigned)bits;
}

/* Conventional PCI has none, and it need not be asked for. */
static void read_links(struct reading *r)
{
	if (r->caps.is_readable && !r->caps.is_express && !r->f->port)
		return;
	read_link(r->context, r->dir, "current_link_speed",
		  "current_link_width", &r->f->link);
	read_link(r->context, r->dir, "max_link_speed", "max_link_width",
		  &r->f->link_max);
}

/* As @f was, but for its links. */
static void read_links_again(struct p2pdma_context *context,
			     struct p2pdma_function *f)
{
	struct reading r = { .context = context, .f = f };

	f->link = f->link_max = (struct p2pdma_link){ 0 };
	snprintf(r.dir, sizeof(r.dir), SYSFS_PCI_DEVICES "/%s", f->address);
	read_links(&r);
}

bool p2pdma_function_read_uplink(struct p2pdma_context *context,
				 const struct p2pdma_function *function,
				 struct p2pdma_uplink *uplink)
{
	struct p2pdma_function lower, upper;

	if (!function->parent)
		return false;
	upper = *function->parent;
	lower = function->physfn ? *function->physfn : *function;
	lower.parent = &upper;
	lower.physfn = NULL;
	read_links_again(context, &upper);
	read_links_again(context, &lower);
	return p2pdma_function_get_uplink(&lower, uplink);
}

static int read_all(struct reading *r, struct pci_place *place)
{
	uint64_t vendor = 0;

	if (sysfs_read_hex(r->context, r->dir, "vendor", &vendor) == -ENOENT)
		return -ENOENT;
	r->f->vendor = (uint16_t)vendor;
	read_config(r);
	read_numbers(r);
	read_place(r, place);
	read_physfn(r, place);
	infer_port(r, !place->parent[0]);
	infer_acs(r, place->physfn[0]);
	read_bars(r);
	read_iommu(r);
	read_links(r);
	r->f->driver = keep_link(r, "driver");
	return read_memory(r);
}

int pci_read(const struct p2pdma_context *context, struct arena *arena,
	     const char *address,
	     struct p2pdma_function *f, struct pci_place *place)
{
	struct p2pdma_context here;
	struct reading r = { .context = &here, .arena = arena, .f = f };
	int rc;

	*f = (struct p2pdma_function){ 0 };
	*place = (struct pci_place){ 0 };
	f->address = arena_strdup(arena, address);
	if (!f->address)
		return -ENOMEM;
	snprintf(r.dir, sizeof(r.dir), SYSFS_PCI_DEVICES "/%s", address);
	if (sysfs_enter(context, r.dir, &here))
		return -ENOENT;
	rc = read_all(&r, place);
	sysfs_leave(&here);
	return rc;
}
