// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The input is configuration space. Facts must not contradict each other, and
 * reading must end.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "lib/pci-caps.h"

#define READS_MAX	2048	/* lists have 48 and 960 entries at most */

struct bytes {
	const uint8_t *data;
	size_t size;
	size_t *reads;
};

static void must(bool is_so)
{
	if (!is_so)
		abort();
}

static bool read_word(const struct pci_config *config, size_t at,
		      uint8_t bytes[4])
{
	const struct bytes *input = config->data;

	must(at % 4 == 0 && at < PCI_CONFIG_EXTENDED);
	++*input->reads;
	if (at + 4 > input->size)
		return false;
	memcpy(bytes, input->data + at, 4);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t reads = 0;
	const struct bytes input = { data, size, &reads };
	const struct pci_config config = { read_word, &input };
	struct pci_caps caps;

	pci_caps_parse(&config, &caps);
	must(reads < READS_MAX);
	must(caps.is_readable || !caps.has_acs);
	must((caps.acs_redirects == P2PDMA_YES) <=
	     (caps.has_acs == P2PDMA_YES));
	must(!caps.has_acs == !caps.acs_redirects);
	must(caps.max_payload_bytes <= 4096);
	must(caps.max_read_request_bytes <= 4096);
	return 0;
}
