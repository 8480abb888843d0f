/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/machine.h"
#include "unit/fixture.h"
#include "unit/unit.h"

START_TEST(a_release_becomes_a_number)
{
	ck_assert_uint_eq(machine_parse_release("7.2.12+deb13-cloud-amd64"),
			  0x07020c);
	ck_assert_uint_eq(machine_parse_release("6.12"), 0x060c00);
	ck_assert_uint_eq(machine_parse_release("7.3-rc1"), 0x070300);
	ck_assert_uint_eq(machine_parse_release("4.19.300"), 0x0413ff);
	ck_assert_uint_eq(machine_parse_release("GNU"), 0);
}
END_TEST

START_TEST(what_is_not_told_is_unknown)
{
	struct p2pdma_machine machine = { 0 };
	struct arena arena = { 0 };
	struct fixture tree;

	fixture_open(&tree, NULL);
	fixture_add(&tree, "file proc/cpuinfo CPU implementer : 0x41\n"
			   "file proc/sys/kernel/osrelease 6.12.95");
	machine_read(tree.context, &arena, &machine);
	ck_assert_ptr_null(machine.cpu_vendor);
	ck_assert_uint_eq(machine.cpu_family, 0);
	ck_assert_ptr_null(machine.command_line);
	ck_assert_uint_eq(machine.kernel_version, 0x060c5f);
	arena_fini(&arena);
	fixture_close(&tree);
}
END_TEST

START_TEST(how_it_is_set_up_is_kept)
{
	struct p2pdma_machine machine = { 0 };
	struct arena arena = { 0 };
	struct fixture tree;

	fixture_open(&tree, NULL);
	fixture_add(&tree,
		"file proc/cpuinfo vendor_id : GenuineIntel\\n"
		"model name : Some Processor @ 2 GHz\n"
		"file sys/devices/system/cpu/cpufreq/policy0/"
		"scaling_governor performance\n"
		"file sys/devices/system/cpu/cpufreq/policy1/"
		"scaling_governor performance\n"
		"file sys/module/nvme/parameters/poll_queues 2\n"
		"file sys/module/nvme_core/parameters/io_timeout 30\n"
		"file sys/module/nvme_core/parameters/multipath Y");
	machine_read(tree.context, &arena, &machine);
	ck_assert_str_eq(machine.cpu_model, "Some Processor @ 2 GHz");
	ck_assert_str_eq(machine.governor, "performance");
	ck_assert_uint_eq(machine.parameter_count, 3);
	ck_assert_str_eq(machine.parameters[0].name, "nvme.poll_queues");
	ck_assert_str_eq(machine.parameters[0].value, "2");
	ck_assert_str_eq(machine.parameters[2].name, "nvme_core.multipath");
	fixture_add(&tree, "file sys/devices/system/cpu/cpufreq/policy1/"
			   "scaling_governor powersave");
	machine = (struct p2pdma_machine){ 0 };
	machine_read(tree.context, &arena, &machine);
	ck_assert_str_eq(machine.governor, "mixed");
	arena_fini(&arena);
	fixture_close(&tree);
}
END_TEST

START_TEST(the_kernels_configuration_is_believed)
{
	struct fixture tree;

	fixture_open(&tree, NULL);
	ck_assert_int_eq(machine_find_p2pdma(tree.context, "6.12"),
			 P2PDMA_UNKNOWN);
	fixture_add(&tree, "file boot/config-6.12 CONFIG_PCI=y\\n"
			   "CONFIG_PCI_P2PDMA=y");
	ck_assert_int_eq(machine_find_p2pdma(tree.context, "6.12"),
			 P2PDMA_YES);
	ck_assert_int_eq(machine_find_p2pdma(tree.context, NULL),
			 P2PDMA_UNKNOWN);
	fixture_add(&tree, "file boot/config-6.12 CONFIG_PCI=y\\n"
			   "# CONFIG_PCI_P2PDMA is not set");
	ck_assert_int_eq(machine_find_p2pdma(tree.context, "6.12"),
			 P2PDMA_NO);
	fixture_close(&tree);
}
END_TEST

START_TEST(without_a_configuration_the_symbols_tell)
{
	struct fixture tree;

	fixture_open(&tree, NULL);
	fixture_add(&tree,
		    "file proc/kallsyms 0 T dma_pci_p2pdma_supported\\n"
		    "0 T pci_p2pdma_add_resource");
	ck_assert_int_eq(machine_find_p2pdma(tree.context, "6.12"),
			 P2PDMA_YES);
	fixture_add(&tree,
		    "file proc/kallsyms 0 T dma_pci_p2pdma_supported");
	ck_assert_int_eq(machine_find_p2pdma(tree.context, "6.12"),
			 P2PDMA_NO);
	fixture_close(&tree);
}
END_TEST

UNIT_SUITE("machine",
	   a_release_becomes_a_number,
	   what_is_not_told_is_unknown,
	   how_it_is_set_up_is_kept,
	   the_kernels_configuration_is_believed,
	   without_a_configuration_the_symbols_tell);
