/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/nvme.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint8_t namespace[NVME_IDENTIFY_BYTES];
static uint8_t controller[NVME_IDENTIFY_BYTES];

/* 1 GiB of 512 byte blocks; Compare and Copy; format number 0. */
static void make_answers(void)
{
	memset(namespace, 0, sizeof(namespace));
	memset(controller, 0, sizeof(controller));
	namespace[2] = 0x20;
	namespace[74] = 128;
	namespace[77] = 1;
	namespace[80] = 127;
	namespace[128 + 2] = 9;
	controller[520] = 0x5d;
	controller[521] = 0x01;
}

START_TEST(a_drive_says_its_size_its_blocks_and_what_it_can)
{
	struct nvme_facts facts;

	make_answers();
	ck_assert_int_eq(nvme_decode(namespace, controller, &facts), 0);
	ck_assert_uint_eq(facts.size_bytes, 1 << 30);
	ck_assert_uint_eq(facts.lba_shift, 9);
	ck_assert_uint_eq(facts.metadata_bytes, 0);
	ck_assert(!facts.is_protected);
	ck_assert(facts.has_compare);
	ck_assert(facts.has_copy);
	ck_assert_uint_eq(facts.copy_range_blocks, 128);
	ck_assert_uint_eq(facts.copy_blocks, 256);
	ck_assert_uint_eq(facts.copy_ranges, 128);
}
END_TEST

START_TEST(the_format_in_use_may_be_one_beyond_the_first_16)
{
	struct nvme_facts facts;
	uint8_t *format = namespace + 128 + 4 * 35;

	make_answers();
	namespace[26] = 0x43;		/* 2 << 5 | 3: number 35 */
	namespace[29] = 1;
	format[0] = 64;
	format[2] = 12;
	ck_assert_int_eq(nvme_decode(namespace, controller, &facts), 0);
	ck_assert_uint_eq(facts.lba_shift, 12);
	ck_assert_uint_eq(facts.metadata_bytes, 64);
	ck_assert(facts.is_protected);
	ck_assert_uint_eq(facts.size_bytes, UINT64_C(8) << 30);
}
END_TEST

START_TEST(a_drive_that_copies_no_blocks_at_once_has_no_copy)
{
	struct nvme_facts facts;

	make_answers();
	namespace[74] = 0;
	ck_assert_int_eq(nvme_decode(namespace, controller, &facts), 0);
	ck_assert(!facts.has_copy);
	ck_assert_uint_eq(facts.copy_blocks, 0);
	controller[520] = controller[521] = 0;
	ck_assert_int_eq(nvme_decode(namespace, controller, &facts), 0);
	ck_assert(!facts.has_compare);
}
END_TEST

START_TEST(answers_that_make_no_sense_are_refused)
{
	struct nvme_facts facts;

	make_answers();
	namespace[128 + 2] = 8;
	ck_assert_int_eq(nvme_decode(namespace, controller, &facts), -EINVAL);
	namespace[128 + 2] = 64;
	ck_assert_int_eq(nvme_decode(namespace, controller, &facts), -EINVAL);
	namespace[128 + 2] = 12;
	memset(namespace, 0xff, 8);
	ck_assert_int_eq(nvme_decode(namespace, controller, &facts), -EINVAL);
}
END_TEST

/* A partition of 1 MiB, one MiB into namespace 3. */
static const struct nvme_range range = {
	.namespace_id = 3,
	.lba_shift = 9,
	.start_bytes = 1 << 20,
	.size_bytes = 1 << 20,
};

START_TEST(a_command_names_blocks_of_the_namespace)
{
	struct nvme_uring_cmd c;
	char buffer[8];

	ck_assert_int_eq(nvme_make_command(&range, NVME_READ, 4096, buffer,
					   8192, &c), 0);
	ck_assert_uint_eq(c.opcode, 0x02);
	ck_assert_uint_eq(c.nsid, 3);
	ck_assert_uint_eq(c.cdw10, 2048 + 8);
	ck_assert_uint_eq(c.cdw11, 0);
	ck_assert_uint_eq(c.cdw12, 15);
	ck_assert_uint_eq(c.data_len, 8192);
	ck_assert_ptr_eq((void *)(uintptr_t)c.addr, buffer);
	ck_assert_int_eq(nvme_make_command(&range, NVME_WRITE, 0, buffer,
					   512, &c), 0);
	ck_assert_uint_eq(c.opcode, 0x01);
	ck_assert_uint_eq(c.cdw12, 0);
}
END_TEST

START_TEST(what_needs_no_asking_is_the_same_command)
{
	struct nvme_uring_cmd asked = { 0 }, put = { 0 };
	char buffer[8];

	ck_assert_int_eq(nvme_make_command(&range, NVME_WRITE, 4096, buffer,
					   8192, &asked), 0);
	nvme_put_command(&range, NVME_WRITE, 4096, buffer, 8192, 16, &put);
	ck_assert_mem_eq(&asked, &put, sizeof(put));
}
END_TEST

START_TEST(blocks_beyond_4_gi_have_their_upper_half)
{
	struct nvme_range large = { 1, 12, 0, UINT64_C(1) << 46 };
	struct nvme_uring_cmd c;

	ck_assert_int_eq(nvme_make_command(&large, NVME_COMPARE,
					   (UINT64_C(1) << 45) + 4096, NULL,
					   4096, &c), 0);
	ck_assert_uint_eq(c.opcode, 0x05);
	ck_assert_uint_eq(c.cdw10, 1);
	ck_assert_uint_eq(c.cdw11, 2);
}
END_TEST

START_TEST(nothing_outside_of_the_range_is_touched)
{
	struct nvme_uring_cmd c = { 0 };
	uint32_t end = 1 << 20;

	ck_assert_int_eq(nvme_make_command(&range, NVME_READ, end, NULL, 512,
					   &c), -ERANGE);
	ck_assert_int_eq(nvme_make_command(&range, NVME_WRITE, end - 512, NULL,
					   1024, &c), -ERANGE);
	/* What is rounded up to read is cut. */
	ck_assert_int_eq(nvme_make_command(&range, NVME_READ, end - 512, NULL,
					   4096, &c), 0);
	ck_assert_uint_eq(c.data_len, 512);
	ck_assert_uint_eq(c.cdw12, 0);
	ck_assert_uint_eq(nvme_cut_length(&range, end - 512, 4096), 512);
	ck_assert_uint_eq(nvme_cut_length(&range, end, 4096), 0);
}
END_TEST

START_TEST(what_is_no_whole_block_is_refused)
{
	struct nvme_uring_cmd c;

	ck_assert_int_eq(nvme_make_command(&range, NVME_READ, 100, NULL, 512,
					   &c), -EINVAL);
	ck_assert_int_eq(nvme_make_command(&range, NVME_READ, 0, NULL, 100,
					   &c), -EINVAL);
	ck_assert_int_eq(nvme_make_command(&range, NVME_COPY, 0, NULL, 33,
					   &c), -EINVAL);
}
END_TEST

START_TEST(a_copy_has_ranges_of_32_bytes)
{
	struct nvme_copy_range ranges[2];
	struct nvme_uring_cmd c;

	nvme_make_copy_range(UINT64_C(0x0123456789), 128, &ranges[0]);
	ck_assert_uint_eq(ranges[0].bytes[7], 0);
	ck_assert_uint_eq(ranges[0].bytes[8], 0x89);
	ck_assert_uint_eq(ranges[0].bytes[12], 0x01);
	ck_assert_uint_eq(ranges[0].bytes[16], 127);
	ck_assert_uint_eq(ranges[0].bytes[17], 0);
	ck_assert_int_eq(nvme_make_command(&range, NVME_COPY, 4096, ranges,
					   sizeof(ranges), &c), 0);
	ck_assert_uint_eq(c.opcode, 0x19);
	ck_assert_uint_eq(c.cdw10, 2048 + 8);
	ck_assert_uint_eq(c.cdw12, 1);
	ck_assert_uint_eq(c.data_len, 64);
}
END_TEST

START_TEST(a_status_is_the_errno_that_the_block_layer_has_for_it)
{
	ck_assert_int_eq(nvme_status_get_errno(0), 0);
	ck_assert_int_eq(nvme_status_get_errno(0x281), -ENODATA);
	ck_assert_int_eq(nvme_status_get_errno(0x4281), -ENODATA);
	ck_assert_int_eq(nvme_status_get_errno(0x4012), -EREMOTEIO);
	ck_assert_int_eq(nvme_status_get_errno(0x4080), -ENXIO);
	ck_assert_int_eq(nvme_status_get_errno(0x006), -EIO);
}
END_TEST

START_TEST(what_is_no_nvme_says_so)
{
	int fd = open("/dev/null", O_RDONLY);
	struct nvme_facts facts;

	ck_assert_int_eq(nvme_find_namespace(fd), -ENOTTY);
	ck_assert_int_eq(nvme_identify(fd, 1, &facts), -ENOTTY);
	close(fd);
}
END_TEST

UNIT_SUITE("nvme",
	   a_drive_says_its_size_its_blocks_and_what_it_can,
	   the_format_in_use_may_be_one_beyond_the_first_16,
	   a_drive_that_copies_no_blocks_at_once_has_no_copy,
	   answers_that_make_no_sense_are_refused,
	   a_command_names_blocks_of_the_namespace,
	   what_needs_no_asking_is_the_same_command,
	   blocks_beyond_4_gi_have_their_upper_half,
	   nothing_outside_of_the_range_is_touched,
	   what_is_no_whole_block_is_refused,
	   a_copy_has_ranges_of_32_bytes,
	   a_status_is_the_errno_that_the_block_layer_has_for_it,
	   what_is_no_nvme_says_so);
