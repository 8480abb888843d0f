// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/bench.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/macro.h"
#include "engine/bench-job.h"

#define TICK_NS		(200 * NS_PER_MS)

/* A job and its thread. */
struct worker {
	struct bench *bench;
	pthread_t thread;
	sem_t go;
	int rc;
	struct job job;
};

/* All threads go through these together; who gives the order waits for all. */
enum order {
	ORDER_OPEN,
	ORDER_PREPARE,
	ORDER_RUN,
	ORDER_CLOSE,
};

struct bench {
	unsigned jobs, depth;	/* the most of any run */
	unsigned options;	/* of the rings */
	unsigned started;	/* threads to be joined */
	enum order order;
	const struct bench_args *args;
	uint64_t start_ns;
	int is_aborted;		/* something in flight is left behind */
	sem_t done;
	struct worker workers[];
};

/*
 * A bench whose requests never completed: the kernel may still use what it
 * has, until the program ends. Volatile, or nobody would see it kept.
 */
static struct bench *volatile left_behind;

/* --- in the threads ------------------------------------------------------ */

static int obey(struct worker *worker)
{
	struct bench *bench = worker->bench;
	int rc = 0;

	switch (bench->order) {
	case ORDER_OPEN:
		return bench_job_open(&worker->job, bench->depth,
				      bench->options);
	case ORDER_PREPARE:
		return bench_job_prepare(&worker->job, bench->args);
	case ORDER_RUN:
		rc = bench_job_run(&worker->job, bench->start_ns);
		if (rc)
			__atomic_store_n(&bench->is_aborted, 1,
					 __ATOMIC_RELAXED);
		break;
	case ORDER_CLOSE:
		bench_job_close(&worker->job);
		break;
	}
	return rc;
}

static void *work(void *data)
{
	struct worker *worker = data;
	enum order order;

	do {
		while (sem_wait(&worker->go))
			;
		order = worker->bench->order;
		worker->rc = obey(worker);
		sem_post(&worker->bench->done);
	} while (order != ORDER_CLOSE);
	return NULL;
}

/* --- giving orders ------------------------------------------------------- */

static void tick(const struct bench *bench, unsigned jobs)
{
	const struct bench_args *args = bench->args;
	uint64_t begun = 0;

	if (bench->order != ORDER_RUN || !args->tick)
		return;
	for (unsigned i = 0; i < jobs; i++)
		begun += __atomic_load_n(&bench->workers[i].job.shown,
					 __ATOMIC_RELAXED);
	args->tick(args->tick_data, begun * args->block_bytes,
		   clock_now_ns() - bench->start_ns);
}

/* Waits for all, and ticks meanwhile. */
static void wait_until_done(struct bench *bench, unsigned jobs)
{
	unsigned left = jobs;

	while (left) {
		uint64_t until_ns = clock_now_ns() + TICK_NS;
		struct timespec until = {
			.tv_sec = (time_t)(until_ns / NS_PER_SEC),
			.tv_nsec = (long)(until_ns % NS_PER_SEC),
		};

		if (!sem_clockwait(&bench->done, CLOCK_MONOTONIC, &until))
			left--;
		else if (errno == ETIMEDOUT)
			tick(bench, jobs);
	}
}

/* 0, or what went wrong in the first job where something did. */
static int command(struct bench *bench, enum order order, unsigned jobs)
{
	int rc = 0;

	bench->order = order;
	for (unsigned i = 0; i < jobs; i++)
		sem_post(&bench->workers[i].go);
	wait_until_done(bench, jobs);
	for (unsigned i = 0; i < jobs && !rc; i++)
		rc = bench->workers[i].rc;
	return rc;
}

/* Signals are for the thread that called us. */
static int start_threads(struct bench *bench)
{
	sigset_t all, before;
	int rc = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; i < bench->jobs && !rc; i++) {
		struct worker *worker = &bench->workers[i];

		worker->bench = bench;
		worker->job.index = i;
		worker->job.abort = &bench->is_aborted;
		sem_init(&worker->go, 0, 0);
		rc = -pthread_create(&worker->thread, NULL, work, worker);
		if (!rc)
			bench->started++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

int bench_open(unsigned jobs, unsigned depth, unsigned options,
	       struct bench **bench)
{
	struct bench *b;
	int rc;

	b = calloc(1, sizeof(*b) + jobs * sizeof(b->workers[0]));
	if (!b)
		return -ENOMEM;
	b->jobs = jobs;
	b->depth = depth;
	b->options = options;
	sem_init(&b->done, 0, 0);
	rc = start_threads(b);
	if (!rc)
		rc = command(b, ORDER_OPEN, b->started);
	if (rc)
		bench_close(b);
	else
		*bench = b;
	return rc;
}

void bench_close(struct bench *bench)
{
	if (!bench)
		return;
	if (bench->is_aborted) {
		left_behind = bench;
		return;
	}
	command(bench, ORDER_CLOSE, bench->started);
	for (unsigned i = 0; i < bench->started; i++) {
		pthread_join(bench->workers[i].thread, NULL);
		sem_destroy(&bench->workers[i].go);
	}
	sem_destroy(&bench->done);
	free(bench);
}

/* --- a run --------------------------------------------------------------- */

static void sum_up(const struct bench *bench, struct bench_result *result)
{
	uint64_t from_ns = UINT64_MAX, to_ns = 0;

	bench_empty(result);
	for (unsigned i = 0; i < bench->args->jobs; i++) {
		const struct job *job = &bench->workers[i].job;

		bench_add(result, &job->result);
		/* One that was stopped while it warmed up counted nothing. */
		if (!job->counted_to_ns)
			continue;
		series_add(&result->series, &job->result.series);
		from_ns = MIN(from_ns, job->counted_from_ns);
		to_ns = MAX(to_ns, job->counted_to_ns);
	}
	result->duration_ns = to_ns ? to_ns - from_ns : 0;
	result->bytes = result->ios * bench->args->block_bytes;
}

static bool is_possible(const struct bench *bench,
			const struct bench_args *args)
{
	uint64_t slots = (uint64_t)args->jobs * args->depth;

	return !bench->is_aborted && args->jobs && args->depth &&
	       args->jobs <= bench->jobs && args->depth <= bench->depth &&
	       args->block_bytes && args->block_bytes <= INT32_MAX &&
	       (!args->ledger || args->block_bytes % PATTERN_SECTOR == 0) &&
	       slots <= p2pdma_pool_get_slots(args->pool) &&
	       args->block_bytes <= p2pdma_pool_get_slot_bytes(args->pool);
}

int bench_run(struct bench *bench, const struct bench_args *args,
	      struct bench_result *result)
{
	int rc;

	if (!is_possible(bench, args))
		return -EINVAL;
	bench->args = args;
	rc = command(bench, ORDER_PREPARE, args->jobs);
	if (rc)
		return rc;
	bench->start_ns = clock_now_ns();
	rc = command(bench, ORDER_RUN, args->jobs);
	sum_up(bench, result);
	return rc;
}

int bench_fill(struct p2pdma_pool *pool, uint64_t seed)
{
	size_t slot_bytes = p2pdma_pool_get_slot_bytes(pool);
	uint64_t *words _cleanup_free_ = malloc(slot_bytes);
	unsigned slots = p2pdma_pool_get_slots(pool);
	struct random random;
	int rc = 0;

	if (!words)
		return -ENOMEM;
	for (unsigned slot = 0; slot < slots && !rc; slot++) {
		random_init(&random, seed, slot);
		for (size_t i = 0; i < slot_bytes / sizeof(*words); i++)
			words[i] = random_next(&random);
		rc = p2pdma_pool_store(pool, slot, 0, words, slot_bytes);
	}
	return rc;
}
