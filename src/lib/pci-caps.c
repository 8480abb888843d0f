// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/pci-caps.h"

#include <string.h>

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

struct bytes {
	const uint8_t *config;
	size_t size;
};

/* Past the end reads as 0, which no capability list takes for an entry. */
static uint32_t get(const struct bytes *b, size_t at, unsigned width)
{
	uint32_t value = 0;

	if (at + width > b->size)
		return 0;
	for (unsigned i = 0; i < width; i++)
		value |= (uint32_t)b->config[at + i] << 8 * i;
	return value;
}

/* Offset of capability @id, or 0. Lists that run in circles end too. */
static size_t find_capability(const struct bytes *b, uint8_t id)
{
	size_t at = get(b, CAP_POINTER, 1) & ~3u;

	if (!(get(b, STATUS, 2) & STATUS_HAS_CAPS))
		return 0;
	for (unsigned i = 0; at >= PCI_CONFIG_HEADER && i < 48; i++) {
		if (get(b, at, 1) == id)
			return at;
		at = get(b, at + 1, 1) & ~3u;
	}
	return 0;
}

static size_t find_extended(const struct bytes *b, uint16_t id)
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

static void parse_pcie(const struct bytes *b, struct pci_caps *caps)
{
	size_t at = find_capability(b, CAP_PCIE);
	uint32_t control;

	if (!at) {
		caps->port = caps->is_bridge ? P2PDMA_PORT_BRIDGE :
					       P2PDMA_PORT_UNKNOWN;
		return;
	}
	control = get(b, at + PCIE_DEVICE_CONTROL, 2);
	caps->port = ports[get(b, at + PCIE_FLAGS, 2) >> 4 & 0xf];
	caps->max_payload_bytes = get_packet_bytes(control, 5);
	caps->max_read_request_bytes = get_packet_bytes(control, 12);
}

/* As pci_bridge_has_acs_redir(): no capability, nothing to redirect. */
static void parse_acs(const struct bytes *b, struct pci_caps *caps)
{
	size_t at = find_extended(b, EXT_ACS);

	caps->has_acs = at ? P2PDMA_YES : P2PDMA_NO;
	caps->acs_redirects = P2PDMA_NO;
	if (!at)
		return;
	caps->acs_capability = (uint16_t)get(b, at + ACS_CAPABILITY, 2);
	caps->acs_control = (uint16_t)get(b, at + ACS_CONTROL, 2);
	if (caps->acs_control & ACS_REDIRECTS)
		caps->acs_redirects = P2PDMA_YES;
}

static void parse_bars(const struct bytes *b, struct pci_caps *caps)
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

void pci_caps_parse(const uint8_t *config, size_t size, struct pci_caps *caps)
{
	struct bytes b = { config, size };
	uint8_t type;

	memset(caps, 0, sizeof(*caps));
	/*
	 * All ones: the function is off or gone, and nothing it says counts.
	 * The vendor alone is all ones in every virtual function.
	 */
	if (size < PCI_CONFIG_HEADER ||
	    get(&b, REVISION_AND_CLASS, 4) == UINT32_MAX)
		return;
	type = (uint8_t)get(&b, HEADER_TYPE, 1);
	caps->is_multifunction =
		type & HEADER_MULTIFUNCTION ? P2PDMA_YES : P2PDMA_NO;
	caps->is_bridge = (type & HEADER_LAYOUT) == 1;
	parse_bars(&b, caps);
	if (size < PCI_CONFIG_SIZE)
		return;
	caps->is_readable = true;
	parse_pcie(&b, caps);
	parse_acs(&b, caps);
}
