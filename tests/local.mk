# SPDX-License-Identifier: GPL-2.0-or-later
# Every test speaks TAP. A unit test is tests/unit/test-NAME.c (Check, one
# program for each source file); a shell test is DIR/NAME.sh with tests/tap.sh.
# To add one: write the file, add one line below. No NAME.sh beside a NAME:
# make has a rule of its own that writes the one over the other.

TAP_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
	$(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(TAP_DRIVER)
TEST_EXTENSIONS = .sh
SH_LOG_DRIVER = $(TAP_DRIVER)
SH_LOG_COMPILER = bash
AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	CC='$(CC)'; export CC; CXX_HEADER='$(CXXHEADER)'; export CXX_HEADER; \
	MANDOC='$(MANDOC)'; export MANDOC;

EXTRA_DIST += %D%/analyze.known %D%/assert.sh %D%/copies.sh %D%/tap.sh \
	%D%/tsan.c
dist_noinst_SCRIPTS += %D%/all %D%/analyze %D%/valgrind

# Machines as text: for unit tests, and by fixture-tree for --sysroot.
EXTRA_DIST += %D%/fixture-tree \
	%D%/fixtures/acs.txt \
	%D%/fixtures/config-unreadable.txt \
	%D%/fixtures/iommu.txt \
	%D%/fixtures/multipath.txt \
	%D%/fixtures/nested-switches.txt \
	%D%/fixtures/no-provider.txt \
	%D%/fixtures/old-kernel.txt \
	%D%/fixtures/one-switch.txt \
	%D%/fixtures/sr-iov.txt \
	%D%/fixtures/stack.txt \
	%D%/fixtures/two-host-bridges.txt \
	%D%/fixtures/two-root-ports.txt \
	%D%/fixtures/zen-root-ports.txt

# Larger machines as tables, a line for each function; they become text when
# the tests are built.
MACHINE_TABLES = \
	%D%/fixtures/accelerator.table \
	%D%/fixtures/dual-socket.table \
	%D%/fixtures/epyc-server.table \
	%D%/fixtures/laptop.table \
	%D%/fixtures/sr-iov-server.table \
	%D%/fixtures/vmd.table
MACHINE_FIXTURES = $(MACHINE_TABLES:.table=.txt)
EXTRA_DIST += %D%/make-fixture $(MACHINE_TABLES)
check_DATA = $(MACHINE_FIXTURES)
CLEANFILES += $(MACHINE_FIXTURES)
SUFFIXES = .table .txt
.table.txt:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
		$(SHELL) $(srcdir)/%D%/make-fixture $< >$@.new && \
		mv $@.new $@
$(MACHINE_FIXTURES): %D%/make-fixture

# --- unit: programs ---------------------------------------------------------
if HAVE_CHECK
check_LTLIBRARIES += %D%/unit/libunit.la
%C%_unit_libunit_la_SOURCES = %D%/unit/run.c %D%/unit/unit.h \
	%D%/unit/batching.c %D%/unit/batching.h \
	%D%/unit/copying.c %D%/unit/copying.h \
	%D%/unit/device.c %D%/unit/device.h \
	%D%/unit/fixture.c %D%/unit/fixture.h \
	%D%/unit/scratch.c %D%/unit/scratch.h
%C%_unit_libunit_la_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)

UNIT_TESTS = \
	%D%/unit/test-activity \
	%D%/unit/test-allocation \
	%D%/unit/test-allocation-runs \
	%D%/unit/test-apart \
	%D%/unit/test-arena \
	%D%/unit/test-aside \
	%D%/unit/test-attributes \
	%D%/unit/test-axis \
	%D%/unit/test-batch \
	%D%/unit/test-batch-copies \
	%D%/unit/test-batch-place \
	%D%/unit/test-batch-sum \
	%D%/unit/test-bench \
	%D%/unit/test-block \
	%D%/unit/test-block-walk \
	%D%/unit/test-bottleneck \
	%D%/unit/test-bytes \
	%D%/unit/test-chart \
	%D%/unit/test-cli \
	%D%/unit/test-checksum \
	%D%/unit/test-clock \
	%D%/unit/test-cmb \
	%D%/unit/test-compare \
	%D%/unit/test-completion \
	%D%/unit/test-copy \
	%D%/unit/test-copy-bar \
	%D%/unit/test-copy-block \
	%D%/unit/test-copy-job \
	%D%/unit/test-copy-flush \
	%D%/unit/test-copy-many \
	%D%/unit/test-copy-one \
	%D%/unit/test-copy-options \
	%D%/unit/test-copy-status \
	%D%/unit/test-copy-sum \
	%D%/unit/test-cpulist \
	%D%/unit/test-cutter \
	%D%/unit/test-defuse \
	%D%/unit/test-doctor \
	%D%/unit/test-done-list \
	%D%/unit/test-dram \
	%D%/unit/test-endpoint \
	%D%/unit/test-extents \
	%D%/unit/test-figures \
	%D%/unit/test-file \
	%D%/unit/test-ground \
	%D%/unit/test-guard \
	%D%/unit/test-histogram \
	%D%/unit/test-holes \
	%D%/unit/test-journal \
	%D%/unit/test-key-set \
	%D%/unit/test-launcher \
	%D%/unit/test-layer \
	%D%/unit/test-link \
	%D%/unit/test-links \
	%D%/unit/test-machine \
	%D%/unit/test-machines \
	%D%/unit/test-many \
	%D%/unit/test-many-claims \
	%D%/unit/test-manifest \
	%D%/unit/test-memory \
	%D%/unit/test-memory-names \
	%D%/unit/test-memory-proof \
	%D%/unit/test-memory-sizes \
	%D%/unit/test-mount \
	%D%/unit/test-nvme \
	%D%/unit/test-offload \
	%D%/unit/test-output \
	%D%/unit/test-pace \
	%D%/unit/test-pattern \
	%D%/unit/test-pci \
	%D%/unit/test-pci-caps \
	%D%/unit/test-pci-names \
	%D%/unit/test-picture-bench \
	%D%/unit/test-pool \
	%D%/unit/test-preflight \
	%D%/unit/test-probe \
	%D%/unit/test-progress \
	%D%/unit/test-provider \
	%D%/unit/test-random \
	%D%/unit/test-remarks \
	%D%/unit/test-report-bench \
	%D%/unit/test-report-bench-text \
	%D%/unit/test-report-copy \
	%D%/unit/test-report-copy-text \
	%D%/unit/test-report-bench-diff \
	%D%/unit/test-report-environment \
	%D%/unit/test-report-files \
	%D%/unit/test-report-guards \
	%D%/unit/test-report-path \
	%D%/unit/test-report-tree \
	%D%/unit/test-report-trouble \
	%D%/unit/test-ring \
	%D%/unit/test-routes \
	%D%/unit/test-select \
	%D%/unit/test-series \
	%D%/unit/test-shape \
	%D%/unit/test-shard \
	%D%/unit/test-sigbus \
	%D%/unit/test-spread \
	%D%/unit/test-svg \
	%D%/unit/test-syncs \
	%D%/unit/test-sysfs \
	%D%/unit/test-target \
	%D%/unit/test-topology \
	%D%/unit/test-use \
	%D%/unit/test-users \
	%D%/unit/test-verdict \
	%D%/unit/test-watch \
	%D%/unit/test-walk \
	%D%/unit/test-workload \
	%D%/unit/test-writer \
	%D%/unit/test-zipf

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
# What a unit test links, for all of them: hidden symbols are reachable.
LDADD = %D%/unit/libunit.la src/libcli.la src/libreport.la \
	src/libengine.la src/libcore.la $(CHECK_LIBS)
# Our own code asks the test for memory.
DENIED = -Wl,--wrap=malloc,--wrap=calloc \
	-Wl,--wrap=realloc,--wrap=reallocarray,--wrap=strdup,--wrap=strndup \
	-Wl,--wrap=asprintf,--wrap=vasprintf,--wrap=realpath,--wrap=fdopendir
%C%_unit_test_allocation_LDFLAGS = $(DENIED)
%C%_unit_test_allocation_SOURCES = %D%/unit/test-allocation.c \
	%D%/unit/denial.c %D%/unit/denial.h
%C%_unit_test_allocation_runs_LDFLAGS = $(DENIED)
%C%_unit_test_allocation_runs_SOURCES = %D%/unit/test-allocation-runs.c \
	%D%/unit/denial.c %D%/unit/denial.h
# Our own code gives its requests to the test.
%C%_unit_test_completion_LDFLAGS = \
	-Wl,--wrap=ring_push,--wrap=ring_get_completions
%C%_unit_test_copy_flush_LDFLAGS = -Wl,--wrap=ring_push
# The test's file system does not answer.
%C%_unit_test_syncs_LDFLAGS = -Wl,--wrap=syncfs
# The program's own files.
%C%_unit_test_copy_one_SOURCES = %D%/unit/test-copy-one.c \
	src/cli/copy-one.c src/cli/copy-options.c
%C%_unit_test_copy_one_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
%C%_unit_test_copy_options_SOURCES = %D%/unit/test-copy-options.c \
	src/cli/copy-options.c
%C%_unit_test_copy_options_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
%C%_unit_test_figures_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
%C%_unit_test_picture_bench_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
%C%_unit_test_remarks_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
%C%_unit_test_report_bench_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
%C%_unit_test_report_bench_text_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
%C%_unit_test_report_copy_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
%C%_unit_test_report_bench_diff_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
%C%_unit_test_report_environment_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
%C%_unit_test_report_files_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
%C%_unit_test_report_guards_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
%C%_unit_test_report_path_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
%C%_unit_test_report_tree_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
%C%_unit_test_writer_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
endif

# --- fuzz: what was ever found, again; fuzz/fuzz looks for more ------------
FUZZ_TESTS = %D%/fuzz/fuzz-caps %D%/fuzz/fuzz-journal \
	%D%/fuzz/fuzz-manifest %D%/fuzz/fuzz-options %D%/fuzz/fuzz-tree
check_PROGRAMS += $(FUZZ_TESTS)
TESTS += $(FUZZ_TESTS)
%C%_fuzz_fuzz_caps_SOURCES = %D%/fuzz/fuzz-caps.c %D%/fuzz/fuzz.h \
	%D%/fuzz/replay.c
%C%_fuzz_fuzz_caps_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS='"caps"'
%C%_fuzz_fuzz_caps_LDADD = src/libcore.la
%C%_fuzz_fuzz_journal_SOURCES = %D%/fuzz/fuzz-journal.c %D%/fuzz/fuzz.h \
	%D%/fuzz/replay.c
%C%_fuzz_fuzz_journal_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS='"journal"'
%C%_fuzz_fuzz_journal_LDADD = src/libengine.la src/libcore.la
%C%_fuzz_fuzz_manifest_SOURCES = %D%/fuzz/fuzz-manifest.c %D%/fuzz/fuzz.h \
	%D%/fuzz/replay.c
%C%_fuzz_fuzz_manifest_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS='"manifest"'
%C%_fuzz_fuzz_manifest_LDADD = src/libengine.la src/libcore.la
%C%_fuzz_fuzz_options_SOURCES = %D%/fuzz/fuzz-options.c %D%/fuzz/fuzz.h \
	%D%/fuzz/replay.c src/cli/bench-options.c src/cli/copy-options.c
%C%_fuzz_fuzz_options_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS='"options"'
%C%_fuzz_fuzz_options_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
%C%_fuzz_fuzz_options_LDADD = src/libcli.la src/libreport.la \
	src/libengine.la src/libcore.la
%C%_fuzz_fuzz_tree_SOURCES = %D%/fuzz/fuzz-tree.c %D%/fuzz/fuzz.h \
	%D%/fuzz/replay.c
%C%_fuzz_fuzz_tree_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS='"tree"'
%C%_fuzz_fuzz_tree_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS) $(LIBPCI_CFLAGS)
%C%_fuzz_fuzz_tree_LDADD = src/libreport.la src/libengine.la src/libcore.la \
	$(JSONC_LIBS) $(LIBPCI_LIBS)
dist_noinst_SCRIPTS += %D%/fuzz/fuzz
EXTRA_DIST += %D%/fuzz/README %D%/fuzz/caps %D%/fuzz/journal \
	%D%/fuzz/manifest %D%/fuzz/options %D%/fuzz/tree

# --- shell: cli, lint -------------------------------------------------------
SHELL_TESTS = \
	%D%/cli/completion.sh \
	%D%/cli/doctor.sh \
	%D%/cli/gather.sh \
	%D%/cli/odd-systems.sh \
	%D%/cli/p2pbench.sh \
	%D%/cli/p2pcopy.sh \
	%D%/cli/p2pcopy-errno.sh \
	%D%/cli/p2pcopy-journal.sh \
	%D%/cli/p2pcopy-many.sh \
	%D%/cli/p2pcopy-order.sh \
	%D%/cli/p2pcopy-places.sh \
	%D%/cli/p2pcopy-race.sh \
	%D%/cli/p2pcopy-several.sh \
	%D%/cli/p2pcopy-tree.sh \
	%D%/cli/p2ptopo.sh
# What none of our programs takes part in.
HOUSE_TESTS = \
	%D%/cli/fixture-tree.sh \
	%D%/cli/p2plab.sh \
	%D%/lint/files.sh \
	%D%/lint/headers.sh \
	%D%/lint/man.sh \
	%D%/lint/options.sh \
	%D%/lint/rooms.sh \
	%D%/lint/symbols.sh
dist_check_SCRIPTS += $(SHELL_TESTS) $(HOUSE_TESTS)
TESTS += $(SHELL_TESTS) $(HOUSE_TESTS)
# A system call filter, for odd-systems.sh.
check_PROGRAMS += %D%/cli/deny
%C%_cli_deny_LDADD =
# Another user, for p2pcopy-race.sh.
check_PROGRAMS += %D%/cli/exchange
%C%_cli_exchange_LDADD =

# --- vm: cases on a real kernel in QEMU; tests/vm/run runs them -------------
check_PROGRAMS += %D%/vm/pattern
%C%_vm_pattern_LDADD =
check_PROGRAMS += %D%/vm/identify
%C%_vm_identify_LDADD = src/libcore.la
dist_noinst_SCRIPTS += %D%/vm/run %D%/vm/guest-run \
	%D%/vm/update-faults
VM_CASES = \
	%D%/vm/bench.sh \
	%D%/vm/bench-compare.sh \
	%D%/vm/bench-gone.sh \
	%D%/vm/bench-refused.sh \
	%D%/vm/copy-bad.sh \
	%D%/vm/copy-bar.sh \
	%D%/vm/copy-bridges.sh \
	%D%/vm/copy-compare.sh \
	%D%/vm/copy-files.sh \
	%D%/vm/copy-gone.sh \
	%D%/vm/copy-guards.sh \
	%D%/vm/copy-half.sh \
	%D%/vm/copy-matrix.sh \
	%D%/vm/copy-memory.sh \
	%D%/vm/copy-multipath.sh \
	%D%/vm/copy-names.sh \
	%D%/vm/copy-offload.sh \
	%D%/vm/copy-passthrough.sh \
	%D%/vm/copy-places.sh \
	%D%/vm/copy-reached.sh \
	%D%/vm/copy-refused.sh \
	%D%/vm/copy-slow.sh \
	%D%/vm/copy-stacks.sh \
	%D%/vm/copy-tree.sh \
	%D%/vm/copy-tree-faults.sh \
	%D%/vm/copy-user.sh \
	%D%/vm/copy-wrong-data.sh \
	%D%/vm/doctor.sh \
	%D%/vm/doctor-remedy.sh \
	%D%/vm/errno-peer.sh \
	%D%/vm/faults.sh \
	%D%/vm/flush.sh \
	%D%/vm/lab.sh \
	%D%/vm/load.sh \
	%D%/vm/no-io-uring.sh \
	%D%/vm/pieces.sh \
	%D%/vm/power-cut.sh \
	%D%/vm/probe-silent.sh \
	%D%/vm/probe.sh \
	%D%/vm/requeue.sh \
	%D%/vm/scrub.sh \
	%D%/vm/stacks.sh \
	%D%/vm/topology.sh \
	%D%/vm/users.sh \
	%D%/vm/verdict-kept.sh
EXTRA_DIST += $(VM_CASES) \
	%D%/vm/guest-copy \
	%D%/vm/guest.sh \
	%D%/vm/README \
	%D%/vm/machines/bar \
	%D%/vm/machines/multipath-half \
	%D%/vm/machines/volatile \
	%D%/vm/machines/wrong-data

# What the golden files hold is what the programs print now: review it.
EXTRA_DIST += $(GOLDEN)
GOLDEN = \
	%D%/golden/p2ptopo-acs.json \
	%D%/golden/p2ptopo-acs.txt \
	%D%/golden/p2ptopo-best-acs.txt \
	%D%/golden/p2ptopo-best.json \
	%D%/golden/p2ptopo-best.txt \
	%D%/golden/p2ptopo-config-unreadable.txt \
	%D%/golden/p2ptopo-doctor-fix-acs.txt \
	%D%/golden/p2ptopo-doctor-one-switch.json \
	%D%/golden/p2ptopo-doctor-one-switch.txt \
	%D%/golden/p2ptopo-iommu.txt \
	%D%/golden/p2ptopo-multipath.txt \
	%D%/golden/p2ptopo-nested-switches.txt \
	%D%/golden/p2ptopo-no-provider.txt \
	%D%/golden/p2ptopo-old-kernel.txt \
	%D%/golden/p2ptopo-one-drive.txt \
	%D%/golden/p2ptopo-one-switch.csv \
	%D%/golden/p2ptopo-one-switch.json \
	%D%/golden/p2ptopo-one-switch.txt \
	%D%/golden/p2ptopo-path-accelerator.txt \
	%D%/golden/p2ptopo-path-dual-socket.txt \
	%D%/golden/p2ptopo-path-two-bridges.txt \
	%D%/golden/p2ptopo-path-user.txt \
	%D%/golden/p2ptopo-path.json \
	%D%/golden/p2ptopo-path.txt \
	%D%/golden/p2ptopo-stack.json \
	%D%/golden/p2ptopo-stack.txt \
	%D%/golden/p2ptopo-tree-dual-socket.txt \
	%D%/golden/p2ptopo-tree.dot \
	%D%/golden/p2ptopo-tree.json \
	%D%/golden/p2ptopo-tree.txt \
	%D%/golden/p2ptopo-two-host-bridges.txt \
	%D%/golden/p2ptopo-two-root-ports.txt \
	%D%/golden/p2ptopo-users.json \
	%D%/golden/p2ptopo-users.txt \
	%D%/golden/p2ptopo-zen-root-ports.txt

.PHONY: update-golden
update-golden: $(bin_PROGRAMS)
	@$(AM_TESTS_ENVIRONMENT) UPDATE_GOLDEN=1; export UPDATE_GOLDEN; \
	for test in $(srcdir)/%D%/cli/*.sh; do \
		bash $$test | grep -v '^ok'; \
	done
