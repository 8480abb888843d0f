// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/pattern.h"

#include <stdbool.h>
#include <string.h>

#include "base/random.h"

#define WORDS	(PATTERN_SECTOR / sizeof(uint64_t))
#define MARK	UINT64_C(0x50325044414d4131)

enum { WORD_MARK, WORD_OFFSET, WORD_SEED, WORD_GENERATION, WORD_RANDOM,
       WORD_SUM = WORDS - 1 };

static uint64_t checksum(const uint64_t words[WORDS])
{
	uint64_t sum = MARK;

	for (unsigned i = 0; i < WORD_SUM; i++)
		sum = random_fold(sum ^ words[i],
				  UINT64_C(0xe7037ed1a0b428db) + i);
	return sum;
}

static void fill_sector(uint64_t words[WORDS], const struct pattern *p)
{
	struct random random;

	words[WORD_MARK] = MARK;
	words[WORD_OFFSET] = p->offset;
	words[WORD_SEED] = p->seed;
	words[WORD_GENERATION] = p->generation;
	random_init(&random, p->seed, p->offset ^ p->generation << 48);
	for (unsigned i = WORD_RANDOM; i < WORD_SUM; i++)
		words[i] = random_next(&random);
	words[WORD_SUM] = checksum(words);
}

void pattern_fill(void *block, size_t bytes, const struct pattern *pattern)
{
	struct pattern sector = *pattern;
	uint64_t *words = block;

	for (; bytes >= PATTERN_SECTOR; bytes -= PATTERN_SECTOR) {
		fill_sector(words, &sector);
		sector.offset += PATTERN_SECTOR;
		words += WORDS;
	}
}

static bool is_zero(const uint64_t words[WORDS])
{
	return !words[0] && !memcmp(words, words + 1,
				    PATTERN_SECTOR - sizeof(*words));
}

static enum pattern_fault judge_sector(const uint64_t words[WORDS],
				       const struct pattern *wanted)
{
	if (is_zero(words))
		return PATTERN_ZEROED;
	if (words[WORD_MARK] != MARK || words[WORD_SUM] != checksum(words))
		return PATTERN_FOREIGN;
	if (words[WORD_OFFSET] != wanted->offset)
		return PATTERN_MISPLACED;
	if (words[WORD_SEED] != wanted->seed ||
	    words[WORD_GENERATION] != wanted->generation)
		return PATTERN_STALE;
	return PATTERN_GOOD;
}

static void note(struct pattern_finding *finding, const uint64_t words[WORDS],
		 enum pattern_fault fault, uint64_t offset)
{
	*finding = (struct pattern_finding){
		.sector_fault = fault,
		.offset = offset,
	};
	if (fault != PATTERN_MISPLACED && fault != PATTERN_STALE)
		return;
	finding->found = (struct pattern){
		.offset = words[WORD_OFFSET],
		.seed = words[WORD_SEED],
		.generation = words[WORD_GENERATION],
	};
}

/* What is the same in all sectors is that; anything else is torn. */
enum pattern_fault pattern_check(const void *block, size_t bytes,
				 const struct pattern *wanted,
				 struct pattern_finding *finding)
{
	enum pattern_fault first = PATTERN_GOOD, whole = PATTERN_GOOD;
	const uint64_t *words = block;
	struct pattern sector = *wanted;

	if (!sector.generation)
		sector.generation = words[WORD_GENERATION];
	for (size_t at = 0; at < bytes; at += PATTERN_SECTOR) {
		enum pattern_fault fault = judge_sector(words, &sector);

		if (!first && fault)
			note(finding, words, fault, sector.offset);
		if (!first)
			first = fault;
		if (!at)
			whole = fault;
		else if (whole != fault)
			whole = PATTERN_TORN;
		sector.offset += PATTERN_SECTOR;
		words += WORDS;
	}
	if (first)
		finding->fault = whole;
	return whole;
}

const char *pattern_get_fault_name(enum pattern_fault fault)
{
	static const char *const names[PATTERN_FAULTS] = {
		[PATTERN_GOOD] = "good",
		[PATTERN_ZEROED] = "zeroed",
		[PATTERN_MISPLACED] = "misplaced",
		[PATTERN_STALE] = "stale",
		[PATTERN_TORN] = "torn",
		[PATTERN_FOREIGN] = "foreign",
	};

	return names[fault];
}
