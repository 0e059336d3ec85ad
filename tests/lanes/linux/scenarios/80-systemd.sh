# SPDX-License-Identifier: MIT OR GPL-2.0-only
# The daemon as installed, under a real systemd, which takes the machine over as its first
# program: see the lane's systemd.sh. Last: nobody comes back from there.
# install: runtime
# needs: examples/flipnumad/flipnumad examples/flipnumad/flipnumactl tests/linux/victim numactl
# needs: /lib/systemd/systemd systemctl journalctl systemd-analyze
# needs: /lib/systemd/systemd-journald /lib/systemd/system/systemd-journald.service
# needs: /lib/systemd/system/systemd-journald.socket
# needs: /lib/systemd/system/systemd-journald-dev-log.socket
# needs: /lib/systemd/system/basic.target /lib/systemd/system/sysinit.target
# needs: /lib/systemd/system/sockets.target /lib/systemd/system/multi-user.target
# needs: /lib/systemd/system/shutdown.target /lib/systemd/system/local-fs.target
# needs: /lib/systemd/system/slices.target /lib/systemd/system/paths.target
# needs: /lib/systemd/system/timers.target /lib/systemd/system/umount.target
# file: tests/lanes/linux/systemd.sh /lib/systemd.sh
. /lib/vm-guest.sh

rm -rf /run/systemd
mkdir -p /var/lib /var/log /var/tmp /etc/systemd/system
: >/etc/machine-id
echo root:x:0:0:root:/root:/bin/sh >/etc/passwd
echo root:x:0: >/etc/group
# Being ordered after it makes systemd remember the unit when it has stopped.
cat >/etc/systemd/system/try.service <<END
[Unit]
Description=What is tried
Wants=systemd-journald.service
After=systemd-journald.service flipnumad.service
[Service]
Type=oneshot
ExecStart=/bin/sh /lib/systemd.sh
END
cat >/run/then <<END
#!/bin/sh
exec /lib/systemd/systemd --unit=try.service --show-status=no --log-level=notice
END
chmod 755 /run/then
