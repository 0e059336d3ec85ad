#!/bin/sh
# SPDX-License-Identifier: MIT OR GPL-2.0-only
# shellcheck shell=busybox
# migrate.sh DOMID UUID NODE: the toolstack's migration to this host, with the memory on that
# node. What doc/xen.md shows.
name=$(xl domname "$1")
sed -E '/^(uuid|cpus(_soft)?) *=/d' "/run/guests/$name.cfg" >/run/migrate.cfg
# With a configuration of its own, and no UUID in that, it would get another one.
printf '%s = "%s"\n' uuid "$2" cpus "node:$3" cpus_soft "node:$3" >>/run/migrate.cfg
exec xl migrate -C /run/migrate.cfg -s '' "$1" 'xl migrate-receive' >/run/migrate.log 2>&1
