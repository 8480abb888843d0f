# SPDX-License-Identifier: GPL-2.0-or-later
# Knows p2pcopy's options, exit codes, guards and reports, on files and, for
# root, on loop devices. Peer memory is the lab's business.
. "${top_srcdir:?run it by make check}/tests/copies.sh"

# --- usage ------------------------------------------------------------------
exits 0 "--help is an answer" p2pcopy --help
exits 2 "nothing to copy is wrong usage" p2pcopy
exits 2 "a copy needs a destination" p2pcopy a
exits 1 "several sources need a directory" p2pcopy a b c
exits 2 "a size must be one" p2pcopy --size=much a b
exits 2 "a negative size is wrong usage" p2pcopy --skip=-1 a b
exits 2 "a size that overflows is wrong usage" p2pcopy -n 99999999999G a b
exits 2 "a place that no file reaches is wrong usage" \
	p2pcopy --seek=18446744073709551615 a b
exits 2 "no blocks in flight is wrong usage" p2pcopy --depth=0 a b
exits 2 "there is one way to verify" p2pcopy --verify=hope a b
exits 2 "an option that does not exist is wrong usage" p2pcopy --fast a b
exits 1 "a source that is not there fails" p2pcopy none b
like "and is named" "$(cat "$work/stderr")" '^p2pcopy: read none: No such file'
exits 1 "a character device is no source" p2pcopy /dev/null b
exits 1 "a directory is no source" p2pcopy . b
random a 10
exits 1 "a destination needs a name" p2pcopy a ''
like "which is said before the copy" "$(cat "$work/stderr")" 'has no name'
ok "nothing was created by any of these" test ! -e b

# --- files --------------------------------------------------------------------
random a 3000001
exits 0 "a file is copied" p2pcopy a b
ok "to the last byte" cmp a b
like "host memory is never a secret" "$(cat "$work/stderr")" \
	'^p2pcopy: host memory instead of peer memory: [a-z0-9-]+: .'
like "the last line is as dd's" "$(tail -1 "$work/stdout")" \
	'^3000001 bytes \(2\.86 MiB\) copied, .+, .+ MiB/s \(.+ MB/s\)$'
copies "asked for, host memory needs no notice" -q a b
is "and there is none" "$(cat "$work/stderr")" ""
copies "none is another name of host" --provider=none a b
exits 3 "required peer memory that is not to be had" \
	p2pcopy --require-peer a c
ok "leaves no destination behind" test ! -e c
exits 2 "a provider must be there" p2pcopy --provider=ff:1f.7 a b
copies "words of fio are understood" --bs=64K --iodepth=3 --json a b
is "--bs is the block size" "$(value .block_bytes)" 65536
is "--iodepth is the depth" "$(value .depth)" 3

for size in 0 1 511 512 4095 4096 4097 1048575 1048577; do
	random a $size
	copies "$size bytes are copied" a b
	ok "$size bytes are the same" cmp a b
done

random a 500000
random keep 500000
for place in "0 0" "4096 512" "100 612" "1 0" "0 3" "7 11"; do
	set -- $place
	cp keep b
	cp keep wanted
	dd if=a of=wanted bs=1 iflag=skip_bytes,count_bytes \
		oflag=seek_bytes conv=notrunc skip="$1" seek=$(($2 + 1)) \
		count=30001 status=none
	copies "30001 bytes go from $1 to $(($2 + 1))" --verify \
		--skip="$1" --seek=$(($2 + 1)) --size=30001 a b
	ok "and what is around them stays ($place)" cmp b wanted
done
cp keep b
copies "--seek=0 is a place, too" --verify --seek=0 --size=1000 a b
ok "its part is there" cmp -n 1000 a b
ok "and what is behind it stays" cmp -i 1000 keep b
head -c 1048576 /dev/urandom >part
copies "a new file may begin with a hole" --verify --seek=100M part hole
ok "which is zeros" cmp -n 104857600 hole /dev/zero
ok "and takes no room" test "$(($(stat -c '%b * %B' hole)))" -lt 10000000
rm -f hole part
copies "no name is special" a null:
ok "and it is a file like others" cmp a null:
rm -f null:
exits 2 "a part that is not there cannot be copied" \
	p2pcopy --skip=400000 --size=100001 a b

mkdir -p dir
copies "into a directory, a file keeps its name" a dir
ok "and is the same" cmp a dir/a
chmod 600 b
ln -sf b link
copies "a link is followed" a link
ok "and stays one" test -L link
is "what is replaced leaves its mode" "$(stat -c %a b)" 600
exits 5 "a file is not copied onto itself" p2pcopy --force a a
like "and says so" "$(cat "$work/stderr")" '^p2pcopy: refused: a and a share'
ok "the file is still there" test "$(stat -c %s a)" = 500000
(umask 022; p2pcopy --provider=host a fresh) >/dev/null
is "a new file has the source's mode" "$(stat -c %a fresh)" 644
chmod 600 a
rm -f fresh
(umask 022; p2pcopy --provider=host a fresh) >/dev/null
is "and is no more open" "$(stat -c %a fresh)" 600
chmod 444 a
rm -f fresh
(umask 022; p2pcopy --provider=host a fresh) >/dev/null
is "also where the source is read-only" "$(stat -c %a fresh)" 444
chmod 644 a
rm -f fresh
cp keep b
ln -f b other
truncate -s 700000 b
copies "a file with two names is written in place" --verify a b
ok "so that both mean the same" cmp a other
is "and are one file" "$(stat -c %h b)" 2
rm -f other
ln -s nowhere dangling
exits 1 "nothing is written through a dangling link" p2pcopy a dangling
like "and that is told" "$(cat "$work/stderr")" \
	'^p2pcopy: not writing through dangling symbolic link dangling'
ok "what it points to is not made" test ! -e nowhere
rm -f dangling
exits 1 "a directory that is not there is not made" p2pcopy a newdir/
like "which is told at once" "$(cat "$work/stderr")" \
	'^p2pcopy: newdir/ is no directory'
exits 1 "a file that hides its size is refused" p2pcopy /proc/version c
like "with the reason" "$(cat "$work/stderr")" \
	'^p2pcopy: /proc/version has content and tells 0 bytes'
if [ -r /sys/kernel/uevent_seqnum ]; then
	exits 1 "so is one of sysfs" p2pcopy /sys/kernel/uevent_seqnum c
	like "which is a page to look at" "$(cat "$work/stderr")" \
		'uevent_seqnum has content and tells 4096 bytes'
else
	skip "there is no sysfs" "so is one of sysfs"
fi
ok "and nothing is made of it" test ! -e c
exits 2 "host memory is no peer memory" p2pcopy -p host --require-peer a c
like "and that is said" "$(cat "$work/stderr")" \
	'^p2pcopy: --require-peer: contradicts --provider=host'
p2pcopy --provider=host a c <&- >&- 2>/dev/null
is "a report that has nowhere to go is an error" $? 1
ok "but does not go into the copy" cmp a c
rm -f c
is "no half of a file stays behind" "$(ls -A | grep part)" ""

# --- report -------------------------------------------------------------------
copies "a report in JSON" --json --verify=read a b
is "has every key of the contract" "$(value '[.schema, .command, .source,
	.destination, .memory.kind, .memory.provider, .memory.reach_source,
	.memory.reach_destination, .memory.fallback_reason, .copied_bytes,
	.peer_bytes, .host_bytes, .skipped_bytes, .verify.method, .verify.ok,
	.verify.mismatched_bytes, .checksum, .errors] | tojson')" \
	'["p2pdma-utils/1","p2pcopy","a","b","host",null,null,null,null,500000,0,500000,0,"read",true,0,null,[]]'
is "and numbers that were measured" "$(value '[.block_bytes, .depth,
	.duration_ns, .rate_bytes_per_sec, .cpu_ns, .submits] |
	all(type == "number" and . > 0)')" true
exits 0 "a fallback is in the report" p2pcopy --json a b
is "with its reason" "$(value .memory.fallback_reason)" \
	"$(sed -n 's/^p2pcopy: host memory instead of peer memory: \([a-z0-9-]*\).*/\1/p' "$work/stderr")"
copies "--output takes the report" --json --output=report a b
is "which is not on standard output" "$(cat "$work/stdout")" ""
is "but in the file" "$(jq .copied_bytes report)" 500000
for report in a ./b "$big/b"; do
	exits 2 "a report does not replace an operand ($report)" \
		p2pcopy --output="$report" a b
done
ok "nor touch it" cmp a b
exits 1 "a name may hold anything" p2pcopy $'no\033[2J\nne' b
is "and is one line without commands to the terminal" \
	"$(cat "$work/stderr")" \
	"p2pcopy: read no?[2J?ne: No such file or directory"
copies "progress as JSON" --progress=json a b
like "is one object a line, on standard error" "$(tail -1 "$work/stderr")" \
	'^\{.*500000.*\}$'

# never CODE WHERE WHY OPTION…: no copy, and JSON that tells programs so.
never() {
	local code=$1 where=$2 why=$3
	shift 3
	exits "$code" "no copy: $*" p2pcopy --json "$@"
	is "has a report" "$(value '[.schema, .command, .copied_bytes,
		.duration_ns, .rate_bytes_per_sec, .cpu_ns, .submits,
		(.errors | length), .errors[0].where, .errors[0].offset_bytes,
		.errors[0].length_bytes] | tojson')" \
		"[\"p2pdma-utils/1\",\"p2pcopy\",0,null,null,null,null,1,$where,null,null]"
	like "with the reason" "$(value '.errors[0].why')" "^$why"
	ok "which people read, too" \
		grep -qF "$(value '.errors[0].why')" "$work/stderr"
}
seq 1000 >c
ln -f c d
echo old >map
never 1 '"none"' 'read none: No such file or directory$' none b
is "a copy that has no source has no memory" \
	"$(value '[.source, .destination, .memory.kind, .size_bytes, .guards]
		| tojson')" '["none","b",null,null,[]]'
never 1 '"none/b"' 'write none/b: No such file' a none/b
never 1 '"."' 'read .: Is a directory' . b
never 2 '"a"' 'a ends at 500000 bytes' --skip=1M a b
never 2 null 'there is no provider' --provider=ff:1f.7 a b
never 3 null 'peer memory is required and not to be had: [a-z0-9-]+: .' \
	--require-peer a b
is "peer memory that is missing has its reason" \
	"$(value '.memory.fallback_reason == null')" false
never 5 '"a"' 'a and a share the same bytes' a a
is "a guard that refuses is in its place, too" \
	"$(value '[.memory.kind, .size_bytes, (.guards[] | select(.refuses) |
		.id, .why)] | tojson')" \
	"[\"host\",500000,\"overlap\",$(value '.errors[0].why | tojson')]"
never 5 '"d"' 'c and d share the same bytes: choose another destination$' \
	--also=d a c
never 1 '"b"' 'b is given twice' --also=b a b
never 1 '"map"' 'journal map is there already' --journal=map a b
never 1 '"map"' 'map is no map' --journal=map --resume a b
never 1 '"none"' 'read none' --dry-run none b
exits 1 "--output takes it" p2pcopy --json --output=report none b
is "whole" "$(jq -r '.errors[0].where' report)" none
echo old >report
exits 1 "people read it on standard error" p2pcopy --output=report none b
is "once" "$(cat report; grep -c . "$work/stderr")" $'old\n1'
rm -f c d map report
ok "and nothing came of any of these" cmp a b

# --- dry run --------------------------------------------------------------------
rm -f b
exits 0 "a dry run succeeds" p2pcopy --provider=host --dry-run --json a b
ok "and creates nothing" test ! -e b
is "it is the same report, without measurements" \
	"$(value '[.dry_run, .size_bytes, .copied_bytes, .duration_ns] | tojson')" \
	'[true,500000,0,null]'
is "with every guard's answer" \
	"$(value '[.guards[] | select(.refuses | not) | .id] | join(" ")')" \
	"overlap too-small mounted swap in-use signature"
is "in a word" "$(value '[.guards[].answer] | unique | tojson')" '["no"]'
exits 3 "a dry run tells of peer memory that is required" \
	p2pcopy --dry-run --require-peer a b
exits 5 "a dry run tells of a guard that refuses" p2pcopy --dry-run a a
like "and which one" "$(cat "$work/stdout")" 'guard overlap: a and a share'

# --- interruption ---------------------------------------------------------------
# begun: waits until bytes were copied.
begun() {
	local _
	for _ in $(seq 100); do
		grep -q . "$work/stderr" && return
		sleep 0.05
	done
}
truncate -s 400000000 a
for signal in INT:130 HUP:129 TERM:143 KILL:137; do
	# Now, and not when the copy comes to it.
	: >"$work/stderr"
	echo old >b
	# Whoever runs this may ignore some: nohup does. The rate leaves time.
	env --default-signal p2pcopy --provider=host --progress=json \
		--sparse=never --block-size=4K --depth=1 --rate=4M a b \
		>"$work/stdout" 2>"$work/stderr" &
	begun
	kill -"${signal%:*}" $!
	wait $! 2>/dev/null
	is "SIG${signal%:*} ends a copy with ${signal#*:}" $? "${signal#*:}"
	ok "the old file is there" cmp b - <<<old
	is "and no half of a new one" "$(ls -A | grep part)" ""
	[ $signal = KILL:137 ] || like "what is in place is told" \
		"$(cat "$work/stdout")" \
		'NOT complete: of 400000000 bytes the first 0 are written'
done
exits 1 "a limit of the file's size is an error" \
	bash -c 'ulimit -f 100; p2pcopy --provider=host --no-sync a c'
like "of the destination" "$(cat "$work/stderr")" 'c.*: File too large'
is "which leaves nothing" "$(ls -A | grep -e part -e '^c$')" ""
rm -f a b

# --- who may write ----------------------------------------------------------
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	random a 300000
	mkdir -p closed
	echo old >closed/b
	chown 65534 closed/b
	chmod 755 . closed
	inode=$(stat -c %i closed/b)
	exits 0 "a file in a directory that is closed is written in place" \
		setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$(type -P p2pcopy)" --provider=host a closed/b
	ok "and is the same" cmp a closed/b
	is "no other file" "$(stat -c %i closed/b)" "$inode"
	mkdir -p open
	chmod 777 open
	echo old >open/b
	chmod 666 open/b
	exits 0 "a file that cannot be given to its owner is written in place" \
		setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$(type -P p2pcopy)" --provider=host a open/b
	ok "it is the same" cmp a open/b
	is "its owner and mode stay" "$(stat -c '%u %g %a' open/b)" "0 0 666"
	rm -rf open
	if unshare -m true 2>/dev/null; then
		echo old >under
		exits 0 "a mount point is written in place" unshare -m bash -c '
			touch over && mount --bind under over &&
			p2pcopy --provider=host a over'
		ok "and what is mounted there changes" cmp a under
		for provider in host auto; do
			rm -f over
			exits 0 "no PCI is no bar ($provider)" unshare -m bash -c "
				mount -t tmpfs none /sys &&
				p2pcopy --provider=$provider a over"
			ok "the copy is the same" cmp a over
		done
		like "and auto says why" "$(cat "$work/stderr")" \
			'host memory instead of peer memory: (no-p2pmem|kernel-without-p2pdma):'
	else
		skip "no mount namespace" "a mount point is written in place"
	fi
	rm -rf closed under over a
else
	skip "only root becomes somebody else" "a closed directory is no bar"
fi

# --- devices --------------------------------------------------------------------
if [ "$(id -u)" != 0 ]; then
	skip "only root has loop devices" "devices are guarded"
	done_testing
fi
# loop NAME BYTES: a device of that size, in $loop.
loop() {
	truncate -s "$2" "$1.img"
	attach "$1.img"
}
if ! loop one 32M; then
	skip "there is no loop device to be had" "devices are guarded"
	done_testing
fi
one=$loop
loop two 16M
two=$loop
random data 16777216
copies "a file fills a device" --verify data "$two"
ok "and is there" cmp data two.img
exits 5 "a device that is too small is refused" p2pcopy "$one" "$two"
exits 5 "also when forced" p2pcopy --force "$one" "$two"
like "with both sizes" "$(cat "$work/stderr")" \
	"$two is too small: it has 16 MiB, and the copy ends at 32 MiB"
exits 5 "an offset counts, too" p2pcopy --seek=1 data "$two"
copies "a device is copied to a device" --verify "$two" "$one"
copies "an odd tail ends where it should" --size=1000001 --skip=512 \
	data "$two"
dd if=data of=wanted bs=1M count=16 status=none
dd if=data of=wanted iflag=skip_bytes,count_bytes skip=512 count=1000001 \
	conv=notrunc status=none
ok "and nothing behind it changes" cmp wanted two.img
exits 5 "a device is not copied onto itself" \
	p2pcopy --force --size=1M --seek=512K "$two" "$two"
copies "one half of a device may go into the other" \
	--size=8M --seek=8M "$two" "$two"
ok "and is there" cmp <(head -c 8M two.img) <(tail -c 8M two.img)

# apart SENTENCE SOURCE DEST: they share bytes, which nothing overrides.
apart() {
	exits 5 "$1 is refused, also when forced" \
		p2pcopy --provider=host --force --size=4K "$2" "$3"
	like "$1: says so" "$(cat "$work/stderr")" 'share the same bytes'
}

exits 2 "no report is written over a device" \
	p2pcopy --output="$one" two.img other
copies "loop devices of two files are apart" --size=1M "$two" "$one"
apart "a file onto the loop device that it backs" two.img "$two"
apart "a loop device into its file" "$two" two.img
second=$(losetup --show -f two.img) && loops="$loops $second"
apart "from one loop device of a file to another one" "$two" "$second"
shifted=$(losetup --show -o 8388608 -f two.img) && loops="$loops $shifted"
apart "an offset does not hide it" "$shifted" two.img
copies "but what lies apart may be copied" --size=4M "$shifted" "$two"
exits 5 "up to where they meet" p2pcopy --provider=host --force \
	--size=4M --seek=5M "$shifted" "$two"

# guarded ID DEVICE IMAGE: refused, forced, and what the plan says of it.
# A swap area is written by the kernel, behind its first page.
guarded() {
	exits 5 "$1: refused" p2pcopy --provider=host --json --size=4K data "$2"
	like "$1: the report says so" "$(value '.errors[0].why')" \
		"^$2 .+\(or --force\)\$"
	is "$1: and who" \
		"$(value '[.guards[] | select(.refuses) | .id] | first')" "$1"
	like "$1: one sentence says how to go on" "$(cat "$work/stderr")" \
		"^p2pcopy: refused: $2 .+: .*--force\)?\$"
	exits 5 "$1: refused in a list, too" p2pcopy --provider=host -J \
		--manifest=- <<<"data	$2"
	like "$1: with the same answer" "$(jq -rs '.[0] | "\([.guards[] |
		select(.refuses) | .id] | first) \(.errors[0].why)"' \
		"$work/stdout")" "^$1 $2 .+\(or --force\)\$"
	like "$1: said, too" "$(cat "$work/stderr")" \
		"^p2pcopy: data: refused: $2 .+\(or --force\)\$"
	exits 5 "$1: a dry run is refused, too" \
		p2pcopy --provider=host --dry-run --json --size=4K data "$2"
	is "$1: is who refuses" \
		"$(value '[.guards[] | select(.refuses) | .id] | first')" "$1"
	ok "$1: nothing was written" cmp -n 4096 "$3" "$3.before"
}

if command -v mkfs.ext4 >/dev/null; then
	mkfs.ext4 -q -F "$one"
	cp one.img one.img.before
	guarded signature "$one" one.img
	mkdir -p mount
	mounted=mount
	if mount "$one" mount 2>/dev/null; then
		sync -f mount
		cp one.img one.img.before
		guarded mounted "$one" one.img
		exits 0 "a mounted source is only a notice" \
			p2pcopy --provider=host --size=4K "$one" b
		like "which says what may happen" "$(cat "$work/stderr")" \
			"$one is mounted and may change"
		random mount/file 1000000
		copies "a file on the device is copied" mount/file b
		exits 5 "a file is not copied onto the device that holds it" \
			p2pcopy --force mount/file "$one"
		copies "a file is copied beside it" mount/file mount/beside
		random mount/image 4194304
		inner=$(losetup --show -f mount/image)
		apart "a loop device onto the disk that holds its file" \
			"$inner" "$one"
		apart "and the disk into the loop device" "$one" "$inner"
		losetup -d "$inner"
		umount mount
	else
		skip "mount refuses" "mounted: refused"
	fi
	copies "signature: forced" --force --size=4K --seek=0 data "$one"
	ok "signature: and written" cmp -n 4096 data one.img
fi
if command -v mkswap >/dev/null; then
	wipefs -qa "$one"
	mkswap -q "$one" 2>/dev/null || mkswap "$one" >/dev/null
	cp one.img one.img.before
	if swapon "$one" 2>/dev/null; then
		guarded swap "$one" one.img
		swapoff "$one"
	else
		skip "swapon refuses" "swap: refused"
	fi
	guarded signature "$one" one.img
fi
if command -v sfdisk >/dev/null; then
	wipefs -qa "$one"
	echo "2048,4096" | sfdisk -q "$one" 2>/dev/null
	cp one.img one.img.before
	guarded signature "$one" one.img
	like "a partition table is called one" "$(cat "$work/stdout")" \
		'a partition table \(dos\)'
fi
# --- a source that changes ------------------------------------------------------
# changed COMMAND…: one copy that lasts, while that is done; what it reports.
changed() {
	local copy
	p2pcopy --provider=host --rate=16M -b 64K -J changing copy \
		>"$work/stdout" 2>"$work/stderr" &
	copy=$!
	sleep 0.3
	"$@"
	wait $copy
	jq -r .changed "$work/stdout"
}
head -c 12M /dev/urandom >changing
is "a source that stays is not called changed" "$(changed true)" false
is "one that is written to meanwhile is" "$(changed \
	dd if=/dev/zero of=changing bs=1 count=1 conv=notrunc status=none)" true
like "which is told" "$(cat "$work/stderr")" \
	'changing changed while it was read: its copy may not be consistent'
is "one that grows, too" "$(changed eval 'echo more >>changing')" true
exits 1 "what cannot be read and tells no size is no empty file" \
	p2pcopy --provider=host /proc/self/mem nothing
ok "and has no copy" test ! -e nothing
rm -f changing copy

done_testing
