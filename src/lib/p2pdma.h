/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * libp2pdma: PCI Express peer-to-peer DMA from userspace.
 *
 * The library answers questions and hands out memory:
 *
 *   p2pdma_topology_scan()     what is in this machine? (facts)
 *   p2pdma_target_resolve()    on which PCI functions does this path lie?
 *   p2pdma_verdict_judge()     may this client reach that provider's memory?
 *   p2pdma_users_scan()        who holds peer memory?
 *   p2pdma_diagnose()          what stands in the way?
 *   p2pdma_pool_create()       equal, aligned slots of a provider's memory
 *
 * A provider is a PCI function whose memory the kernel hands out
 * (/sys/bus/pci/devices/BDF/p2pmem/). A client is a function that would do
 * DMA to it. Facts and verdicts need no privileges beyond what the kernel
 * asks for; what could not be read is "unknown", never guessed.
 *
 * Conventions. Functions that can fail return 0 or a negative errno; values
 * leave through the last parameter and are untouched on failure. Objects
 * come from _create, _scan, _resolve or _open and go with _destroy or
 * _close, which take NULL. Pointers from _get functions and inside structs
 * are borrowed from the object they came from. The library never prints,
 * never exits, reads no environment variable, and starts no thread. Distinct
 * objects may be used from distinct threads.
 *
 * Public structs are allocated by the library unless the text says "caller's
 * storage"; later versions may add members at the end of the former.
 *
 * Everything here is since 0.1 unless it says otherwise.
 */
#ifndef P2PDMA_H
#define P2PDMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* -------------------------------------------------------------------------
 * Context: where facts are read, and who is told about oddities
 */

struct p2pdma_context;

/** Receives one line, without newline; @priority as in syslog(3). */
typedef void (*p2pdma_log_fn)(void *data, int priority, const char *line);

/**
 * p2pdma_context_create() - open the tree that facts are read from
 * @root:	"/" (or NULL) for this machine; another directory that holds
 *		sys/ and proc/ for somebody else's
 * @context:	the new context, to be destroyed by the caller
 *
 * Return: 0, -ENOENT or -EACCES where @root cannot be opened, -ENOMEM.
 */
int p2pdma_context_create(const char *root, struct p2pdma_context **context);

/** Gives back @context; everything made from it must be gone. NULL is fine. */
void p2pdma_context_destroy(struct p2pdma_context *context);

/** Sends log lines to @log (NULL: nowhere, as at first). */
void p2pdma_context_set_log(struct p2pdma_context *context, p2pdma_log_fn log,
			    void *data);

/** True when @context reads this very machine, so that memory can be had. */
bool p2pdma_context_is_live(const struct p2pdma_context *context);

/* -------------------------------------------------------------------------
 * Facts: functions, providers, drives
 */

/** What is not known is 0, so that no guess looks like a fact. */
enum p2pdma_answer {
	P2PDMA_UNKNOWN = 0,
	P2PDMA_NO,
	P2PDMA_YES,
};

/** One end of a PCI Express link. Source: sysfs *_link_speed, *_link_width. */
struct p2pdma_link {
	uint32_t speed_mtps;	 /**< megatransfers a second; 0 unknown */
	uint32_t width;		 /**< lanes; 0 unknown */
	uint64_t bytes_per_sec;	 /**< in one direction, after 8b/10b (to 5
				      GT/s) or 128b/130b (to 32; none at 64);
				      0 unknown */
};

/** What a PCI function is on its way to the root (PCIe spec 7.5.3.2). */
enum p2pdma_port {
	P2PDMA_PORT_UNKNOWN = 0,
	P2PDMA_PORT_ENDPOINT,
	P2PDMA_PORT_ROOT,
	P2PDMA_PORT_UPSTREAM,
	P2PDMA_PORT_DOWNSTREAM,
	P2PDMA_PORT_INTEGRATED,	/**< root complex integrated endpoint */
	P2PDMA_PORT_BRIDGE,	/**< to or from conventional PCI */
};

/** A memory BAR; addresses as the CPU sees them. */
struct p2pdma_bar {
	uint64_t start;		/**< 0 with end 0: not there */
	uint64_t end;		/**< last byte */
	uint64_t flags;		/**< as /sys/…/resource prints them */
	int64_t bus_offset;	/**< bus address minus start; 0 where unknown */
	bool is_bus_offset_known;
};

/** Peer memory that a driver registered. Source: sysfs p2pmem/. */
struct p2pdma_memory {
	uint64_t size_bytes;		/**< 0 unknown */
	uint64_t available_bytes;	/**< total, not the largest run */
	bool is_available_known;
	enum p2pdma_answer is_published;
	enum p2pdma_answer has_allocate; /**< Linux 6.2 and later */
	int bar;			/**< -1 unknown */
};

/** A PCI function and what decides about its DMA. */
struct p2pdma_function {
	const char *address;		/**< "0000:03:00.0" */
	const char *root_bus;		/**< "pci0000:00": its host bridge */
	const struct p2pdma_function *parent; /**< bridge above; NULL: none */
	const struct p2pdma_function *physfn; /**< of a VF; NULL: no VF */
	uint16_t vendor, device;
	uint32_t class_code;		/**< 24 bits, 0x010802: NVMe */
	const char *driver;		/**< NULL: none bound */
	enum p2pdma_port port;
	enum p2pdma_answer has_acs;
	enum p2pdma_answer acs_redirects; /**< RR, CR or EC is set */
	int numa_node;			/**< -1 unknown */
	int iommu_group;		/**< -1: in none */
	const char *iommu_type;		/**< "identity", "DMA"…; NULL unknown */
	unsigned dma_mask_bits;		/**< 0 unknown */
	struct p2pdma_link link;	/**< as trained now */
	struct p2pdma_link link_max;	/**< what this end can do */
	struct p2pdma_bar bars[6];
	const struct p2pdma_memory *memory; /**< NULL: no p2pmem directory */
	bool is_config_readable;	/**< beyond the first 64 bytes */
	unsigned max_payload_bytes;	/**< of a packet, as set; 0 unknown */
	unsigned max_read_request_bytes; /**< as set; 0 unknown */
	const char *local_cpus;		/**< "0-7,16-23"; NULL unknown */
};

/** An NVMe namespace with a block device. */
struct p2pdma_namespace {
	const char *name;		/**< "nvme0n1" */
	uint64_t size_bytes;
	uint32_t lba_bytes;		/**< logical block */
	uint32_t metadata_bytes;	/**< for each block; 0 none */
	enum p2pdma_answer is_multipath; /**< a head above hidden paths */
};

/** An NVMe controller on a PCI function. */
struct p2pdma_drive {
	const struct p2pdma_function *function;
	const char *controller;		/**< "nvme0" */
	const char *model, *serial, *firmware; /**< NULL unknown */
	uint64_t cmb_bytes;		/**< size the register tells; 0 none */
	uint32_t cmb_size_register;	/**< CMBSZ as read; 0 none */
	const struct p2pdma_namespace *namespaces;
	size_t namespace_count;
};

/** How something is set: "nvme.poll_queues", "0". */
struct p2pdma_setting {
	const char *name, *value;
};

/** Facts about the whole machine. */
struct p2pdma_machine {
	const char *kernel_release;	/**< "7.2.12-…"; NULL unknown */
	unsigned kernel_version;	/**< 7.2.12 as 0x07020c; 0 unknown */
	const char *cpu_vendor;		/**< "AuthenticAMD"; NULL not x86 */
	unsigned cpu_family;		/**< 0 unknown */
	const char *command_line;	/**< NULL unknown */
	enum p2pdma_answer has_p2pdma;	/**< CONFIG_PCI_P2PDMA; YES where a
					     provider shows it, else from
					     /boot/config-* or kallsyms,
					     when the machine is asked for */
	const char *cpu_model;		/**< "AMD EPYC 9654"; NULL unknown */
	const char *governor;		/**< of the processors' frequency;
					     "mixed"; NULL unknown or none */
	const struct p2pdma_setting *parameters; /**< of the NVMe drivers */
	size_t parameter_count;
};

struct p2pdma_topology;

/**
 * p2pdma_topology_scan() - read every fact once
 *
 * What vanishes while it is read is left out. The topology does not follow
 * later changes; scan again for those. Where there is no PCI in the tree, as
 * without sysfs, it has no functions.
 *
 * Return: 0, -ENOMEM.
 */
int p2pdma_topology_scan(struct p2pdma_context *context,
			 struct p2pdma_topology **topology);
void p2pdma_topology_destroy(struct p2pdma_topology *topology);

/** Facts about the machine; never NULL. */
const struct p2pdma_machine *
p2pdma_topology_get_machine(const struct p2pdma_topology *topology);

/** All functions, sorted by address. */
const struct p2pdma_function *const *
p2pdma_topology_get_functions(const struct p2pdma_topology *topology,
			      size_t *count);

/** The functions that have peer memory, sorted by address. */
const struct p2pdma_function *const *
p2pdma_topology_get_providers(const struct p2pdma_topology *topology,
			      size_t *count);

/** The NVMe drives, sorted by address. */
const struct p2pdma_drive *const *
p2pdma_topology_get_drives(const struct p2pdma_topology *topology,
			   size_t *count);

/** The function at "0000:03:00.0" or "03:00.0"; NULL when there is none. */
const struct p2pdma_function *
p2pdma_topology_find(const struct p2pdma_topology *topology,
		     const char *address);

/** The drive on @function; NULL when there is none. */
const struct p2pdma_drive *
p2pdma_topology_find_drive(const struct p2pdma_topology *topology,
			   const struct p2pdma_function *function);

/**
 * p2pdma_topology_get_name() - what vendor and device are called
 *
 * From pci.ids, which is read when the first name is asked for: not safe in
 * two threads at a time. Lives as long as @topology.
 *
 * Return: NULL when the database has no such name, or there is no memory.
 * Since 0.1.
 */
const char *p2pdma_topology_get_name(const struct p2pdma_topology *topology,
				     const struct p2pdma_function *function);

/* -------------------------------------------------------------------------
 * Links
 */

/** The link from a function up to the bridge above it. Caller's storage. */
struct p2pdma_uplink {
	struct p2pdma_link now;	 /**< as trained, of what both ends tell */
	struct p2pdma_link best; /**< what both ends can do */
	enum p2pdma_answer is_degraded; /**< now is less than best; links may
					     train down at rest */
};

/**
 * p2pdma_function_get_uplink() - the link above @function, from both its ends
 *
 * A virtual function has that of its physical one.
 *
 * Return: false where there is none, for nothing is above @function or the
 * step is the inside of a switch; @uplink is untouched then.
 */
bool p2pdma_function_get_uplink(const struct p2pdma_function *function,
				struct p2pdma_uplink *uplink);

/**
 * p2pdma_function_read_uplink() - the same, as it is at this moment
 *
 * Links may train down at rest and up again under load, which the facts of a
 * topology, read once, do not tell.
 *
 * Return: as p2pdma_function_get_uplink(); what can no longer be read is
 * unknown.
 */
bool p2pdma_function_read_uplink(struct p2pdma_context *context,
				 const struct p2pdma_function *function,
				 struct p2pdma_uplink *uplink);

/**
 * p2pdma_link_get_payload_rate() - what is left of a link for data
 * @max_payload_bytes: P, the least MPS on the way; 0 unknown
 *
 * Every packet is a memory write of P bytes with a 64-bit address, of which
 * the link carries
 *
 *   to 32 GT/s	P + 24 bytes: header 16, sequence number and framing 4, LCRC 4
 *   64 GT/s	P + 16 bytes, in FLITs of 256 bytes that hold 236 of packets
 *
 * so that data gets bytes_per_sec * P / (P + 24), or bytes_per_sec * 236 / 256
 * * P / (P + 16). Not taken off: acknowledgements, flow control, replays and
 * SKP ordered sets (together some percent), and the requests of reads.
 *
 * Return: bytes a second, 0 unknown.
 */
uint64_t p2pdma_link_get_payload_rate(const struct p2pdma_link *link,
				      unsigned max_payload_bytes);

/* -------------------------------------------------------------------------
 * Verdict: may a client reach a provider's memory?
 */

/** How a client reaches a provider. */
enum p2pdma_reach {
	P2PDMA_REACH_UNKNOWN = 0,
	P2PDMA_REACH_REFUSED,
	P2PDMA_REACH_VIA_HOST,	/**< through an allowed host bridge */
	P2PDMA_REACH_DIRECT,	/**< below one switch, bus addresses */
};

#define P2PDMA_ADVICE_SIZE	256
#define P2PDMA_REASONS_MAX	12

/** Why something is not, or may not be, possible. Caller's storage. */
struct p2pdma_reason {
	const char *id;			/**< stable, "acs-redirect" */
	const struct p2pdma_function *at; /**< NULL: the machine, or the pair
					       as such */
	char advice[P2PDMA_ADVICE_SIZE]; /**< one sentence: what to do */
};

/** The kernel's decision as predicted from facts. Caller's storage. */
struct p2pdma_verdict {
	enum p2pdma_reach reach;
	int distance;		/**< the kernel's own; -1 unknown */
	uint64_t bottleneck_bytes_per_sec; /**< slowest link as trained;
					        0 unknown, or no link at all */
	const struct p2pdma_function *bottleneck_at; /**< lower end; or NULL */
	unsigned links;		/**< that a byte crosses on its way */
	const struct p2pdma_function *turn; /**< where the way up from the one
					         becomes the way down to the
						 other; NULL: in the host */
	unsigned max_payload_bytes; /**< least of the way; 0 unknown */
	uint64_t payload_bytes_per_sec; /**< the bottleneck's, for data; see
					     p2pdma_link_get_payload_rate() */
	size_t reason_count;
	struct p2pdma_reason reasons[P2PDMA_REASONS_MAX];
};

/**
 * p2pdma_verdict_judge() - predict what the kernel decides for one pair
 *
 * Pure: reads nothing but @topology, changes nothing. The rules are those of
 * calc_map_type_and_dist() in drivers/pci/p2pdma.c, Linux 6.1 to 7.3.
 * REFUSED and UNKNOWN always carry a reason; DIRECT and VIA_HOST may carry
 * warnings (@client == @provider is allowed).
 */
void p2pdma_verdict_judge(const struct p2pdma_topology *topology,
			  const struct p2pdma_function *provider,
			  const struct p2pdma_function *client,
			  struct p2pdma_verdict *verdict);

/** "direct", "via-host", "refused", "unknown". */
const char *p2pdma_reach_get_name(enum p2pdma_reach reach);

/** The kernel's word for it: "BUS_ADDR", "THRU_HOST_BRIDGE", … */
const char *p2pdma_reach_get_map_type(enum p2pdma_reach reach);

/* -------------------------------------------------------------------------
 * Target: a path, and the PCI functions that do its I/O
 */

enum p2pdma_target_kind {
	P2PDMA_TARGET_UNKNOWN = 0,
	P2PDMA_TARGET_FUNCTION,	/**< a PCI address, /dev/nvme0 */
	P2PDMA_TARGET_BLOCK,	/**< a whole block device */
	P2PDMA_TARGET_PARTITION,
	P2PDMA_TARGET_FILE,	/**< a regular file */
	P2PDMA_TARGET_DIRECTORY,
};

/** One layer between a path and its drives, outermost first. */
struct p2pdma_layer {
	const char *kind;  /**< "ext4", "partition", "md-raid1", "dm", "nvme" */
	const char *name;  /**< "nvme0n1p1", "md0"; NULL for a file system */
	enum p2pdma_answer passes_reads;  /**< peer pages down to the drive */
	enum p2pdma_answer passes_writes;
};

/**
 * Where a target's bytes lie at one level below it. Two targets that have a
 * container in common share bytes there at most; the outermost one decides.
 */
struct p2pdma_place {
	const char *container;	/**< a disk's identity, or else its name
					"md0"; a file system "259:1"; a
					volume group "LVM-…" */
	const char *member;	/**< of what hands out room: a file, a
					volume; NULL: places are ranges */
	uint64_t start_bytes;	/**< inside the container or the member */
	uint64_t end_bytes;	/**< UINT64_MAX where unknown */
	bool is_linear;		/**< byte N of the target is N bytes after
					the start; else anywhere inside */
};

/** The levels on one way down to the ground, outermost first. */
struct p2pdma_way {
	const struct p2pdma_place *places;
	size_t place_count;
};

/** A block device that has bytes of another one under its own name. */
struct p2pdma_alias {
	const char *name;	/**< "nvme2n1" */
	uint32_t device_major, device_minor;
};

/** What a path stands for. */
struct p2pdma_target {
	enum p2pdma_target_kind kind;
	const char *path;
	const char *device;	   /**< kernel's name of the block device
					that it is or lies on, "nvme0n1p1";
					NULL none */
	uint32_t device_major, device_minor;
	const char *disk;	   /**< whole disk of @device, "nvme0n1" */
	uint64_t start_bytes;	   /**< where @device begins on @disk */
	uint64_t size_bytes;	   /**< of the device or the file */
	uint32_t lba_bytes;	   /**< logical block; 0 unknown */
	uint32_t max_io_bytes;	   /**< queue/max_sectors_kb; 0 unknown */
	uint32_t max_peer_io_bytes;/**< what stays one request with peer
					pages, of which newer kernels take
					256 or queue/max_segments; 0 unknown */
	enum p2pdma_answer has_poll_queues; /**< queue/io_poll */
	const struct p2pdma_function *const *clients; /**< every live path */
	size_t client_count;	   /**< 0: no PCI function does its I/O */
	const struct p2pdma_layer *layers;
	size_t layer_count;
	/* holders, aliases and whether it is in use: of block devices only */
	const char *const *holders;/**< "dm-0", "md0" that sit on @device or
					on one of its partitions */
	size_t holder_count;
	enum p2pdma_answer passes_reads;  /**< the worst of the layers */
	enum p2pdma_answer passes_writes;
	const struct p2pdma_reason *reasons; /**< why a layer does not pass */
	size_t reason_count;
	const struct p2pdma_way *ways;	  /**< one for each device below */
	size_t way_count;
	const struct p2pdma_alias *aliases; /**< other names of @device, whole
					and partitions: a namespace whose
					controllers are not united */
	size_t alias_count;
	enum p2pdma_answer is_mounted;	/**< it, or a partition of it; UNKNOWN
					where it cannot be read */
	enum p2pdma_answer is_mounted_writable;
	const char *mount_point;	/**< the first one; NULL none */
	enum p2pdma_answer is_swap;
};

/**
 * p2pdma_target_resolve() - find the PCI functions behind a path
 * @path:	block device, partition, multipath head, dm or md node, file,
 *		directory, NVMe character device, or PCI address
 * @fd:		open descriptor to trust instead of @path, so that nobody can
 *		swap the path in between; -1 for none
 *
 * Where the context is not live there is no /dev: block devices are found by
 * name ("/dev/nvme0n1", "/dev/mapper/vg-lv"), files not at all (-ENOENT).
 * Anything else that exists (a pipe, /dev/null) is a target of kind UNKNOWN
 * without clients. Sources: stat(2), sysfs, /proc/self/mountinfo,
 * /proc/swaps.
 *
 * md raid1 and raid10 never pass writes: where a member refuses peer memory
 * they report success and lose the data (Linux 7.2, raid1-10.c).
 *
 * Return: 0, -errno of stat(2) or open(2), -ENXIO for a PCI address that is
 * not there, -ENOMEM.
 */
int p2pdma_target_resolve(struct p2pdma_context *context,
			  const struct p2pdma_topology *topology,
			  const char *path, int fd,
			  struct p2pdma_target **target);
void p2pdma_target_destroy(struct p2pdma_target *target);

/** What I/O would do to the memory. */
enum p2pdma_direction {
	P2PDMA_READ = 1,	/**< the target is read: DMA into the memory */
	P2PDMA_WRITE = 2,	/**< the target is written: DMA out of it */
};

/**
 * p2pdma_verdict_judge_target() - the worst over a target's clients and layers
 * @direction:	READ, WRITE or both, or'ed
 *
 * As p2pdma_verdict_judge(); no client at all is REFUSED with "not-pci".
 */
void p2pdma_verdict_judge_target(const struct p2pdma_topology *topology,
				 const struct p2pdma_function *provider,
				 const struct p2pdma_target *target,
				 unsigned direction,
				 struct p2pdma_verdict *verdict);

/** One provider as a place for the buffers of a copy. */
struct p2pdma_choice {
	const struct p2pdma_function *provider;
	struct p2pdma_verdict source, destination;
	enum p2pdma_reach reach; /**< the worse of the two */
	unsigned crossings;	 /**< link crossings of a byte of the copy */
	uint64_t bottleneck_bytes_per_sec; /**< 0 unknown */
};

/**
 * p2pdma_choices_rank() - order all providers for a copy, best first
 * @source:	NULL where only one end counts
 * @destination: NULL where only one end counts
 *
 * Reachable ones first (then unknown, then refused); a provider that is a
 * client of either end before others (its own transfer stays inside); then
 * fewer crossings, wider bottleneck, more room, lower address.
 *
 * @choices: array of @count, to be freed with free(); NULL when @count is 0.
 * Return: 0, -ENOMEM.
 */
int p2pdma_choices_rank(const struct p2pdma_topology *topology,
			const struct p2pdma_target *source,
			const struct p2pdma_target *destination,
			struct p2pdma_choice **choices, size_t *count);

/**
 * p2pdma_choices_rank_all() - the same for several destinations
 * @destinations: array of @destination_count, of which all are written
 *
 * As p2pdma_choices_rank(); the destination's verdict is that of the one that
 * is worst off, and the crossings are those of all. Since 0.1.
 */
int p2pdma_choices_rank_all(const struct p2pdma_topology *topology,
			    const struct p2pdma_target *source,
			    const struct p2pdma_target *const *destinations,
			    size_t destination_count,
			    struct p2pdma_choice **choices, size_t *count);

/* -------------------------------------------------------------------------
 * Memory: providers and pools
 */

struct p2pdma_provider;

/**
 * p2pdma_provider_open() - open somebody's memory to take pools from
 * @name:	"host" (or "none"), a PCI address, the path of a p2pmem
 *		allocate file, or "pci:ADDRESS/barN": a BAR as the CPU reaches
 *		it, of which a pool has one slot, for load and store only
 * @why:	caller's storage or NULL; filled where the machine says no
 *
 * Never opens a provider that is not published: there the kernel may hand out
 * memory that its driver is using.
 *
 * Return: 0; -ENXIO no such function; -ENODEV no peer memory ("no-p2pmem");
 * -EBUSY not published ("not-published"); -EOPNOTSUPP a kernel that cannot
 * hand it out ("kernel-without-allocate"); -EACCES ("allocate-not-permitted");
 * -ENOMEM; other errno of open(2).
 */
int p2pdma_provider_open(struct p2pdma_context *context, const char *name,
			 struct p2pdma_reason *why,
			 struct p2pdma_provider **provider);
void p2pdma_provider_close(struct p2pdma_provider *provider);

/** "host" or "0000:03:00.0". */
const char *p2pdma_provider_get_name(const struct p2pdma_provider *provider);

/** True for memory in a PCI BAR: not for the CPU, not to be pinned. */
bool p2pdma_provider_is_peer(const struct p2pdma_provider *provider);

struct p2pdma_pool;

/**
 * p2pdma_pool_create() - one mapping, cut into equal slots
 * @slot_bytes:	of each slot; rounded up to pages
 * @slots:	how many are wanted, at least 1
 * @slots_least: how many would do; fewer than that is -ENOMEM
 *
 * Takes a single mapping (the kernel's allocator is first-fit and
 * fragments), halving what is above @slots_least until it fits. Peer memory
 * is not zeroed by the kernel and is not inherited by children. The provider
 * must stay open as long as its pools.
 *
 * Return: 0; -EINVAL nothing asked for, or too much to count; -ENOMEM no room
 * for @slots_least slots in one piece; -ENODEV the provider is gone.
 */
int p2pdma_pool_create(struct p2pdma_provider *provider, size_t slot_bytes,
		       unsigned slots, unsigned slots_least,
		       struct p2pdma_pool **pool);

/**
 * p2pdma_pool_join() - memory of several providers as one pool
 * @other:	becomes part of @pool, its slots behind those of @pool; not to
 *		be used any more
 *
 * Both pools have all their slots, of one size, and are both peer memory or
 * both not. A slot is never in two mappings. Both providers must stay open.
 *
 * Return: 0; else @other is as it was: -EINVAL they do not fit together,
 * -E2BIG more than 8 mappings, -ENOMEM. Since 0.1.
 */
int p2pdma_pool_join(struct p2pdma_pool *pool, struct p2pdma_pool *other);

/** Gives the memory back to its providers; no I/O may be in flight. */
void p2pdma_pool_destroy(struct p2pdma_pool *pool);

unsigned p2pdma_pool_get_slots(const struct p2pdma_pool *pool);
size_t p2pdma_pool_get_slot_bytes(const struct p2pdma_pool *pool);
bool p2pdma_pool_is_peer(const struct p2pdma_pool *pool);

/**
 * The address of slot @index, for DMA: pass it to O_DIRECT I/O, one request
 * inside one slot. Peer memory is read and written by the CPU only through
 * p2pdma_pool_load() and _store(). NULL when @index is out of range.
 */
void *p2pdma_pool_get_slot(const struct p2pdma_pool *pool, unsigned index);

/** A free slot's address, NULL when all are out. Not thread-safe. */
void *p2pdma_pool_take(struct p2pdma_pool *pool);

/** Returns a slot that p2pdma_pool_take() gave. Not thread-safe. */
void p2pdma_pool_give(struct p2pdma_pool *pool, void *slot);

/**
 * p2pdma_pool_load() - copy from a slot into host memory, by the CPU
 * p2pdma_pool_store() - copy from host memory into a slot, by the CPU
 * @offset, @size: multiples of 8, inside the slot
 *
 * Slow on peer memory (uncached): for probes and patterns, never for data.
 * Plain aligned 8-byte accesses; a provider that goes away under them gives
 * -ENODEV instead of SIGBUS. SIGBUS handling of the process is restored.
 *
 * Return: 0, -EINVAL, -ENODEV.
 */
int p2pdma_pool_load(const struct p2pdma_pool *pool, unsigned index,
		     size_t offset, void *data, size_t size);
int p2pdma_pool_store(const struct p2pdma_pool *pool, unsigned index,
		      size_t offset, const void *data, size_t size);

/* -------------------------------------------------------------------------
 * The controller itself
 */

/** What an NVMe controller says of itself; from Identify. */
struct p2pdma_identity {
	uint64_t max_transfer_bytes;	/**< MDTS; 0: no limit told */
	enum p2pdma_answer can_compare;	/**< ONCS bit 0 */
	enum p2pdma_answer can_copy;	/**< ONCS bit 8 */
	enum p2pdma_answer has_volatile_cache; /**< VWC bit 0 */
};

/**
 * p2pdma_drive_identify() - ask the controller (live machine only)
 * @identity:	caller's storage
 *
 * Return: 0, -EOPNOTSUPP when the context is not live or libnvme.so.1 is not
 * installed, -EACCES, -ENODEV, -EIO.
 */
int p2pdma_drive_identify(struct p2pdma_context *context,
			  const struct p2pdma_drive *drive,
			  struct p2pdma_identity *identity);

/* -------------------------------------------------------------------------
 * Users: who holds peer memory
 */

/** One process and one provider. */
struct p2pdma_user {
	int pid;
	const char *command;		/**< /proc/PID/comm; NULL unknown */
	/** NULL: a provider that is gone, or not in the topology */
	const struct p2pdma_function *provider;
	uint64_t mapped_bytes;		/**< shared after fork: counted twice */
	unsigned mappings;
};

struct p2pdma_users {
	const struct p2pdma_user *users; /**< by process, then provider */
	size_t count;
	size_t unreadable;	/**< processes that we may not look into */
};

/**
 * p2pdma_users_scan() - find the processes that have mapped peer memory
 *
 * Sees the caller's own processes without privileges; of others it says how
 * many there were. Source: /proc/PID/maps.
 *
 * Return: 0, -ENOENT where there is no /proc in the tree, -ENOMEM.
 */
int p2pdma_users_scan(struct p2pdma_context *context,
		      const struct p2pdma_topology *topology,
		      struct p2pdma_users **users);
void p2pdma_users_destroy(struct p2pdma_users *users);

/* -------------------------------------------------------------------------
 * DRAM: what the host's memory has to do with it
 */

struct p2pdma_dram;

/**
 * p2pdma_dram_open() - count the traffic of the memory controllers
 *
 * Of all of them, whoever causes it, by their own counters ("uncore_imc" of
 * Intel's processors, as far as the kernel tells what a count stands for).
 *
 * Return: 0, -EOPNOTSUPP when the context is not live, -ENODEV the machine
 * has no such counters or they are not known, -EACCES (CAP_PERFMON, or
 * kernel.perf_event_paranoid=0), -ENOMEM, other errno of perf_event_open(2).
 */
int p2pdma_dram_open(struct p2pdma_context *context,
		     struct p2pdma_dram **dram);

/** Bytes read and written since it was opened. 0 or -EIO. */
int p2pdma_dram_read(const struct p2pdma_dram *dram, uint64_t *bytes);

/** NULL is fine. */
void p2pdma_dram_close(struct p2pdma_dram *dram);

/* -------------------------------------------------------------------------
 * Activity: does a block device answer anybody?
 */

/**
 * p2pdma_activity_read() - how many transfers a block device has ended
 * @device:	as stat(2) tells it: of its node, or of a file on it
 * @ended:	reads, writes, discards and flushes so far, of whoever asked
 *
 * A count that stands still while somebody waits is a drive that is silent.
 *
 * Return: 0, -ENOENT when no block device is known by that number (file
 * systems of several drives, and those of a network, have numbers of their
 * own), -errno.
 */
int p2pdma_activity_read(struct p2pdma_context *context, dev_t device,
			 uint64_t *ended);

/* -------------------------------------------------------------------------
 * Doctor: what peer traffic needs, and what of it is there
 */

enum p2pdma_status {
	P2PDMA_STATUS_UNKNOWN = 0, /**< could not be found out */
	P2PDMA_STATUS_PASS,
	P2PDMA_STATUS_WARN,	/**< works, but not as well or as safely */
	P2PDMA_STATUS_FAIL,	/**< stands in the way */
};

/** One condition. */
struct p2pdma_check {
	const char *id;			/**< stable, "acs" */
	enum p2pdma_status status;
	const char *evidence;		/**< what was found */
	const char *advice;		/**< what to do; NULL: nothing */
	const char *parameters;		/**< of the kernel, that would do it,
					     with blanks between; NULL */
	const char *commands;		/**< for a shell, one a line; NULL */
};

struct p2pdma_diagnosis {
	const struct p2pdma_check *checks; /**< in the order of causes */
	size_t count;
	size_t pairs;		/**< of a provider and another's drive */
	size_t reachable;	/**< of these; own memory does not count,
				     unless there is no other drive */
	size_t unknown;		/**< of these */
};

/**
 * p2pdma_diagnose() - look at every condition
 *
 * Writes nothing. On a live machine it takes each provider's memory for a
 * moment, as far as it is free and permitted, to see how large a piece the
 * kernel gives.
 *
 * Return: 0, -ENOMEM.
 */
int p2pdma_diagnose(struct p2pdma_context *context,
		    const struct p2pdma_topology *topology,
		    struct p2pdma_diagnosis **diagnosis);
void p2pdma_diagnosis_destroy(struct p2pdma_diagnosis *diagnosis);

/** "unknown", "pass", "warn", "fail". */
const char *p2pdma_status_get_name(enum p2pdma_status status);

#ifdef __cplusplus
}
#endif

#endif
