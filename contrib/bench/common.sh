# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Knows how runs are timed and summed up, not what runs. Sourced.

# seconds COMMAND…: its wall time, to the millisecond, on stdout.
seconds() {
	local begin end
	begin=$(date +%s%N)
	"$@" >&2 || return 1
	end=$(date +%s%N)
	awk -v ns=$((end - begin)) 'BEGIN { printf "%.3f\n", ns / 1e9 }'
}

# median: of the numbers on stdin.
median() {
	sort -n | awk '{ v[NR] = $1 }
		END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# ratio A B: A over B.
ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f\n", a / b }'
}

# rate BYTES SECONDS: MB/s.
rate() {
	awk -v b="$1" -v s="$2" 'BEGIN { printf "%.1f\n", b / s / 1e6 }'
}

# cold: nothing of a file is in the page cache any more.
cold() {
	sync
	[ ! -w /proc/sys/vm/drop_caches ] || echo 3 >/proc/sys/vm/drop_caches
}

# hold_back DEVICE LIMIT: this process and its children, from now on, by the
# kernel (LIMIT is a line of io.max).
hold_back() {
	local group=/sys/fs/cgroup/held-back
	if [ ! -d $group ]; then
		[ -e /sys/fs/cgroup/cgroup.controllers ] ||
			mount -t cgroup2 none /sys/fs/cgroup
		echo +io >/sys/fs/cgroup/cgroup.subtree_control
		mkdir $group
	fi
	echo "$(stat -L -c %Hr:%Lr "$1") $2" >$group/io.max
	echo $$ >$group/cgroup.procs
}

# delay DEVICE MS NAME: /dev/mapper/NAME answers like DEVICE, but later.
delay() {
	dmsetup create "$3" --table \
		"0 $(blockdev --getsz "$1") delay $1 0 $2"
}
