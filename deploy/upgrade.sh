#!/bin/sh
# The seven steps from one version of civikit to the next, and back where one of them fails.
# Printed by: civikit upgrade script
#
#   NEW='deno install -g -f ...' OLD='deno install -g -f ...' sh upgrade.sh [BACKUP-FOLDER]
#
# NEW puts the new version in place: what "civikit upgrade" prints. OLD puts the old one back: the same with the old
# number. Each of these may be set, too:
#   CIVIKIT   the command (default: civikit); for a service of the whole machine run this as root
#   SYSTEM    --system for a service of the whole machine (default: none)
#   STOP      stops the service    (default: systemctl --user stop civikit.service; with SYSTEM without --user)
#   START     starts the service   (default: systemctl --user start civikit.service)
#   TRIES     how often its health is asked for, once a second (default: 30)
#
# exit: 0 the new version runs; 1 it does not, and the old one runs again; 2 nothing was begun; 3 not even the old one runs
set -u

: "${CIVIKIT:=civikit}" "${SYSTEM:=}" "${TRIES:=30}"
if [ -n "$SYSTEM" ]; then user=; else user=--user; fi
: "${STOP:=systemctl $user stop civikit.service}" "${START:=systemctl $user start civikit.service}"
backup=${1:-civikit-backup-$(date +%Y%m%d-%H%M%S)}

if [ -z "${NEW:-}" ] || [ -z "${OLD:-}" ]; then
  echo 'upgrade: set NEW and OLD; "civikit upgrade" prints the command' >&2
  exit 2
fi

step() { printf '\n%s\n' "$*"; }

# A service that has just been started needs a moment.
is_well() {
  tries=$TRIES
  while [ "$tries" -gt 0 ]; do
    if eval "$CIVIKIT service health $SYSTEM"; then return 0; fi
    tries=$((tries - 1))
    if [ "$tries" -gt 0 ]; then sleep 1; fi
  done
  return 1
}

go_back() {
  step "7. back to the old version: $1 failed"
  eval "$STOP"
  if eval "$OLD" && eval "$CIVIKIT upgrade restore \"\$backup\" $SYSTEM" && eval "$START" && is_well; then
    echo "upgrade: the old version runs again, as it was; the backup stays in $backup" >&2
    exit 1
  fi
  echo "upgrade: the old version does not run either; its settings and databases are in $backup" >&2
  exit 3
}

step "1. backup of settings and databases: $backup"
eval "$CIVIKIT upgrade backup \"\$backup\" $SYSTEM" || exit 2

step "2. stop"
if ! eval "$STOP"; then
  echo "upgrade: the service cannot be stopped; nothing was changed" >&2
  exit 2
fi

step "3. the new version"
eval "$NEW" || go_back "the installation"

step "4. migration of the databases"
eval "$CIVIKIT upgrade migrate $SYSTEM" || go_back "the migration"

step "5. start"
eval "$START" || go_back "the start"

step "6. verification"
is_well || go_back "the verification"
eval "$CIVIKIT --version"

step "7. the way back was not needed; the backup stays in $backup"
