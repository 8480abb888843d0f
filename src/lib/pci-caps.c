// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/pci-caps.h"

#include "base/macro.h"

#define REVISION_AND_CLASS	0x08
#define STATUS			0x06
#define STATUS_HAS_CAPS		0x10
#define HEADER_TYPE		0x0e
#define HEADER_MULTIFUNCTION	0x80
#define HEADER_LAYOUT		0x7f
#define BAR_0			0x10
#define BAR_IS_IO		0x01
#define BAR_TYPE		0x06
#define BAR_IS_64		0x04
#define CAP_POINTER		0x34
#define CAP_PCIE		0x10
#define PCIE_FLAGS		0x02
#define PCIE_DEVICE_CONTROL	0x08
#define EXT_FIRST		0x100
#define EXT_ACS			0x000d
#define ACS_CAPABILITY		0x04
#define ACS_CONTROL		0x06
/* Request redirect, completion redirect, egress control. */
#define ACS_REDIRECTS		(0x04 | 0x08 | 0x20)

/* The last four bytes that were read, and whether all could be. */
struct bytes {
	const struct pci_config *config;
	size_t at;
	uint8_t bytes[4];
	bool failed;
};

#define NOWHERE	SIZE_MAX

/* One to four bytes inside an aligned word; 0 where they are not to be had. */
static uint32_t get(struct bytes *b, size_t at, unsigned width)
{
	size_t word = at & ~(size_t)3;
	uint32_t value = 0;

	if (b->at != word && !b->config->read(b->config, word, b->bytes)) {
		b->at = NOWHERE;
		b->failed = true;
		return 0;
	}
	b->at = word;
	for (unsigned i = 0; i < width; i++)
		value |= (uint32_t)b->bytes[at % 4 + i] << 8 * i;
	return value;
}

/*
 * Offset of capability @id, or 0. Lists that run in circles end too. Who may
 * not read past the header is not told that there is none.
 */
static size_t find_capability(struct bytes *b, uint8_t id)
{
	size_t at = 0;

	if (get(b, STATUS, 2) & STATUS_HAS_CAPS)
		at = get(b, CAP_POINTER, 1) & ~3u;
	if (at < PCI_CONFIG_HEADER)
		get(b, PCI_CONFIG_HEADER, 4);
	for (unsigned i = 0; at >= PCI_CONFIG_HEADER && i < 48; i++) {
		uint32_t entry = get(b, at, 2);

		if ((entry & 0xff) == id)
			return at;
		at = entry >> 8 & ~3u;
	}
	return 0;
}

static size_t find_extended(struct bytes *b, uint16_t id)
{
	size_t at = EXT_FIRST;

	for (unsigned i = 0; at >= EXT_FIRST && i < 960; i++) {
		uint32_t header = get(b, at, 4);

		if (!header || header == UINT32_MAX)
			return 0;
		if ((header & 0xffff) == id)
			return at;
		at = header >> 20 & ~3u;
	}
	return 0;
}

static const enum p2pdma_port ports[16] = {
	[0] = P2PDMA_PORT_ENDPOINT,
	[1] = P2PDMA_PORT_ENDPOINT,	/* legacy */
	[4] = P2PDMA_PORT_ROOT,
	[5] = P2PDMA_PORT_UPSTREAM,
	[6] = P2PDMA_PORT_DOWNSTREAM,
	[7] = P2PDMA_PORT_BRIDGE,	/* to PCI */
	[8] = P2PDMA_PORT_BRIDGE,	/* from PCI */
	[9] = P2PDMA_PORT_INTEGRATED,
	[10] = P2PDMA_PORT_INTEGRATED,	/* event collector */
};

/* 128 to 4096; two codes are reserved. */
static unsigned get_packet_bytes(uint32_t control, unsigned shift)
{
	uint32_t code = control >> shift & 7;

	return code < 6 ? 128u << code : 0;
}

/* Offset of the PCI Express capability, or 0. */
static size_t parse_pcie(struct bytes *b, struct pci_caps *caps)
{
	size_t at = find_capability(b, CAP_PCIE);
	uint32_t control;

	if (!at) {
		caps->port = caps->is_bridge ? P2PDMA_PORT_BRIDGE :
					       P2PDMA_PORT_UNKNOWN;
		return 0;
	}
	caps->port = ports[get(b, at + PCIE_FLAGS, 2) >> 4 & 0xf];
	control = get(b, at + PCIE_DEVICE_CONTROL, 2);
	caps->max_payload_bytes = get_packet_bytes(control, 5);
	caps->max_read_request_bytes = get_packet_bytes(control, 12);
	return at;
}

/* The kernel, too, may reach no more than the first 256 bytes. */
static bool has_extended(struct bytes *b)
{
	bool has;

	get(b, EXT_FIRST, 4);
	has = !b->failed;
	b->failed = false;
	return has;
}

/*
 * As pci_bridge_has_acs_redir(): no capability, nothing to redirect. A list
 * that breaks off tells nothing.
 */
static void parse_acs(struct bytes *b, bool is_express,
		      struct pci_caps *caps)
{
	bool has = is_express && has_extended(b);
	size_t at = has ? find_extended(b, EXT_ACS) : 0;
	uint32_t word = at ? get(b, at + ACS_CAPABILITY, 4) : 0;

	if (b->failed)
		return;
	caps->has_acs = at ? P2PDMA_YES : P2PDMA_NO;
	caps->acs_capability = (uint16_t)word;
	caps->acs_control = (uint16_t)(word >> 16);
	caps->acs_redirects = caps->acs_control & ACS_REDIRECTS ?
				      P2PDMA_YES : P2PDMA_NO;
}

static void parse_bars(struct bytes *b, struct pci_caps *caps)
{
	unsigned bars = caps->is_bridge ? 2 : PCI_BARS;

	for (unsigned i = 0; i < bars; i++) {
		uint32_t low = get(b, BAR_0 + 4 * i, 4);
		bool is_64 = (low & BAR_TYPE) == BAR_IS_64;

		if (!low || low & BAR_IS_IO)
			continue;
		caps->has_bar[i] = true;
		caps->bar_bus_address[i] = low & ~0xfu;
		if (!is_64)
			continue;
		caps->bar_bus_address[i] |=
			(uint64_t)get(b, BAR_0 + 4 * (i + 1), 4) << 32;
		i++;
	}
}

/*
 * All ones: the function is off or gone, and nothing it says counts. The
 * vendor alone is all ones in every virtual function.
 */
static bool parse_header(struct bytes *b, struct pci_caps *caps)
{
	uint8_t type = (uint8_t)get(b, HEADER_TYPE, 1);

	get(b, PCI_CONFIG_HEADER - 4, 4);
	if (get(b, REVISION_AND_CLASS, 4) == UINT32_MAX || b->failed)
		return false;
	caps->is_multifunction =
		type & HEADER_MULTIFUNCTION ? P2PDMA_YES : P2PDMA_NO;
	caps->is_bridge = (type & HEADER_LAYOUT) == 1;
	parse_bars(b, caps);
	return true;
}

void pci_caps_parse(const struct pci_config *config, struct pci_caps *caps)
{
	struct bytes b = { .config = config, .at = NOWHERE };
	struct pci_caps header = { 0 }, all;
	size_t express;

	*caps = header;
	if (!parse_header(&b, &header))
		return;
	all = header;
	express = parse_pcie(&b, &all);
	all.is_readable = !b.failed;
	all.is_express = express;
	if (all.is_readable)
		parse_acs(&b, express, &all);
	*caps = all.is_readable ? all : header;
}
