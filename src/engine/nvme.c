// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/nvme.h"

#include <endian.h>
#include <errno.h>
#include <linux/nvme_ioctl.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/macro.h"

#define ADMIN_IDENTIFY		0x06
#define CNS_NAMESPACE		0
#define CNS_CONTROLLER		1

#define ONCS_COMPARE		(1u << 0)
#define ONCS_COPY		(1u << 8)

/* Offsets into what Identify answers (NVM Express Base Specification). */
enum {
	NS_SIZE = 0,
	NS_FORMAT = 26,
	NS_PROTECTION = 29,
	NS_COPY_RANGE_BLOCKS = 74,
	NS_COPY_BLOCKS = 76,
	NS_COPY_RANGES = 80,
	NS_FORMATS = 128,
	CTRL_ONCS = 520,
};

/* --- what a drive says -------------------------------------------------- */

static uint16_t get_u16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static uint32_t get_u32(const uint8_t *bytes)
{
	return get_u16(bytes) | (uint32_t)get_u16(bytes + 2) << 16;
}

static uint64_t get_u64(const uint8_t *bytes)
{
	return get_u32(bytes) | (uint64_t)get_u32(bytes + 4) << 32;
}

/* The format in use: 4 bits, and 2 more since drives have more than 16. */
static const uint8_t *find_format(const uint8_t *namespace)
{
	uint8_t flags = namespace[NS_FORMAT];
	unsigned index = (flags & 0xf) | (flags >> 1 & 0x30);

	return namespace + NS_FORMATS + 4 * index;
}

static void decode_copy(const uint8_t *namespace, struct nvme_facts *facts)
{
	facts->copy_range_blocks = get_u16(namespace + NS_COPY_RANGE_BLOCKS);
	facts->copy_blocks = get_u32(namespace + NS_COPY_BLOCKS);
	facts->copy_ranges = namespace[NS_COPY_RANGES] + 1;
	if (facts->copy_range_blocks && facts->copy_blocks)
		return;
	/* A drive that copies nothing at once does not copy. */
	facts->has_copy = false;
	facts->copy_range_blocks = facts->copy_blocks = 0;
	facts->copy_ranges = 0;
}

int nvme_decode(const uint8_t *namespace, const uint8_t *controller,
		struct nvme_facts *facts)
{
	const uint8_t *format = find_format(namespace);
	uint16_t oncs = get_u16(controller + CTRL_ONCS);
	uint64_t blocks = get_u64(namespace + NS_SIZE);
	struct nvme_facts f = {
		.lba_shift = format[2],
		.metadata_bytes = get_u16(format),
		.is_protected = namespace[NS_PROTECTION] & 7,
		.has_compare = oncs & ONCS_COMPARE,
		.has_copy = oncs & ONCS_COPY,
	};

	if (f.lba_shift < 9 || f.lba_shift > 31 ||
	    blocks > UINT64_MAX >> f.lba_shift)
		return -EINVAL;
	f.size_bytes = blocks << f.lba_shift;
	if (f.has_copy)
		decode_copy(namespace, &f);
	*facts = f;
	return 0;
}

static int ask(int fd, uint32_t namespace_id, uint32_t what, uint8_t *answer)
{
	struct nvme_passthru_cmd command = {
		.opcode = ADMIN_IDENTIFY,
		.nsid = namespace_id,
		.addr = (uintptr_t)answer,
		.data_len = NVME_IDENTIFY_BYTES,
		.cdw10 = what,
	};
	int rc = ioctl(fd, NVME_IOCTL_ADMIN_CMD, &command);

	if (rc < 0)
		return -errno;
	return rc ? -EIO : 0;
}

int nvme_identify(int fd, uint32_t namespace_id, struct nvme_facts *facts)
{
	uint8_t namespace[NVME_IDENTIFY_BYTES] = { 0 };
	uint8_t controller[NVME_IDENTIFY_BYTES] = { 0 };
	int rc;

	rc = ask(fd, namespace_id, CNS_NAMESPACE, namespace);
	if (!rc)
		rc = ask(fd, 0, CNS_CONTROLLER, controller);
	return rc ? rc : nvme_decode(namespace, controller, facts);
}

int nvme_find_namespace(int fd)
{
	int id = ioctl(fd, NVME_IOCTL_ID);

	return id < 0 ? -errno : id;
}

/* --- what it is told ---------------------------------------------------- */

uint32_t nvme_cut_length(const struct nvme_range *range, uint64_t offset_bytes,
			 uint32_t length_bytes)
{
	if (offset_bytes >= range->size_bytes)
		return 0;
	return (uint32_t)MIN(length_bytes, range->size_bytes - offset_bytes);
}

/* Ranges of a copy; 0: they are none. */
static uint32_t count_ranges(uint32_t length_bytes)
{
	uint32_t ranges = length_bytes / sizeof(struct nvme_copy_range);

	return ranges > 256 || length_bytes % sizeof(struct nvme_copy_range) ?
		       0 : ranges;
}

/* The same of data. */
static uint32_t count_blocks(const struct nvme_range *range,
			     uint32_t length_bytes)
{
	uint32_t blocks = length_bytes >> range->lba_shift;

	return blocks > NVME_BLOCKS_MOST ||
	       length_bytes & ((1u << range->lba_shift) - 1) ? 0 : blocks;
}

int nvme_make_command(const struct nvme_range *range, enum nvme_opcode opcode,
		      uint64_t offset_bytes, void *buffer,
		      uint32_t length_bytes, struct nvme_uring_cmd *command)
{
	uint32_t inside = nvme_cut_length(range, offset_bytes, length_bytes);
	uint32_t count;

	if (!inside || (opcode == NVME_WRITE && inside < length_bytes))
		return -ERANGE;
	if (opcode == NVME_COPY) {
		inside = length_bytes;
		count = count_ranges(length_bytes);
	} else {
		count = count_blocks(range, inside);
	}
	if (!count || offset_bytes & ((1u << range->lba_shift) - 1))
		return -EINVAL;
	nvme_put_command(range, opcode, offset_bytes, buffer, inside, count,
			 command);
	return 0;
}

void nvme_make_copy_range(uint64_t first_block, uint32_t blocks,
			  struct nvme_copy_range *range)
{
	uint64_t first = htole64(first_block);
	uint16_t count = htole16((uint16_t)(blocks - 1));

	memset(range, 0, sizeof(*range));
	memcpy(range->bytes + 8, &first, sizeof(first));
	memcpy(range->bytes + 16, &count, sizeof(count));
}

/* --- what it answers ---------------------------------------------------- */

static const struct {
	int status;
	int error;
} errors[] = {
	{ 0x001, EOPNOTSUPP },	/* invalid opcode */
	{ 0x002, EOPNOTSUPP },	/* invalid field */
	{ 0x00b, EOPNOTSUPP },	/* invalid namespace */
	{ 0x012, EREMOTEIO },	/* not with the controller's own memory */
	{ 0x020, EROFS },	/* namespace is write protected */
	{ 0x080, ENXIO },	/* block out of range */
	{ 0x081, ENOSPC },	/* capacity exceeded */
	{ 0x083, EBUSY },	/* reservation conflict */
	{ 0x182, EROFS },	/* attempt to write to a read-only range */
	{ 0x280, ENODATA },	/* write fault */
	{ 0x281, ENODATA },	/* unrecovered read error */
	{ 0x282, EILSEQ },	/* guard check */
	{ 0x283, EILSEQ },	/* application tag check */
	{ 0x284, EILSEQ },	/* reference tag check */
	{ NVME_STATUS_COMPARE_FAILED, EILSEQ },
	{ 0x286, ENODATA },	/* access denied */
	{ 0x287, ENODATA },	/* deallocated or unwritten block */
};

int nvme_status_get_errno(int status)
{
	status &= NVME_STATUS_MASK;
	if (!status)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i].status == status)
			return -errors[i].error;
	return -EIO;
}
