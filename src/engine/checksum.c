// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/checksum.h"

#include <dlfcn.h>
#include <errno.h>
#include <gcrypt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/macro.h"

#define ZEROS	(64 * KIB)

struct algorithm {
	const char *name;	/* the tool's, without "sum" */
	int digest;		/* libgcrypt's; 0: xxHash, of that width */
	unsigned xxh_bits;
};

static const struct algorithm algorithms[] = {
	{ "sha256", GCRY_MD_SHA256, 0 },
	{ "xxh128", GCRY_MD_NONE, 128 },
	{ "xxh64", GCRY_MD_NONE, 64 },
	{ "sha512", GCRY_MD_SHA512, 0 },
	{ "sha1", GCRY_MD_SHA1, 0 },
	{ "md5", GCRY_MD_MD5, 0 },
	{ "b2", GCRY_MD_BLAKE2B_512, 0 },
};

struct checksum {
	const struct algorithm *algorithm;
	gcry_md_hd_t digest;
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

/*
 * What is used of libgcrypt. It is loaded for who asks for a digest of it, and
 * stays: to bind it takes as long as to copy half a GiB.
 */
static struct {
	__typeof__(gcry_check_version) *check_version;
	__typeof__(gcry_control) *control;
	__typeof__(gcry_md_open) *md_open;
	__typeof__(gcry_md_close) *md_close;
	__typeof__(gcry_md_reset) *md_reset;
	__typeof__(gcry_md_write) *md_write;
	__typeof__(gcry_md_read) *md_read;
	__typeof__(gcry_md_get_algo_dlen) *md_get_algo_dlen;
} gcrypt;

#define FIND(library, name)						\
	(gcrypt.name = (__typeof__(gcrypt.name))dlsym(library, "gcry_" #name))

static bool find_functions(void *library)
{
	return FIND(library, control) && FIND(library, md_open) &&
	       FIND(library, md_close) && FIND(library, md_reset) &&
	       FIND(library, md_write) && FIND(library, md_read) &&
	       FIND(library, md_get_algo_dlen) &&
	       FIND(library, check_version);
}

/* Once; nothing here is secret. 0 or -ENOTSUP. */
static int load_library(void)
{
	void *library;

	if (gcrypt.check_version)
		return 0;
	library = dlopen("libgcrypt.so.20", RTLD_LAZY | RTLD_LOCAL);
	if (!library || !find_functions(library))
		return -ENOTSUP;
	gcrypt.check_version(NULL);
	gcrypt.control(GCRYCTL_DISABLE_SECMEM, 0);
	gcrypt.control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	return 0;
}

static int create_digest(struct checksum *c)
{
	gcry_error_t error;
	int rc = load_library();

	if (rc)
		return rc;
	error = gcrypt.md_open(&c->digest, c->algorithm->digest, 0);
	if (!error)
		return 0;
	return gcry_err_code(error) == GPG_ERR_ENOMEM ? -ENOMEM : -ENOTSUP;
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
	rc = algorithm->digest ? create_digest(c) : create_xxh(c);
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
	if (checksum->digest)
		gcrypt.md_close(checksum->digest);
	XXH3_freeState(checksum->xxh128);
	XXH64_freeState(checksum->xxh64);
	free(checksum);
}

void checksum_restart(struct checksum *checksum)
{
	if (checksum->digest)
		gcrypt.md_reset(checksum->digest);
	if (checksum->xxh128)
		XXH3_128bits_reset(checksum->xxh128);
	if (checksum->xxh64)
		XXH64_reset(checksum->xxh64, 0);
}

void checksum_add(struct checksum *checksum, const void *data, size_t size)
{
	if (checksum->digest)
		gcrypt.md_write(checksum->digest, data, size);
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
	size_t size;

	if (c->digest) {
		size = gcrypt.md_get_algo_dlen(c->algorithm->digest);
		memcpy(bytes, gcrypt.md_read(c->digest, 0), size);
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
	unsigned char bytes[CHECKSUM_TEXT_SIZE / 2];
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
