/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Knows the registers that tell of a controller memory buffer (NVMe base
 * specification, CMBLOC and CMBSZ); must not know who uses it.
 */
#ifndef P2PDMA_LIB_CMB_H
#define P2PDMA_LIB_CMB_H

#include "lib/context.h"

struct cmb {
	uint32_t location;	/* CMBLOC */
	uint32_t size;		/* CMBSZ; 0: there is none */
};

/* @dir: a controller, "sys/class/nvme/nvme0". Left 0 where nothing is told. */
void cmb_read(const struct p2pdma_context *context, const char *dir,
	      struct cmb *cmb);

/* What a "cmb" attribute prints: "cmbloc : 0x62\ncmbsz  : 0x4021d". */
void cmb_parse(const char *text, struct cmb *cmb);

uint64_t cmb_get_bytes(const struct cmb *cmb);
int cmb_get_bar(const struct cmb *cmb);

/* True when data may be read from it and written to it by commands. */
bool cmb_takes_data(const struct cmb *cmb);

#endif
