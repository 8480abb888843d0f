// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/checksum.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/macro.h"

#define ZEROS	(64 * KIB)

struct algorithm {
	const char *name;	/* the tool's, without "sum" */
	const char *evp;	/* libcrypto's; NULL: xxHash, of that width */
	unsigned xxh_bits;
};

static const struct algorithm algorithms[] = {
	{ "sha256", "SHA256", 0 },
	{ "xxh128", NULL, 128 },
	{ "xxh64", NULL, 64 },
	{ "sha512", "SHA512", 0 },
	{ "sha1", "SHA1", 0 },
	{ "md5", "MD5", 0 },
	{ "b2", "BLAKE2B512", 0 },
};

struct checksum {
	const struct algorithm *algorithm;
	EVP_MD_CTX *evp;
	XXH3_state_t *xxh128;
	XXH64_state_t *xxh64;
};

const char *checksum_get_name(unsigned index)
{
	return index < ARRAY_SIZE(algorithms) ? algorithms[index].name : NULL;
}

static const struct algorithm *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
		if (!strcmp(algorithms[i].name, name))
			return &algorithms[i];
	return NULL;
}

static int create_evp(struct checksum *c)
{
	c->evp = EVP_MD_CTX_new();
	if (!c->evp)
		return -ENOMEM;
	if (!EVP_DigestInit_ex(c->evp, EVP_get_digestbyname(c->algorithm->evp),
			       NULL))
		return -ENOTSUP;
	return 0;
}

static int create_xxh(struct checksum *c)
{
	if (c->algorithm->xxh_bits == 128)
		c->xxh128 = XXH3_createState();
	else
		c->xxh64 = XXH64_createState();
	if (!c->xxh128 && !c->xxh64)
		return -ENOMEM;
	checksum_restart(c);
	return 0;
}

int checksum_create(const char *name, struct checksum **checksum)
{
	const struct algorithm *algorithm = find(name);
	struct checksum *c;
	int rc;

	if (!algorithm)
		return -ENOENT;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->algorithm = algorithm;
	rc = algorithm->evp ? create_evp(c) : create_xxh(c);
	if (rc)
		checksum_destroy(c);
	else
		*checksum = c;
	return rc;
}

void checksum_destroy(struct checksum *checksum)
{
	if (!checksum)
		return;
	EVP_MD_CTX_free(checksum->evp);
	XXH3_freeState(checksum->xxh128);
	XXH64_freeState(checksum->xxh64);
	free(checksum);
}

void checksum_restart(struct checksum *checksum)
{
	if (checksum->evp)
		EVP_DigestInit_ex(checksum->evp, NULL, NULL);
	if (checksum->xxh128)
		XXH3_128bits_reset(checksum->xxh128);
	if (checksum->xxh64)
		XXH64_reset(checksum->xxh64, 0);
}

void checksum_add(struct checksum *checksum, const void *data, size_t size)
{
	if (checksum->evp)
		EVP_DigestUpdate(checksum->evp, data, size);
	if (checksum->xxh128)
		XXH3_128bits_update(checksum->xxh128, data, size);
	if (checksum->xxh64)
		XXH64_update(checksum->xxh64, data, size);
}

void checksum_add_zeros(struct checksum *checksum, uint64_t size)
{
	static const char zeros[ZEROS];

	for (; size; size -= MIN(size, ZEROS))
		checksum_add(checksum, zeros, (size_t)MIN(size, ZEROS));
}

static size_t finish(struct checksum *c, unsigned char *bytes)
{
	unsigned size = 0;

	if (c->evp) {
		EVP_DigestFinal_ex(c->evp, bytes, &size);
	} else if (c->xxh128) {
		size = sizeof(XXH128_canonical_t);
		XXH128_canonicalFromHash((XXH128_canonical_t *)bytes,
					 XXH3_128bits_digest(c->xxh128));
	} else {
		size = sizeof(XXH64_canonical_t);
		XXH64_canonicalFromHash((XXH64_canonical_t *)bytes,
					XXH64_digest(c->xxh64));
	}
	return size;
}

void checksum_finish(struct checksum *checksum, char text[CHECKSUM_TEXT_SIZE])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	size_t size = finish(checksum, bytes);

	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

/* What coreutils escape, and as what. */
static char get_escape(char c)
{
	return c == '\\' ? '\\' : c == '\n' ? 'n' : c == '\r' ? 'r' : 0;
}

char *checksum_make_line(const char *text, const char *name)
{
	size_t length = strlen(text);
	char *line = malloc(length + 2 * strlen(name) + 4), *end = line;

	if (!line)
		return NULL;
	if (strpbrk(name, "\\\n\r"))
		*end++ = '\\';
	end = stpcpy(stpcpy(end, text), "  ");
	for (; *name; name++) {
		char escape = get_escape(*name);

		if (escape)
			*end++ = '\\';
		*end++ = escape ? escape : *name;
	}
	*end = '\0';
	return line;
}
