/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how one PCI function is told: what it is, its link, its ACS. Must not
 * know what stands around it.
 */
#ifndef P2PDMA_REPORT_REPORT_FUNCTION_H
#define P2PDMA_REPORT_REPORT_FUNCTION_H

#include "lib/p2pdma.h"
#include "report/tree.h"

/* "root-port", "downstream-port", "endpoint"…; NULL where not known. */
const char *function_get_kind(const struct p2pdma_function *function);

/* "downstream port": the same for people; "?" where not known. */
void function_format_kind(const struct p2pdma_function *function, char *text,
			  size_t size);

/* "16.0 GT/s x4"; "?" where not known. */
void function_format_link(const struct p2pdma_link *link, char *text,
			  size_t size);

/* "redirects", "off" (there, and does not), "" (not there), "?". */
const char *function_get_acs(const struct p2pdma_function *function);

/* @key{speed_gtps, width, bytes_per_sec}; null where nothing is known. */
void report_add_link(struct json_object *object, const char *key,
		     const struct p2pdma_link *link);

/* null for what is not known. */
void tree_add_answer(struct json_object *object, const char *key,
		     enum p2pdma_answer answer);

/* size_bytes, available_bytes; null for what is not known. */
void report_add_room(struct json_object *object,
		     const struct p2pdma_memory *memory);

/* address, name, kind, numa_node, iommu_group, acs{}, max_payload_bytes */
void report_add_function(struct json_object *object,
			 const struct p2pdma_topology *topology,
			 const struct p2pdma_function *function);

#endif
