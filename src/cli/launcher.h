/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows what "K/N" means, and what launchers of parallel programs tell of
 * rank and size. Must not know what is dealt.
 */
#ifndef P2PDMA_CLI_LAUNCHER_H
#define P2PDMA_CLI_LAUNCHER_H

/* @index counts from 0. */
struct launcher_place {
	unsigned index, count;
};

/*
 * "K/N" with K from 1 to N, or "auto": from what Slurm, Open MPI, PMIx or PMI
 * have put into the environment. 0, -EINVAL (rubbish), -ERANGE (more nodes than
 * anything is dealt to), -ENOENT (no launcher).
 */
int launcher_parse(const char *text, struct launcher_place *place);

#endif
