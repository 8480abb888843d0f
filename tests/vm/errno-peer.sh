# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# timeout: 600
# when: asked
# System calls of a copy through peer memory fail, one in each run: no crash, no
# hang, no false success, and the memory is given back. Through host memory
# there are thousands of them in tests/cli/p2pcopy-errno.sh.
. /files/guest.sh
. /files/guest-copy

memory=/sys/bus/pci/devices/$(bdf cmb0)/p2pmem
room=$(<"$memory/available")
# CALL ERRNO… ; of "allocate" that of the provider's file, else the last one.
calls='
openat/allocate EACCES EMFILE ENOENT ENODEV
mmap/allocate ENOMEM EAGAIN EPERM ENODEV
munmap EINVAL
madvise EINVAL ENOMEM
io_uring_setup ENOMEM EPERM
io_uring_enter EINTR EAGAIN EBUSY EIO
fsync EIO
fdatasync EIO
ioctl EIO
'
words=(--force -n 1M /dev/lab/src0 /dev/lab/dst0)

# traced STRACE-WORD…: the copy, its exit code in $rc.
traced() {
	timeout -s KILL 60 strace -f --seccomp-bpf -qqq "$@" p2pcopy "${words[@]}" \
		>"$work/stdout" 2>"$work/stderr"
	rc=$?
}

# number_of CALL: which one of them is the one that is to fail; 0: none is.
number_of() {
	awk -v name="${1%/*}" -v file="${1#*/}" -v call="$1" '
		{ sub(/^[0-9]+ +/, "") }
		index($0, name "(") != 1 { next }
		{ number++ }
		call ~ /\// && !index($0, file) { next }
		{ wanted = number }
		END { print wanted + 0 }' /tmp/record
}

# judge: what is wrong with the run, on stdout.
judge() {
	case $rc in
	0) holds /dev/lab/dst0 "$seed" 1M || echo "says done, and it is not" ;;
	1 | 3) grep -q '^p2pcopy: ' "$work/stderr" || echo "does not say why" ;;
	*) echo "ends with $rc" ;;
	esac
	[ "$(<"$memory/available")" = "$room" ] || echo "memory is not given back"
}

begin "a copy through peer memory"
seed=1
fill /dev/lab/src0 $seed 1M
traced -y -o /tmp/record
is "works while it is traced" $rc 0
is "and went through it" "$(judge)" ""
injected=0
while read -r call errnos; do
	[ -n "$call" ] || continue
	number=$(number_of "$call")
	[ "$number" != 0 ] || continue
	for error in $errnos; do
		seed=$((seed + 1))
		fill /dev/lab/src0 $seed 1M
		traced -o /dev/null -e "trace=${call%/*}" \
			-e "inject=${call%/*}:error=$error:when=$number"
		injected=$((injected + 1))
		is "$call fails with $error (exit $rc)" "$(judge)" ""
	done
done <<<"$calls"
ok "there was something to fail" test $injected -ge 12
echo "# $injected errors were injected"
done_testing
