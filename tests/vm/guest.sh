# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What a lab case has at hand inside the guest. Knows TAP and the kernel's log,
# and nothing of what is tested. A case file is tests/vm/NAME.sh:
#
#   # machine: one-switch            the machine, or several: once on each
#   # timeout: 60                    seconds that it may take [120]
#   # p2plab: --set=src0.size=1G     more options of p2plab run
#   # when: asked                    not unless it is named: it takes minutes
#   # boots: 2 src0 dst0             so many; these drives stay (cut_power)
#   . /files/guest.sh
#   begin "a drive can be filled"
#   fill /dev/lab/src0 1 16M
#   ok "and holds what was written" holds /dev/lab/src0 1 16M
#   done_testing
#
# Every result's name is the sentence of `begin` and its own. A kernel log with
# WARNING:, BUG: or Oops: in it fails the case that it came up in.

# Words that everybody needs: drives are /dev/lab/SERIAL.
# Starting one is dear in an emulated machine, so that there are as few as can be.
# bdf SERIAL: the PCI function of a drive.
bdf() {
	echo "$(</dev/lab/"$1".pci)"
}

case_name=
case_number=0
declare -a case_names=() expected_warnings=()
work=/tmp/case
mkdir -p $work
# shellcheck source-path=SCRIPTDIR source=../assert.sh
. /files/assert.sh

# report STATUS NAME
report() {
	local not=''
	[ "$1" = 0 ] || not='not '
	printf '%sok - %s: %s\n' "$not" "$case_name" "$2"
}

# begin SENTENCE: a case, until the next one begins.
begin() {
	case_number=$((case_number + 1))
	case_name=$1
	case_names[case_number]=$1
	echo "lab case $$.$case_number: $1" >/dev/kmsg
}

# expect_kernel_warning REGEX: this case provokes such lines on purpose.
expect_kernel_warning() {
	expected_warnings[case_number]=$1
}

# kernel_warnings: what the kernel said in this file's cases that it should not
# have, a line CASE-NUMBER TEXT each.
kernel_warnings() {
	dmesg | awk -v mark="lab case $$[.]" '
		match($0, mark "[0-9]+: ") {
			number = substr($0, RSTART, RLENGTH - 2)
			sub(/.*\./, "", number)
			next
		}
		number && /WARNING:|BUG:|Oops:/ { print number, $0 }'
}

# judge_kernel_log: fails each case that a warning came up in; all of them in
# one go.
judge_kernel_log() {
	local number line last=
	while read -r number line; do
		[ -z "${expected_warnings[number]-}" ] ||
			! grep -Eq -- "${expected_warnings[number]}" \
				<<<"$line" || continue
		case_name=${case_names[number]}
		[ "$number" = "$last" ] || report 1 "the kernel's log is clean"
		last=$number
		explain <<<"$line"
	done < <(kernel_warnings)
	[ -z "$last" ] || dmesg | tail -n 200 | explain
}

# in_bytes SIZE: 64M and its like as a number, in $REPLY.
in_bytes() {
	local n=${1%[KMG]}
	case $1 in
	*K) REPLY=$((n << 10)) ;;
	*M) REPLY=$((n << 20)) ;;
	*G) REPLY=$((n << 30)) ;;
	*) REPLY=$1 ;;
	esac
}

# fill FILE SEED SIZE [OFFSET]: blocks that bear their offset and the seed.
fill() {
	local size
	in_bytes "$3"
	size=$REPLY
	in_bytes "${4:-0}"
	pattern fill "$1" "$2" "$size" "$REPLY"
}

# holds FILE SEED SIZE [OFFSET [FIRST]]: whether those blocks are there. FIRST
# is the offset that the first one was filled at, if it came from elsewhere.
holds() {
	local size offset
	in_bytes "$3"
	size=$REPLY
	in_bytes "${4:-0}"
	offset=$REPLY
	in_bytes "${5:-$offset}"
	pattern check "$1" "$2" "$size" "$offset" "$REPLY"
}

# zero FILE SIZE: so that nothing of an earlier case is taken for this one's.
zero() {
	local mib
	in_bytes "$2"
	mib=$(((REPLY + 1048575) >> 20))
	dd if=/dev/zero of="$1" bs=1M count=$mib conv=fsync status=none
}

# same A B [SIZE]: whether the media hold the same bytes, by cmp.
same() {
	local size
	echo 1 >/proc/sys/vm/drop_caches
	[ $# -gt 2 ] || { cmp "$1" "$2"; return; }
	in_bytes "$3"
	size=$REPLY
	cmp -n "$size" "$1" "$2"
}

# cut_power: the machine is dead at once, and with it what was in its memory and
# in caches of drives that lose them. The file begins anew in the next boot:
# $BOOT of $BOOTS.
cut_power() {
	judge_kernel_log
	sleep 0.3	# what was said gets out
	lab_cut_power
}

# json FILE PATH: a value of a report, as jq prints it.
json() {
	jq -r "$2" "$1"
}

# done_testing: the last line of every case file; one that stops before it has
# failed.
done_testing() {
	judge_kernel_log
	echo "# done"
	exit 0
}
