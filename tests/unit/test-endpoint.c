/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/endpoint-null.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/var/tmp/test-endpoint-XXXXXX";
static char path[128];

static void make_directory(void)
{
	strcpy(strrchr(directory, '-'), "-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/file", directory);
}

static void remove_directory(void)
{
	unlink(path);
	ck_assert_msg(!rmdir(directory), "%s is not empty", directory);
}

static void put_text(const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void check_text(const char *wanted)
{
	char text[64] = "";
	FILE *file = fopen(path, "r");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fread(text, 1, sizeof(text) - 1, file),
			  strlen(wanted));
	ck_assert_str_eq(text, wanted);
	fclose(file);
}

START_TEST(a_file_that_is_not_there_cannot_be_read)
{
	struct endpoint *endpoint = NULL;

	make_directory();
	ck_assert_int_eq(endpoint_open(path, ENDPOINT_READ, &endpoint),
			 -ENOENT);
	ck_assert_int_eq(endpoint_open(path, ENDPOINT_WRITE, &endpoint),
			 -ENOENT);
	ck_assert_int_eq(endpoint_open(directory, ENDPOINT_READ, &endpoint),
			 -ENOTBLK);
	ck_assert_ptr_null(endpoint);
	remove_directory();
}
END_TEST

START_TEST(a_file_tells_its_size_and_who_it_is)
{
	struct endpoint *a, *b, *c;

	make_directory();
	put_text("seven77");
	ck_assert_int_eq(endpoint_open(path, ENDPOINT_READ, &a), 0);
	ck_assert_int_eq(a->kind, ENDPOINT_FILE);
	ck_assert_uint_eq(a->size_bytes, 7);
	ck_assert_int_eq(endpoint_open(path, ENDPOINT_WRITE, &b), 0);
	ck_assert(endpoint_is_same(a, b));
	ck_assert_int_eq(endpoint_open("/dev/null", ENDPOINT_READ, &c),
			 -ENOTBLK);
	endpoint_close(a);
	endpoint_close(b);
	remove_directory();
}
END_TEST

START_TEST(alignment_is_told_where_there_is_direct_io)
{
	struct endpoint *endpoint;

	make_directory();
	put_text("x");
	ck_assert_int_eq(endpoint_open(path, ENDPOINT_READ, &endpoint), 0);
	if (endpoint->direct_fd >= 0)
		ck_assert_uint_ge(endpoint->offset_align, 512);
	else
		ck_assert_uint_eq(endpoint->offset_align, 1);
	endpoint_close(endpoint);
	remove_directory();
}
END_TEST

START_TEST(a_replacement_appears_only_when_it_is_complete)
{
	struct endpoint *endpoint;
	struct stat st;

	make_directory();
	ck_assert_int_eq(endpoint_open(path, ENDPOINT_WRITE | ENDPOINT_REPLACE,
				       &endpoint), 0);
	ck_assert_int_eq(pwrite(endpoint->fd, "new text and more", 17, 0), 17);
	ck_assert_int_ne(access(path, F_OK), 0);
	ck_assert_int_eq(endpoint_commit(endpoint, 8, true), 0);
	check_text("new text");
	endpoint_close(endpoint);
	check_text("new text");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_nlink, 1);
	remove_directory();
}
END_TEST

START_TEST(a_replacement_that_is_given_up_leaves_the_old_file)
{
	struct endpoint *endpoint;

	make_directory();
	put_text("old");
	ck_assert_int_eq(chmod(path, 0640), 0);
	ck_assert_int_eq(endpoint_open(path, ENDPOINT_WRITE | ENDPOINT_REPLACE,
				       &endpoint), 0);
	ck_assert_int_eq(pwrite(endpoint->fd, "new", 3, 0), 3);
	endpoint_close(endpoint);
	check_text("old");
	remove_directory();
}
END_TEST

START_TEST(a_replacement_has_the_mode_of_what_it_replaces)
{
	struct endpoint *endpoint;
	struct stat st;

	make_directory();
	put_text("old");
	ck_assert_int_eq(chmod(path, 0640), 0);
	ck_assert_int_eq(endpoint_open(path, ENDPOINT_WRITE | ENDPOINT_REPLACE,
				       &endpoint), 0);
	ck_assert_int_eq(endpoint_commit(endpoint, 0, false), 0);
	endpoint_close(endpoint);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	ck_assert_uint_eq(st.st_size, 0);
	remove_directory();
}
END_TEST

START_TEST(a_link_is_followed_and_stays)
{
	struct endpoint *endpoint;
	char link[160];
	struct stat st;

	make_directory();
	put_text("old");
	snprintf(link, sizeof(link), "%s/link", directory);
	ck_assert_int_eq(symlink("file", link), 0);
	ck_assert_int_eq(endpoint_open(link, ENDPOINT_WRITE | ENDPOINT_REPLACE,
				       &endpoint), 0);
	ck_assert_int_eq(pwrite(endpoint->fd, "new", 3, 0), 3);
	ck_assert_int_eq(endpoint_commit(endpoint, 3, false), 0);
	endpoint_close(endpoint);
	check_text("new");
	ck_assert_int_eq(lstat(link, &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	unlink(link);
	remove_directory();
}
END_TEST

START_TEST(a_place_holds_files_and_no_links)
{
	struct endpoint *endpoint = NULL;
	struct endpoint_place place = { .name = "file" };
	char other[160];

	make_directory();
	snprintf(other, sizeof(other), "%s/other", directory);
	put_text("old");
	ck_assert_int_eq(rename(path, other), 0);
	ck_assert_int_eq(symlink("other", path), 0);
	place.directory_fd = open(directory, O_PATH | O_CLOEXEC);
	ck_assert_int_ge(place.directory_fd, 0);
	ck_assert_int_eq(endpoint_open_at(&place, path, ENDPOINT_READ, 0,
					  &endpoint), -ELOOP);
	ck_assert_int_eq(endpoint_open_at(&place, path, ENDPOINT_WRITE, 0,
					  &endpoint), -ELOOP);
	ck_assert_ptr_null(endpoint);
	/* The path is what is told, and not opened. */
	ck_assert_int_eq(endpoint_open_at(&place, "/nowhere", ENDPOINT_WRITE |
					  ENDPOINT_REPLACE, 0600, &endpoint),
			 0);
	ck_assert_int_eq(write(endpoint->fd, "new", 3), 3);
	ck_assert_int_eq(endpoint_commit(endpoint, 3, false), 0);
	endpoint_close(endpoint);
	check_text("new");
	strcpy(path, other);
	check_text("old");
	place.name = ".";
	ck_assert_int_eq(endpoint_open_at(&place, path, ENDPOINT_READ, 0,
					  &endpoint), -ENOTBLK);
	close(place.directory_fd);
	ck_assert_int_eq(unlink(other), 0);
	snprintf(path, sizeof(path), "%s/file", directory);
	remove_directory();
}
END_TEST

START_TEST(room_is_reserved_before_anything_is_written)
{
	struct endpoint *endpoint;
	struct stat st;

	make_directory();
	ck_assert_int_eq(endpoint_open(path, ENDPOINT_WRITE | ENDPOINT_REPLACE,
				       &endpoint), 0);
	ck_assert_int_eq(endpoint_reserve(endpoint, 40000, 60000), 0);
	ck_assert_int_eq(fstat(endpoint->fd, &st), 0);
	ck_assert_uint_eq(st.st_size, 100000);
	ck_assert_int_eq(endpoint_reserve(endpoint, 0, UINT64_MAX), -EFBIG);
	endpoint_close(endpoint);
	remove_directory();
}
END_TEST

START_TEST(room_before_the_part_is_not_taken)
{
	struct endpoint *endpoint;
	struct stat st;

	make_directory();
	ck_assert_int_eq(endpoint_open(path, ENDPOINT_WRITE | ENDPOINT_REPLACE,
				       &endpoint), 0);
	ck_assert_int_eq(endpoint_reserve(endpoint, 64 << 20, 4096), 0);
	ck_assert_int_eq(fstat(endpoint->fd, &st), 0);
	ck_assert_int_lt(st.st_blocks * 512, 1 << 20);
	endpoint_close(endpoint);
	remove_directory();
}
END_TEST

START_TEST(a_file_in_place_grows_only_by_what_is_written)
{
	struct endpoint *endpoint;
	struct stat st;

	make_directory();
	put_text("old");
	ck_assert_int_eq(endpoint_open(path, ENDPOINT_WRITE, &endpoint), 0);
	ck_assert_int_eq(endpoint_reserve(endpoint, 0, 1 << 20), 0);
	endpoint_close(endpoint);
	check_text("old");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_lt(st.st_blocks * 512, 1 << 20);
	remove_directory();
}
END_TEST

START_TEST(no_path_opens_zeros_and_the_sink)
{
	struct endpoint *endpoint = NULL;

	ck_assert_int_eq(endpoint_open("null:", ENDPOINT_READ, &endpoint),
			 -ENOENT);
	ck_assert_int_eq(endpoint_open("null:", ENDPOINT_WRITE, &endpoint),
			 -ENOENT);
	ck_assert_ptr_null(endpoint);
}
END_TEST

static const struct {
	uint64_t offset;
	uint32_t length;
	int result, seen;
} faults_seen[] = {
	{ 0, 4096, 4096, 512 },
	{ 0, 256, 256, 256 },
	{ 8192, 4096, 4096, -EIO },
	{ 4096, 4096, 4096, 512 },
	{ 8000, 4096, 4096, -EIO },
	{ 12288, 4096, 4096, 512 },
	{ 16128, 4096, 4096, 256 },
	{ 16384, 4096, 4096, 0 },
	{ 0, 4096, -ENODATA, -ENODATA },
};

START_TEST(faults_happen_where_they_were_asked_for)
{
	struct endpoint_faults faults = {
		.error_offset = 8192, .error_bytes = 4096, .error = -EIO,
		.end_offset = 16384, .short_bytes = 512,
	};
	struct endpoint *endpoint;
	char buffer;

	ck_assert_int_eq(endpoint_null_open(NULL, ENDPOINT_READ, &faults,
					    &endpoint), 0);
	ck_assert_uint_eq(endpoint->size_bytes, UINT64_MAX);
	for (size_t i = 0; i < sizeof(faults_seen) / sizeof(faults_seen[0]);
	     i++) {
		struct ring_op op = { .buffer = &buffer,
				      .length_bytes = faults_seen[i].length,
				      .offset_bytes = faults_seen[i].offset };

		ck_assert_int_eq(endpoint_judge(endpoint, &op,
						faults_seen[i].result),
				 faults_seen[i].seen);
	}
	endpoint_close(endpoint);
}
END_TEST

START_TEST(buffers_can_be_refused)
{
	char peer[64], host[64];
	struct endpoint_faults faults = {
		.refuse_start = peer, .refuse_bytes = sizeof(peer),
		.refuse_error = -EREMOTEIO,
	};
	struct ring_op op = { .buffer = peer, .length_bytes = 64 };
	struct endpoint *endpoint;

	ck_assert_int_eq(endpoint_null_open(NULL, ENDPOINT_WRITE, &faults,
					    &endpoint), 0);
	ck_assert_int_eq(endpoint_judge(endpoint, &op, 64), -EREMOTEIO);
	op.buffer = host;
	ck_assert_int_eq(endpoint_judge(endpoint, &op, 64), 64);
	endpoint_close(endpoint);
}
END_TEST

START_TEST(passthrough_takes_nvme_and_nothing_else)
{
	unsigned mode = ENDPOINT_READ | ENDPOINT_PASSTHROUGH;
	struct endpoint *endpoint;

	make_directory();
	put_text("x");
	ck_assert_int_eq(endpoint_open(path, mode, &endpoint), -ENODEV);
	mode = ENDPOINT_WRITE | ENDPOINT_REPLACE | ENDPOINT_PASSTHROUGH;
	ck_assert_int_eq(endpoint_open(path, mode, &endpoint), -ENODEV);
	check_text("x");
	ck_assert_ptr_nonnull(strstr(endpoint_explain(mode, -ENODEV),
				     "no NVMe namespace"));
	ck_assert_ptr_null(endpoint_explain(mode, -ENOENT));
	ck_assert_ptr_null(endpoint_explain(ENDPOINT_READ, -ENODEV));
	remove_directory();
}
END_TEST

UNIT_SUITE("endpoint",
	   a_file_that_is_not_there_cannot_be_read,
	   a_file_tells_its_size_and_who_it_is,
	   alignment_is_told_where_there_is_direct_io,
	   a_replacement_appears_only_when_it_is_complete,
	   a_replacement_that_is_given_up_leaves_the_old_file,
	   a_replacement_has_the_mode_of_what_it_replaces,
	   a_link_is_followed_and_stays,
	   a_place_holds_files_and_no_links,
	   room_is_reserved_before_anything_is_written,
	   room_before_the_part_is_not_taken,
	   a_file_in_place_grows_only_by_what_is_written,
	   no_path_opens_zeros_and_the_sink,
	   faults_happen_where_they_were_asked_for,
	   buffers_can_be_refused,
	   passthrough_takes_nvme_and_nothing_else);
