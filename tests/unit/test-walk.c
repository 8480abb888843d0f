/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine/walk.h"
#include "unit/scratch.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char top[] = "/var/tmp/test-walk-XXXXXX";

static const char *in(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	return path;
}

static void make_tree(void)
{
	scratch_make(top);
	ck_assert_int_eq(mkdir(in("b"), 0755), 0);
	ck_assert_int_eq(mkdir(in("b/deep"), 0755), 0);
	close(open(in("b/deep/file"), O_CREAT | O_WRONLY, 0644));
	close(open(in("c"), O_CREAT | O_WRONLY, 0644));
	ck_assert_int_eq(symlink("b", in("a-link")), 0);
	ck_assert_int_eq(mkfifo(in("d-pipe"), 0644), 0);
}

static void remove_tree(void)
{
	unlink(in("b/deep/file"));
	unlink(in("c"));
	unlink(in("a-link"));
	unlink(in("d-pipe"));
	rmdir(in("b/deep"));
	rmdir(in("b"));
	ck_assert_int_eq(rmdir(top), 0);
}

static void note(char *seen, const struct walk_entry *entry)
{
	char *path = walk_format_path(entry->directory, entry->name, false);

	sprintf(seen + strlen(seen), "%d%s ", entry->kind,
		path + strlen(top));
	free(path);
}

/* All of it, as one line. */
static void walk_all(struct walk *walk, char *seen)
{
	struct walk_directory *directory;
	struct walk_entry entry;

	*seen = '\0';
	ck_assert_int_eq(walk_open(walk, NULL, top, &directory), 0);
	ck_assert_int_eq(walk_enter(walk, directory), 0);
	while (walk_next(walk, &entry) > 0) {
		note(seen, &entry);
		if (entry.kind != WALK_DIRECTORY)
			continue;
		ck_assert_int_eq(walk_open(walk, entry.directory, entry.name,
					   &directory), 0);
		ck_assert_int_eq(walk_enter(walk, directory), 0);
	}
}

START_TEST(a_tree_is_gone_through_in_the_order_of_names)
{
	struct walk walk = { .is_by_name = true };
	char seen[512];

	make_tree();
	walk_all(&walk, seen);
	ck_assert_str_eq(seen, "2/a-link 4/b 4/b/deep 1/b/deep/file 1/c "
			       "3/d-pipe ");
	remove_tree();
}
END_TEST

START_TEST(files_come_before_directories)
{
	struct walk walk = { 0 };
	char seen[512];

	make_tree();
	walk_all(&walk, seen);
	ck_assert_ptr_nonnull(strstr(seen, "1/b/deep/file "));
	ck_assert(strstr(seen, "1/c ") < strstr(seen, "4/b "));
	ck_assert(strstr(seen, "3/d-pipe ") < strstr(seen, "4/b "));
	remove_tree();
}
END_TEST

static char left[512];

static void leave(void *data, struct walk_directory *directory)
{
	char *path = walk_format_path(directory, NULL, false);

	sprintf(left + strlen(left), "%s ", path + strlen(top));
	free(path);
}

START_TEST(a_directory_is_left_when_its_last_user_goes)
{
	struct walk walk = { .leave = leave };
	struct walk_directory *directory, *below;

	make_tree();
	ck_assert_int_eq(walk_open(&walk, NULL, top, &directory), 0);
	ck_assert_int_eq(walk_open(&walk, directory, "b", &below), 0);
	walk_release(&walk, directory);
	ck_assert_str_eq(left, "");
	walk_hold(below);
	walk_release(&walk, below);
	ck_assert_str_eq(left, "");
	walk_release(&walk, below);
	ck_assert_str_eq(left, "/b  ");
	remove_tree();
}
END_TEST

START_TEST(no_link_is_followed_but_where_a_slash_asks_for_it)
{
	struct walk walk = { 0 };
	struct walk_directory *directory, *link = NULL;
	char path[256];

	make_tree();
	ck_assert_int_eq(walk_open(&walk, NULL, top, &directory), 0);
	ck_assert_int_lt(walk_open(&walk, directory, "a-link", &link), 0);
	ck_assert_int_eq(walk_open(&walk, directory, "c", &link), -ENOTDIR);
	ck_assert_int_eq(walk_open(&walk, directory, "none", &link), -ENOENT);
	ck_assert_ptr_null(link);
	snprintf(path, sizeof(path), "%s/a-link/", top);
	ck_assert_int_eq(walk_open(&walk, NULL, path, &link), 0);
	walk_release(&walk, link);
	walk_release(&walk, directory);
	remove_tree();
}
END_TEST

START_TEST(paths_have_one_slash_between_their_parts)
{
	char top_name[] = "a//", none[] = "", root[] = "/", name[] = "b";
	struct walk_directory a = { .name = top_name, .to_name = none };
	struct walk_directory b = { .name = name, .parent = &a };
	char *path;

	path = walk_format_path(&b, "c", false);
	ck_assert_str_eq(path, "a//b/c");
	free(path);
	path = walk_format_path(&b, "c", true);
	ck_assert_str_eq(path, "b/c");
	free(path);
	path = walk_format_path(&b, NULL, false);
	ck_assert_str_eq(path, "a//b");
	free(path);
	a.to_name = root;
	path = walk_format_path(&a, "x", true);
	ck_assert_str_eq(path, "/x");
	free(path);
}
END_TEST

UNIT_SUITE("walk",
	   a_tree_is_gone_through_in_the_order_of_names,
	   files_come_before_directories,
	   a_directory_is_left_when_its_last_user_goes,
	   no_link_is_followed_but_where_a_slash_asks_for_it,
	   paths_have_one_slash_between_their_parts);
