/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/pci.h"
#include "unit/fixture.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>

static struct fixture machine;

#define DRIVE	"sys/bus/pci/devices/0000:04:00.0/"

START_TEST(an_address_has_two_spellings_and_nothing_after_it)
{
	static const struct {
		const char *text;
		int rc;
		struct pci_address address;
	} spellings[] = {
		{ "0000:03:00.0", 0, { 0, 3, 0, 0 } },
		{ "03:00.0", 0, { 0, 3, 0, 0 } },
		{ "10000:e0:1f.7", 0, { 0x10000, 0xe0, 0x1f, 7 } },
		{ "0000:03:20.0", -EINVAL, { 0 } },
		{ "0000:03:00.8", -EINVAL, { 0 } },
		{ "0000:03:00.0x", -EINVAL, { 0 } },
		{ "0000:03:00", -EINVAL, { 0 } },
		{ "nvme0", -EINVAL, { 0 } },
		{ "", -EINVAL, { 0 } },
	};

	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		struct pci_address got = { 0 };

		ck_assert_msg(pci_address_parse(spellings[i].text, &got) ==
				      spellings[i].rc,
			      "\"%s\"", spellings[i].text);
		ck_assert_uint_eq(pci_address_get_key(&got),
				  pci_address_get_key(&spellings[i].address));
	}
}
END_TEST

START_TEST(addresses_are_ordered_as_numbers)
{
	struct pci_address low, high;

	ck_assert_int_eq(pci_address_parse("0000:0a:00.0", &low), 0);
	ck_assert_int_eq(pci_address_parse("0000:10:00.0", &high), 0);
	ck_assert_uint_lt(pci_address_get_key(&low),
			  pci_address_get_key(&high));
	ck_assert_int_eq(pci_address_parse("10000:00:00.0", &low), 0);
	ck_assert_uint_gt(pci_address_get_key(&low),
			  pci_address_get_key(&high));
}
END_TEST

START_TEST(the_last_address_of_a_path_is_found)
{
	char address[PCI_ADDRESS_SIZE];

	ck_assert(pci_address_of_path("sys/devices/pci0000:00/0000:00:03.0/"
				      "0000:01:00.0/nvme/nvme0", address));
	ck_assert_str_eq(address, "0000:01:00.0");
	ck_assert(pci_address_of_path("10000:e1:00.0", address));
	ck_assert_str_eq(address, "10000:e1:00.0");
	ck_assert(!pci_address_of_path("sys/devices/virtual/nvme0", address));
	ck_assert(!pci_address_of_path("", address));
}
END_TEST

START_TEST(a_function_tells_its_facts)
{
	const struct p2pdma_function *f;

	fixture_load(&machine, "iommu",
		     "file " DRIVE "numa_node 1\n"
		     "file " DRIVE "current_link_speed 16.0 GT/s PCIe\n"
		     "file " DRIVE "current_link_width 4\n"
		     "file " DRIVE "max_link_speed Unknown\n"
		     "file " DRIVE "max_link_width 255");
	f = fixture_find(&machine, "04:00.0");
	ck_assert_uint_eq(f->vendor, 0x1b36);
	ck_assert_uint_eq(f->device, 0x0010);
	ck_assert_uint_eq(f->class_code, 0x010802);
	ck_assert_str_eq(f->driver, "nvme");
	ck_assert_int_eq(f->port, P2PDMA_PORT_ENDPOINT);
	ck_assert_int_eq(f->numa_node, 1);
	ck_assert_int_eq(f->iommu_group, 8);
	ck_assert_str_eq(f->iommu_type, "DMA-FQ");
	ck_assert_uint_eq(f->dma_mask_bits, 64);
	ck_assert_uint_eq(f->link.speed_mtps, 16000);
	ck_assert_uint_eq(f->link.width, 4);
	ck_assert_uint_eq(f->link.bytes_per_sec, 7876923076);
	ck_assert_uint_eq(f->link_max.speed_mtps, 0);
	ck_assert_uint_eq(f->link_max.width, 0);
	ck_assert(f->is_config_readable);
	ck_assert_ptr_null(f->memory);
	fixture_close(&machine);
}
END_TEST

START_TEST(what_is_missing_is_unknown)
{
	const struct p2pdma_function *f;

	fixture_load(&machine, NULL,
		     "link sys/bus/pci/devices/0000:00:01.0 "
		     "../../../devices/pci0000:00/0000:00:01.0\n"
		     "file sys/devices/pci0000:00/0000:00:01.0/vendor 0xfff0");
	f = fixture_find(&machine, "00:01.0");
	ck_assert_ptr_null(f->driver);
	ck_assert_int_eq(f->port, P2PDMA_PORT_UNKNOWN);
	ck_assert_int_eq(f->has_acs, P2PDMA_UNKNOWN);
	ck_assert_int_eq(f->acs_redirects, P2PDMA_UNKNOWN);
	ck_assert_int_eq(f->numa_node, -1);
	ck_assert_int_eq(f->iommu_group, -1);
	ck_assert_ptr_null(f->iommu_type);
	ck_assert_uint_eq(f->dma_mask_bits, 0);
	ck_assert_uint_eq(f->link.bytes_per_sec, 0);
	ck_assert(!f->is_config_readable);
	fixture_close(&machine);
}
END_TEST

START_TEST(the_bus_may_see_a_bar_elsewhere_than_the_processor)
{
	const struct p2pdma_function *f;

	fixture_load(&machine, "one-switch", NULL);
	f = fixture_find(&machine, "03:00.0");
	ck_assert_uint_eq(f->bars[2].start, 0x8000000000);
	ck_assert_uint_eq(f->bars[2].end, 0x8003ffffff);
	ck_assert_uint_eq(f->bars[2].flags, 0x14220c);
	ck_assert_int_eq(f->bars[2].bus_offset, 0);
	ck_assert(f->bars[2].is_bus_offset_known);
	fixture_add(&machine,
		    "hex sys/bus/pci/devices/0000:03:00.0/config "
		    "36 1b 10 00 @18 0c 00 00 80 @40");
	fixture_scan(&machine);
	f = fixture_find(&machine, "03:00.0");
	ck_assert_int_eq(f->bars[2].bus_offset, 0x80000000 - 0x8000000000);
	ck_assert_int_eq(f->bars[0].bus_offset, 0);
	ck_assert(!f->bars[0].is_bus_offset_known);
	fixture_close(&machine);
}
END_TEST

START_TEST(an_ordinary_user_sees_root_ports_and_endpoints)
{
	fixture_load(&machine, "config-unreadable", NULL);
	ck_assert_int_eq(fixture_find(&machine, "00:03.0")->port,
			 P2PDMA_PORT_ROOT);
	ck_assert_int_eq(fixture_find(&machine, "03:00.0")->port,
			 P2PDMA_PORT_ENDPOINT);
	ck_assert_int_eq(fixture_find(&machine, "02:00.0")->port,
			 P2PDMA_PORT_DOWNSTREAM);
	ck_assert_int_eq(fixture_find(&machine, "02:00.0")->has_acs,
			 P2PDMA_UNKNOWN);
	ck_assert_int_eq(fixture_find(&machine, "03:00.0")->has_acs,
			 P2PDMA_NO);
	fixture_close(&machine);
}
END_TEST

START_TEST(a_drive_of_several_functions_may_have_acs)
{
	fixture_load(&machine, "config-unreadable",
		     "hex " DRIVE "config 36 1b 10 00 @e 80 @40\n"
		     "file sys/bus/pci/devices/0000:05:00.0/"
		     "sriov_totalvfs 4");
	ck_assert_int_eq(fixture_find(&machine, "04:00.0")->has_acs,
			 P2PDMA_UNKNOWN);
	ck_assert_int_eq(fixture_find(&machine, "05:00.0")->has_acs,
			 P2PDMA_UNKNOWN);
	fixture_close(&machine);
}
END_TEST

UNIT_SUITE("pci",
	   an_address_has_two_spellings_and_nothing_after_it,
	   addresses_are_ordered_as_numbers,
	   the_last_address_of_a_path_is_found,
	   a_function_tells_its_facts,
	   what_is_missing_is_unknown,
	   the_bus_may_see_a_bar_elsewhere_than_the_processor,
	   an_ordinary_user_sees_root_ports_and_endpoints,
	   a_drive_of_several_functions_may_have_acs);
