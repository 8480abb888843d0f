# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# machine: acs
# timeout: 60
# The kernel answers once for each pair and keeps that until the provider's
# driver is bound anew, whatever is done to ACS meanwhile: neither what is
# predicted nor what was true before is the answer of today.
. /files/guest.sh
. /files/guest-copy

provider=$(bdf cmb0)
memory=/sys/bus/pci/devices/$provider/p2pmem
ports=(0000:02:00.0 0000:02:01.0 0000:02:02.0)
at_boot=$(setpci -s "${ports[0]}" ECAP_ACS+6.w)

# set_acs BITS: in all ports of the switch.
set_acs() {
	local port
	for port in "${ports[@]}"; do
		setpci -s "$port" ECAP_ACS+6.w="$1"
	done
}

# bind_anew: the provider's driver, and with it every answer.
bind_anew() {
	echo "$provider" >/sys/bus/pci/drivers/nvme/unbind
	echo "$provider" >/sys/bus/pci/drivers/nvme/bind
	for _ in {1..50}; do
		[ ! -e "$memory/allocate" ] ||
			[ ! -b "$(realpath /dev/lab/cmb0)" ] || break
		sleep 0.1
	done
}

# answer: the kernel's, to somebody who is not ours.
answer() {
	fio --name=ask --rw=read --direct=1 --bs=4k --size=4k --ioengine=psync \
		--filename=/dev/lab/src0 --iomem=mmapshared:"$memory/allocate" \
		>/dev/null 2>&1 && echo accepted || echo refused
}

# foretold: what p2ptopo calculates now.
foretold() {
	p2ptopo matrix --json /dev/lab/src0 | jq -r '.pairs[0].reach'
}

# is_unforetold: p2ptopo asks the kernel, and says what may have happened.
is_unforetold() {
	exits 1 "p2ptopo probe tells that it was foretold otherwise" \
		p2ptopo probe "$provider" /dev/lab/src0
	like "and what to do" "$(<"$work/stdout")" \
		"Unbind and bind the provider's driver"
}

# copy_through_host ID…: without being asked, and never where it was forbidden.
copy_through_host() {
	zero /dev/lab/dst0 1M
	copies "a copy is made" -n 1M /dev/lab/src0 /dev/lab/dst0
	through_host "$@"
	ok "the data is there" holds /dev/lab/dst0 1 1M
	exits 3 "none through peer memory alone" p2pcopy --require-peer -n 1M \
		/dev/lab/src0 /dev/lab/dst0
}

fill /dev/lab/src0 1 1M

begin "ACS redirects no more, since the kernel was asked"
is "it was refused" "$(answer)" refused
set_acs 0
is "it still is" "$(answer) $(foretold)" "refused direct"
is_unforetold
copy_through_host probe-refused
bind_anew
is "with the driver bound anew it is accepted" "$(answer)" accepted
exits 0 "as foretold" p2ptopo probe "$provider" /dev/lab/src0
zero /dev/lab/dst0 1M
copies "and used" --require-peer -n 1M /dev/lab/src0 /dev/lab/dst0
through_peer cmb0
ok "the data is there" holds /dev/lab/dst0 1 1M

begin "ACS redirects now, since the kernel was asked"
set_acs "$at_boot"
is "it still is accepted" "$(answer) $(foretold)" "accepted refused"
is_unforetold
copy_through_host acs-redirect host-bridge-not-listed
zero /dev/lab/dst0 1M
copies "by name: not without comparing" -p "$provider" -n 1M /dev/lab/src0 \
	/dev/lab/dst0
ok "the data is there" holds /dev/lab/dst0 1 1M
bind_anew
is "with the driver bound anew it is refused" "$(answer)" refused
done_testing
