# SPDX-License-Identifier: GPL-2.0-or-later
# Knows what p2pcopy's options mean for many files at a time: one rate for all,
# a checksum each, files that are written in place.
. "$top_srcdir/tests/tap.sh"
command -v jq >/dev/null || skip_all "there is no jq (apt-get install jq)"
# Where O_DIRECT works; /tmp is a tmpfs on many machines.
big=$(mktemp -d /var/tmp/p2pcopy-many-XXXXXX)
clean() {
	rm -rf "${big:?}" "${work:?}"
}
trap clean EXIT
cd "$big" || exit 1

value() {
	jq -r "$1" "$work/stdout"
}

# random FILE BYTES
random() {
	head -c "$2" /dev/urandom >"$1"
}

copies() {
	local name=$1
	shift
	exits 0 "$name" p2pcopy --provider=host "$@"
}

mkdir -p tree/sub
for size in 0 1 4095 4096 65536 65537 300000 3000001; do
	random "tree/sub/f$size" $size
done
ln tree/sub/f4096 tree/other-name
random "$(printf 'tree/new\nline\\back')" 10
truncate -s 5M tree/sparse
printf data | dd of=tree/sparse bs=1 seek=3000000 conv=notrunc status=none
files=$(find tree -type f -printf . | wc -c)

# --- checksums ----------------------------------------------------------------
copies "a checksum of every file" -r --checksum=sha256:sums tree copy
is "has a line" "$(wc -l <sums)" "$files"
ok "that the tool of its name reads" sha256sum --strict --quiet -c sums
like "escaped as it does" "$(cat sums)" \
	'^\\[0-9a-f]{64}  copy/new\\nline\\\\back$'
ok "the data is there" diff -r tree copy
printf x | dd of=copy/sub/f300000 bs=1 seek=299999 conv=notrunc status=none
ok "what is changed is found" sh -c '! sha256sum --quiet -c sums'
for algo in md5 b2 sha512; do
	copies "$algo" -r --checksum=$algo:$algo.sums tree/sub $algo
	ok "is right" ${algo}sum --strict --quiet -c $algo.sums
done
copies "without a file" -r --checksum=sha1 tree/sub printed
ok "the lines are in the report" \
	sh -c "grep -v bytes '$work/stdout' | sha1sum --strict --quiet -c"
copies "in JSON" -r -J --checksum=md5 tree/sub json
is "each file has its digest" \
	"$(value '[.files[].checksum | select(. != null)] | length')" \
	"$(find tree/sub -type f | wc -l)"
is "the right one" "$(value '.files[] |
	select(.source == "tree/sub/f65537").checksum |
	.algorithm + " " + .digest')" \
	"md5 $(md5sum <tree/sub/f65537 | cut -d' ' -f1)"
copies "with --verify and --preserve" -r --verify --preserve \
	--checksum=sha256:sums tree proven
ok "it is the same" sha256sum --strict --quiet -c sums
printf 'tree/sub/f1\tone\nnone\ttwo\ntree/sub/f4096\tthree\n' >pairs
exits 1 "of a manifest" p2pcopy --provider=host --checksum=sha256:sums \
	--manifest=pairs
is "what was copied has one" "$(sed 's/.*  //' sums | sort | tr '\n' ' ')" \
	"one three "
copies "with one block at a time" -r -b 8K -d 1 --checksum=sha256:sums \
	tree small
ok "it is right" sha256sum --strict --quiet -c sums

# --- a rate -------------------------------------------------------------------
random tree/big 1000000
copies "one rate is for all" -r -J --rate=4M tree paced
ok "it is the same data" diff -r tree paced
is "and takes its time" "$(value '.total |
	.duration_ns / 1e9 >= (.copied_bytes - 400000) / 4194304')" true
printf '%s\n' tree/sub/f* >names
sed 's,\(.*/\)\(.*\),&\tpaced/sub/\2,' names >pairs
copies "of a manifest, too" -J --rate=4M --manifest=pairs
is "takes its time" "$(tail -1 "$work/stdout" | jq '.total |
	.duration_ns / 1e9 >= (.copied_bytes - 400000) / 4194304')" true
start=$SECONDS
p2pcopy --provider=host -r --rate=1K tree slow >/dev/null 2>"$work/err" &
pid=$!
for _ in $(seq 100); do
	[ -d slow/sub ] && break
	sleep 0.05
done
kill -INT $pid
wait $pid
is "a signal does not wait for it" "$? $((SECONDS - start < 30))" "130 1"

# --- in place -----------------------------------------------------------------
mkdir -p place/sub
random place/sub/f1 100000
random place/sparse 6000000
printf old >place/sub/f300000
ln place/sub/f300000 kept-name
chmod 0640 place/sub/f300000
ln -s ../../nowhere place/sub/f65537
inode=$(stat -c %i place/sparse)
copies "in place" -r --in-place tree/. place
ok "every byte is there, and no more" diff -r tree place
is "in the file that was there" "$(stat -c %i place/sparse)" "$inode"
ok "also by its other name" cmp kept-name tree/sub/f300000
is "with its mode" "$(stat -c %a place/sub/f300000)" 640
ok "a link is replaced" test -f place/sub/f65537 -a ! -L place/sub/f65537
copies "in place, preserved and verified" -r --in-place --preserve --verify \
	--checksum=sha256:sums tree/. place
ok "it is the same" sha256sum --strict --quiet -c sums
is "with its mode, now" "$(stat -c %a place/sub/f300000)" \
	"$(stat -c %a tree/sub/f300000)"
exits 1 "a file is not copied onto itself" \
	p2pcopy --provider=host --in-place --manifest=- <<<"tree/sub/f4096	tree/other-name"
like "which is told" "$(cat "$work/stderr")" 'copy onto itself'
ok "it is as it was" cmp tree/sub/f4096 place/sub/f4096

# --- a thread that takes the requests -----------------------------------------
copies "handed over" -r --sqpoll --checksum=sha256:sums tree handed
ok "all of it is there" diff -r tree handed
ok "and summed" sha256sum --strict --quiet -c sums

# --- what makes no sense ------------------------------------------------------
refuses() {
	local option=$1 why=$2
	exits 2 "$option is not for many files" \
		p2pcopy --provider=host -r "$option" tree x
	like "which is told, with what to do" "$(cat "$work/stderr")" "$why"
}
refuses --skip=4K '--skip: each of many files .* \(copy that one alone\)'
refuses --engine=passthrough '--engine: only whole drives .* \(copy drives'
refuses --iopoll '--iopoll: files are opened .* \(leave it away\)'
refuses --also=y '--also: .* \(run p2pcopy once for each'
refuses --verify=compare '--verify=compare: .* \(--verify reads'
ok "nothing was made" test ! -e x
done_testing
