#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes ./configure in a fresh clone.
set -e
cd "$(dirname "$0")"
exec autoreconf --install --force --warnings=all
