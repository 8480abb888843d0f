/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows how a copy of many files is told while it lasts, so that nothing of it
 * is kept; must not know how it is made.
 *
 * JSON is one object with "files" and the totals or, of a manifest, an object
 * a line as each file ends, and the totals as the last one.
 */
#ifndef P2PDMA_REPORT_REPORT_FILES_H
#define P2PDMA_REPORT_REPORT_FILES_H

#include "engine/many.h"
#include "report/writer.h"

/* Caller's storage. */
struct report_files {
	FILE *file;
	enum writer_format format;
	bool is_stream;		/* a line each */
	bool is_each_told;	/* in text */
	bool is_plan;
	bool has_begun;
	const char *algorithm;	/* of checksums; NULL: there are none */
	bool is_sum_told;	/* in text: a line of it each */
	const char *fallback_reason;	/* in text: the first one; or NULL */
	const char *command;
};

void report_files_add(struct report_files *report,
		      const struct many_file *file);
void report_files_finish(struct report_files *report,
			 const struct many_totals *totals, bool is_complete);

/* The line that ALGOsum -c reads. */
void report_files_print_sum(FILE *file, const struct many_file *copy);

/*
 * A name as it is printed: what is no printable character, and a backslash, as
 * C writes them. Heap.
 */
char *report_escape(const char *name);

/* The rest of a sentence on what failed: "read x: No such file". Heap. */
char *report_files_explain(const struct many_file *file);

#endif
