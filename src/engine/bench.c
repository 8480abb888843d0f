// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/bench.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/macro.h"
#include "engine/bench-job.h"

#define TICK_NS		(200 * NS_PER_MS)

/* A job and its thread. */
struct worker {
	struct run *run;
	pthread_t thread;
	int rc;
	struct job job;
};

/* All of them: they start together, and each says when it is ready or done. */
struct run {
	const struct bench_args *args;
	struct worker *workers;
	unsigned started;	/* threads to be joined */
	uint64_t start_ns;
	bool is_called_off;
	int is_aborted;
	sem_t ready, go, done;
};

/*
 * Jobs whose requests never completed: the kernel may still use what they
 * have, until the program ends. Volatile, or nobody would see it kept.
 */
static struct worker *volatile left_behind;

static void *work(void *data)
{
	struct worker *worker = data;
	struct run *run = worker->run;

	worker->rc = bench_job_open(&worker->job);
	sem_post(&run->ready);
	while (sem_wait(&run->go))
		;
	if (!worker->rc && !run->is_called_off) {
		worker->rc = bench_job_run(&worker->job, run->start_ns);
		if (worker->rc)
			__atomic_store_n(&run->is_aborted, 1,
					 __ATOMIC_RELAXED);
	}
	if (!worker->rc || run->is_called_off)
		bench_job_close(&worker->job);
	sem_post(&run->done);
	return NULL;
}

/* Signals are for the thread that called us. */
static int start_threads(struct run *run)
{
	sigset_t all, before;
	int rc = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; i < run->args->jobs && !rc; i++) {
		struct worker *worker = &run->workers[i];

		worker->run = run;
		worker->job.args = run->args;
		worker->job.index = i;
		worker->job.abort = &run->is_aborted;
		rc = -pthread_create(&worker->thread, NULL, work, worker);
		if (!rc)
			run->started++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

/* All that were started are ready, or could not be; 0 when all can run. */
static int wait_until_ready(struct run *run)
{
	int rc = 0;

	for (unsigned i = 0; i < run->started; i++)
		while (sem_wait(&run->ready))
			;
	for (unsigned i = 0; i < run->started && !rc; i++)
		rc = run->workers[i].rc;
	return rc;
}

static void tick(const struct run *run)
{
	uint64_t begun = 0;

	if (!run->args->tick)
		return;
	for (unsigned i = 0; i < run->started; i++)
		begun += __atomic_load_n(&run->workers[i].job.shown,
					 __ATOMIC_RELAXED);
	run->args->tick(run->args->tick_data,
			begun * run->args->block_bytes,
			clock_now_ns() - run->start_ns);
}

/* Waits for all, and ticks meanwhile. */
static void wait_until_done(struct run *run)
{
	unsigned left = run->started;

	while (left) {
		uint64_t until_ns = clock_now_ns() + TICK_NS;
		struct timespec until = {
			.tv_sec = (time_t)(until_ns / NS_PER_SEC),
			.tv_nsec = (long)(until_ns % NS_PER_SEC),
		};

		if (!sem_clockwait(&run->done, CLOCK_MONOTONIC, &until))
			left--;
		else if (errno == ETIMEDOUT)
			tick(run);
	}
	for (unsigned i = 0; i < run->started; i++)
		pthread_join(run->workers[i].thread, NULL);
}

static void add(struct bench_result *sum, const struct bench_result *part)
{
	if (!sum->errors)
		sum->first_error = part->first_error;
	sum->errors += part->errors;
	sum->cpu_user_ns += part->cpu_user_ns;
	sum->cpu_system_ns += part->cpu_system_ns;
	sum->submits += part->submits;
	sum->is_stopped |= part->is_stopped;
	histogram_merge(&sum->latency, &part->latency);
}

/* 0, or what went wrong in the first job where something did. */
static int sum_up(const struct run *run, struct bench_result *result)
{
	uint64_t from_ns = UINT64_MAX, to_ns = 0;
	int rc = 0;

	memset(result, 0, sizeof(*result));
	histogram_init(&result->latency);
	for (unsigned i = 0; i < run->started; i++) {
		const struct job *job = &run->workers[i].job;

		rc = rc ? rc : run->workers[i].rc;
		add(result, &job->result);
		/* One that was stopped while it warmed up counted nothing. */
		if (!job->counted_to_ns)
			continue;
		from_ns = MIN(from_ns, job->counted_from_ns);
		to_ns = MAX(to_ns, job->counted_to_ns);
	}
	result->duration_ns = to_ns ? to_ns - from_ns : 0;
	result->ios = result->latency.count;
	result->bytes = result->ios * run->args->block_bytes;
	return rc;
}

static int run_threads(struct run *run, struct bench_result *result)
{
	int rc, ready;

	rc = start_threads(run);
	ready = wait_until_ready(run);
	rc = rc ? rc : ready;
	run->is_called_off = rc;
	run->start_ns = clock_now_ns();
	for (unsigned i = 0; i < run->started; i++)
		sem_post(&run->go);
	wait_until_done(run);
	return rc ? rc : sum_up(run, result);
}

static bool is_possible(const struct bench_args *args)
{
	uint64_t slots = (uint64_t)args->jobs * args->depth;

	return args->jobs && args->depth && args->block_bytes &&
	       args->block_bytes <= INT32_MAX &&
	       slots <= p2pdma_pool_get_slots(args->pool) &&
	       args->block_bytes <= p2pdma_pool_get_slot_bytes(args->pool);
}

int bench_run(const struct bench_args *args, struct bench_result *result)
{
	struct run run = { .args = args };
	int rc;

	if (!is_possible(args))
		return -EINVAL;
	run.workers = calloc(args->jobs, sizeof(*run.workers));
	if (!run.workers)
		return -ENOMEM;
	sem_init(&run.ready, 0, 0);
	sem_init(&run.go, 0, 0);
	sem_init(&run.done, 0, 0);
	rc = run_threads(&run, result);
	if (run.is_aborted)
		left_behind = steal_pointer(run.workers);
	sem_destroy(&run.ready);
	sem_destroy(&run.go);
	sem_destroy(&run.done);
	free(run.workers);
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
