/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/pci-names.h"
#include "unit/fixture.h"
#include "unit/unit.h"

#include <string.h>

START_TEST(vendor_and_device_are_called_as_lspci_calls_them)
{
	struct pci_names *names = pci_names_open();
	const char *name;

	ck_assert_ptr_nonnull(names);
	name = pci_names_find(names, 0x8086, 0x5845);
	ck_assert_ptr_nonnull(name);
	ck_assert_ptr_nonnull(strstr(name, "Intel"));
	ck_assert_ptr_nonnull(strstr(name, "NVM"));
	pci_names_close(names);
}
END_TEST

START_TEST(what_the_database_does_not_have_has_no_name)
{
	struct pci_names *names = pci_names_open();

	ck_assert_ptr_nonnull(names);
	ck_assert_ptr_null(pci_names_find(names, 0xfffe, 0xfffe));
	pci_names_close(names);
	pci_names_close(NULL);
}
END_TEST

START_TEST(functions_are_asked_for_their_names)
{
	const struct p2pdma_function *f;
	struct fixture machine;
	const char *name;

	fixture_load(&machine, "one-switch", NULL);
	f = fixture_find(&machine, "03:00.0");
	name = p2pdma_topology_get_name(machine.topology, f);
	ck_assert_ptr_nonnull(name);
	ck_assert_str_ne(name, "");
	fixture_close(&machine);
}
END_TEST

UNIT_SUITE("pci-names",
	   vendor_and_device_are_called_as_lspci_calls_them,
	   what_the_database_does_not_have_has_no_name,
	   functions_are_asked_for_their_names);
