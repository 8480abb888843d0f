# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Knows how the lab speaks and where it keeps things, and nothing of QEMU,
# kernels or machines. Sourced by every other part.

# The lab's own failures; a guest's command may exit with anything else.
readonly exit_usage=2 exit_power=123 exit_timeout=124 exit_lab=125

verbose=0

say() {
	printf 'p2plab: %s\n' "$*" >&2
}

detail() {
	[ "$verbose" = 0 ] || say "$@"
}

die() {
	say "$@"
	exit $exit_lab
}

usage_error() {
	say "$@" "(try: p2plab --help)"
	exit $exit_usage
}

have() {
	command -v "$1" >/dev/null 2>&1
}

# Where kernels and archives live between runs.
choose_cache() {
	if [ -n "${P2PLAB_CACHE:-}" ]; then
		cache=$P2PLAB_CACHE
	elif [ "$(id -u)" = 0 ]; then
		cache=/var/cache/p2plab
	else
		cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/p2plab
	fi
	[[ $cache = /* ]] || cache=$PWD/$cache
}

# One writer at a time in the cache; readers only see finished files, because
# every file is made under another name and renamed.
lock_cache() {
	mkdir -p "$cache" || die "$cache: cannot be made"
	exec {lock_fd}>"$cache/lock" || die "$cache/lock: cannot be opened"
	flock "$lock_fd"
}

unlock_cache() {
	exec {lock_fd}>&-
}
