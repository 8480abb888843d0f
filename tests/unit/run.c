/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a test program's suite and prints TAP; knows nothing that is tested.
 */
#include "unit/unit.h"

#include <stdlib.h>

void unit_add(Suite *suite, const TTest *test)
{
	TCase *tcase = tcase_create(test->name);

	tcase_add_test(tcase, test);
	tcase_set_timeout(tcase, 30);
	suite_add_tcase(suite, tcase);
}

int main(void)
{
	Suite *suite = suite_create(unit_name);
	SRunner *runner;
	int failed;

	unit_fill(suite);
	runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
