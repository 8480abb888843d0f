# SPDX-License-Identifier: GPL-2.0-or-later
dist_noinst_SCRIPTS += \
	%D%/bench/file-to-file \
	%D%/bench/peer-to-peer \
	%D%/demo \
	%D%/demo-in-guest \
	%D%/setup-debian
EXTRA_DIST += %D%/bench/common.sh
