# SPDX-License-Identifier: GPL-2.0-or-later
dist_man_MANS += \
	%D%/p2pbench.1 \
	%D%/p2pcopy.1 \
	%D%/p2pdma.3 \
	%D%/p2pdma.7 \
	%D%/p2ptopo.1
