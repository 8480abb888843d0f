# SPDX-License-Identifier: GPL-2.0-or-later
dist_noinst_SCRIPTS += \
	%D%/bench/bench-loop \
	%D%/bench/big-tree \
	%D%/bench/file-to-file \
	%D%/bench/instructions \
	%D%/bench/manifest-memory \
	%D%/bench/peer-to-peer \
	%D%/bench/small-files \
	%D%/bench/tuned \
	%D%/demo \
	%D%/demo-in-guest \
	%D%/p2pdma-gather \
	%D%/setup-debian
EXTRA_DIST += %D%/bench/common.sh

# Programs beside the three: the lab runs straight from the source tree.
P2PLAB = \
	%D%/p2plab/lib/common.sh \
	%D%/p2plab/lib/setup.sh \
	%D%/p2plab/lib/machine.sh \
	%D%/p2plab/lib/archive.sh \
	%D%/p2plab/lib/drive-cache.sh \
	%D%/p2plab/lib/vm.sh \
	%D%/p2plab/machines/acs \
	%D%/p2plab/machines/forest \
	%D%/p2plab/machines/iommu \
	%D%/p2plab/machines/iommu-pt \
	%D%/p2plab/machines/lba-4k \
	%D%/p2plab/machines/multipath \
	%D%/p2plab/machines/nested-switches \
	%D%/p2plab/machines/no-provider \
	%D%/p2plab/machines/old-kernel \
	%D%/p2plab/machines/one-switch \
	%D%/p2plab/machines/protection-info \
	%D%/p2plab/machines/slow \
	%D%/p2plab/machines/two-host-bridges \
	%D%/p2plab/machines/two-providers \
	%D%/p2plab/machines/two-root-ports \
	%D%/p2plab/machines/zen-acs \
	%D%/p2plab/machines/zen-root-ports \
	%D%/p2plab/machines/zen-two-bridges

dist_noinst_SCRIPTS += \
	%D%/p2plab/p2plab \
	%D%/p2plab/guest/init \
	%D%/p2plab/guest/main \
	%D%/p2plab/guest/bin/lab_bdf \
	%D%/p2plab/guest/bin/lab_cut_power \
	%D%/p2plab/guest/bin/lab_dev \
	%D%/p2plab/guest/bin/lab_monitor
EXTRA_DIST += $(P2PLAB) %D%/p2plab/README

# Completion for bash, by one file: the programs' own --help says the rest.
bashcompletiondir = @bashcompletiondir@
dist_bashcompletion_DATA = %D%/bash-completion/p2ptopo
install-data-hook:
	cd '$(DESTDIR)$(bashcompletiondir)' && \
		for program in p2pcopy p2pbench; do \
			ln -sf p2ptopo $$program || exit 1; \
		done
uninstall-hook:
	cd '$(DESTDIR)$(bashcompletiondir)' && rm -f p2pcopy p2pbench

# Who wants the rule says so: it gives memory away.
if UDEV_RULE
dist_udevrules_DATA = %D%/udev/70-p2pdma.rules
else
dist_doc_DATA += %D%/udev/70-p2pdma.rules
endif
