# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Knows Debian: which package brings which program, and how to fetch a kernel
# without touching the apt sources of this machine. Knows nothing of guests.

# program, package. A program that is there is enough, whoever brought it.
readonly lab_packages='
qemu-system-x86_64	qemu-system-x86
busybox		busybox-static
cpio		cpio
nbdkit		nbdkit
zstd		zstd
xz		xz-utils
depmod		kmod
flock		util-linux
blockdev	util-linux
sfdisk		fdisk
fio		fio
nvme		nvme-cli
lspci		pciutils
mkfs.ext4	e2fsprogs
mkfs.xfs	xfsprogs
mkfs.btrfs	btrfs-progs
mdadm		mdadm
dmsetup		dmsetup
gojq		gojq
strace		strace
'
readonly debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The packages that are missing, one a line.
missing_packages() {
	local program package PATH=$PATH:/usr/sbin:/sbin
	while read -r program package; do
		[ -n "$program" ] || continue
		have "$program" || echo "$package"
	done <<<"$lab_packages" | sort -u
	[ -r $debian_keyring ] || echo debian-archive-keyring
}

# as_root COMMAND…: apt-get is the only thing that ever needs it.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif have sudo; then
		sudo "$@"
	else
		die "$1 needs root, and there is no sudo (run as root:" \
			"p2plab setup --packages-only)"
	fi
}

install_packages() {
	local -a packages=("$@")
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -q update >&2 || say "apt-get update failed;" \
		"going on with the package lists that are there"
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y --no-install-recommends install \
		"${packages[@]}" >&2 ||
		die "apt-get install ${packages[*]} failed"
}

# The mirror that this machine's own apt takes Debian from.
debian_mirror() {
	local release
	# shellcheck source=/dev/null
	release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' 2>/dev/null |
		awk -v release="$release" '
			$1 ~ /^https?:/ && $2 == release && $3 == "main" {
				print $1; found = 1; exit
			}
			END { if (!found) print "http://deb.debian.org/debian" }'
}

# private_apt TOOL ARGUMENT…: apt with a state of its own below the cache. It
# reads no source, preference or list of this machine; signatures are checked.
private_apt() {
	local tool=$1 state=$cache/apt
	shift
	"$tool" -q \
		-o Dir::State="$state" \
		-o Dir::State::Lists="$state/lists" \
		-o Dir::State::status="$state/status" \
		-o Dir::Cache="$state/cache" \
		-o Dir::Etc::sourcelist="$state/sources.list" \
		-o Dir::Etc::sourceparts="$state/empty" \
		-o Dir::Etc::preferences=/dev/null \
		-o Dir::Etc::preferencesparts="$state/empty" \
		-o APT::Architecture=amd64 -o APT::Architectures=amd64 \
		-o APT::Sandbox::User="$(id -un)" \
		"$@"
}

update_private_apt() {
	local suite state=$cache/apt mirror
	mirror=$(debian_mirror)
	mkdir -p "$state"/{lists/partial,cache/archives/partial,empty}
	: >"$state/status"
	for suite in "$@"; do
		echo "deb [signed-by=$debian_keyring] $mirror $suite main"
	done >"$state/sources.list"
	detail "asking $mirror for $*"
	private_apt apt-get update >"$state/log" 2>&1 || {
		cat "$state/log" >&2
		die "$mirror cannot be reached, or its signatures are wrong"
	}
}

# newest REGEX: the newest package with such a name.
newest() {
	private_apt apt-cache search --names-only "$1" | awk '{print $1}' |
		sort -V | tail -1
}

# The packages of the kernel of one kind, and the suite that has them.
#   p2pdma  the newest kernel of Debian's backports: has PCI_P2PDMA
#   old     Debian 12's own kernel: PCI_P2PDMA is off
kernel_suite() {
	case $1 in
	p2pdma) echo trixie-backports ;;
	old) echo bookworm ;;
	esac
}

kernel_packages() {
	local image version
	case $1 in
	p2pdma)
		image=$(newest '^linux-binary-[0-9].*-cloud-amd64$')
		version=${image#linux-binary-}
		[ -z "$image" ] || echo "$image linux-modules-$version"
		;;
	old)
		newest '^linux-image-6\.1\.[0-9].*-cloud-amd64$'
		;;
	esac
}

# fetch_kernel KIND: into $cache/kernel/KIND, which then holds vmlinuz, release
# and lib/modules, and is either complete or not there.
fetch_kernel() {
	local kind=$1 into=$cache/kernel/$1 work packages image release
	update_private_apt "$(kernel_suite "$kind")"
	packages=$(kernel_packages "$kind")
	[ -n "$packages" ] ||
		die "$(kernel_suite "$kind") has no kernel of the kind $kind"
	work=$cache/kernel/.$kind.$$
	mkdir -p "$work/root"
	say "fetching $packages"
	# shellcheck disable=SC2086 # a list of packages
	(cd "$work" && private_apt apt-get download $packages) \
		>"$cache/apt/log" 2>&1 || {
		cat "$cache/apt/log" >&2
		die "the kernel could not be fetched"
	}
	for image in "$work"/*.deb; do
		dpkg-deb -x "$image" "$work/root" ||
			die "$image: cannot be unpacked"
	done
	unpack_kernel "$work" || die "$packages: no kernel in it"
	release=$(cat "$work/release")
	rm -rf "$work/root" "$work"/*.deb "$into"
	mv "$work" "$into"
	rm -rf "$cache/apt"
	say "the kernel $release ($kind) is in $into"
}

# unpack_kernel DIRECTORY: Debian keeps the kernel below /boot up to 6.x, and
# beside its modules after that.
unpack_kernel() {
	local work=$1 modules image
	for modules in "$work"/root/usr/lib/modules/* "$work"/root/lib/modules/*; do
		[ -d "$modules/kernel" ] || continue
		basename "$modules" >"$work/release"
		for image in "$modules/vmlinuz" "$work"/root/boot/vmlinuz-*; do
			[ -f "$image" ] && mv "$image" "$work/vmlinuz" && break
		done
		mkdir -p "$work/lib/modules"
		mv "$modules" "$work/lib/modules/"
		depmod -b "$work" "$(cat "$work/release")" 2>/dev/null
		[ -f "$work/vmlinuz" ]
		return
	done
	return 1
}

have_kernel() {
	[ -f "$cache/kernel/$1/vmlinuz" ] && [ -f "$cache/kernel/$1/release" ]
}

readonly kernel_kinds='p2pdma old'

setup_plan() {
	local kind
	if [ -n "$1" ]; then
		echo "install from Debian:" $1
	fi
	for kind in $2; do
		case $kind in
		p2pdma) echo "fetch the newest Debian kernel with P2PDMA" \
			"from $(kernel_suite "$kind") (about 50 MB)" ;;
		old) echo "fetch Debian's 6.1 kernel, which has no P2PDMA," \
			"from $(kernel_suite "$kind") (about 27 MB)" ;;
		esac
	done
}

confirm() {
	local answer
	[ -t 0 ] || usage_error "stdin is no terminal, so nobody can be" \
		"asked: say --yes"
	read -r -p 'p2plab: go on? [y/N] ' answer
	[[ $answer = [yY]* ]] || die "nothing was done"
}

setup_help() {
	cat <<END
usage: p2plab setup [--yes] [--packages-only|--kernel-only] [--refresh]

Installs what the lab needs and fetches two Debian kernels into the cache
($cache). The apt sources of this machine stay as they are.
What is there already is left alone: a second setup needs no network.

  -y, --yes          do not ask
  --packages-only    install packages, fetch no kernel
  --kernel-only      fetch the kernels, install nothing
  --refresh          fetch the newest kernels again
END
}

verb_setup() {
	local yes= packages=1 kernels=1 refresh= missing= wanted= kind plan
	while [ $# -gt 0 ]; do
		case $1 in
		-y | --yes) yes=1 ;;
		--packages-only) kernels= ;;
		--kernel-only) packages= ;;
		--refresh) refresh=1 ;;
		-v | --verbose) verbose=1 ;;
		-h | --help) setup_help; return 0 ;;
		*) usage_error "setup: what is $1?" ;;
		esac
		shift
	done
	[ -z "$packages" ] || missing=$(missing_packages | tr '\n' ' ')
	for kind in ${kernels:+$kernel_kinds}; do
		[ -z "$refresh" ] && have_kernel "$kind" || wanted+=" $kind"
	done
	plan=$(setup_plan "${missing% }" "$wanted")
	if [ -z "$plan" ]; then
		say "everything is there already"
		return 0
	fi
	say "this is to be done:"
	sed 's/^/  /' <<<"$plan" >&2
	[ -n "$yes" ] || confirm
	# shellcheck disable=SC2086 # a list of packages
	[ -z "$missing" ] || install_packages $missing
	lock_cache
	for kind in $wanted; do
		[ -z "$refresh" ] && have_kernel "$kind" || fetch_kernel "$kind"
	done
	unlock_cache
	say "ready: p2plab run -- p2ptopo"
}
