// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fills and checks devices and files inside the lab: every 4 KiB block bears
 * its own offset and a seed in each of its words, so that a block that is
 * missing, stale, from elsewhere or half written is told from the right one.
 * Knows nothing of p2pdma: it must not share a mistake with what it checks.
 *
 *   pattern fill  FILE SEED BYTES [OFFSET]
 *   pattern check FILE SEED BYTES [OFFSET [FIRST]]
 *   pattern peek  FILE BYTES
 *   pattern hold  FILE
 *   pattern crumble FILE BYTES
 *
 * OFFSET is where in FILE; FIRST is the offset that the first block bears, if
 * it was copied from there. BYTES need not be whole blocks. peek maps FILE,
 * the allocate file of a provider, and prints how many words are not zero. hold
 * maps all that FILE has left, and keeps it until it is killed; crumble does so
 * in pieces of BYTES, and gives every other one back.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 4096, CHUNK = 1 << 20 };

static void fill(uint64_t *words, size_t bytes, uint64_t seed, uint64_t at)
{
	size_t i;

	for (i = 0; i < bytes / 8; i++) {
		uint64_t block = at + i * 8 / BLOCK * BLOCK;

		words[i] = (block ^ seed << 48) + (i % (BLOCK / 8)) *
			   UINT64_C(0x9e3779b97f4a7c15);
	}
}

static void die(const char *what, const char *file)
{
	fprintf(stderr, "pattern: %s %s: %s\n", what, file, strerror(errno));
	exit(2);
}

static size_t whole(size_t bytes)
{
	return (bytes + BLOCK - 1) / BLOCK * BLOCK;
}

static bool same(const char *got, const char *want, size_t bytes, uint64_t at)
{
	size_t i;

	if (!memcmp(got, want, bytes))
		return true;
	for (i = 0; got[i] == want[i]; i++)
		;
	printf("differs at %" PRIu64 "\n", at + i);
	return false;
}

static uint64_t number(int argc, char **argv, int i)
{
	return argc > i ? strtoull(argv[i], NULL, 0) : 0;
}

/* Past the page cache where FILE allows it, so that media are compared. */
static int open_past_cache(const char *file, bool filling)
{
	int flags = filling ? O_RDWR | O_CREAT : O_RDONLY;
	int fd = open(file, flags | O_DIRECT, 0600);

	if (fd < 0)
		fd = open(file, flags, 0600);
	if (fd < 0)
		die("open", file);
	return fd;
}

static void transfer(int fd, bool filling, const char *file, char *buffer,
		     size_t bytes, uint64_t at)
{
	ssize_t n;

	if (filling)
		n = pwrite(fd, buffer, whole(bytes), (off_t)at);
	else
		n = pread(fd, buffer, whole(bytes), (off_t)at);
	if (n < 0)
		die(filling ? "write" : "read", file);
	if ((size_t)n < bytes) {
		printf("%s ends at %" PRIu64 "\n", file, at + (uint64_t)n);
		exit(1);
	}
}

static int run(int fd, bool filling, char **argv, uint64_t offset,
	       uint64_t first)
{
	static char want[CHUNK] __attribute__((aligned(BLOCK)));
	static char got[CHUNK] __attribute__((aligned(BLOCK)));
	uint64_t seed = strtoull(argv[3], NULL, 0);
	uint64_t bytes = strtoull(argv[4], NULL, 0);
	uint64_t done;

	for (done = 0; done < bytes; done += CHUNK) {
		size_t n = bytes - done < CHUNK ? bytes - done : CHUNK;

		fill((uint64_t *)want, whole(n), seed, first + done);
		transfer(fd, filling, argv[2], filling ? want : got, n,
			 offset + done);
		if (!filling && !same(got, want, n, offset + done))
			return 1;
	}
	return 0;
}

/* A file was written in whole blocks; its end is where it was asked to be. */
static int finish(int fd, const char *file, uint64_t end)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size == whole(end) && ftruncate(fd, (off_t)end) < 0)
		die("truncate", file);
	if (fsync(fd) < 0)
		die("fsync", file);
	return 0;
}

/* By plain aligned words: it is a device's memory. */
static int peek(const char *file, size_t bytes)
{
	int fd = open(file, O_RDWR);
	const volatile uint64_t *words;
	size_t count = 0, i;

	if (fd < 0)
		die("open", file);
	words = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (words == MAP_FAILED)
		die("map", file);
	for (i = 0; i < bytes / 8; i++)
		count += words[i] != 0;
	printf("%zu\n", count);
	return 0;
}

static void keep(void)
{
	printf("held\n");
	fflush(stdout);
	pause();
}

static int hold(const char *file)
{
	int fd = open(file, O_RDWR);
	size_t bytes = (size_t)1 << 40;

	if (fd < 0)
		die("open", file);
	while (bytes >= BLOCK)
		if (mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			 0) == MAP_FAILED)
			bytes /= 2;
	keep();
	return 0;
}

/* What is given back at once would be handed out again at once. */
static int crumble(const char *file, size_t bytes)
{
	static void *pieces[1 << 15];
	int fd = open(file, O_RDWR);
	size_t count = 0, i;

	if (fd < 0)
		die("open", file);
	do
		pieces[count] = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				     MAP_SHARED, fd, 0);
	while (pieces[count] != MAP_FAILED && ++count < 1 << 15);
	for (i = 1; i < count; i += 2)
		munmap(pieces[i], bytes);
	keep();
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t offset = number(argc, argv, 5);
	uint64_t first = argc > 6 ? number(argc, argv, 6) : offset;
	bool filling;
	int fd, rc;

	if (argc == 4 && !strcmp(argv[1], "peek"))
		return peek(argv[2], strtoull(argv[3], NULL, 0));
	if (argc == 3 && !strcmp(argv[1], "hold"))
		return hold(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "crumble"))
		return crumble(argv[2], strtoull(argv[3], NULL, 0));
	if (argc < 5 || (strcmp(argv[1], "fill") && strcmp(argv[1], "check"))) {
		fprintf(stderr, "usage: pattern fill|check FILE SEED BYTES "
				"[OFFSET [FIRST]]\n"
				"       pattern peek FILE BYTES\n"
				"       pattern hold FILE\n"
				"       pattern crumble FILE BYTES\n");
		return 2;
	}
	filling = !strcmp(argv[1], "fill");
	fd = open_past_cache(argv[2], filling);
	rc = run(fd, filling, argv, offset, first);
	if (!rc && filling)
		rc = finish(fd, argv[2], offset +
			    strtoull(argv[4], NULL, 0));
	close(fd);
	return rc;
}
