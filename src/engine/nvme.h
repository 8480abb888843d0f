/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knows NVMe's commands as bytes: what a drive says of itself, how a command
 * for a range is written, and what its status means. Must not know how a
 * command gets to the drive (ring.h), except for the two that identify it.
 */
#ifndef P2PDMA_ENGINE_NVME_H
#define P2PDMA_ENGINE_NVME_H

#include <linux/nvme_ioctl.h>
#include <stdbool.h>
#include <stdint.h>

enum nvme_opcode {
	NVME_WRITE = 0x01,
	NVME_READ = 0x02,
	NVME_COMPARE = 0x05,
	NVME_COPY = 0x19,
};

/* Statuses that somebody looks at, without the bits of the queue's. */
#define NVME_STATUS_MASK		0x7ff
#define NVME_STATUS_COMPARE_FAILED	0x285

/* A part of a namespace, as large as a partition or the whole of it. */
struct nvme_range {
	uint32_t namespace_id;
	unsigned lba_shift;
	uint64_t start_bytes;	/* on the namespace */
	uint64_t size_bytes;
};

/* What a drive says of itself and of one namespace. */
struct nvme_facts {
	uint64_t size_bytes;
	unsigned lba_shift;
	uint32_t metadata_bytes;	/* beside each block */
	bool is_protected;		/* by protection information */
	bool has_compare, has_copy;
	/* Of one Copy command; 0 where it has none. */
	uint32_t copy_range_blocks;	/* MSSRL: blocks of one range */
	uint32_t copy_blocks;		/* MCL: blocks of all of them */
	unsigned copy_ranges;		/* MSRC: ranges */
};

#define NVME_IDENTIFY_BYTES	4096

/*
 * From what Identify Namespace and Identify Controller answered. -EINVAL when
 * that makes no sense.
 */
int nvme_decode(const uint8_t *namespace, const uint8_t *controller,
		struct nvme_facts *facts);

/*
 * Asks the drive behind @fd, a namespace's character or block device. Needs
 * no privilege since Linux 6.2. 0 or -errno; -EIO when the drive refuses.
 */
int nvme_identify(int fd, uint32_t namespace_id, struct nvme_facts *facts);

/* The namespace's number behind @fd, or -errno: -ENOTTY where it is no NVMe. */
int nvme_find_namespace(int fd);

/* That one command can name. */
#define NVME_BLOCKS_MOST	65536

/*
 * nvme_make_command() - @opcode over a part of @range
 * @length_bytes:	READ, WRITE, COMPARE: of the data; COPY: of the ranges
 * @command:		zeros, or one that was made here before
 *
 * READ and COMPARE end where @range does, however long @length_bytes is.
 *
 * 0; -EINVAL when it is not made of whole blocks, or of more than one command
 * can name; -ERANGE when it lies outside of @range.
 */
int nvme_make_command(const struct nvme_range *range, enum nvme_opcode opcode,
		      uint64_t offset_bytes, void *buffer,
		      uint32_t length_bytes, struct nvme_uring_cmd *command);

/* The same without asking; @count is of blocks, or of a copy's ranges. */
static inline void nvme_put_command(const struct nvme_range *range,
				    enum nvme_opcode opcode,
				    uint64_t offset_bytes, void *buffer,
				    uint32_t length_bytes, uint32_t count,
				    struct nvme_uring_cmd *command)
{
	uint64_t block = (range->start_bytes + offset_bytes) >>
			 range->lba_shift;

	command->opcode = (uint8_t)opcode;
	command->nsid = range->namespace_id;
	command->addr = (uintptr_t)buffer;
	command->data_len = length_bytes;
	command->cdw10 = (uint32_t)block;
	command->cdw11 = (uint32_t)(block >> 32);
	command->cdw12 = count - 1;
}

/* What a READ or COMPARE is cut to. */
uint32_t nvme_cut_length(const struct nvme_range *range, uint64_t offset_bytes,
			 uint32_t length_bytes);

/* One range of a Copy command: 32 bytes, in host memory. */
struct nvme_copy_range {
	uint8_t bytes[32];
};

/* Blocks, and not bytes. */
void nvme_make_copy_range(uint64_t first_block, uint32_t blocks,
			  struct nvme_copy_range *range);

/* Negative errno, as Linux's block layer has it; 0 for success. */
int nvme_status_get_errno(int status);

#endif
