# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# p2plab: --set=cmb0.ns=mssrl=0 --cmdline=nvme.poll_queues=1
# timeout: 120
# (That cmb0 has no Copy is copy-offload.sh's, in the same boot.)
# NVMe commands of ours, polled, and taken by a thread of the kernel's: the
# data arrives by each of them, through peer memory and through host memory.
. /files/guest.sh
. /files/guest-copy

# commands_of NAME: how many reads and writes the block layer has counted.
commands_of() {
	awk '{ print $1 + $5 }' "/sys/block/$(lab_dev "$1" | xargs basename)/stat"
}

for way in "--engine=passthrough" "--iopoll" "--sqpoll" \
	"--engine=passthrough --iopoll --sqpoll"
do
	for memory in /dev/lab/cmb0 host; do
		begin "$way through $memory"
		fill /dev/lab/src0 1 2M
		zero /dev/lab/dst0 3M
		# shellcheck disable=SC2086 # words
		copies "copies" $way --provider=$memory --verify -b 256K \
			-n 2M /dev/lab/src0 /dev/lab/dst0
		[ "$memory" = host ] || through_peer cmb0
		ok "the data is there" holds /dev/lab/dst0 1 2M
		is "verified" "$(told .verify.ok)" true
		is "and nothing behind it was touched" \
			"$(dd if=/dev/lab/dst0 bs=1M skip=2 count=1 \
				iflag=direct status=none | tr -d '\0' |
				wc -c)" 0
	done
done

begin "passthrough"
fill /dev/lab/src0 2 8M
zero /dev/lab/dst0 9M
before=$(commands_of src0)
copies "goes past the block layer" --engine=passthrough -n 8M \
	/dev/lab/src0 /dev/lab/dst0
is "which counts nothing" "$(commands_of src0)" "$before"
ok "the data is there" holds /dev/lab/dst0 2 8M
copies "odd places" --engine=passthrough --skip=100 --seek=4196 -n 100000 \
	/dev/lab/src0 /dev/lab/dst0
ok "are right" cmp <(dd if=/dev/lab/src0 bs=100 skip=1 count=1000 status=none) \
	<(dd if=/dev/lab/dst0 bs=4 skip=1049 count=25000 status=none)
copies "a size that is no multiple of a sector" --engine=passthrough \
	--verify -n 1000001 /dev/lab/src0 /dev/lab/dst0
ok "is there to the last byte" holds /dev/lab/dst0 2 1000001
head -c 16M /dev/lab/dst0 >/dev/null
fill /dev/lab/src0 3 1M
copies "what was cached" --engine=passthrough -n 1M /dev/lab/src0 /dev/lab/dst0
ok "is forgotten" cmp -n 1048576 /dev/lab/src0 /dev/lab/dst0
copies "a block larger than a command" --engine=passthrough -b 16M -n 16M \
	/dev/lab/src0 /dev/lab/dst0
like "is cut, and told" "$(cat "$work/stderr")" 'block-size'

begin "passthrough and partitions"
printf 'label: gpt\nstart=4096,size=32768\n' | sfdisk -q /dev/lab/dst0
part=$(lab_dev dst0)p1
udevadm settle 2>/dev/null || sleep 1
fill /dev/lab/src0 4 16M
copies "a partition is written" --engine=passthrough -n 8M --seek=1M \
	/dev/lab/src0 "$part"
ok "where it is" holds "$part" 4 8M 1M 0
copies "and read" --engine=passthrough --skip=1M -n 8M --seek=64M \
	"$part" /dev/lab/cmb0
ok "from where it is" holds /dev/lab/cmb0 4 8M 64M 0
exits 5 "not written beyond its end" p2pcopy --engine=passthrough -n 17M \
	/dev/lab/src0 "$part"

begin "what passthrough cannot do"
exits 3 "a file" p2pcopy --engine=passthrough -n 1M /dev/lab/src0 /tmp/file
like "is told" "$(cat "$work/stderr")" 'no NVMe namespace'

done_testing
