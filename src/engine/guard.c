// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/guard.h"

#include <blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/macro.h"
#include "engine/endpoint.h"

static bool is_device(const struct p2pdma_target *target)
{
	return target->kind == P2PDMA_TARGET_BLOCK ||
	       target->kind == P2PDMA_TARGET_PARTITION;
}

/* --- overlap and size: pure --------------------------------------------- */

struct range {
	uint64_t start, end;
};

static bool do_ranges_meet(struct range a, struct range b)
{
	return a.start < b.end && b.start < a.end;
}

static uint64_t add_up(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* What the copy touches of a place: all of it where its order is unknown. */
static struct range find_range(const struct p2pdma_place *place,
			       struct range used)
{
	if (!place->is_linear)
		return (struct range){ place->start_bytes, place->end_bytes };
	return (struct range){ add_up(place->start_bytes, used.start),
			       add_up(place->start_bytes, used.end) };
}

static const struct p2pdma_place *find_place(const struct p2pdma_way *way,
					     const char *container)
{
	for (size_t i = 0; i < way->place_count; i++)
		if (!strcmp(way->places[i].container, container))
			return &way->places[i];
	return NULL;
}

/* A thin volume lies on its pool, which is of the same volume group. */
static bool passes_through(const struct p2pdma_way *way,
			   const struct p2pdma_place *place)
{
	for (size_t i = 0; i < way->place_count; i++)
		if (way->places[i].member &&
		    !strcmp(way->places[i].container, place->container) &&
		    !strcmp(way->places[i].member, place->member))
			return true;
	return false;
}

/* The outermost level that both have knows best where they are in it. */
static bool do_ways_meet(const struct p2pdma_way *a, struct range used_of_a,
			 const struct p2pdma_way *b, struct range used_of_b)
{
	for (size_t i = 0; i < a->place_count; i++) {
		const struct p2pdma_place *in_a = &a->places[i];
		const struct p2pdma_place *in_b =
			find_place(b, in_a->container);

		if (!in_b)
			continue;
		if (in_a->member && in_b->member &&
		    strcmp(in_a->member, in_b->member))
			return passes_through(a, in_b) ||
			       passes_through(b, in_a);
		return do_ranges_meet(find_range(in_a, used_of_a),
				      find_range(in_b, used_of_b));
	}
	return false;
}

static bool do_targets_meet(const struct guard_question *q)
{
	const struct p2pdma_target *s = q->source, *d = q->destination;
	struct range used_of_s = {
		q->source_offset_bytes,
		add_up(q->source_offset_bytes, q->size_bytes),
	}, used_of_d = {
		q->destination_offset_bytes,
		add_up(q->destination_offset_bytes, q->size_bytes),
	};

	/* All of the old file goes. */
	if (q->is_replaced)
		used_of_d = (struct range){ 0, UINT64_MAX };
	for (size_t i = 0; i < s->way_count; i++)
		for (size_t j = 0; j < d->way_count; j++)
			if (do_ways_meet(&s->ways[i], used_of_s, &d->ways[j],
					 used_of_d))
				return true;
	return false;
}

static void tell_overlap(const char *source, const char *destination,
			 char *why, size_t size)
{
	snprintf(why, size, "%s and %s share the same bytes: choose another "
		 "destination", source, destination);
}

static enum p2pdma_answer refuses_overlap(const struct guard_question *q,
					  char *why, size_t size)
{
	if (!q->source || !q->size_bytes || !do_targets_meet(q))
		return P2PDMA_NO;
	tell_overlap(q->source->path, q->destination->path, why, size);
	return P2PDMA_YES;
}

static enum p2pdma_answer refuses_too_small(const struct guard_question *q,
					    char *why, size_t size)
{
	const struct p2pdma_target *d = q->destination;
	char needed[32], there[32];

	if (!is_device(d) ||
	    (q->size_bytes <= d->size_bytes &&
	     q->destination_offset_bytes <= d->size_bytes - q->size_bytes))
		return P2PDMA_NO;
	snprintf(why, size, "%s is too small: it has %s, and the copy ends at "
		 "%s: choose a larger one, or copy less with --size", d->path,
		 bytes_format(d->size_bytes, there, sizeof(there)),
		 bytes_format(q->destination_offset_bytes + q->size_bytes,
			      needed, sizeof(needed)));
	return P2PDMA_YES;
}

/* No fact is no permission: somebody who knows better may force it. */
static enum p2pdma_answer give_up(const struct guard_question *q,
				  const char *what, const char *error,
				  char *why, size_t size)
{
	snprintf(why, size, "it could not be told whether %s %s: %s: make sure "
		 "of it", q->destination->path, what, error);
	return P2PDMA_UNKNOWN;
}

/* --- mounts and swap ---------------------------------------------------- */

#define NO_TABLE	"the kernel's table of them cannot be read"

static enum p2pdma_answer refuses_mounted(const struct guard_question *q,
					  char *why, size_t size)
{
	const struct p2pdma_target *d = q->destination;

	if (!is_device(d) || d->is_mounted == P2PDMA_NO)
		return P2PDMA_NO;
	if (d->is_mounted == P2PDMA_UNKNOWN)
		return give_up(q, "is mounted", NO_TABLE, why, size);
	snprintf(why, size, "%s is mounted at %s: unmount it", d->path,
		 d->mount_point);
	return P2PDMA_YES;
}

static enum p2pdma_answer refuses_swap(const struct guard_question *q,
				       char *why, size_t size)
{
	const struct p2pdma_target *d = q->destination;

	if (!is_device(d) || d->is_swap == P2PDMA_NO)
		return P2PDMA_NO;
	if (d->is_swap == P2PDMA_UNKNOWN)
		return give_up(q, "is swap", NO_TABLE, why, size);
	snprintf(why, size, "%s is in use as swap: swapoff it", d->path);
	return P2PDMA_YES;
}

/* --- in use ------------------------------------------------------------- */

/* The kernel gives a device to one exclusive user: mount, md, dm, swap. */
static int try_to_claim(const char *path)
{
	_cleanup_fd_ int fd = endpoint_claim(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? fd : 0;
}

/* Under each of its names there is a claim of its own. */
static int try_to_claim_all(const struct p2pdma_target *target)
{
	int rc = try_to_claim(target->path);

	for (size_t i = 0; !rc && i < target->alias_count; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/dev/%s",
			 target->aliases[i].name);
		rc = try_to_claim(path);
	}
	return rc;
}

static enum p2pdma_answer refuses_in_use(const struct guard_question *q,
					 char *why, size_t size)
{
	const struct p2pdma_target *d = q->destination;
	int rc;

	if (!is_device(d))
		return P2PDMA_NO;
	if (d->holder_count) {
		snprintf(why, size, "%s is part of %s: take it out of there",
			 d->path, d->holders[0]);
		return P2PDMA_YES;
	}
	rc = try_to_claim_all(d);
	if (!rc)
		return P2PDMA_NO;
	if (rc != -EBUSY)
		return give_up(q, "is in use", strerror(-rc), why, size);
	snprintf(why, size, "%s is in use by the kernel or another program: "
		 "find it with lsblk or lsof", d->path);
	return P2PDMA_YES;
}

/* --- signatures --------------------------------------------------------- */

static void free_probe(blkid_probe *probe)
{
	blkid_free_probe(*probe);
}

static const char *look_up(blkid_probe probe, const char *name)
{
	const char *value;

	return blkid_probe_lookup_value(probe, name, &value, NULL) ? NULL :
								     value;
}

static void describe(blkid_probe probe, char *text, size_t size)
{
	const char *type = look_up(probe, "TYPE");
	const char *usage = look_up(probe, "USAGE");
	const char *table = look_up(probe, "PTTYPE");

	if (type && usage && !strcmp(usage, "filesystem"))
		snprintf(text, size, "the file system %s", type);
	else if (type)
		snprintf(text, size, "a signature of %s", type);
	else
		snprintf(text, size, "a partition table (%s)",
			 table ? table : "of some kind");
}

/* What blkid_do_safeprobe() returns. */
enum {
	SIGNATURE_ONE = 0,
	SIGNATURE_NONE = 1,
	SIGNATURES_DIFFER = -2,
};

static int probe_all(blkid_probe probe)
{
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE |
							 BLKID_SUBLKS_USAGE);
	blkid_probe_enable_partitions(probe, 1);
	errno = 0;
	return blkid_do_safeprobe(probe);
}

/* What cannot be read may bear one: a bad sector says nothing of the next. */
static enum p2pdma_answer refuses_signature(const struct guard_question *q,
					    char *why, size_t size)
{
	_cleanup_(free_probe) blkid_probe probe = NULL;
	char what[96] = "several signatures";
	int rc;

	if (!is_device(q->destination))
		return P2PDMA_NO;
	errno = 0;
	probe = blkid_new_probe_from_filename(q->destination->path);
	rc = probe ? probe_all(probe) : -1;
	if (rc == SIGNATURE_NONE)
		return P2PDMA_NO;
	if (rc != SIGNATURE_ONE && rc != SIGNATURES_DIFFER)
		return give_up(q, "bears a signature",
			       strerror(errno ? errno : EIO), why, size);
	if (rc == SIGNATURE_ONE)
		describe(probe, what, sizeof(what));
	snprintf(why, size, "%s bears %s: clear it with wipefs",
		 q->destination->path, what);
	return P2PDMA_YES;
}

/* Those that cannot be forced come first, then the cheap before the slow. */
enum {
	GUARD_OVERLAP = 0,
};

static const struct guard guards[] = {
	[GUARD_OVERLAP] = { "overlap", "source and destination are apart",
			    false, refuses_overlap },
	{ "too-small", "the destination is large enough", false,
	  refuses_too_small },
	{ "mounted", "the destination is not mounted", true, refuses_mounted },
	{ "swap", "the destination is not swap", true, refuses_swap },
	{ "in-use", "the destination is not in use", true, refuses_in_use },
	{ "signature", "the destination bears no signature", true,
	  refuses_signature },
};

unsigned guard_ask_all(const struct guard_question *question,
		       struct guard_answer answers[GUARDS_MAX])
{
	for (unsigned i = 0; i < ARRAY_SIZE(guards); i++) {
		struct guard_answer *answer = &answers[i];

		answer->guard = &guards[i];
		answer->why[0] = '\0';
		answer->answer = guards[i].refuses(question, answer->why,
						   sizeof(answer->why));
		answer->is_refusing = answer->answer != P2PDMA_NO;
	}
	return ARRAY_SIZE(guards);
}

void guard_refuse_overlap(const char *source, const char *destination,
			  struct guard_answer *answer)
{
	answer->guard = &guards[GUARD_OVERLAP];
	answer->answer = P2PDMA_YES;
	answer->is_refusing = true;
	tell_overlap(source, destination, answer->why, sizeof(answer->why));
}

const struct guard_answer *guard_find_refusal(
	const struct guard_answer *answers, unsigned count, bool is_forced)
{
	for (unsigned i = 0; i < count; i++)
		if (answers[i].is_refusing &&
		    !(is_forced && answers[i].guard->can_be_forced))
			return &answers[i];
	return NULL;
}
