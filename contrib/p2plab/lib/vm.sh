# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Knows QEMU: starts one guest, listens to it, ends it by its own pid. Knows
# nothing of machine files beyond the arguments that they became.

# From the second line on they only save time: nothing here needs the
# certificates, the security modules, pages that were cleared before they are
# filled, or programs at random addresses: where a library lies elsewhere each
# time, an emulated processor translates it anew each time.
readonly kernel_words='console=ttyS0 loglevel=4 panic=-1 log_buf_len=4M
random.trust_cpu=on no_timer_check audit=0 lsm= mitigations=off init_on_alloc=0
norandmaps initcall_blacklist=load_system_certificate_list,init_encrypted'
# Seconds that a start may take: one takes 3, but not on a machine that builds
# something else meanwhile.
readonly boot_seconds=100

# choose_accelerator: kvm where an ordinary guest really starts under it. That
# the device opens proves nothing; the answer holds until the next boot of this
# machine.
choose_accelerator() {
	local known boot_id
	[ "$accelerator" = auto ] || return 0
	accelerator=tcg
	[ -r /dev/kvm ] && [ -w /dev/kvm ] || return 0
	boot_id=$(cat /proc/sys/kernel/random/boot_id)
	known=$cache/accelerator-$boot_id
	if [ ! -f "$known" ]; then
		rm -f "$cache"/accelerator-*
		if kvm_trial; then echo kvm; else echo tcg; fi >"$known"
	fi
	accelerator=$(cat "$known")
}

# kvm_trial: boots the kernel with an archive that only says hello.
kvm_trial() {
	local root=$work/trial
	mkdir -p "$root/bin" "$root/dev"
	cp "$(type -P busybox)" "$root/bin/busybox"
	printf '#!/bin/busybox sh\n%s\n%s\n' 'echo p2plab-kvm-works' \
		'/bin/busybox poweroff -f' >"$root/init"
	chmod 755 "$root/init"
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$work/trial.cpio"
	detail "trying whether an ordinary guest starts under KVM"
	# Its own shell, which keeps the news that QEMU aborted to itself.
	(timeout -k 1 20 qemu-system-x86_64 -nodefaults -no-user-config \
		-display none -no-reboot -M q35 -accel kvm -cpu max -m 512 \
		-kernel "$cache/kernel/p2pdma/vmlinuz" \
		-initrd "$work/trial.cpio" \
		-append 'console=ttyS0 panic=-1 rdinit=/init' \
		-serial "file:$work/trial.log" </dev/null
	true) >/dev/null 2>&1
	grep -aq p2plab-kvm-works "$work/trial.log" 2>/dev/null
}

accelerator_options() {
	case $accelerator in
	kvm) REPLY=kvm ;;
	*) REPLY=tcg,thread=multi,tb-size=256 ;;
	esac
}

# Under KVM a model takes the vendor of this machine unless told otherwise, and
# whether the kernel lets peer traffic through a host bridge depends on it.
cpu_options() {
	case $machine_cpu in
	intel) REPLY=max,vendor=GenuineIntel,family=6,model=85,stepping=4 ;;
	zen) REPLY=EPYC,vendor=AuthenticAMD ;;
	*) REPLY=$machine_cpu ;;
	esac
}

# port NAME [FILE]: what the guest writes there.
port() {
	qemu+=(-chardev "file,id=$1,path=$work/${2:-$1}"
		-device "virtserialport,bus=ports.0,chardev=$1,name=$1")
}

# qemu_arguments: the whole command line into the array qemu.
qemu_arguments() {
	local name
	accelerator_options
	qemu=(qemu-system-x86_64 -nodefaults -no-user-config -display none
		-no-reboot -name "p2plab-$machine_name"
		-machine "$machine_chipset" -accel "$REPLY")
	cpu_options
	qemu+=(-cpu "$REPLY" -smp "$cpus" -m "$memory"
		-pidfile "$work/pid"
		-kernel "$base.kernel"
		-initrd "$work/initrd"
		-append "${kernel_words//$'\n'/ }${machine_cmdline[*]:+ ${machine_cmdline[*]}}")
	if [ "$interactive" = 1 ]; then
		qemu+=(-chardev "stdio,id=serial,signal=off,logfile=$work/console.log")
	else
		qemu+=(-chardev "file,id=serial,path=$work/console.log")
	fi
	qemu+=(-serial chardev:serial
		-drive "if=none,id=usr,format=raw,readonly=on,file=$base.img"
		-device virtio-blk-pci,drive=usr,bus=pcie.0,addr=1d.0,ioeventfd=off
		-device "virtio-serial-pci,id=ports,bus=pcie.0,addr=1e.0,ioeventfd=off")
	for name in control stdout stderr kernel kernel-whole results; do
		port $name
	done
	port power control
	# The monitor listens on a socket, and a port of the guest is the other
	# end of it: QEMU talks to itself.
	qemu+=(-chardev "socket,id=qmp,path=$work/qmp,server=on,wait=off"
		-mon chardev=qmp,mode=control
		-chardev "socket,id=monitor,path=$work/qmp"
		-device virtserialport,bus=ports.0,chardev=monitor,name=monitor)
	qemu+=("${machine_qemu[@]}")
}

# own_guest: the pid of this run's QEMU in $REPLY, and of no one else.
own_guest() {
	REPLY=$(cat "$work/pid" 2>/dev/null) && [ -n "$REPLY" ] &&
		grep -aqF "$work/pid" "/proc/$REPLY/cmdline" 2>/dev/null
}

end_guest() {
	local tries=0
	own_guest || return 0
	kill "$REPLY" 2>/dev/null
	while own_guest; do
		tries=$((tries + 1))
		[ $tries != 100 ] || kill -KILL "$REPLY" 2>/dev/null
		[ $tries -lt 200 ] || return 0
		sleep 0.02
	done
}

# cut_power: a QEMU that ends by itself would flush every drive.
cut_power() {
	own_guest && kill -KILL "$REPLY"
	lose_caches
}

# start_guest: QEMU and the two programs that pass its output on.
start_guest() {
	mkfifo "$work/control" "$work/stdout" "$work/stderr"
	exec {control}<>"$work/control"
	cat "$work/stdout" &
	relays=($!)
	cat "$work/stderr" >&2 &
	relays+=($!)
	if [ "$interactive" = 1 ]; then
		exec {guest_stdin}<&0
	else
		exec {guest_stdin}</dev/null
	fi
	(
		# The shell's own news of how it ended is for nobody.
		"${qemu[@]}" <&"$guest_stdin" {control}>&- \
			2>"$work/qemu.log"
		echo "gone $?" >"$work/control"
	) 2>/dev/null &
	guest_job=$!
}

# listen: until the guest is through; what became of it is in $outcome:
# exit N, dark, timeout, boot-timeout, gone.
listen() {
	local line limit=$boot_seconds began=$SECONDS
	outcome=boot-timeout
	while [ $((limit - SECONDS + began)) -gt 0 ]; do
		read -r -t $((limit - SECONDS + began)) -u "$control" line ||
			continue
		case $line in
		ready)
			detail "the guest is up"
			began=$SECONDS
			limit=$timeout
			outcome=timeout
			;;
		drives*) outcome=no-drives ; return ;;
		exit*) outcome=$line ; return ;;
		dark) outcome=$line ; cut_power ; return ;;
		gone*)
			[ "$outcome" = timeout ] || line=boot-failed
			outcome=$line
			return
			;;
		esac
	done
}

finish_guest() {
	end_guest
	wait "$guest_job" 2>/dev/null
	# A relay whose pipe QEMU never opened waits for it for ever.
	own_guest || release_relays
	wait "${relays[@]}" 2>/dev/null
	exec {control}>&-
}

release_relays() {
	local pipe fd
	for pipe in stdout stderr; do
		exec {fd}<>"$work/$pipe" && exec {fd}>&-
	done
}

# Now and then a start with two emulated processors dies of its own code
# patching, or stands still before its first word; exactly that is worth a
# second boot, and nothing else is. Prints which it was.
died_of_emulation() {
	[ "$accelerator" = tcg ] && [[ $outcome = boot-* ]] || return
	if [ "$outcome" = boot-timeout ] && [ ! -s "$work/console.log" ]; then
		echo "said nothing for $boot_seconds s"
	else
		grep -aso -m1 'Oops: int3' "$work/console.log"
	fi
}

boot() {
	local tries=1 how
	while :; do
		rm -f "$work"/{control,stdout,stderr,pid,console.log}
		start_guest
		listen
		finish_guest
		how=$(died_of_emulation) || return 0
		[ $tries -lt 3 ] || return 0
		say "the guest did not start ($how, attempt $tries):" \
			"booting again"
		tries=$((tries + 1))
	done
}

show_console() {
	[ -s "$work/console.log" ] || return 0
	say "the end of the guest's console ($results/console.log):"
	tail -n 40 "$work/console.log" | sed 's/\r$//;s/^/  | /' >&2
}

# keep_results: what the guest left, and what it said, into $results.
keep_results() {
	mkdir -p "$results" || die "$results: cannot be made"
	rm -f "$results"/{console,kernel,qemu}.log
	cp "$work/console.log" "$results/" 2>/dev/null
	# That QEMU was ended is no news: it was ended from here.
	sed -i '/terminating on signal/d' "$work/qemu.log" 2>/dev/null
	[ ! -s "$work/qemu.log" ] || cp "$work/qemu.log" "$results/"
	cp "$work/kernel" "$results/kernel.log" 2>/dev/null
	[ ! -s "$work/kernel-whole" ] ||
		cp "$work/kernel-whole" "$results/kernel.log"
	[ ! -s "$work/results" ] ||
		tar -xf "$work/results" -C "$results" --no-same-owner \
			--no-overwrite-dir ||
		say "not all results came back"
}

# outcome_status: the exit status of this run, with what there is to say.
outcome_status() {
	case $outcome in
	exit*) return "${outcome#exit }" ;;
	dark)
		detail "the guest cut its own power"
		return $exit_power
		;;
	timeout)
		say "the command took longer than $timeout s: ended" \
			"(--timeout gives it more)"
		show_console
		return $exit_timeout
		;;
	boot-timeout) say "the guest did not start within $boot_seconds s" ;;
	boot-failed) say "the guest did not start" ;;
	no-drives) say "not every drive of $machine_name came up" ;;
	gone*) say "the guest stopped before the command ended" ;;
	esac
	sed 's/^/  | /' "$work/qemu.log" >&2
	show_console
	return $exit_lab
}
