/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/pci-caps.h"
#include "unit/unit.h"

#include <string.h>

static uint8_t config[PCI_CONFIG_EXTENDED];
static struct pci_caps caps;

struct known {
	size_t size;
};

static bool read_known(const struct pci_config *from, size_t at,
		       uint8_t bytes[4])
{
	const struct known *known = from->data;

	if (at + 4 > known->size)
		return false;
	memcpy(bytes, config + at, 4);
	return true;
}

/* As if only the first @size bytes could be read. */
static void parse(size_t size)
{
	const struct known known = { size };
	const struct pci_config from = { read_known, &known };

	pci_caps_parse(&from, &caps);
}

static void put16(size_t at, unsigned value)
{
	config[at] = (uint8_t)value;
	config[at + 1] = (uint8_t)(value >> 8);
}

static void put32(size_t at, uint32_t value)
{
	put16(at, value & 0xffff);
	put16(at + 2, value >> 16);
}

/* A PCI Express function of that port type; lists as real ones have them. */
static void fill(unsigned type)
{
	memset(config, 0, sizeof(config));
	put16(0x00, 0x1b36);
	put16(0x06, 0x0010);
	config[0x34] = 0x40;
	config[0x40] = 0x05;
	config[0x41] = 0x60;
	config[0x60] = 0x10;
	put16(0x62, type << 4 | 2);
	put16(0x68, 0x2810);
}

static void put_acs(unsigned control)
{
	put32(0x100, 0x14010001);
	put32(0x140, 0x0001000d);
	put16(0x144, 0x005f);
	put16(0x146, control);
}

START_TEST(the_port_type_is_that_of_the_express_capability)
{
	static const struct {
		unsigned type;
		enum p2pdma_port port;
	} types[] = {
		{ 0, P2PDMA_PORT_ENDPOINT },   { 1, P2PDMA_PORT_ENDPOINT },
		{ 4, P2PDMA_PORT_ROOT },       { 5, P2PDMA_PORT_UPSTREAM },
		{ 6, P2PDMA_PORT_DOWNSTREAM }, { 7, P2PDMA_PORT_BRIDGE },
		{ 9, P2PDMA_PORT_INTEGRATED }, { 15, P2PDMA_PORT_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		fill(types[i].type);
		parse(sizeof(config));
		ck_assert_int_eq(caps.port, types[i].port);
	}
	ck_assert_uint_eq(caps.max_payload_bytes, 128);
	ck_assert_uint_eq(caps.max_read_request_bytes, 512);
}
END_TEST

START_TEST(without_acs_nothing_is_redirected)
{
	fill(6);
	parse(sizeof(config));
	ck_assert(caps.is_readable);
	ck_assert_int_eq(caps.has_acs, P2PDMA_NO);
	ck_assert_int_eq(caps.acs_redirects, P2PDMA_NO);
}
END_TEST

START_TEST(each_of_three_acs_bits_redirects)
{
	static const struct {
		unsigned control;
		enum p2pdma_answer redirects;
	} controls[] = {
		{ 0x00, P2PDMA_NO },  { 0x01, P2PDMA_NO },
		{ 0x02, P2PDMA_NO },  { 0x04, P2PDMA_YES },
		{ 0x08, P2PDMA_YES }, { 0x10, P2PDMA_NO },
		{ 0x20, P2PDMA_YES }, { 0x40, P2PDMA_NO },
		{ 0x1d, P2PDMA_YES },
	};

	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
		fill(6);
		put_acs(controls[i].control);
		parse(sizeof(config));
		ck_assert_int_eq(caps.has_acs, P2PDMA_YES);
		ck_assert_uint_eq(caps.acs_capability, 0x5f);
		ck_assert_uint_eq(caps.acs_control, controls[i].control);
		ck_assert_int_eq(caps.acs_redirects, controls[i].redirects);
	}
}
END_TEST

START_TEST(sixty_four_bytes_tell_nothing_of_capabilities)
{
	fill(6);
	put_acs(0x1d);
	config[0x0e] = 0x81;
	parse(PCI_CONFIG_HEADER);
	ck_assert(!caps.is_readable);
	ck_assert(caps.is_bridge);
	ck_assert_int_eq(caps.is_multifunction, P2PDMA_YES);
	ck_assert_int_eq(caps.port, P2PDMA_PORT_UNKNOWN);
	ck_assert_int_eq(caps.has_acs, P2PDMA_UNKNOWN);
	ck_assert_int_eq(caps.acs_redirects, P2PDMA_UNKNOWN);
	ck_assert_uint_eq(caps.max_payload_bytes, 0);
}
END_TEST

START_TEST(conventional_pci_has_no_acs)
{
	memset(config, 0, sizeof(config));
	put16(0x00, 0x8086);
	parse(256);
	ck_assert(caps.is_readable);
	ck_assert_int_eq(caps.has_acs, P2PDMA_NO);
	ck_assert_int_eq(caps.port, P2PDMA_PORT_UNKNOWN);
	config[0x0e] = 1;
	parse(256);
	ck_assert_int_eq(caps.port, P2PDMA_PORT_BRIDGE);
}
END_TEST

START_TEST(a_function_that_is_off_tells_nothing)
{
	memset(config, 0xff, sizeof(config));
	parse(sizeof(config));
	ck_assert(!caps.is_readable);
	ck_assert_int_eq(caps.has_acs, P2PDMA_UNKNOWN);
	ck_assert_int_eq(caps.is_multifunction, P2PDMA_UNKNOWN);
	parse(0);
	ck_assert(!caps.is_readable);
}
END_TEST

START_TEST(a_list_that_breaks_off_tells_nothing)
{
	fill(6);
	put_acs(0x1d);
	parse(0x64);
	ck_assert(!caps.is_readable);
	ck_assert_int_eq(caps.port, P2PDMA_PORT_UNKNOWN);
	parse(0x140);
	ck_assert(caps.is_readable);
	ck_assert_int_eq(caps.port, P2PDMA_PORT_DOWNSTREAM);
	ck_assert_int_eq(caps.has_acs, P2PDMA_UNKNOWN);
	parse(0x144);
	ck_assert_int_eq(caps.acs_redirects, P2PDMA_UNKNOWN);
	parse(0x148);
	ck_assert_int_eq(caps.acs_redirects, P2PDMA_YES);
}
END_TEST

static size_t reads;

static bool count_reads(const struct pci_config *from, size_t at,
			uint8_t bytes[4])
{
	reads++;
	return read_known(from, at, bytes);
}

START_TEST(registers_that_do_not_matter_are_left_alone)
{
	const struct known known = { sizeof(config) };
	const struct pci_config from = { count_reads, &known };

	fill(6);
	put_acs(0x1d);
	reads = 0;
	pci_caps_parse(&from, &caps);
	ck_assert_int_eq(caps.acs_redirects, P2PDMA_YES);
	ck_assert_uint_le(reads, 24);
}
END_TEST

START_TEST(lists_that_run_in_circles_end)
{
	fill(0);
	config[0x61] = 0x40;
	config[0x60] = 0x05;
	put32(0x100, 0x10010001);
	parse(sizeof(config));
	ck_assert_int_eq(caps.port, P2PDMA_PORT_UNKNOWN);
	ck_assert_int_eq(caps.has_acs, P2PDMA_NO);
}
END_TEST

START_TEST(bars_have_bus_addresses)
{
	fill(0);
	put32(0x10, 0xfe000004);
	put32(0x14, 0x00000001);
	put32(0x18, 0x8000000c);
	put32(0x1c, 0x00000080);
	put32(0x20, 0x0000c001);
	put32(0x24, 0xfd000000);
	parse(PCI_CONFIG_HEADER);
	ck_assert(caps.has_bar[0]);
	ck_assert(!caps.has_bar[1]);
	ck_assert(caps.has_bar[2]);
	ck_assert(!caps.has_bar[4]);
	ck_assert_uint_eq(caps.bar_bus_address[0], 0x1fe000000);
	ck_assert_uint_eq(caps.bar_bus_address[2], 0x8080000000);
	ck_assert_uint_eq(caps.bar_bus_address[5], 0xfd000000);
}
END_TEST

UNIT_SUITE("pci-caps",
	   the_port_type_is_that_of_the_express_capability,
	   without_acs_nothing_is_redirected,
	   each_of_three_acs_bits_redirects,
	   sixty_four_bytes_tell_nothing_of_capabilities,
	   conventional_pci_has_no_acs,
	   a_function_that_is_off_tells_nothing,
	   a_list_that_breaks_off_tells_nothing,
	   registers_that_do_not_matter_are_left_alone,
	   lists_that_run_in_circles_end,
	   bars_have_bus_addresses);
