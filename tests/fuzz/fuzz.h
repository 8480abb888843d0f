/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows the name by which libFuzzer, or replay.c, calls what is fuzzed. An
 * input that is no good is not an error: only a crash is.
 */
#ifndef P2PDMA_FUZZ_H
#define P2PDMA_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
