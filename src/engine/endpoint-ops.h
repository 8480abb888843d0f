/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows the rows of the table of endpoints and what they share; only
 * endpoint*.c look at it.
 */
#ifndef P2PDMA_ENGINE_ENDPOINT_OPS_H
#define P2PDMA_ENGINE_ENDPOINT_OPS_H

#include "engine/endpoint.h"

extern const struct endpoint_ops endpoint_block_ops;
extern const struct endpoint_ops endpoint_file_ops;
extern const struct endpoint_ops endpoint_passthrough_ops;

/*
 * An endpoint with nothing open; what is opened is the path, until it has a
 * place. NULL: no memory.
 */
struct endpoint *endpoint_create(const struct endpoint_ops *ops,
				 const char *path, unsigned mode);

/*
 * What block devices share: fd on the device, its size, whose logical blocks
 * are returned. 0 or -errno.
 */
int endpoint_open_device(struct endpoint *endpoint, uint32_t *lba_bytes);

/* O_RDONLY or O_RDWR, as mode asks, and place_flag; never O_DIRECT. */
int endpoint_get_open_flags(const struct endpoint *endpoint);

/*
 * Opens once more what fd is open on, for O_DIRECT, and learns the alignment.
 * Where that is refused, direct_fd stays -1 and everything is aligned.
 * @fallback_align: where the kernel does not tell (before 6.1).
 */
void endpoint_open_direct(struct endpoint *endpoint, uint32_t fallback_align);

/* A path of what fd is open on, also when it has no name. */
#define ENDPOINT_SELF_SIZE	32
void endpoint_get_self(const struct endpoint *endpoint,
		       char self[ENDPOINT_SELF_SIZE]);

/* Identity from fstat(2) of fd. 0 or -errno. */
int endpoint_learn_identity(struct endpoint *endpoint);

#endif
