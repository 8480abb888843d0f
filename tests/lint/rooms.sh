# SPDX-License-Identifier: GPL-2.0-or-later
# Knows the five rules of the house (CONTRIBUTING.md); looks at source text
# only, with comments taken out.
. "${top_srcdir:?run it by make check}/tests/tap.sh"
cd "$top_srcdir/src" || exit 1
rooms=(base lib engine report cli)

# The lines of all files as "FILE:NUMBER: text", without comments.
awk '
	FNR == 1 { inside = 0 }
	{
		line = $0
		out = ""
		while (line != "") {
			if (inside) {
				end = index(line, "*/")
				if (!end)
					break
				line = substr(line, end + 2)
				inside = 0
				continue
			}
			start = index(line, "/*")
			if (!start) {
				out = out line
				break
			}
			out = out substr(line, 1, start - 1)
			line = substr(line, start + 2)
			inside = 1
		}
		if (out !~ /^[ \t]*\/\//)
			printf "%s:%d: %s\n", FILENAME, FNR, out
	}' base/*.[ch] lib/*.[ch] engine/*.[ch] report/*.[ch] cli/*.[ch] \
	>"$work/code"

# in_rooms REGEX ROOM…: lines of code in these rooms that match.
in_rooms() {
	local regex=$1
	shift
	grep -E "^($(IFS='|'; echo "$*"))/" "$work/code" | grep -E -- "$regex"
	true
}

# outside REGEX FILE…: the same in every room but these files.
outside() {
	local regex=$1
	shift
	in_rooms "$regex" "${rooms[@]}" | grep -vE "^($(IFS='|'; echo "$*")):"
	true
}

# upward: includes of a room by one below it.
upward() {
	local i j
	for i in 0 1 2 3; do
		for j in $(seq $((i + 1)) 4); do
			in_rooms "# *include \"${rooms[j]}/" "${rooms[i]}"
		done
	done
}

# A lint that sees nothing would always pass.
is "every room holds source files" \
	"$(for room in "${rooms[@]}"; do
		ls "$room"/*.c >/dev/null 2>&1 && echo -n "$room "; done)" \
	"base lib engine report cli "
is "an include spells its room" \
	"$(in_rooms '# *include "' "${rooms[@]}" |
		grep -vE '"(base|lib|engine|report|cli)/[a-z0-9-]+\.h"$')" ""
is "no room includes one above it" "$(upward)" ""
is "outside lib only lib/p2pdma.h is included" \
	"$(in_rooms '# *include "lib/' base engine report cli |
		grep -v '"lib/p2pdma.h"$')" ""
# But for a file's own descriptor, by which one without a name is reached.
is "only lib/sysfs.c opens what is below /sys and /proc" \
	"$(outside '"/(sys|proc)/' lib/sysfs.c |
		grep -v '^engine/endpoint\.c:.*"/proc/self/fd/%d"')" ""
is "in lib only sysfs.c, context-create.c and resolve.c open files" \
	"$(in_rooms '[^_a-z>.](open|openat|openat2|fopen|opendir|freopen)\(' \
		lib | grep -vE '^lib/(sysfs|context-create|resolve)\.c:')" ""
is "only engine/ring.c includes liburing" \
	"$(outside '# *include <liburing' engine/ring.c)" ""
is "only lib/pci-nvme.c includes libnvme" \
	"$(outside '# *include <(libnvme|nvme/)' lib/pci-nvme.c)" ""
is "only report and cli print" \
	"$(in_rooms '\<(v?f?printf|v?dprintf|f?puts|f?putc|putchar|perror)\(' \
		base lib engine)$(in_rooms '\<(stdout|stderr)\>' \
		base lib engine)" ""
# libpci's last word must not return, so that one place gives up.
is "base, lib and engine never exit" \
	"$(in_rooms '\<(abort|exit|_exit|_Exit|quick_exit|errx?|verrx?)\(' \
		base lib engine | grep -v '^lib/pci-names\.c:.*abort()')" ""
is "base, lib and engine neither read the environment nor parse options" \
	"$(in_rooms '\<((secure_)?getenv|environ|getopt(_long)?)\>' \
		base lib engine)" ""
# p2pdma(7): they fail, hang or free it behind our back. Vectors may not mix
# peer and host memory, and nothing of ours needs any.
is "nobody asks of memory what peer memory cannot do" \
	"$(in_rooms '\<(mprotect|mlock(2|all)?|mremap|vmsplice|p?(read|write)v2?|process_vm_(read|write)v)\(|\<MADV_(DONTNEED|DOFORK|FREE|REMOVE)|\<io_uring_(register_buffers|prep_(readv|writev|read_fixed|write_fixed))' \
		"${rooms[@]}")" ""
done_testing
