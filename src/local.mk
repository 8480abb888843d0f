# SPDX-License-Identifier: GPL-2.0-or-later
# The rooms, from the ground up. A room links only what lies below it.

# base: bytes, clock, cleanup; knows nothing about PCI
noinst_LTLIBRARIES += %D%/libbase.la
%C%_libbase_la_SOURCES = \
	%D%/base/arena.c %D%/base/arena.h \
	%D%/base/array.c %D%/base/array.h \
	%D%/base/bytes.c %D%/base/bytes.h \
	%D%/base/cleanup.h \
	%D%/base/clock.c %D%/base/clock.h \
	%D%/base/cpulist.c %D%/base/cpulist.h \
	%D%/base/file.c %D%/base/file.h \
	%D%/base/histogram.c %D%/base/histogram.h \
	%D%/base/macro.h \
	%D%/base/random.c %D%/base/random.h \
	%D%/base/series.c %D%/base/series.h \
	%D%/base/spread.c %D%/base/spread.h \
	%D%/base/zipf.c %D%/base/zipf.h
%C%_libbase_la_LIBADD = -lm

# lib: libp2pdma. libcore.la is all of it with every symbol visible, for the
# unit tests; libp2pdma.la is the same objects behind the version script.
noinst_LTLIBRARIES += %D%/libcore.la
%C%_libcore_la_SOURCES = \
	%D%/lib/activity.c \
	%D%/lib/block.c %D%/lib/block.h \
	%D%/lib/block-parts.h \
	%D%/lib/block-walk.c \
	%D%/lib/cmb.c %D%/lib/cmb.h \
	%D%/lib/context.c %D%/lib/context.h \
	%D%/lib/context-create.c \
	%D%/lib/doctor.c %D%/lib/doctor.h \
	%D%/lib/doctor-drives.c \
	%D%/lib/doctor-kernel.c \
	%D%/lib/doctor-memory.c \
	%D%/lib/doctor-paths.c \
	%D%/lib/dram.c %D%/lib/dram.h \
	%D%/lib/drive.c %D%/lib/drive.h \
	%D%/lib/file.c %D%/lib/file.h \
	%D%/lib/host-bridge.c %D%/lib/host-bridge.h \
	%D%/lib/layer.c %D%/lib/layer.h \
	%D%/lib/link.c %D%/lib/link.h \
	%D%/lib/machine.c %D%/lib/machine.h \
	%D%/lib/mount.c %D%/lib/mount.h \
	%D%/lib/use.c %D%/lib/use.h \
	%D%/lib/names.c \
	%D%/lib/p2pdma.h \
	%D%/lib/pci.c %D%/lib/pci.h \
	%D%/lib/pci-caps.c %D%/lib/pci-caps.h \
	%D%/lib/pci-names.c %D%/lib/pci-names.h \
	%D%/lib/pci-nvme.c \
	%D%/lib/pool.c \
	%D%/lib/provider.c %D%/lib/provider.h \
	%D%/lib/provider-bar.c \
	%D%/lib/provider-host.c \
	%D%/lib/provider-p2pmem.c \
	%D%/lib/resolve.c \
	%D%/lib/scan.c \
	%D%/lib/select.c \
	%D%/lib/sigbus.c %D%/lib/sigbus.h \
	%D%/lib/sysfs.c %D%/lib/sysfs.h \
	%D%/lib/target.c %D%/lib/target.h \
	%D%/lib/topology.c %D%/lib/topology.h \
	%D%/lib/users.c \
	%D%/lib/verdict.c %D%/lib/verdict.h
%C%_libcore_la_CFLAGS = $(AM_CFLAGS) $(LIBNVME_CFLAGS) $(LIBPCI_CFLAGS)
%C%_libcore_la_LIBADD = %D%/libbase.la $(LIBPCI_LIBS)

lib_LTLIBRARIES += %D%/libp2pdma.la
include_HEADERS = %D%/lib/p2pdma.h
pkgconfig_DATA = %D%/lib/libp2pdma.pc
%C%_libp2pdma_la_SOURCES =
%C%_libp2pdma_la_LIBADD = %D%/libcore.la
%C%_libp2pdma_la_LDFLAGS = -version-info $(LIBP2PDMA_VERSION_INFO) \
	-Wl,--version-script=$(srcdir)/%D%/lib/libp2pdma.sym -no-undefined
EXTRA_%C%_libp2pdma_la_DEPENDENCIES = %D%/lib/libp2pdma.sym
EXTRA_DIST += %D%/lib/libp2pdma.sym

# engine: ring, endpoints, and what moves data between them
noinst_LTLIBRARIES += %D%/libengine.la
%C%_libengine_la_SOURCES = \
	%D%/engine/aside.c %D%/engine/aside.h \
	%D%/engine/attributes.c %D%/engine/attributes.h \
	%D%/engine/batch.c %D%/engine/batch.h \
	%D%/engine/batch-again.c \
	%D%/engine/batch-begin.c \
	%D%/engine/batch-blocks.c \
	%D%/engine/batch-copies.c \
	%D%/engine/batch-end.c \
	%D%/engine/batch-holes.c \
	%D%/engine/batch-lanes.c \
	%D%/engine/batch-place.c \
	%D%/engine/batch-settle.c \
	%D%/engine/batch-state.h \
	%D%/engine/batch-sum.c \
	%D%/engine/batch-write.c \
	%D%/engine/bench.c %D%/engine/bench.h \
	%D%/engine/bench-clock.c %D%/engine/bench-copy.c \
	%D%/engine/bench-job.c %D%/engine/bench-job.h \
	%D%/engine/bench-plan.h \
	%D%/engine/bench-result.c %D%/engine/bench-result.h \
	%D%/engine/bench-state.h \
	%D%/engine/bench-verify.c \
	%D%/engine/checksum.c %D%/engine/checksum.h \
	%D%/engine/compare.c %D%/engine/compare.h \
	%D%/engine/bottleneck.c %D%/engine/bottleneck.h \
	%D%/engine/copy.c %D%/engine/copy.h \
	%D%/engine/copy-bar.c %D%/engine/copy-bar.h \
	%D%/engine/copy-block.c \
	%D%/engine/copy-flush.c \
	%D%/engine/copy-job.c %D%/engine/copy-job.h \
	%D%/engine/copy-job-also.c \
	%D%/engine/copy-job-end.c \
	%D%/engine/copy-job-map.c \
	%D%/engine/copy-job-offload.c \
	%D%/engine/copy-job-parts.c %D%/engine/copy-job-parts.h \
	%D%/engine/copy-job-plan.c \
	%D%/engine/copy-job-proof.c \
	%D%/engine/copy-job-state.h \
	%D%/engine/copy-plan.h \
	%D%/engine/copy-state.c %D%/engine/copy-state.h \
	%D%/engine/copy-sum.c \
	%D%/engine/cutter.c %D%/engine/cutter.h \
	%D%/engine/done-list.c %D%/engine/done-list.h \
	%D%/engine/endpoint.c %D%/engine/endpoint.h \
	%D%/engine/endpoint-block.c \
	%D%/engine/endpoint-file.c \
	%D%/engine/endpoint-null.c %D%/engine/endpoint-null.h \
	%D%/engine/endpoint-ops.h \
	%D%/engine/endpoint-passthrough.c \
	%D%/engine/extents.c %D%/engine/extents.h \
	%D%/engine/ground.c %D%/engine/ground.h \
	%D%/engine/guard.c %D%/engine/guard.h \
	%D%/engine/holes.c %D%/engine/holes.h \
	%D%/engine/journal.c %D%/engine/journal.h \
	%D%/engine/key-set.c %D%/engine/key-set.h \
	%D%/engine/ledger.c %D%/engine/ledger.h \
	%D%/engine/links.c %D%/engine/links.h \
	%D%/engine/manifest.c %D%/engine/manifest.h \
	%D%/engine/many.c %D%/engine/many.h \
	%D%/engine/many-alone.c %D%/engine/many-alone.h \
	%D%/engine/many-claims.c %D%/engine/many-claims.h \
	%D%/engine/many-plan.c %D%/engine/many-plan.h \
	%D%/engine/many-route.c %D%/engine/many-route.h \
	%D%/engine/many-deal.c %D%/engine/many-deal.h \
	%D%/engine/many-done.c %D%/engine/many-done.h \
	%D%/engine/many-files.c %D%/engine/many-files.h \
	%D%/engine/many-later.c %D%/engine/many-later.h \
	%D%/engine/many-links.c %D%/engine/many-links.h \
	%D%/engine/many-nodes.c %D%/engine/many-nodes.h \
	%D%/engine/many-overlap.c %D%/engine/many-overlap.h \
	%D%/engine/many-pairs.c %D%/engine/many-pairs.h \
	%D%/engine/many-state.h \
	%D%/engine/many-tell.c %D%/engine/many-tell.h \
	%D%/engine/many-tree.c %D%/engine/many-tree.h \
	%D%/engine/memory.c %D%/engine/memory.h \
	%D%/engine/memory-names.c %D%/engine/memory-names.h \
	%D%/engine/memory-parts.h \
	%D%/engine/memory-proof.c \
	%D%/engine/memory-sizes.c \
	%D%/engine/offload.c %D%/engine/offload.h \
	%D%/engine/pace.c %D%/engine/pace.h \
	%D%/engine/nvme.c %D%/engine/nvme.h \
	%D%/engine/pattern.c %D%/engine/pattern.h \
	%D%/engine/preflight.c %D%/engine/preflight.h \
	%D%/engine/probe.c %D%/engine/probe.h \
	%D%/engine/ring.c %D%/engine/ring.h \
	%D%/engine/routes.c %D%/engine/routes.h \
	%D%/engine/shape.c %D%/engine/shape.h \
	%D%/engine/shard.c %D%/engine/shard.h \
	%D%/engine/syncs.c %D%/engine/syncs.h \
	%D%/engine/transfer.c %D%/engine/transfer.h \
	%D%/engine/verify.c %D%/engine/verify.h \
	%D%/engine/watch.c %D%/engine/watch.h \
	%D%/engine/walk.c %D%/engine/walk.h \
	%D%/engine/workload.c %D%/engine/workload.h \
	%D%/engine/workload-check.c \
	%D%/engine/workload-copy.c \
	%D%/engine/workload-random.c \
	%D%/engine/workload-read.c \
	%D%/engine/workload-write.c
%C%_libengine_la_CFLAGS = $(AM_CFLAGS) $(LIBURING_CFLAGS) $(BLKID_CFLAGS) \
	$(LIBGCRYPT_CFLAGS) $(LIBXXHASH_CFLAGS)
%C%_libengine_la_LIBADD = %D%/libbase.la $(LIBURING_LIBS) $(BLKID_LIBS) \
	$(LIBXXHASH_LIBS)

# report: facts and results to one json-c tree, and that to text, JSON, CSV
noinst_LTLIBRARIES += %D%/libreport.la
%C%_libreport_la_SOURCES = \
	%D%/report/axis.c %D%/report/axis.h \
	%D%/report/chart.c %D%/report/chart.h \
	%D%/report/defuse.c %D%/report/defuse.h \
	%D%/report/figures.c %D%/report/figures.h \
	%D%/report/picture-bench.c %D%/report/picture-bench.h \
	%D%/report/picture.c %D%/report/picture.h \
	%D%/report/progress.c %D%/report/progress.h \
	%D%/report/remarks.c %D%/report/remarks.h \
	%D%/report/report-bench.c %D%/report/report-bench.h \
	%D%/report/report-bench-compare.c \
	%D%/report/report-bench-diff.c %D%/report/report-bench-diff.h \
	%D%/report/report-bench-matrix.c \
	%D%/report/report-bench-text.c %D%/report/report-bench-text.h \
	%D%/report/report-copy.c %D%/report/report-copy.h \
	%D%/report/report-copy-text.c %D%/report/report-copy-text.h \
	%D%/report/report-doctor.c %D%/report/report-doctor.h \
	%D%/report/report-environment.c %D%/report/report-environment.h \
	%D%/report/report-files.c %D%/report/report-files.h \
	%D%/report/report-function.c %D%/report/report-function.h \
	%D%/report/report-guards.c %D%/report/report-guards.h \
	%D%/report/report-path.c %D%/report/report-path.h \
	%D%/report/report-probe.c %D%/report/report-probe.h \
	%D%/report/report-target.c %D%/report/report-target.h \
	%D%/report/report-topology.c %D%/report/report-topology.h \
	%D%/report/report-tree.c %D%/report/report-tree.h \
	%D%/report/report-trouble.c %D%/report/report-trouble.h \
	%D%/report/report-users.c %D%/report/report-users.h \
	%D%/report/report-verdict.c %D%/report/report-verdict.h \
	%D%/report/svg.c %D%/report/svg.h \
	%D%/report/tree.c %D%/report/tree.h \
	%D%/report/writer.c %D%/report/writer.h \
	%D%/report/writer-csv.c \
	%D%/report/writer-dot.c \
	%D%/report/writer-json.c \
	%D%/report/writer-svg.c \
	%D%/report/writer-text.c
%C%_libreport_la_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS) $(SMARTCOLS_CFLAGS)
%C%_libreport_la_LIBADD = $(JSONC_LIBS) $(SMARTCOLS_LIBS) -lm

# cli: what the programs share
noinst_LTLIBRARIES += %D%/libcli.la
%C%_libcli_la_SOURCES = \
	%D%/cli/apart.c %D%/cli/apart.h \
	%D%/cli/cli.c %D%/cli/cli.h \
	%D%/cli/copy-many.c %D%/cli/copy-many.h \
	%D%/cli/copy-status.c %D%/cli/copy-status.h \
	%D%/cli/exit.c %D%/cli/exit.h \
	%D%/cli/help.c %D%/cli/help.h \
	%D%/cli/launcher.c %D%/cli/launcher.h \
	%D%/cli/option.c %D%/cli/option.h \
	%D%/cli/output.c %D%/cli/output.h \
	%D%/cli/say.c %D%/cli/say.h
%C%_libcli_la_LIBADD = %D%/libreport.la
%C%_libcli_la_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)

# The programs link the installed library, so that its public interface is
# proven to be enough.
bin_PROGRAMS += %D%/p2ptopo
%C%_p2ptopo_SOURCES = %D%/cli/p2ptopo.c %D%/cli/topo.h \
	%D%/cli/topo-doctor.c %D%/cli/topo-probe.c %D%/cli/topo-users.c
%C%_p2ptopo_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
%C%_p2ptopo_LDADD = %D%/libcli.la %D%/libreport.la %D%/libengine.la \
	%D%/libbase.la %D%/libp2pdma.la $(JSONC_LIBS)

bin_PROGRAMS += %D%/p2pbench
%C%_p2pbench_SOURCES = %D%/cli/p2pbench.c %D%/cli/bench.h \
	%D%/cli/bench-compare.c %D%/cli/bench-diff.c %D%/cli/bench-fio.c \
	%D%/cli/bench-grid.c \
	%D%/cli/bench-matrix.c \
	%D%/cli/bench-measurement.c %D%/cli/bench-memory.c \
	%D%/cli/bench-options.c %D%/cli/bench-point.c \
	%D%/cli/bench-session.c %D%/cli/bench-session.h \
	%D%/cli/bench-set.c
%C%_p2pbench_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
%C%_p2pbench_LDADD = %D%/libcli.la %D%/libreport.la %D%/libengine.la \
	%D%/libbase.la %D%/libp2pdma.la $(JSONC_LIBS)

bin_PROGRAMS += %D%/p2pcopy
%C%_p2pcopy_SOURCES = %D%/cli/p2pcopy.c \
	%D%/cli/copy-one.c %D%/cli/copy-one.h \
	%D%/cli/copy-options.c %D%/cli/copy-options.h
%C%_p2pcopy_CFLAGS = $(AM_CFLAGS) $(JSONC_CFLAGS)
%C%_p2pcopy_LDADD = %D%/libcli.la %D%/libreport.la %D%/libengine.la \
	%D%/libbase.la %D%/libp2pdma.la $(JSONC_LIBS)
