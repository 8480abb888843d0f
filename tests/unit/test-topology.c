/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit/fixture.h"
#include "unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/topology.h"

static struct fixture machine;

START_TEST(the_functions_are_sorted_and_know_what_is_above_them)
{
	const struct p2pdma_function *const *functions;
	size_t count;

	fixture_load(&machine, "one-switch", NULL);
	functions = p2pdma_topology_get_functions(machine.topology, &count);
	ck_assert_uint_eq(count, 9);
	ck_assert_str_eq(functions[0]->address, "0000:00:00.0");
	ck_assert_str_eq(functions[8]->address, "0000:05:00.0");
	ck_assert_ptr_null(functions[0]->parent);
	ck_assert_str_eq(functions[8]->parent->address, "0000:02:02.0");
	ck_assert_str_eq(functions[8]->root_bus, "pci0000:00");
	fixture_close(&machine);
}
END_TEST

START_TEST(the_provider_is_found_with_its_memory)
{
	const struct p2pdma_function *const *providers;
	size_t count;

	fixture_load(&machine, "one-switch", NULL);
	providers = p2pdma_topology_get_providers(machine.topology, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_str_eq(providers[0]->address, "0000:03:00.0");
	ck_assert_uint_eq(providers[0]->memory->size_bytes, 67108864);
	ck_assert_uint_eq(providers[0]->memory->available_bytes, 66977792);
	ck_assert_int_eq(providers[0]->memory->is_published, P2PDMA_YES);
	ck_assert_int_eq(providers[0]->memory->has_allocate, P2PDMA_YES);
	ck_assert_int_eq(providers[0]->memory->bar, 2);
	fixture_close(&machine);
}
END_TEST

START_TEST(the_drives_are_found_with_their_namespaces)
{
	const struct p2pdma_drive *const *drives;
	size_t count;

	fixture_load(&machine, "one-switch", NULL);
	drives = p2pdma_topology_get_drives(machine.topology, &count);
	ck_assert_uint_eq(count, 3);
	ck_assert_str_eq(drives[0]->controller, "nvme0");
	ck_assert_str_eq(drives[0]->model, "QEMU NVMe Ctrl");
	ck_assert_str_eq(drives[0]->serial, "n0");
	ck_assert_str_eq(drives[0]->firmware, "8.2.1");
	ck_assert_uint_eq(drives[0]->cmb_size_register, 0x4021d);
	ck_assert_uint_eq(drives[0]->cmb_bytes, 67108864);
	ck_assert_uint_eq(drives[1]->cmb_bytes, 0);
	ck_assert_uint_eq(drives[1]->namespace_count, 1);
	ck_assert_str_eq(drives[1]->namespaces[0].name, "nvme1n1");
	ck_assert_uint_eq(drives[1]->namespaces[0].size_bytes, 67108864);
	ck_assert_uint_eq(drives[1]->namespaces[0].lba_bytes, 512);
	ck_assert_int_eq(drives[1]->namespaces[0].is_multipath, P2PDMA_NO);
	ck_assert_ptr_eq(p2pdma_topology_find_drive(
				 machine.topology,
				 fixture_find(&machine, "04:00.0")),
			 drives[1]);
	ck_assert_ptr_null(p2pdma_topology_find_drive(
		machine.topology, fixture_find(&machine, "02:00.0")));
	fixture_close(&machine);
}
END_TEST

START_TEST(a_hidden_path_shows_its_head_as_namespace)
{
	const struct p2pdma_drive *const *drives;
	size_t count;

	fixture_load(&machine, "multipath", NULL);
	drives = p2pdma_topology_get_drives(machine.topology, &count);
	ck_assert_uint_eq(count, 3);
	ck_assert_str_eq(drives[2]->namespaces[0].name, "nvme1n1");
	ck_assert_int_eq(drives[2]->namespaces[0].is_multipath, P2PDMA_YES);
	ck_assert_str_eq(drives[1]->namespaces[0].name, "nvme1n1");
	fixture_close(&machine);
}
END_TEST

START_TEST(a_function_is_found_by_any_spelling_of_its_address)
{
	fixture_load(&machine, "one-switch", NULL);
	ck_assert_ptr_eq(fixture_find(&machine, "03:00.0"),
			 fixture_find(&machine, "0000:03:00.0"));
	ck_assert_ptr_null(p2pdma_topology_find(machine.topology, "09:00.0"));
	ck_assert_ptr_null(p2pdma_topology_find(machine.topology, "nvme0"));
	ck_assert_ptr_null(p2pdma_topology_find(machine.topology, "03:00.0 "));
	fixture_close(&machine);
}
END_TEST

START_TEST(the_machine_tells_its_kernel_and_processor)
{
	const struct p2pdma_machine *facts;

	fixture_load(&machine, "one-switch", NULL);
	facts = p2pdma_topology_get_machine(machine.topology);
	ck_assert_str_eq(facts->kernel_release, "7.2.12+deb13-cloud-amd64");
	ck_assert_uint_eq(facts->kernel_version, 0x07020c);
	ck_assert_str_eq(facts->cpu_vendor, "GenuineIntel");
	ck_assert_uint_eq(facts->cpu_family, 6);
	ck_assert_str_eq(facts->command_line, "console=ttyS0");
	ck_assert_int_eq(facts->has_p2pdma, P2PDMA_YES);
	fixture_close(&machine);
}
END_TEST

START_TEST(a_kernel_without_p2pdma_is_known_by_its_configuration)
{
	fixture_load(&machine, "old-kernel", NULL);
	ck_assert_int_eq(p2pdma_topology_get_machine(machine.topology)
				 ->has_p2pdma, P2PDMA_NO);
	fixture_close(&machine);
}
END_TEST

START_TEST(a_tree_without_pci_is_empty)
{
	size_t count = 1;

	fixture_open(&machine, NULL);
	ck_assert_int_eq(p2pdma_topology_scan(machine.context,
					      &machine.topology), 0);
	p2pdma_topology_get_functions(machine.topology, &count);
	ck_assert_uint_eq(count, 0);
	p2pdma_topology_get_providers(machine.topology, &count);
	ck_assert_uint_eq(count, 0);
	p2pdma_topology_get_drives(machine.topology, &count);
	ck_assert_uint_eq(count, 0);
	fixture_close(&machine);
}
END_TEST

static void expect_distance(const char *a, const char *b, int distance,
			    const char *common)
{
	struct topology_path path =
		topology_measure(fixture_find(&machine, a),
				 fixture_find(&machine, b));

	ck_assert_int_eq(path.distance, distance);
	if (!common)
		ck_assert_ptr_null(path.common);
	else
		ck_assert_str_eq(path.common->address, common);
}

START_TEST(distances_are_the_hops_to_the_nearest_common_bridge)
{
	fixture_load(&machine, "nested-switches", NULL);
	expect_distance("03:00.0", "03:00.0", 0, "0000:03:00.0");
	expect_distance("03:00.0", "04:00.0", 4, "0000:01:00.0");
	expect_distance("07:00.0", "08:00.0", 4, "0000:05:00.0");
	expect_distance("03:00.0", "08:00.0", 6, "0000:01:00.0");
	expect_distance("08:00.0", "03:00.0", 6, "0000:01:00.0");
	fixture_close(&machine);
}
END_TEST

START_TEST(without_a_common_bridge_the_distance_is_both_chains)
{
	fixture_load(&machine, "two-root-ports", NULL);
	expect_distance("01:00.0", "02:00.0", 4, NULL);
	expect_distance("00:00.0", "02:00.0", 3, NULL);
	fixture_close(&machine);
}
END_TEST

START_TEST(a_virtual_function_hangs_where_its_physical_one_does)
{
	fixture_load(&machine, "sr-iov", NULL);
	ck_assert_str_eq(fixture_find(&machine, "04:00.1")->physfn->address,
			 "0000:04:00.0");
	expect_distance("03:00.0", "04:00.1", 4, "0000:01:00.0");
	expect_distance("04:00.0", "04:00.1", 2, "0000:02:01.0");
	fixture_close(&machine);
}
END_TEST

START_TEST(a_host_bridge_is_known_by_its_first_device)
{
	fixture_load(&machine, "two-host-bridges",
		     "file sys/devices/pci0000:80/0000:80:04.0/vendor 0x8086\n"
		     "link sys/bus/pci/devices/0000:80:04.0 "
		     "../../../devices/pci0000:80/0000:80:04.0");
	ck_assert_str_eq(topology_root_device(fixture_find(&machine,
							   "01:00.0"))
				 ->address, "0000:00:00.0");
	ck_assert_str_eq(topology_root_device(fixture_find(&machine,
							   "40:00.0"))
				 ->address, "0000:40:00.0");
	ck_assert_ptr_null(topology_root_device(fixture_find(&machine,
							     "80:04.0")));
	fixture_close(&machine);
}
END_TEST

START_TEST(nothing_is_above_itself)
{
	fixture_load(&machine, "one-switch",
		     "link sys/bus/pci/devices/0000:01:00.0 "
		     "../../../devices/pci0000:00/0000:00:03.0/0000:01:00.0/"
		     "0000:02:00.0\n"
		     "link sys/bus/pci/devices/0000:02:00.0 "
		     "../../../devices/pci0000:00/0000:00:03.0/0000:01:00.0/"
		     "0000:02:00.0/0000:03:00.0\n"
		     "link sys/devices/pci0000:00/0000:00:03.0/0000:01:00.0/"
		     "0000:02:01.0/0000:04:00.0/physfn ../0000:04:00.0");
	ck_assert_ptr_null(fixture_find(&machine, "01:00.0")->parent);
	ck_assert_ptr_null(fixture_find(&machine, "02:00.0")->parent);
	ck_assert_ptr_null(fixture_find(&machine, "04:00.0")->physfn);
	fixture_close(&machine);
}
END_TEST

/* Until it is killed: now the machine has a switch, now it has none. */
static void take_away_and_put_back(void)
{
	char here[128], there[128];

	snprintf(here, sizeof(here), "%s/sys/devices/pci0000:00/0000:00:03.0",
		 machine.root);
	snprintf(there, sizeof(there), "%s/away", machine.root);
	for (;;) {
		rename(here, there);
		usleep(50);
		rename(there, here);
		usleep(50);
	}
}

START_TEST(what_vanishes_while_it_is_read_is_left_out)
{
	pid_t child;

	fixture_open(&machine, "one-switch");
	child = fork();
	if (!child)
		take_away_and_put_back();
	ck_assert_int_gt(child, 0);
	for (unsigned i = 0; i < 200; i++) {
		size_t count;

		fixture_scan(&machine);
		p2pdma_topology_get_functions(machine.topology, &count);
		ck_assert_uint_ge(count, 1);
		ck_assert_uint_le(count, 9);
	}
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	fixture_close(&machine);
}
END_TEST

START_TEST(a_domain_behind_vmd_has_a_host_bridge_of_its_own)
{
	fixture_load(&machine, NULL,
		     "link sys/bus/pci/devices/0000:00:0e.0 "
		     "../../../devices/pci0000:00/0000:00:0e.0\n"
		     "file sys/devices/pci0000:00/0000:00:0e.0/vendor 0x8086\n"
		     "link sys/bus/pci/devices/10000:e0:06.0 ../../../devices"
		     "/pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0\n"
		     "file sys/devices/pci0000:00/0000:00:0e.0/pci10000:e0/"
		     "10000:e0:06.0/vendor 0x8086\n");
	ck_assert_ptr_null(fixture_find(&machine, "10000:e0:06.0")->parent);
	ck_assert_str_eq(fixture_find(&machine, "10000:e0:06.0")->root_bus,
			 "pci10000:e0");
	fixture_close(&machine);
}
END_TEST

START_TEST(this_very_machine_can_be_scanned)
{
	struct p2pdma_context *context;
	struct p2pdma_topology *topology;

	ck_assert_int_eq(p2pdma_context_create("/", &context), 0);
	ck_assert_int_eq(p2pdma_topology_scan(context, &topology), 0);
	p2pdma_topology_destroy(topology);
	p2pdma_context_destroy(context);
}
END_TEST

UNIT_SUITE("topology",
	   the_functions_are_sorted_and_know_what_is_above_them,
	   the_provider_is_found_with_its_memory,
	   the_drives_are_found_with_their_namespaces,
	   a_hidden_path_shows_its_head_as_namespace,
	   a_function_is_found_by_any_spelling_of_its_address,
	   the_machine_tells_its_kernel_and_processor,
	   a_kernel_without_p2pdma_is_known_by_its_configuration,
	   a_tree_without_pci_is_empty,
	   distances_are_the_hops_to_the_nearest_common_bridge,
	   without_a_common_bridge_the_distance_is_both_chains,
	   a_virtual_function_hangs_where_its_physical_one_does,
	   a_host_bridge_is_known_by_its_first_device,
	   nothing_is_above_itself,
	   what_vanishes_while_it_is_read_is_left_out,
	   a_domain_behind_vmd_has_a_host_bridge_of_its_own,
	   this_very_machine_can_be_scanned);
