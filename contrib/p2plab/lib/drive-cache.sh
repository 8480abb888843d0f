# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Knows how a drive's cache is lost with the power: nbdkit keeps what is written
# to an image to itself until it is told to flush. Knows nothing of QEMU beyond
# the socket that it is given.

declare -a cache_pids=()

# start_cache SERIAL IMAGE: the socket is in $REPLY. In pieces of a block, so
# that one flush says nothing of what lies beside it.
start_cache() {
	local pid tries=0
	REPLY=$work/$1.socket
	[ -z "$print_only" ] || return 0
	have nbdkit || die "the lab has no nbdkit for the cache of $1:" \
		"p2plab setup"
	TMPDIR=$work nbdkit -f --exit-with-parent -P "$work/$1.pid" \
		-U "$REPLY" --filter=cache file "$2" cache=writeback \
		cache-min-block-size=4096 </dev/null 2>"$work/$1.log" &
	pid=$!
	cache_pids+=($pid)
	until [ -s "$work/$1.pid" ]; do
		tries=$((tries + 1))
		[ $tries -lt 500 ] && kill -0 $pid 2>/dev/null ||
			die "the cache of $1: $(cat "$work/$1.log")"
		sleep 0.02
	done
}

# lose_caches: at once, without a last word.
lose_caches() {
	[ ${#cache_pids[@]} != 0 ] || return 0
	kill -KILL "${cache_pids[@]}"
	wait "${cache_pids[@]}"
	cache_pids=()
} 2>/dev/null
