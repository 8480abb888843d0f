# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: one-switch
# timeout: 240
# p2plab: --set=src0.size=400M --set=dst0.size=400M
# Trees, manifests and shards from ext4 to xfs, through peer memory.
. /files/guest.sh
. /files/guest-copy

mkdir -p /tmp/a /tmp/b
wipefs -aq /dev/lab/src0 /dev/lab/dst0
mkfs.ext4 -q /dev/lab/src0
mkfs.xfs -q /dev/lab/dst0
mount /dev/lab/src0 /tmp/a
mount /dev/lab/dst0 /tmp/b

mkdir -p /tmp/a/tree/sub/deep
for size in 1 4095 4096 65536 65537 262145 5000001; do
	pattern fill "/tmp/a/tree/sub/f$size" 7 "$size" 0
	truncate -s "$size" "/tmp/a/tree/sub/f$size"
done
for i in $(seq 200); do
	head -c $((i * 331)) /tmp/a/tree/sub/f262145 >"/tmp/a/tree/sub/deep/$i"
done
ln /tmp/a/tree/sub/f65537 /tmp/a/tree/name
ln -s sub /tmp/a/tree/link
truncate -s 8M /tmp/a/tree/hole
sync

# equal A B: the same files with the same data.
equal() {
	diff <(cd "$1" && find . -type f -exec sha256sum {} + | sort) \
		<(cd "$2" && find . -type f -exec sha256sum {} + | sort)
}

begin "a tree"
copies "from ext4 to xfs" -r --preserve /tmp/a/tree /tmp/b/tree
umount /tmp/b
mount /dev/lab/dst0 /tmp/b
ok "is equal on the medium" equal /tmp/a/tree /tmp/b/tree
is "went through peer memory" "$(told '.total.peer_bytes > 5000000')" true
is "but for little" "$(told '.total.host_bytes < 65536')" true
is "no file of it by both" "$(told '[.files[] | select(.peer_bytes > 0 and
	.host_bytes > 0)] | length')" 0
is "names of one file are so" "$(stat -c %i /tmp/b/tree/name)" \
	"$(stat -c %i /tmp/b/tree/sub/f65537)"
is "a hole is one" "$(stat -c %b /tmp/b/tree/hole)" 0
is "no file is longer than it was" "$(stat -c %s /tmp/b/tree/sub/f4095)" 4095
is "nothing half-written is left" "$(find /tmp/b -name '*.part')" ""

begin "a tree that has to go through peer memory"
copies "does" -r --require-peer /tmp/a/tree/sub /tmp/b/required
ok "and is equal" equal /tmp/a/tree/sub /tmp/b/required
exits 3 "but not where there is no way" p2pcopy -r --require-peer \
	/tmp/a/tree/sub /tmp/none

begin "a manifest"
printf '%s\t%s\n' /tmp/a/tree/sub/f5000001 /tmp/b/one \
	/tmp/a/none /tmp/b/none /tmp/a/tree/sub/f65536 /tmp/b/two >/tmp/pairs
exits 1 "with a pair that fails" p2pcopy -J --manifest=/tmp/pairs
is "has a line each, and the sum" "$(jq -s length "$work/stdout")" 4
is "in one set of peer buffers" "$(tail -1 "$work/stdout" |
	jq .total.peer_bytes)" 5065537
ok "one is there" same /tmp/a/tree/sub/f5000001 /tmp/b/one
ok "two, too" same /tmp/a/tree/sub/f65536 /tmp/b/two

begin "a plan"
copies "of the same" -r --dry-run /tmp/a/tree /tmp/b/planned
is "names the provider and both reaches" "$(told '[.files[] |
	select(.copied_bytes > 4096) | .memory | [.kind, .provider,
	.reach_source, .reach_destination, .fallback_reason] | tojson] |
	unique | .[]')" \
	"$(p2pcopy --dry-run -J /tmp/a/tree/sub/f5000001 /tmp/b/planned |
		jq -r '.memory | [.kind, .provider, .reach_source,
		.reach_destination, .fallback_reason] | tojson')"
is "and writes nothing" "$(ls -A /tmp/b/planned 2>&1 | tail -c 26)" \
	"No such file or directory"
exits 0 "where there is no way" p2pcopy -J -r --dry-run /tmp/a/tree/sub /tmp/none
is "it says why" "$(jq -r '[.files[] | select(.copied_bytes > 0) |
	.memory.fallback_reason] | unique | length' "$work/stdout")" 1
like "for people, too" "$(cat "$work/stderr")" \
	'host memory instead of peer memory: [a-z0-9-]+'

begin "checksums"
printf '%s\t%s\n' /tmp/a/tree/sub/f5000001 /tmp/b/third \
	/tmp/a/tree/sub/f65537 /tmp/b/fourth >/tmp/pairs
exits 0 "of a manifest" p2pcopy -J --require-peer --verify \
	--checksum=sha256:/tmp/sums --manifest=/tmp/pairs
is "through peer memory" "$(tail -1 "$work/stdout" |
	jq .total.peer_bytes)" 5065538
is "are those in the report" "$(jq -r 'select(.checksum) |
	.checksum.digest' "$work/stdout" | sort)" \
	"$(cut -d' ' -f1 /tmp/sums | sort)"
ok "and right" sha256sum --strict --quiet -c /tmp/sums

begin "shards"
pattern fill /tmp/a/large 9 60000001 0
truncate -s 60000001 /tmp/a/large
sync /tmp/a/large
for node in 1 2 3; do
	copies "node $node" --shard=$node/3 --require-peer \
		/tmp/a/large /tmp/b/large
	is "has its part, through peer memory" "$(told '.total |
		.peer_bytes > 18000000 and .host_bytes < 4096')" true
done
ok "make the whole file" same /tmp/a/large /tmp/b/large
for node in 1 2; do
	copies "node $node of a tree" -r --shard=$node/2 \
		--checksum=sha256:/tmp/sums.$node /tmp/a/tree /tmp/b/dealt
	is "goes through peer memory" "$(told '.total.peer_bytes > 4096')" true
done
ok "make the whole tree" equal /tmp/a/tree /tmp/b/dealt
is "every file has one checksum" \
	"$(cat /tmp/sums.[12] | sed 's/.*  //' | sort | uniq -c |
		awk '{ print $1 }' | uniq -c | xargs)" \
	"$(find /tmp/a/tree -type f | wc -l) 1"
ok "that is right" sha256sum --strict --quiet -c /tmp/sums.1 /tmp/sums.2
umount /tmp/a /tmp/b

done_testing
