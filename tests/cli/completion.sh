# SPDX-License-Identifier: GPL-2.0-or-later
# Knows what bash offers while a command line of p2ptopo is typed.
. "${top_srcdir:?run it by make check}/tests/tap.sh"
. "$top_srcdir/contrib/bash-completion/p2ptopo"

# offers NAME LINE CANDIDATES: at the end of LINE, split as bash does.
offers() {
	COMP_LINE=$2 COMP_POINT=${#2}
	read -ra COMP_WORDS <<<"${2//=/ = }"
	[[ $2 == *' ' ]] && COMP_WORDS+=("")
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	_p2pdma "${COMP_WORDS[0]}"
	is "$1" "$(printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' ')" "$3"
}

# What this machine has would be offered, too.
_p2pdma_functions() {
	echo 0000:03:00.0
}
cd "$work" || exit 1
touch list.txt

offers "the beginning of a word" "p2ptopo ma" "matrix "
offers "the beginning of an option" "p2ptopo --sy" "--sysroot= "
offers "an option that takes nothing has no equals sign" "p2ptopo --js" \
	"--json "
offers "the formats after an equals sign" "p2ptopo --format=" \
	"csv dot json svg text "
offers "the formats after a blank" "p2ptopo --format " "csv dot json svg text "
offers "the formats after a short option" "p2ptopo -F j" "json "
offers "files for an output" "p2ptopo --output=li" "list.txt "
offers "functions after the word" "p2ptopo list 0000" "0000:03:00.0 "
offers "only what follows the colon that bash splits at" \
	"p2ptopo list 0000:03" "03:00.0 "
done_testing
