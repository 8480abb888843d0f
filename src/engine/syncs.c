// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/syncs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/macro.h"

/* How often it is looked whether the drive is busy with it. */
#define GLANCE_NS	(1000 * NS_PER_MS)

int syncs_add(struct syncs *syncs, int fd, const char *name)
{
	struct syncs_item *item;
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	for (size_t i = 0; i < syncs->count; i++)
		if (syncs->items[i].device == st.st_dev)
			return 0;
	item = array_add(syncs->items, syncs->count);
	if (!item)
		return -ENOMEM;
	item->device = st.st_dev;
	item->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (item->fd < 0)
		return -errno;
	item->name = strdup(name);
	return item->name ? 0 : -ENOMEM;
}

/* --- by a thread of its own, that can be left behind --------------------- */

static void *flush_apart(void *data)
{
	return (void *)(intptr_t)(syncfs((int)(intptr_t)data) ? -errno : 0);
}

/* Signals are for who waits for it. */
static int begin_flush(int fd, pthread_t *thread)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	rc = pthread_create(thread, NULL, flush_apart, (void *)(intptr_t)fd);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -rc;
}

/* True: since it was asked last, the drive has done something. */
static bool is_heard(const struct syncs *syncs, const struct syncs_item *item,
		     uint64_t *ended)
{
	uint64_t before = *ended;

	return syncs->context &&
	       !p2pdma_activity_read(syncs->context, item->device, ended) &&
	       *ended != before;
}

/* 0, or -ETIMEDOUT: not within a glance. */
static int await(pthread_t thread, uint64_t glance_ns, int *answer)
{
	uint64_t then = clock_now_ns() + glance_ns;
	const struct timespec until = {
		.tv_sec = (time_t)(then / NS_PER_SEC),
		.tv_nsec = (long)(then % NS_PER_SEC),
	};
	void *result;
	int rc;

	rc = pthread_clockjoin_np(thread, &result, CLOCK_MONOTONIC, &until);
	if (!rc)
		*answer = (int)(intptr_t)result;
	return -rc;
}

static int flush_item(const struct syncs *syncs, const struct syncs_item *item)
{
	const uint64_t limit = syncs->io_timeout_ns;
	const uint64_t glance = limit ? MIN(limit, GLANCE_NS) : GLANCE_NS;
	uint64_t heard = clock_now_ns(), ended = 0;
	pthread_t thread;
	int answer = 0, rc;

	rc = begin_flush(item->fd, &thread);
	if (rc)
		return rc;
	is_heard(syncs, item, &ended);
	while ((rc = await(thread, glance, &answer)) == -ETIMEDOUT) {
		if (is_heard(syncs, item, &ended))
			heard = clock_now_ns();
		if (!limit || clock_now_ns() - heard < limit)
			continue;
		pthread_detach(thread);
		return rc;
	}
	return rc ? rc : answer;
}

/* A file that another descriptor of its file system could not write, too. */
int syncs_flush(struct syncs *syncs)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < syncs->count; i++) {
		if (syncs->items[i].fd < 0)
			continue;
		rc = flush_item(syncs, &syncs->items[i]);
		if (rc)
			syncs->failed = &syncs->items[i];
	}
	return rc;
}

void syncs_fini(struct syncs *syncs)
{
	for (size_t i = 0; i < syncs->count; i++) {
		if (syncs->items[i].fd >= 0)
			close(syncs->items[i].fd);
		free(syncs->items[i].name);
	}
	free(syncs->items);
	*syncs = (struct syncs){ 0 };
}
