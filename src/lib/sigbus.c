// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/sigbus.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

/* A signal's action belongs to the process: one thread at a time. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction before;
static __thread sigjmp_buf *way_out;

/* Somebody else's fault comes again, to whom it may concern. */
static void on_sigbus(int signal)
{
	if (way_out)
		siglongjmp(*way_out, 1);
	sigaction(SIGBUS, &before, NULL);
}

static void load(void *to, const void *from, size_t size)
{
	const volatile uint64_t *words = from;

	for (size_t i = 0; i < size / sizeof(*words); i++) {
		uint64_t word = words[i];

		memcpy((char *)to + i * sizeof(word), &word, sizeof(word));
	}
}

static void store(void *to, const void *from, size_t size)
{
	volatile uint64_t *words = to;

	for (size_t i = 0; i < size / sizeof(*words); i++) {
		uint64_t word;

		memcpy(&word, (const char *)from + i * sizeof(word),
		       sizeof(word));
		words[i] = word;
	}
}

static int run_guarded(void (*copy)(void *to, const void *from, size_t size),
		       void *to, const void *from, size_t size)
{
	struct sigaction ours = { .sa_handler = on_sigbus };
	sigjmp_buf here;
	volatile int rc = -ENODEV;

	pthread_mutex_lock(&lock);
	sigaction(SIGBUS, &ours, &before);
	way_out = &here;
	if (!sigsetjmp(here, 1)) {
		copy(to, from, size);
		rc = 0;
	}
	way_out = NULL;
	sigaction(SIGBUS, &before, NULL);
	pthread_mutex_unlock(&lock);
	return rc;
}

int sigbus_load(void *data, const void *vanishing, size_t size)
{
	return run_guarded(load, data, vanishing, size);
}

int sigbus_store(void *vanishing, const void *data, size_t size)
{
	return run_guarded(store, vanishing, data, size);
}
