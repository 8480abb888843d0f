# SPDX-License-Identifier: GPL-2.0-or-later
# Knows what p2ptopo promises to users and scripts, on machines from
# tests/fixtures; nothing of this machine is looked at.
work_in=memory
. "${top_srcdir:?run it by make check}/tests/tap.sh"

# machine FIXTURE…: a tree for --sysroot, by its path in $root.
machine() {
	root=$work/$1
	mkdir "$root"
	"$top_srcdir/tests/fixture-tree" "$root" \
		"${@/#/$top_srcdir/tests/fixtures/}"
}

# topo ARGUMENT…: p2ptopo on that machine. The names of functions are those
# of the pci.ids that is installed, so they are taken out.
topo() {
	p2ptopo --sysroot="$root" "$@" | awk '
		/ NAME$/ { at = index($0, " NAME") }
		/^$/ { at = 0 }
		at { print substr($0, 1, at) "NAME"; next }
		{ sub(/^      "name": .*/, "      \"name\": \"NAME\",") }
		{ print }'
	return "${PIPESTATUS[0]}"
}

# graph: names of functions are not ours.
graph() {
	topo tree --format=dot | sed -E 's/(switch\\n[^\\|]*)\\n[^|]*/\1/'
}

# nameless: JSON of trees and paths has such names at every depth.
nameless() {
	topo "$@" | sed -E 's/"name": .*,$/"name": "NAME",/'
}

for name in one-switch two-root-ports zen-root-ports nested-switches \
	two-host-bridges acs iommu multipath no-provider old-kernel \
	config-unreadable
do
	machine $name.txt
	golden "$name: list and matrix for people" p2ptopo-$name.txt topo
done

root=$work/one-switch.txt
golden "list and matrix as JSON" p2ptopo-one-switch.json topo --json
golden "the matrix as CSV" p2ptopo-one-switch.csv topo matrix --format=csv
golden "the matrix of one drive" p2ptopo-one-drive.txt topo matrix 04:00.0
golden "best for two clients" p2ptopo-best.txt topo best 04:00.0 05:00.0
golden "best as JSON" p2ptopo-best.json topo best -J 04:00.0 05:00.0
is "best for a source and two destinations" \
	"$(topo best -Fcsv 04:00.0 05:00.0 04:00.0 | tail -n +2 | tr -d '\r')" \
	"0000:03:00.0,direct,direct,direct,6,250000000,"
cp -r "$root" "$work/roomless"
root=$work/roomless
for file in size available; do
	: >"$root/sys/bus/pci/devices/0000:03:00.0/p2pmem/$file"
done
like "room that cannot be read is not known" "$(topo list --format=csv)" \
	'^0000:03:00\.0,.*,nvme0n1,,,true,'
like "in JSON, too" "$(topo list -J)" '"available_bytes": null'
root=$work/acs.txt
golden "refused pairs as JSON" p2ptopo-acs.json topo matrix --json 04:00.0
golden "best where nothing works" p2ptopo-best-acs.txt topo best 04:00.0

cat >"$work/held.txt" <<'END'
file proc/17/comm p2pcopy
file proc/17/maps 7f0000000000-7f0000010000 rw-s 00000000 00:16 51 /sys/devices/pci0000:00/0000:00:03.0/0000:01:00.0/0000:02:00.0/0000:03:00.0/p2pmem/allocate
END
root=$work/held
mkdir "$root"
"$top_srcdir/tests/fixture-tree" "$root" \
	"$top_srcdir/tests/fixtures/one-switch.txt" "$work/held.txt"
golden "who holds peer memory" p2ptopo-users.txt topo users
golden "as JSON, too" p2ptopo-users.json topo users --json
is "as CSV a line for each process" \
	"$(topo users -Fcsv | tail -n +2 | tr -d '\r')" \
	"17,p2pcopy,0000:03:00.0,65536,1"
machine stack.txt
root=$work/stack.txt
golden "the layers of a mirror" p2ptopo-stack.txt topo best /dev/md1
like "device mapper refuses" "$(topo best /dev/dm-0)" \
	'stacked-device: dm-0 .dm.: it refuses peer pages'
golden "the layers as JSON" p2ptopo-stack.json topo best -J /dev/md1
# Machines that are built from tables.
table() {
	sh "$top_srcdir/tests/make-fixture" \
		"$top_srcdir/tests/fixtures/$1.table" >"$work/$1.lines"
	root=$work/$1
	mkdir "$root"
	"$top_srcdir/tests/fixture-tree" "$root" "$work/$1.lines"
}

root=$work/one-switch.txt
golden "the tree for people" p2ptopo-tree.txt topo tree
golden "the tree of one drive as JSON" p2ptopo-tree.json \
	nameless tree --json 04:00.0
golden "a path for people" p2ptopo-path.txt topo path 03:00.0 04:00.0
golden "a path as JSON" p2ptopo-path.json \
	nameless path -J 04:00.0 03:00.0
is "the end that has memory is the provider" \
	"$(topo path -J 04:00.0 03:00.0 | grep '"provider"')" \
	'      "provider": "0000:03:00.0",'
like "verbose has every function" "$(topo -v tree)" '0000:00:00\.0'
unlike "the tree has what leads to drives only" "$(topo tree)" \
	'0000:00:00\.0'
like "and says so" "$(topo tree)" 'are left out \(1; --verbose'
unlike "unless it is to be quiet" "$(topo -q tree)" 'left out'
unlike "no colour into a pipe" "$(topo tree)" $'\033'
odd=$root/sys/class/nvme/nvme1/model
mv "$odd" "$work/model"
printf 'x\033[2Jy\n' >"$odd"
is "a name is as it is in a table's file" \
	"$(topo list --format=csv | grep -c $'x\033\\[2Jy')" 1
is "and moves no terminal's cursor" "$(script -qec \
	"p2ptopo --sysroot='$root' list --format=csv" /dev/null |
	grep -c 'x?\[2Jy')" 1
mv "$work/model" "$odd"
golden "the tree as a graph" p2ptopo-tree.dot graph

table dual-socket
golden "a tree of two sockets" p2ptopo-tree-dual-socket.txt topo tree
golden "a path over a link that trained down" p2ptopo-path-dual-socket.txt \
	topo path 36:00.0 39:00.0
table accelerator
golden "a path that ACS sends to the host" p2ptopo-path-accelerator.txt \
	topo path 06:00.0 05:00.0
golden "a path from host bridge to host bridge" \
	p2ptopo-path-two-bridges.txt topo path 06:00.0 46:00.0
like "refused paths are edges of the graph" "$(topo tree --format=dot)" \
	'"0000:07:00.0" -> "pci0000:40" .*label="refused'
root=$work/config-unreadable.txt
golden "a path whose packets are not known" p2ptopo-path-user.txt \
	topo path 03:00.0 04:00.0
if command -v xmllint >/dev/null; then
	root=$work/accelerator
	topo tree --format=svg >"$work/svg"
	ok "the picture is well-formed XML" xmllint --noout "$work/svg"
else
	skip "there is no xmllint" "the picture is well-formed XML"
fi
root=$work/accelerator
svg=$(topo tree --format=svg)
is "the picture has a cross for each refused pair, and one in the legend" \
	"$(grep -c 'class="refused"' <<<"$svg")" 9
is "and names each function once" \
	"$(grep -c '>0000:06:00.0<' <<<"$svg")" 1
unlike "and fetches nothing" "$svg" '(href|url\(|@import)'
exits 2 "a tree is no CSV" topo tree --format=csv
is "and that is said" "$(cat "$work/stderr")" \
	"p2ptopo: --format=csv: a tree is no table (json has all of it)"
exits 2 "a matrix is no picture" topo matrix --format=svg
is "and what is one is named" "$(cat "$work/stderr")" \
	"p2ptopo: --format=svg: only p2ptopo tree is a picture"
exits 2 "a path has two ends" topo path 06:00.0
is "and that is said, too" "$(cat "$work/stderr")" \
	"p2ptopo: path: needs two functions, not 1"

root=$work/one-switch.txt
unlike "quiet leaves out the legend" "$(topo -q matrix)" 'hops from both'
like "the list as CSV begins with its keys" "$(topo list -Fcsv | head -1)" \
	'^address,kind,name,driver,controller,'
is "the list as CSV has a row for each function" \
	"$(topo list -Fcsv | cut -d, -f1 | tail -n +2 | tr '\n' ' ')" \
	"0000:03:00.0 0000:04:00.0 0000:05:00.0 "
is "only named functions are listed" \
	"$(topo list -Fcsv 0000:05:00.0 | cut -d, -f1 | tail -n +2)" \
	"0000:05:00.0"

topo list >"$work/wanted"
exits 0 "the report goes into a file" topo list -o "$work/file"
is "which holds what stdout would" \
	"$(sed 's/ NAME$//' <"$work/wanted" | head -1 | cut -c1-20)" \
	"$(head -1 "$work/file" | cut -c1-20)"
exits 1 "a full device is a failure" topo --output=/dev/full
like "and it is said" "$(cat "$work/stderr")" \
	'^p2ptopo: /dev/full: No space left on device$'
exits 1 "a full standard output is a failure" \
	bash -c "p2ptopo --sysroot=$root >/dev/full"
like "and it is said, too" "$(cat "$work/stderr")" \
	'^p2ptopo: standard output: No space left on device$'

exits 1 "a tree without PCI is a failure" p2ptopo --sysroot="$work"
like "with a sentence" "$(cat "$work/stderr")" \
	'^p2ptopo: .*: no PCI functions below sys/bus/pci'
exits 1 "a tree that is not there is a failure" p2ptopo --sysroot=/nowhere
is "with its reason" "$(cat "$work/stderr")" \
	"p2ptopo: /nowhere: No such file or directory"
exits 1 "a function that is not there is a failure" topo matrix 99:00.0
like "and is named" "$(cat "$work/stderr")" \
	'^p2ptopo: 99:00\.0: no such PCI function'

exits 2 "a word that is none is wrong usage" topo dance
is "and the known ones are named" "$(cat "$work/stderr")" \
	"p2ptopo: dance: no such word (p2ptopo --help lists them; a file of that name is ./dance)"
exits 2 "CSV of two tables is wrong usage" topo --format=csv
exits 2 "best without a client is wrong usage" topo best
exits 2 "a tree cannot be probed" topo probe
is "which is said" "$(cat "$work/stderr")" \
	"p2ptopo: probe: asks the kernel that runs here, not a tree (leave out --sysroot)"
exits 2 "probe with three operands is wrong usage" \
	p2ptopo probe 03:00.0 04:00.0 05:00.0
exits 2 "an unknown option is wrong usage" p2ptopo --dance
is "with one clear sentence" "$(cat "$work/stderr")" \
	"p2ptopo: --dance: no such option (p2ptopo --help lists them)"
exits 2 "an unknown format is wrong usage" p2ptopo --format=xml
is "and the known ones are named, too" "$(cat "$work/stderr")" \
	"p2ptopo: --format=xml: no such word (known: text, json, csv, dot, svg)"
exits 2 "an option without its argument is wrong usage" p2ptopo --output

exits 0 "help is no failure" p2ptopo --help
is "and says nothing on stderr" "$(cat "$work/stderr")" ""
like "help shows the words" "$(cat "$work/stdout")" '^  matrix  +who reaches'
exits 0 "the version is no failure" p2ptopo --version
like "and has the package's name" "$(head -1 "$work/stdout")" \
	'^p2ptopo \(p2pdma-utils\) [0-9]+\.[0-9]+'
exits 0 "formats can be listed" p2ptopo --format=help
is "one a line" "$(sed 's/ .*//' "$work/stdout" | tr '\n' ' ')" \
	"text json csv dot svg "
exits 1 "help into a full device is a failure" \
	bash -c 'p2ptopo --help >/dev/full'
is "that is said" "$(cat "$work/stderr")" \
	"p2ptopo: standard output: No space left on device"
done_testing
