/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/many-claims.h"
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "unit/scratch.h"

static char top[] = "/tmp/test-many-claims-XXXXXX";
static struct many m;
static char path[] = "", below[] = "d/";
static struct walk_directory here, there;

static void begin(void)
{
	scratch_make(top);
	ck_assert_int_eq(chdir(top), 0);
	ck_assert_int_eq(mkdir("d", 0755), 0);
	/* Each learns which directory it is, and keeps it. */
	here = (struct walk_directory){ .fd = -1, .to_name = path };
	there = (struct walk_directory){ .fd = -1, .to_name = below };
	here.to_fd = open(".", O_RDONLY | O_DIRECTORY);
	there.to_fd = open("d", O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(here.to_fd, 0);
	ck_assert_int_ge(there.to_fd, 0);
}

static void end(void)
{
	key_set_fini(&m.claims);
	close(here.to_fd);
	close(there.to_fd);
	scratch_remove(top, "/tmp/test-many-claims-");
}

static bool is_refused(struct walk_directory *place, const char *name)
{
	uint64_t failed = m.totals.failed;
	bool is = many_claims_refuse(&m, place, "s", name, true);

	/* It is told, or is not. */
	ck_assert_uint_eq(m.totals.failed - failed, is);
	return is;
}

START_TEST(a_name_in_a_directory_is_had_once)
{
	begin();
	ck_assert(!is_refused(&here, "a"));
	ck_assert(!is_refused(&there, "a"));
	ck_assert(!is_refused(&here, "b"));
	ck_assert(is_refused(&here, "a"));
	ck_assert(is_refused(&there, "a"));
	end();
}
END_TEST

START_TEST(a_link_is_what_it_leads_to)
{
	begin();
	ck_assert_int_eq(symlink("../d/f", "d/l"), 0);
	ck_assert_int_eq(symlink("d/l", "l"), 0);
	ck_assert_int_eq(symlink("loop", "loop"), 0);
	ck_assert(!is_refused(&here, "l"));
	ck_assert(is_refused(&there, "f"));
	ck_assert(!is_refused(&there, "g"));
	ck_assert(!is_refused(&here, "loop"));
	/* Of a tree, the link itself is replaced. */
	ck_assert(!many_claims_refuse(&m, &there, "s", "l", false));
	end();
}
END_TEST

START_TEST(what_has_other_names_is_had_by_one_of_them)
{
	struct stat old = {
		.st_mode = S_IFREG, .st_nlink = 2, .st_dev = 1, .st_ino = 7,
	};

	begin();
	ck_assert(!many_claims_refuse_file(&m, &here, "s", "a", &old));
	ck_assert(!many_claims_refuse_file(&m, &here, "s", "a", &old));
	ck_assert(many_claims_refuse_file(&m, &here, "s", "b", &old));
	old.st_nlink = 1;
	ck_assert(!many_claims_refuse_file(&m, &here, "s", "c", &old));
	old = (struct stat){ .st_mode = S_IFBLK, .st_rdev = makedev(7, 1) };
	ck_assert(!many_claims_refuse_file(&m, &here, "s", "d", &old));
	ck_assert(many_claims_refuse_file(&m, &there, "s", "d", &old));
	end();
}
END_TEST

START_TEST(one_thing_alone_is_not_remembered)
{
	begin();
	m.args.is_sole = true;
	ck_assert(!is_refused(&here, "a"));
	ck_assert(!is_refused(&here, "a"));
	m.args.is_sole = false;
	end();
}
END_TEST

UNIT_SUITE("many-claims", a_name_in_a_directory_is_had_once,
	   a_link_is_what_it_leads_to,
	   what_has_other_names_is_had_by_one_of_them,
	   one_thing_alone_is_not_remembered);
