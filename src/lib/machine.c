// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/machine.h"

#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "lib/sysfs.h"

#define OPTION	"CONFIG_PCI_P2PDMA=y"
#define SYMBOL	" pci_p2pdma_add_resource\n"

unsigned machine_parse_release(const char *release)
{
	unsigned major, minor, patch = 0;

	if (sscanf(release, "%3u.%3u.%3u", &major, &minor, &patch) < 2)
		return 0;
	return KERNEL(major, MIN(minor, 255u), MIN(patch, 255u));
}

/* The value after "KEY : " on the first line that starts with @key. */
static bool find_field(const char *text, const char *key, char *value,
		       size_t size)
{
	const char *line;

	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, strlen(key)))
			break;
	}
	line = line ? strchr(line, ':') : NULL;
	if (!line)
		return false;
	line += strspn(line, ": \t");
	snprintf(value, size, "%.*s", (int)strcspn(line, "\n"), line);
	return true;
}

static void read_cpu(const struct p2pdma_context *context,
		     struct arena *arena, struct p2pdma_machine *machine)
{
	_cleanup_free_ char *text = NULL;
	char value[64];

	if (sysfs_read_text(context, "proc", "cpuinfo", &text))
		return;
	if (find_field(text, "vendor_id", value, sizeof(value)))
		machine->cpu_vendor = arena_strdup(arena, value);
	if (find_field(text, "cpu family", value, sizeof(value)))
		machine->cpu_family = (unsigned)strtoul(value, NULL, 10);
	if (find_field(text, "model name", value, sizeof(value)))
		machine->cpu_model = arena_strdup(arena, value);
}

static const char *keep_text(const struct p2pdma_context *context,
			     struct arena *arena, const char *dir,
			     const char *name)
{
	_cleanup_free_ char *text = NULL;

	if (sysfs_read_text(context, dir, name, &text))
		return NULL;
	return arena_strdup(arena, text);
}

/* --- how it is set up ---------------------------------------------------- */

#define POLICIES	"sys/devices/system/cpu/cpufreq"

static void read_governor(const struct p2pdma_context *context,
			  struct arena *arena, struct p2pdma_machine *machine)
{
	_cleanup_names_ struct sysfs_names policies = { 0 };

	if (sysfs_list(context, POLICIES, ".", &policies))
		return;
	for (size_t i = 0; i < policies.count; i++) {
		const char *governor;
		char dir[128];

		snprintf(dir, sizeof(dir), POLICIES "/%.64s",
			 policies.names[i]);
		governor = keep_text(context, arena, dir, "scaling_governor");
		if (!machine->governor)
			machine->governor = governor;
		else if (governor && strcmp(governor, machine->governor))
			machine->governor = "mixed";
	}
}

static const struct {
	const char *name, *dir;
} modules[] = {
	{ "nvme", "sys/module/nvme/parameters" },
	{ "nvme_core", "sys/module/nvme_core/parameters" },
};

/* How many are in @setting now: what cannot be read is passed over. */
static size_t keep_parameter(const struct p2pdma_context *context,
			     struct arena *arena, size_t module,
			     const char *name, struct p2pdma_setting *setting)
{
	const char *value = keep_text(context, arena, modules[module].dir,
				      name);
	char text[128];

	if (!value)
		return 0;
	snprintf(text, sizeof(text), "%s.%s", modules[module].name, name);
	*setting = (struct p2pdma_setting){ arena_strdup(arena, text), value };
	return 1;
}

static void read_parameters(const struct p2pdma_context *context,
			    struct arena *arena,
			    struct p2pdma_machine *machine)
{
	struct sysfs_names names[ARRAY_SIZE(modules)] = { 0 };
	struct p2pdma_setting *settings;
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(modules); i++)
		if (!sysfs_list(context, modules[i].dir, ".", &names[i]))
			count += names[i].count;
	settings = arena_alloc(arena, (count + 1) * sizeof(*settings));
	machine->parameters = settings;
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++) {
		for (size_t j = 0; settings && j < names[i].count; j++)
			machine->parameter_count += keep_parameter(
				context, arena, i, names[i].names[j],
				&settings[machine->parameter_count]);
		sysfs_names_fini(&names[i]);
	}
}

static enum p2pdma_answer answer(int yes)
{
	if (yes < 0)
		return P2PDMA_UNKNOWN;
	return yes ? P2PDMA_YES : P2PDMA_NO;
}

/* Distributions keep the configuration beside the kernel, but a container or
 * a small guest has no /boot; the names of symbols are for everybody. */
enum p2pdma_answer machine_find_p2pdma(const struct p2pdma_context *context,
				       const char *release)
{
	char name[128];
	int found;

	snprintf(name, sizeof(name), "config-%s", release ? release : "");
	found = sysfs_contains(context, "boot", name, OPTION);
	if (found < 0)
		found = sysfs_contains(context, "proc", "kallsyms", SYMBOL);
	return answer(found);
}

void machine_read(const struct p2pdma_context *context, struct arena *arena,
		  struct p2pdma_machine *machine)
{
	machine->kernel_release =
		keep_text(context, arena, "proc/sys/kernel", "osrelease");
	machine->command_line = keep_text(context, arena, "proc", "cmdline");
	read_cpu(context, arena, machine);
	read_governor(context, arena, machine);
	read_parameters(context, arena, machine);
	if (machine->kernel_release)
		machine->kernel_version =
			machine_parse_release(machine->kernel_release);
}
