#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# contrib/p2pdma-gather: a machine as text, and back. That nothing is lost on
# the way, and that what nobody else should know is.
work_in=memory
. "${top_srcdir:?run it by make check}/tests/tap.sh"
gather=$top_srcdir/contrib/p2pdma-gather
fixture_tree=$top_srcdir/tests/fixture-tree

# The files whose contents are replaced on purpose.
replaced='/(serial|dm/name|dm/uuid|backing_file)$|/boot/config-'

# facts_of TREE: a line for each file (checksum) and each link (where it is).
facts_of() (
	cd "$1" || exit
	find . -type f -print0 | sort -z | xargs -0 sha256sum
	find . -type l -print0 | sort -z | xargs -0 realpath -m \
		--relative-to=. | paste - <(find . -type l | sort)
)

# there_and_back FIXTURE: into $work/before, $work/after and $work/text.
there_and_back() {
	rm -rf "$work/before" "$work/after"
	"$fixture_tree" "$work/before" "$@"
	"$gather" --root="$work/before" >"$work/text" 2>"$work/notes" &&
		"$fixture_tree" "$work/after" "$work/text"
}

same_facts() {
	diff <(facts_of "$work/before" | grep -Ev "$replaced") \
		<(facts_of "$work/after" | grep -Ev "$replaced")
}

# same_answers WORD: what p2ptopo says, but for serial numbers.
same_answers() {
	local tree
	for tree in before after; do
		p2ptopo "$1" --json --sysroot="$work/$tree" |
			sed '/"serial"/d' >"$work/answer-$tree"
	done
	[ -s "$work/answer-before" ] &&
		diff "$work/answer-before" "$work/answer-after"
}

# One of each kind of fact: ACS, no root, groups, heads, VFs, stacks.
for machine in acs config-unreadable iommu multipath sr-iov stack \
	sr-iov-server vmd; do
	for fixture in "$top_srcdir" "$top_builddir"; do
		fixture=$fixture/tests/fixtures/$machine.txt
		[ ! -f "$fixture" ] || break
	done
	there_and_back "$fixture"
	ok "$machine comes back with every fact" same_facts
	for word in list matrix; do
		name="$word of $machine is the same afterwards"
		if [ -x "$top_builddir/src/p2ptopo" ]; then
			ok "$name" same_answers $word
		else
			skip "p2ptopo is not built" "$name"
		fi
	done
done

there_and_back "$top_srcdir/tests/fixtures/stack.txt"
"$gather" --root="$work/after" >"$work/again" 2>&1
ok "a fixture of a fixture is that fixture" cmp "$work/text" "$work/again"

there_and_back "$top_srcdir/tests/fixtures/config-unreadable.txt"
wanted='configuration space beyond 64 bytes of 9 of 9 functions'
like "hidden configuration space is told on stderr" "$(cat "$work/notes")" \
	"^p2pdma-gather: could not read: $wanted"
like "and at the top of the fixture" "$(head -5 "$work/text")" \
	"^# could not read: $wanted"

# A machine that is full of what others should not know. The drive's extended
# capability 3 is its serial number, which on a network card is the MAC.
drive=sys/devices/pci0000:00/0000:00:03.0/0000:01:00.0/0000:02:01.0/0000:04:00.0
cat >"$work/secrets" <<END
file proc/sys/kernel/hostname zebrafish
file proc/sys/kernel/osrelease 7.2.12-zebrafish-1
file boot/config-7.2.12-zebrafish-1 CONFIG_CC="gcc"\nCONFIG_PCI=y\nCONFIG_PCI_P2PDMA=y\nCONFIG_BUILD_SALT="zebrafish"
file proc/cmdline BOOT_IMAGE=/zebrafish root=UUID=6d1c36f2-aaaa ip=10.77.1.2 zebrafish77 quiet pci=realloc luks.name=6d1c36f2-aaaa=zebrafish
file proc/cpuinfo processor : 0\nvendor_id : GenuineIntel\ncpu family : 6\nSerial : zebrafish\n\nprocessor : 1
file $drive/nvme/nvme1/serial ZEBRAFISH42
file $drive/nvme/nvme1/subsysnqn nqn.2014-08.org.nvmexpress:uuid:6d1c36f2-aaaa
file $drive/nvme/nvme1/nvme1n1/wwid eui.6d1c36f2aaaa0001
file $drive/nvme/nvme1/nvme1n1/uuid 6d1c36f2-aaaa
file $drive/net/eth0/address 6d:1c:36:f2:aa:aa
file $drive/vpd ZEBRAFISH42
hex $drive/config 36 1b 10 00 06 04 10 00 00 02 08 01 @34 40 @40 10 48 02 00 @80 03 00 5a 45 42 52 41 @100 03 00 01 15 6d 1c 36 f2 ff ff aa aa @150 0d 00 01 00 5f 00 1d 00 @1000
file sys/devices/virtual/block/dm-0/dm/name zebrafish-root
file sys/devices/virtual/block/dm-0/dm/uuid LVM-6d1c36f2aaaa
file sys/devices/virtual/block/loop0/loop/backing_file /srv/zebrafish/image
link sys/class/block/md_zebrafish ../../devices/virtual/block/md_zebrafish
file sys/devices/virtual/block/md_zebrafish/dev 9:99
file sys/devices/virtual/block/md_zebrafish/md/uuid 6d1c36f2-aaaa
link sys/class/nvme/nvme9 ../../devices/virtual/nvme-fabrics/ctl/nvme9
file sys/devices/virtual/nvme-fabrics/ctl/nvme9/address traddr=10.77.1.2
file sys/devices/virtual/nvme-fabrics/ctl/nvme9/transport tcp
file sys/devices/virtual/nvme-fabrics/ctl/nvme9/serial ZEBRAFISH43
file proc/self/mountinfo 20 1 253:0 / / rw,relatime - ext4 /dev/mapper/zebrafish-root rw,data=journal\n21 20 9:99 /zebrafish /srv/zebrafish rw - xfs /dev/md_zebrafish rw\n22 20 0:77 / /srv rw - nfs 10.77.1.2:/zebrafish rw,addr=10.77.1.2\n23 20 0:5 / /proc rw - proc proc rw
END
there_and_back "$top_srcdir/tests/fixtures/stack.txt" "$work/secrets"
text=$(cat "$work/text" "$work/notes")
secret='zebrafish|6d1c36f2|6d:1c'
is "no name, serial number or UUID leaves the machine" \
	"$(grep -iE "$secret" <<<"$text")" ''
is "nor do the bytes of a serial number capability" \
	"$(grep -E '6d 1c|5a 45' <<<"$text")" ''
is "nor does a network address" "$(grep -F 10.77.1.2 <<<"$text")" ''
like "but the chain of capabilities stays whole" "$text" \
	"0000:04:00.0/config .* @100 03 00 01 15 @150 0d 00 01 00 5f 00 1d @1000$"
like "a serial number becomes a neutral word" "$text" \
	"nvme1/serial serial-[0-9]+$"
like "a mapping keeps who made it" "$text" "dm-0/dm/uuid LVM-uuid-1$"
like "a mount keeps its device by the same word as the device" "$text" \
	"mountinfo .*ext4 /dev/mapper/$(sed -n 's,.*dm-0/dm/name ,,p' \
		"$work/text") rw,data=journal\\\\n"
like "words of the command line that decide are kept" "$text" \
	'^file proc/cmdline BOOT_IMAGE=hidden root=hidden ip=hidden quiet pci=realloc luks.name=hidden$'
like "options of the kernel that decide are kept" "$text" \
	'^file boot/config-7.2.12-host-1 # [^\\]*\\nCONFIG_PCI=y\\nCONFIG_PCI_P2PDMA=y$'
same=$(grep -c 'md_1' "$work/text")
is "an array with a name gets another one everywhere" "$same" 4

for symbol in pci_p2pdma_add_resource:pci_p2pdma_add_resource other:left_out; do
	cp "$work/text" "$work/fixture"
	sed -i '/^file boot/d' "$work/fixture"
	echo "file proc/kallsyms ffffffff81000000 T ${symbol%:*}" \
		>"$work/kallsyms"
	there_and_back "$work/fixture" "$work/kallsyms"
	is "without a configuration the symbol ${symbol%:*} tells" \
		"$(cat "$work/after/proc/kallsyms")" "0 T ${symbol#*:}"
done

# What must not be opened is a FIFO here: who opens it, hangs.
rm "$work/before/$drive/vendor"
mkfifo "$work/before/$drive/resource0" "$work/before/$drive/vendor"
allocate=$(find "$work/before" -name allocate)
rm "$allocate"
mkfifo "$allocate"
exits 0 "neither allocate nor a BAR is opened" \
	timeout 20 "$gather" --root="$work/before"
like "allocate is said to be there" "$(cat "$work/stdout")" \
	'^file sys/.*/p2pmem/allocate *$'

if [ -d /sys/bus/pci/devices ]; then
	exits 0 "this very machine can be written down" "$gather"
	is "with paths that begin below its root" \
		"$(grep -E '^[a-z]+ /' "$work/stdout")" ''
else
	skip "no PCI here" "this very machine can be written down"
fi

exits 0 "help is there" "$gather" --help
like "and on stdout" "$(cat "$work/stdout")" '^usage: p2pdma-gather'
exits 2 "an unknown option is wrong usage" "$gather" --zebra
exits 2 "an argument too" "$gather" zebra
exits 1 "a directory without sysfs is an error" "$gather" --root="$work"
like "which says what is missing" "$(cat "$work/stderr")" \
	'has no sys/bus/pci/devices'
done_testing
