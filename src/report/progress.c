// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/progress.h"

#include <sys/ioctl.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/macro.h"
#include "report/tree.h"

#define TERMINAL_PERIOD_NS	(200 * NS_PER_MS)
#define LINES_PERIOD_NS		NS_PER_SEC
#define LINE_SIZE		160
/* What is longer ago counts for less than a half. */
#define MEMORY_NS		(5 * NS_PER_SEC)

/* A stderr has one cursor, so there is at most one live line. */
static struct progress *live;

void progress_init(struct progress *progress, enum progress_mode mode,
		   FILE *file)
{
	*progress = (struct progress){
		.mode = mode,
		.file = file,
		.is_terminal = mode != PROGRESS_JSON && isatty(fileno(file)),
		.started_ns = clock_now_ns(),
	};
	progress->rated_ns = progress->started_ns;
	if (mode == PROGRESS_AUTO && !progress->is_terminal)
		progress->mode = PROGRESS_NEVER;
}

bool progress_is_shown(const struct progress *progress)
{
	return progress->mode != PROGRESS_NEVER;
}

/*
 * At first the rate of all of it; later that of the last seconds, of which the
 * older count less and less: it follows, and does not jump.
 */
static double get_weight(const struct progress *progress, uint64_t now_ns)
{
	double passed = (double)(now_ns - progress->rated_ns);
	double all = (double)(now_ns - progress->first_rated_ns);

	return MAX(passed / all, passed / (passed + (double)MEMORY_NS));
}

static void take_rate(struct progress *progress, uint64_t now_ns)
{
	uint64_t done = progress->last.done_bytes, rate;
	double weight;

	if (now_ns <= progress->rated_ns || done < progress->rated_bytes)
		return;
	rate = bytes_rate(done - progress->rated_bytes,
			  now_ns - progress->rated_ns);
	if (progress->bytes_per_sec <= 0)
		progress->first_rated_ns = progress->rated_ns;
	weight = get_weight(progress, now_ns);
	progress->bytes_per_sec = (1 - weight) * progress->bytes_per_sec +
				  weight * (double)rate;
	progress->rated_ns = now_ns;
	progress->rated_bytes = done;
}

/* Nanoseconds to go; 0: not known. */
static uint64_t guess_rest(const struct progress *progress, uint64_t now_ns)
{
	const struct progress_tick *tick = &progress->last;
	uint64_t passed = now_ns - progress->started_ns;

	if (tick->total_ns)
		return tick->total_ns > passed ? tick->total_ns - passed : 0;
	if (tick->total_bytes <= tick->done_bytes ||
	    progress->bytes_per_sec < 1)
		return 0;
	return (uint64_t)((double)(tick->total_bytes - tick->done_bytes) /
			  progress->bytes_per_sec * 1e9);
}

/* "0:07", "2:05:00": a clock that counts down, without fractions. */
static const char *format_rest(uint64_t ns, char *text, size_t size)
{
	unsigned long long seconds = (ns + NS_PER_SEC - 1) / NS_PER_SEC;

	if (seconds >= 3600)
		snprintf(text, size, "%llu:%02llu:%02llu", seconds / 3600,
			 seconds / 60 % 60, seconds % 60);
	else
		snprintf(text, size, "%llu:%02llu", seconds / 60, seconds % 60);
	return text;
}

static void format_line(const struct progress *progress, uint64_t now_ns,
			char *line, size_t size)
{
	const struct progress_tick *tick = &progress->last;
	uint64_t rest = guess_rest(progress, now_ns);
	size_t used = 0;
	char text[64];

	if (tick->steps > 1)
		used = (size_t)snprintf(line, size, "%u of %u: ", tick->step,
					tick->steps);
	used += (size_t)snprintf(line + used, size - used, "%s",
				 bytes_format(tick->done_bytes, text,
					      sizeof(text)));
	if (tick->total_bytes)
		used += (size_t)snprintf(line + used, size - used,
			" of %s, %d %%",
			bytes_format(tick->total_bytes, text, sizeof(text)),
			(int)((double)MIN(tick->done_bytes,
					  tick->total_bytes) * 100 /
			      (double)tick->total_bytes));
	used += (size_t)snprintf(line + used, size - used, ", %s",
		bytes_format_rate((uint64_t)progress->bytes_per_sec, text,
				  sizeof(text)));
	if (rest)
		snprintf(line + used, size - used, ", ETA %s",
			 format_rest(rest, text, sizeof(text)));
}

static void print_json(const struct progress *progress, uint64_t now_ns)
{
	struct json_object *tree = tree_new_object();

	tree_add_text(tree, "schema", "p2pdma-utils/1");
	tree_add_text(tree, "event", "progress");
	if (progress->last.steps > 1) {
		tree_add_count(tree, "step", progress->last.step);
		tree_add_count(tree, "steps", progress->last.steps);
	}
	tree_add_count(tree, "done_bytes", progress->last.done_bytes);
	tree_add_known(tree, "total_bytes", progress->last.total_bytes);
	tree_add_count(tree, "elapsed_ns", now_ns - progress->started_ns);
	tree_add_known(tree, "rate_bytes_per_sec",
		       (uint64_t)progress->bytes_per_sec);
	tree_add_known(tree, "eta_ns", guess_rest(progress, now_ns));
	fprintf(progress->file, "%s\n",
		json_object_to_json_string_ext(tree,
					       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(tree);
}

static size_t get_columns(FILE *file)
{
	struct winsize window;

	if (ioctl(fileno(file), TIOCGWINSZ, &window) || window.ws_col < 2)
		return 80;
	return window.ws_col;
}

/* Over the old line, cut to the terminal, with blanks where it was longer. */
static void print_live(struct progress *progress, char *line)
{
	size_t length = strlen(line), columns = get_columns(progress->file);

	if (length >= columns)
		length = columns - 1;
	fprintf(progress->file, "\r%.*s%*s", (int)length, line,
		progress->live_length > length ?
			(int)(progress->live_length - length) : 0, "");
	progress->live_length = length;
	live = progress;
}

static void show(struct progress *progress, uint64_t now_ns)
{
	char line[LINE_SIZE];

	progress->shown_ns = now_ns;
	if (progress->mode == PROGRESS_JSON) {
		print_json(progress, now_ns);
	} else {
		format_line(progress, now_ns, line, sizeof(line));
		if (progress->is_terminal)
			print_live(progress, line);
		else
			fprintf(progress->file, "%s\n", line);
	}
	fflush(progress->file);
}

void progress_update_at(struct progress *progress,
			const struct progress_tick *tick, uint64_t now_ns)
{
	uint64_t period = progress->is_terminal ? TERMINAL_PERIOD_NS :
						  LINES_PERIOD_NS;

	if (progress->mode == PROGRESS_NEVER)
		return;
	progress->last = *tick;
	if (now_ns - MAX(progress->shown_ns, progress->started_ns) < period)
		return;
	take_rate(progress, now_ns);
	show(progress, now_ns);
}

void progress_update(struct progress *progress,
		     const struct progress_tick *tick)
{
	progress_update_at(progress, tick, clock_now_ns());
}

static void clear(struct progress *progress)
{
	if (!progress->live_length)
		return;
	fprintf(progress->file, "\r%*s\r", (int)progress->live_length, "");
	fflush(progress->file);
	progress->live_length = 0;
}

void progress_finish(struct progress *progress)
{
	uint64_t now_ns = clock_now_ns();

	if (progress->is_terminal) {
		clear(progress);
	} else if (progress->mode != PROGRESS_NEVER) {
		take_rate(progress, now_ns);
		show(progress, now_ns);
	}
	if (live == progress)
		live = NULL;
	progress->mode = PROGRESS_NEVER;
}

void progress_step_aside(void)
{
	if (live)
		clear(live);
}
