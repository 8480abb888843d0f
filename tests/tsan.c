// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows which call of the C library's the thread sanitizer does not know, and
 * does the same by one that it knows. Linked only where it is used (tests/all).
 */
#include <semaphore.h>
#include <time.h>

#define NS_PER_SEC	1000000000L

/* @until is of @clock; sem_timedwait(3) wants the time of day. */
int sem_clockwait(sem_t *semaphore, clockid_t clock,
		  const struct timespec *until)
{
	struct timespec now, day;

	clock_gettime(clock, &now);
	clock_gettime(CLOCK_REALTIME, &day);
	day.tv_sec += until->tv_sec - now.tv_sec;
	day.tv_nsec += until->tv_nsec - now.tv_nsec;
	if (day.tv_nsec < 0) {
		day.tv_nsec += NS_PER_SEC;
		day.tv_sec--;
	}
	if (day.tv_nsec >= NS_PER_SEC) {
		day.tv_nsec -= NS_PER_SEC;
		day.tv_sec++;
	}
	return sem_timedwait(semaphore, &day);
}
