// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/launcher.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/macro.h"
#include "engine/shard.h"

/*
 * The nearest first: mpirun below srun leaves Slurm's, of the one step, as
 * they are.
 */
static const struct {
	const char *rank, *size;
} launchers[] = {
	{ "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE" },
	{ "PMI_RANK", "PMI_SIZE" },
	{ "PMIX_RANK", "PMIX_SIZE" },
	{ "PMIX_RANK", "SLURM_NTASKS" },
	{ "SLURM_PROCID", "SLURM_NTASKS" },
	{ "SLURM_PROCID", "SLURM_NPROCS" },
};

static int set(uint64_t index, uint64_t count, struct launcher_place *place)
{
	if (index >= count)
		return -EINVAL;
	if (count > SHARD_NODES_MOST)
		return -ERANGE;
	*place = (struct launcher_place){ (unsigned)index, (unsigned)count };
	return 0;
}

static int parse_number(const char *text, uint64_t *number)
{
	const char *rest;
	int rc = bytes_parse_number(text, number, &rest);

	return rc || *rest ? -EINVAL : 0;
}

static int ask_launchers(struct launcher_place *place)
{
	for (size_t i = 0; i < ARRAY_SIZE(launchers); i++) {
		const char *rank = getenv(launchers[i].rank);
		const char *size = getenv(launchers[i].size);
		uint64_t index, count;

		if (!rank || !size)
			continue;
		if (parse_number(rank, &index) || parse_number(size, &count))
			return -EINVAL;
		return set(index, count, place);
	}
	return -ENOENT;
}

int launcher_parse(const char *text, struct launcher_place *place)
{
	uint64_t part, count;
	const char *rest;

	if (!strcmp(text, "auto"))
		return ask_launchers(place);
	if (bytes_parse_number(text, &part, &rest) || *rest != '/' ||
	    parse_number(rest + 1, &count) || !part)
		return -EINVAL;
	return set(part - 1, count, place);
}
