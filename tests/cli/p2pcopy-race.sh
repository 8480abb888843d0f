# SPDX-License-Identifier: GPL-2.0-or-later
# Knows that another user who swaps names while a tree is copied gains nothing:
# nothing is written outside of the destination, and nothing from outside of the
# source is read into it.
#
#   ROUNDS=500 bash tests/cli/p2pcopy-race.sh    so many copies a race [15]
work_in=memory
. "${top_srcdir:?run it by make check}/tests/tap.sh"
cd "$work" || exit 1
rounds=${ROUNDS:-15}
files=40

# race NAME OTHER COMMAND…: COMMAND again and again, while NAME is OTHER, and
# itself again. How often it ended well and badly is told; other ends in $other.
race() {
	local name=$1 place=$2 well=0 badly=0
	shift 2
	"$top_builddir/tests/cli/exchange" "$name" "$place" >swapped 2>&1 &
	swapper=$!
	until [ -s swapped ]; do sleep 0.01; done
	other=
	for _ in $(seq "$rounds"); do
		timeout -s KILL 60 "$@" >>stdout 2>>stderr
		rc=$?
		case $rc in
		0) well=$((well + 1)) ;;
		1 | 5) badly=$((badly + 1)) ;;
		*) other+=" $rc" ;;
		esac
	done
	kill $swapper || other+=" $(cat swapped)"
	wait $swapper 2>/dev/null
	echo "# $well well, $badly badly"
}

mkdir tree outside
echo a >one
echo b >two
"$top_builddir/tests/cli/exchange" one two >swapped 2>&1 &
swapper=$!
until [ -s swapped ]; do sleep 0.01; done
kill $swapper 2>/dev/null ||
	skip_all "names cannot be exchanged here: $(cat swapped)"
wait $swapper 2>/dev/null

echo secret >outside/1
echo secret >secret

# fresh: the source and an empty destination, nothing swapped.
fresh() {
	rm -rf tree copy link
	mkdir -p tree/deep copy/tree/deep
	for i in $(seq 40); do
		echo "public $i" >tree/deep/$i
	done
	ln -s "$work/$1" link
}

for option in '' --preserve; do
	fresh outside
	# shellcheck disable=SC2086 # a word or none
	race copy/tree/deep link p2pcopy -q -p host -r $option tree copy
	is "a directory of the destination becomes a link: no other end" \
		"$other" ""
	is "nothing is written where the link goes ($option)" \
		"$(ls outside) $(cat outside/1)" "1 secret"
done

fresh secret
echo old >copy/tree/deep/1
race copy/tree/deep/1 link p2pcopy -q -p host -r tree copy
is "a file of the destination becomes a link: no other end" "$other" ""
is "what it leads to is not written to" "$(cat secret)" secret

# What has another name is copied by itself, into the file that is there, while
# the one that the link leads to could be exchanged.
fresh outside
mkdir held
for i in $(seq $files); do
	echo "old $i" >copy/tree/deep/$i
	ln copy/tree/deep/$i held/$i
	echo "secret $i" >outside/$i
	echo "secret $i"
done >secrets
race copy/tree/deep link p2pcopy -q -p host -r --preserve tree copy
is "with files that have other names, too: no other end" "$other" ""
is "nothing is written where the link goes" \
	"$(for i in $(seq $files); do cat outside/$i; done | diff - secrets)" ""
is "nor is anything made there" "$(ls -A outside | wc -l)" $files
rm -rf held
for i in $(seq 2 $files); do rm outside/$i; done
echo secret >outside/1

fresh outside
race tree/deep link p2pcopy -q -p host -r tree copy
is "a directory of the source becomes a link: no other end" "$other" ""
is "nothing is read from where the link goes" "$(find copy -type f \
	-exec grep -l secret {} +)" ""

fresh secret
# It was read through once in sixteen copies.
rounds=$((4 * rounds))
race tree/deep/1 link p2pcopy -q -p host -r tree copy
is "a file of the source becomes a link: no other end" "$other" ""
is "nothing is read through it" "$(find copy -type f \
	-exec grep -l secret {} +)" ""

unlike "no sanitizer has a word" "$(cat stderr)" 'runtime error|Sanitizer'
done_testing
