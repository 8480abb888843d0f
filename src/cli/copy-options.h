/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows p2pcopy's options and which of them go together; must not know what
 * becomes of them.
 */
#ifndef P2PDMA_CLI_COPY_OPTIONS_H
#define P2PDMA_CLI_COPY_OPTIONS_H

#include "cli/cli.h"
#include "cli/launcher.h"

/* No file reaches there; 0 is a place like others. */
#define SEEK_NONE	UINT64_MAX

enum sparse {
	SPARSE_AUTO = 0,
	SPARSE_NEVER,
};

enum on_error {
	ON_ERROR_STOP = 0,
	ON_ERROR_CONTINUE,
};

/* "sha256:FILE" */
struct sum_wish {
	const char *name;		/* NULL: none */
	const char *file;		/* NULL: with the report */
};

struct copy_options {
	const char *provider;
	bool is_peer_required;
	uint64_t block_bytes;		/* 0: not given, like the others */
	uint64_t depth;
	uint64_t skip_bytes, seek_bytes;	/* or SEEK_NONE */
	uint64_t size_bytes;
	bool is_recursive, is_preserved;
	const char *manifest;
	bool is_nul;
	uint64_t destinations;		/* of each line of the manifest */
	struct launcher_place shard;	/* count 0: not given */
	int verify;
	int engine;
	bool is_polled, is_handed;
	bool is_scrubbed;
	bool is_dry_run;
	bool is_forced;
	bool is_unsynced;
	bool is_in_place;
	int sparse;
	struct cli_list also;
	const char *journal;
	bool is_resumed;
	uint64_t journal_interval_ns;
	int on_error;
	uint64_t retries;
	uint64_t rate;
	struct sum_wish sum;
	uint64_t io_timeout_ns;
};

extern const struct cli_program copy_program;

void copy_options_init(struct copy_options *options);

/* Whatever needs more than one file's data. */
bool copy_options_are_many(const struct cli_common *common,
			   const struct copy_options *options);

/* CLI_GO_ON, or EXIT_USAGE, and why has been said. */
int copy_options_check(const struct cli_common *common,
		       const struct copy_options *options);

#endif
