/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit/denial.h"
#include "unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the C library's, but one of them fails ----------------------------- */

static bool is_armed;
static unsigned long asked, failing;

static bool is_denied(void)
{
	if (!is_armed || ++asked != failing)
		return false;
	errno = ENOMEM;
	return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return is_denied() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	return is_denied() ? NULL : __real_calloc(count, size);
}

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size)
{
	return is_denied() ? NULL : __real_realloc(old, size);
}

void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return is_denied() ? NULL : __real_reallocarray(old, count, size);
}

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text)
{
	return is_denied() ? NULL : __real_strdup(text);
}

char *__real_strndup(const char *text, size_t size);
char *__wrap_strndup(const char *text, size_t size);
char *__wrap_strndup(const char *text, size_t size)
{
	return is_denied() ? NULL : __real_strndup(text, size);
}

char *__real_realpath(const char *path, char *resolved);
char *__wrap_realpath(const char *path, char *resolved);
char *__wrap_realpath(const char *path, char *resolved)
{
	return is_denied() ? NULL : __real_realpath(path, resolved);
}

DIR *__real_fdopendir(int fd);
DIR *__wrap_fdopendir(int fd);
DIR *__wrap_fdopendir(int fd)
{
	return is_denied() ? NULL : __real_fdopendir(fd);
}

int __real_vasprintf(char **text, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
int __wrap_vasprintf(char **text, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
int __wrap_vasprintf(char **text, const char *format, va_list args)
{
	/* What the manual allows: nothing is known of *text then. */
	*text = (char *)8;
	return is_denied() ? -1 : __real_vasprintf(text, format, args);
}

int __wrap_asprintf(char **text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **text, const char *format, ...)
{
	va_list args;
	int rc;

	va_start(args, format);
	rc = __wrap_vasprintf(text, format, args);
	va_end(args);
	return rc;
}

/* --- a deed, again and again -------------------------------------------- */

#define FEW_STEP	11

static int do_armed(denial_fn deed, unsigned long nth, char *result)
{
	int rc;

	*result = '\0';
	asked = 0;
	failing = nth;
	is_armed = true;
	rc = deed(result);
	is_armed = false;
	return rc;
}

void denial_try_all(const char *name, denial_fn deed)
{
	static char wanted[DENIAL_RESULT_SIZE], got[DENIAL_RESULT_SIZE];
	const char *sweep = getenv("SWEEP");
	const unsigned step = sweep && !strcmp(sweep, "few") ? FEW_STEP : 1;
	unsigned long nth = 1, tried = 0;
	int rc;

	ck_assert_int_eq(do_armed(deed, 0, wanted), 0);
	ck_assert_uint_gt(asked, 0);
	do {
		rc = do_armed(deed, nth, got);
		ck_assert_msg(rc == 0 || rc == -ENOMEM, "%s, allocation %lu: "
			      "%s", name, nth, strerror(-rc));
		if (!rc)
			ck_assert_msg(!strcmp(got, wanted), "%s, allocation "
				      "%lu: done otherwise\n%s\n%s", name,
				      nth, got, wanted);
		tried += asked >= nth;
		nth += step;
	} while (asked >= nth - step);
	printf("# %s: %lu allocations failed, one at a time\n", name, tried);
}

void denial_end(void)
{
	is_armed = false;
}

void denial_note(char *result, const char *format, ...)
{
	size_t used = strlen(result);
	va_list args;

	va_start(args, format);
	vsnprintf(result + used, DENIAL_RESULT_SIZE - used, format, args);
	va_end(args);
}
