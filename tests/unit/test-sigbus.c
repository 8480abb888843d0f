/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/sigbus.h"
#include "unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Two pages of a file; the second one vanishes when the file is cut. */
static char *map_two_pages(int *fd, size_t page_bytes)
{
	FILE *file = tmpfile();
	char *start;

	ck_assert_ptr_nonnull(file);
	*fd = dup(fileno(file));
	fclose(file);
	ck_assert_int_eq(ftruncate(*fd, (off_t)(2 * page_bytes)), 0);
	start = mmap(NULL, 2 * page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		     *fd, 0);
	ck_assert_ptr_ne(start, MAP_FAILED);
	return start;
}

START_TEST(memory_that_is_there_is_read_and_written)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	char unaligned[17] = "0123456789abcdef", back[17] = "";
	char *start;
	int fd;

	start = map_two_pages(&fd, page_bytes);
	ck_assert_int_eq(sigbus_store(start + 8, unaligned + 1, 8), 0);
	ck_assert_int_eq(sigbus_load(back + 1, start + 8, 8), 0);
	ck_assert_mem_eq(back + 1, "12345678", 8);
	ck_assert_int_eq(start[7], 0);
	ck_assert_int_eq(start[16], 0);
	close(fd);
}
END_TEST

START_TEST(memory_that_vanished_is_an_error_and_no_signal)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t words[2] = { 1, 2 };
	char *start;
	int fd;

	start = map_two_pages(&fd, page_bytes);
	ck_assert_int_eq(ftruncate(fd, (off_t)page_bytes), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(sigbus_load(words, start + page_bytes, 16),
				 -ENODEV);
		ck_assert_int_eq(sigbus_store(start + page_bytes, words, 16),
				 -ENODEV);
	}
	ck_assert_int_eq(sigbus_load(words, start + page_bytes - 8, 16),
			 -ENODEV);
	ck_assert_int_eq(sigbus_load(words, start, 16), 0);
	close(fd);
}
END_TEST

static volatile sig_atomic_t count;

/* Where nobody takes it in between, the access is tried again for ever. */
static void count_signal(int signal)
{
	if (++count > 1)
		_exit(EXIT_FAILURE);
}

START_TEST(what_the_process_does_about_sigbus_is_restored)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	struct sigaction ours = { .sa_handler = count_signal }, now;
	uint64_t word;
	char *start;
	int fd;

	ck_assert_int_eq(sigaction(SIGBUS, &ours, NULL), 0);
	start = map_two_pages(&fd, page_bytes);
	ck_assert_int_eq(ftruncate(fd, (off_t)page_bytes), 0);
	ck_assert_int_eq(sigbus_load(&word, start + page_bytes, 8), -ENODEV);
	ck_assert_int_eq(count, 0);
	ck_assert_int_eq(sigaction(SIGBUS, NULL, &now), 0);
	ck_assert(now.sa_handler == count_signal);
	raise(SIGBUS);
	ck_assert_int_eq(count, 1);
	close(fd);
}
END_TEST

UNIT_SUITE("sigbus",
	   memory_that_is_there_is_read_and_written,
	   memory_that_vanished_is_an_error_and_no_signal,
	   what_the_process_does_about_sigbus_is_restored);
