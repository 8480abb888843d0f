# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Knows the language of the machine files, and what each of its words is to
# QEMU. Knows nothing of kernels, archives or of running anything.
#
# A machine file is lines of a word, a name, and KEY=VALUE settings; a # begins
# a comment. README describes the words. To add one: a function word_NAME here.

declare -a machine_about=() machine_qemu=() machine_cmdline=()
declare -a machine_serials=() place_names=()
declare -A place_kind place_bus place_parent drive_setting
machine_cpu=intel
machine_kernel=p2pdma
machine_chipset=q35
machine_numa=0
port_count=0
readonly default_size=256M

# The settings that a drive may have, with what they mean.
readonly drive_keys='below cmb size cache lba ms pi mdts
throttle-read throttle-write read-error write-error speed width nvme ns'

machine_error() {
	usage_error "$machine_file:$machine_line: $*"
}

# machine_path NAME-OR-FILE: the file of a machine.
machine_path() {
	case $1 in
	*/*) echo "$1" ;;
	*) echo "$lab/machines/$1" ;;
	esac
}

# settings LIST KEY=VALUE…: into the array $setting; LIST is what is allowed.
settings() {
	local allowed=$1 pair
	shift
	setting=()
	for pair in "$@"; do
		[[ $pair = *=* ]] || machine_error "$pair: is no KEY=VALUE"
		[[ " ${allowed//$'\n'/ } " = *" ${pair%%=*} "* ]] ||
			machine_error "${pair%%=*}: unknown (known: $allowed)"
		setting[${pair%%=*}]=${pair#*=}
	done
}

device() {
	machine_qemu+=(-device "$1")
}

new_place() {
	[[ $1 =~ ^[a-z][a-z0-9-]*$ ]] || machine_error "'$1': a name is" \
		"lower case letters, digits and dashes"
	[ -z "${place_kind[$1]:-}" ] || machine_error "$1: is there twice"
	place_kind[$1]=$2
	place_bus[$1]=$3
	place_parent[$1]=$4
	place_names+=("$1")
}

# new_port PLACE [SPEED [WIDTH]]: a port below PLACE; its bus is in $REPLY.
new_port() {
	local place=$1 link=${2:+,x-speed=$2}${3:+,x-width=$3} model
	[ -n "${place_kind[$place]:-}" ] ||
		machine_error "below=$place: there is no such place above"
	case ${place_kind[$place]} in
	switch) model=xio3130-downstream ;;
	*) model=pcie-root-port ;;
	esac
	port_count=$((port_count + 1))
	REPLY=port$port_count
	device "$model,id=$REPLY,bus=${place_bus[$place]},chassis=$port_count,slot=0$link"
}

word_about() {
	machine_about+=("$*")
}

word_cpu() {
	machine_cpu=$1
}

word_kernel() {
	case $1 in
	p2pdma | old) machine_kernel=$1 ;;
	*) machine_error "kernel $1: is p2pdma or old" ;;
	esac
}

word_cmdline() {
	machine_cmdline+=("$@")
}

# iommu intel|virtio [pt]
word_iommu() {
	case $1 in
	intel)
		machine_chipset=q35,kernel-irqchip=split
		device intel-iommu,intremap=on
		machine_cmdline+=(intel_iommu=on)
		;;
	virtio) device virtio-iommu-pci ;;
	*) machine_error "iommu $1: is intel or virtio" ;;
	esac
	case ${2:-} in
	'') ;;
	pt) machine_cmdline+=(iommu=pt) ;;
	*) machine_error "iommu $1 $2: is pt or nothing" ;;
	esac
}

# numa NODES: the memory and the processors are dealt out to so many nodes.
word_numa() {
	[[ $1 =~ ^[1-8]$ ]] || machine_error "numa $1: is 1 to 8"
	machine_numa=$1
}

# host-bridge NAME [numa=NODE]: one more root of the PCI tree.
word_host-bridge() {
	local name=$1
	local -A setting
	shift
	settings numa "$@"
	new_place "$name" host-bridge "$name" machine
	host_bridges=$((${host_bridges:-0} + 1))
	device "pxb-pcie,id=$name,bus=pcie.0,bus_nr=$((host_bridges * 32))${setting[numa]:+,numa_node=${setting[numa]}}"
}

# switch NAME [below=PLACE] [acs=yes] [speed=GT] [width=LANES]
word_switch() {
	local name=$1 kind=switch
	local -A setting
	shift
	settings 'below acs speed width' "$@"
	[ "${setting[acs]:-no}" = no ] || kind=acs-switch
	new_port "${setting[below]:-root}" "${setting[speed]:-}" \
		"${setting[width]:-}"
	device "x3130-upstream,id=$name,bus=$REPLY"
	new_place "$name" $kind "$name" "${setting[below]:-root}"
}

# drive SERIAL [KEY=VALUE…]: kept, and made when the whole file is read, so
# that the command line can change its settings.
word_drive() {
	local serial=$1 key
	local -A setting
	shift
	[[ $serial =~ ^[a-z][a-z0-9-]*$ ]] || machine_error "'$serial': a" \
		"serial is lower case letters, digits and dashes"
	settings "$drive_keys" "$@"
	[[ " ${machine_serials[*]} " != *" $serial "* ]] ||
		machine_error "$serial: is there twice"
	machine_serials+=("$serial")
	for key in "${!setting[@]}"; do
		drive_setting[$serial.$key]=${setting[$key]}
	done
}

word_qemu() {
	machine_qemu+=("$@")
}

readonly machine_words='about cpu kernel cmdline iommu numa host-bridge switch
drive qemu'

# read_machine NAME-OR-FILE
read_machine() {
	local -a words
	machine_file=$(machine_path "$1")
	machine_line=0
	[ -f "$machine_file" ] ||
		usage_error "there is no machine $1 (p2plab list shows them)"
	machine_name=$(basename "$machine_file")
	new_place root host-bridge pcie.0 machine
	while read -r -a words || [ ${#words[@]} -gt 0 ]; do
		machine_line=$((machine_line + 1))
		[[ ${words[0]:-#} != '#'* ]] || continue
		strip_comment
		[[ " ${machine_words//$'\n'/ } " = *" ${words[0]} "* ]] ||
			machine_error "${words[0]}: unknown word" \
				"(known: $machine_words)"
		[ ${#words[@]} -gt 1 ] ||
			machine_error "${words[0]}: of what?"
		"word_${words[0]}" "${words[@]:1}"
	done <"$machine_file"
}

# A comment may also follow on the line; `about` is prose and keeps its #.
strip_comment() {
	local i
	[ "${words[0]}" != about ] || return 0
	for i in "${!words[@]}"; do
		[[ ${words[i]} = '#'* ]] || continue
		words=("${words[@]:0:i}")
		return 0
	done
}

# change_setting SERIAL.KEY=VALUE, from the command line.
change_setting() {
	local name=${1%%=*} value=${1#*=}
	local serial=${name%%.*} key=${name#*.}
	[[ $1 = *.*=* ]] || usage_error "--set=$1: is no SERIAL.KEY=VALUE"
	[[ " ${machine_serials[*]} " = *" $serial "* ]] ||
		usage_error "--set=$1: $machine_name has no drive $serial" \
			"(it has: ${machine_serials[*]})"
	[[ " ${drive_keys//$'\n'/ } " = *" $key "* ]] ||
		usage_error "--set=$1: unknown setting (known: $drive_keys)"
	drive_setting[$serial.$key]=$value
}

# in_bytes WHAT TEXT: into $REPLY. K, M, G are powers of 1024; KB, MB, GB of
# 1000.
in_bytes() {
	local from=iec text=${2%iB}
	[[ $text != *[KMGT]B ]] || from=si
	REPLY=$(numfmt --from=$from "${text%B}" 2>/dev/null) ||
		usage_error "$machine_file: $1=$2: is no size (4096, 64K," \
			"256M, 30MB)"
}

# is_volatile SERIAL: whether what the drive was not told to flush is lost with
# the power.
is_volatile() {
	case ${drive_setting[$1.cache]:-} in
	volatile) ;;
	'') return 1 ;;
	*) usage_error "$machine_file: cache=${drive_setting[$1.cache]}:" \
		"is volatile or nothing" ;;
	esac
}

# image_options SERIAL IMAGE: where QEMU finds the bytes: in a file or, of a
# cache that is lost, behind a socket.
image_options() {
	if is_volatile "$1"; then
		image=(driver=nbd server.type=unix "server.path=$2")
	elif [ -b "$2" ]; then
		image=(driver=host_device "filename=$2")
	else
		image=(driver=file "filename=$2")
	fi
}

# drive_backend SERIAL IMAGE: the -drive of QEMU. Only what is lost with the
# power need be flushed.
drive_backend() {
	local serial=$1 option="if=none,id=$1,discard=unmap,driver=raw" way
	local error= rule rules=0 place=file
	local -a image
	image_options "$@"
	if is_volatile "$serial"; then
		option+=,cache=writeback
	else
		option+=,cache=unsafe
	fi
	for way in read write; do
		[ -n "${drive_setting[$serial.throttle-$way]:-}" ] || continue
		in_bytes "throttle-$way" "${drive_setting[$serial.throttle-$way]}"
		option+=",throttling.bps-$way=$REPLY"
	done
	for way in read write; do
		[ -n "${drive_setting[$serial.$way-error]:-}" ] || continue
		in_bytes "$way-error" "${drive_setting[$serial.$way-error]}"
		rule=,file.inject-error.$rules
		error+="$rule.event=none$rule.iotype=$way$rule.errno=5"
		error+="$rule.sector=$((REPLY / 512))$rule.once=off"
		rules=$((rules + 1))
	done
	if [ -n "$error" ]; then
		option+=",file.driver=blkdebug$error"
		place=file.image
	fi
	machine_qemu+=(-drive "$option$(printf ",$place.%s" "${image[@]}")")
}

# namespace_options SERIAL: the format of the namespace.
namespace_options() {
	local lba=${drive_setting[$1.lba]:-} ms=${drive_setting[$1.ms]:-}
	local pi=${drive_setting[$1.pi]:-} more=${drive_setting[$1.ns]:-}
	REPLY=${lba:+,logical_block_size=$lba,physical_block_size=$lba}
	REPLY+=${ms:+,ms=$ms}${pi:+,pi=$pi}${more:+,$more}
}

controller_options() {
	local cmb=${drive_setting[$1.cmb]:-} mdts=${drive_setting[$1.mdts]:-}
	local more=${drive_setting[$1.nvme]:-}
	if [ -n "$cmb" ]; then
		in_bytes cmb "$cmb"
		[ $((REPLY % 1048576)) = 0 ] || usage_error \
			"$machine_file: cmb=$cmb: is no whole number of MiB"
		cmb=$((REPLY >> 20))
	fi
	REPLY=${cmb:+,cmb_size_mb=$cmb}${mdts:+,mdts=$mdts}${more:+,$more}
}

# add_drive SERIAL IMAGE: a drive; below=A,B is one namespace with a controller
# at each place.
add_drive() {
	local serial=$1 place options shared=off id=$1
	local -a places
	IFS=, read -r -a places <<<"${drive_setting[$serial.below]:-root}"
	drive_backend "$serial" "$2"
	controller_options "$serial"
	options=$REPLY
	if [ ${#places[@]} -gt 1 ]; then
		shared=on
		options+=,subsys=$serial-subsystem
		device "nvme-subsys,id=$serial-subsystem,nqn=$serial"
	fi
	for place in "${places[@]}"; do
		new_port "$place" "${drive_setting[$serial.speed]:-}" \
			"${drive_setting[$serial.width]:-}"
		[ $shared = off ] || id=$serial-$REPLY
		device "nvme,id=$id,serial=$serial,bus=$REPLY$options"
	done
	namespace_options "$serial"
	device "nvme-ns,drive=$serial,bus=$id,shared=$shared$REPLY"
}

# controller_count: how many controllers the guest has to wait for.
controller_count() {
	local serial places count=0
	for serial in "${machine_serials[@]}"; do
		places=${drive_setting[$serial.below]:-root}
		places=${places//[^,]/}
		count=$((count + ${#places} + 1))
	done
	echo $count
}

# numa_options MEMORY-MB CPUS: the nodes of the machine.
numa_options() {
	local node each=$(($1 / machine_numa)) first=0 last
	for ((node = 0; node < machine_numa; node++)); do
		last=$((($2 * (node + 1)) / machine_numa - 1))
		machine_qemu+=(-object "memory-backend-ram,id=memory$node,size=${each}M")
		if [ $last -ge $first ]; then
			machine_qemu+=(-numa "node,nodeid=$node,memdev=memory$node,cpus=$first-$last")
		else
			machine_qemu+=(-numa "node,nodeid=$node,memdev=memory$node")
		fi
		first=$((last + 1))
	done
}

# show_machine: what read_machine has read, for people.
show_machine() {
	printf '%s\n' "$machine_name"
	printf '  %s\n' "${machine_about[@]}" ''
	printf '  kernel  %s\n  cpu     %s\n' "$machine_kernel" "$machine_cpu"
	[ ${#machine_cmdline[@]} = 0 ] ||
		printf '  cmdline %s\n' "${machine_cmdline[*]}"
	[ "$machine_numa" = 0 ] || printf '  numa    %s nodes\n' "$machine_numa"
	echo
	show_places machine '  '
}

# show_places PARENT INDENT: what is below, the bridges last.
show_places() {
	local serial place
	for serial in "${machine_serials[@]}"; do
		[[ ,${drive_setting[$serial.below]:-root}, != *,$1,* ]] ||
			show_drive "$serial" "$2"
	done
	for place in "${place_names[@]}"; do
		[ "${place_parent[$place]}" = "$1" ] || continue
		printf '%s%s (%s)\n' "$2" "$place" "${place_kind[$place]}"
		show_places "$place" "$2  "
	done
}

show_drive() {
	local key value paths=${drive_setting[$1.below]:-root}
	local text="drive, ${drive_setting[$1.size]:-$default_size}"
	paths=${paths//[^,]/}
	[ -z "$paths" ] || text+=", $((${#paths} + 1)) controllers"
	for key in $drive_keys; do
		value=${drive_setting[$1.$key]:-}
		case $key in
		below | size) ;;
		*) text+=${value:+, $key $value} ;;
		esac
	done
	printf '%s%s (%s)\n' "$2" "$1" "$text"
}
