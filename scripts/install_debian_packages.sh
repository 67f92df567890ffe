#!/bin/sh
# Installs the Debian packages that are missing, by apt-get, as root or through sudo.
# Usage: scripts/install_debian_packages.sh PACKAGE…   or   scripts/install_debian_packages.sh --from FILE
set -eu
case "${1:-}" in
  ""|-h|--help) sed -n '2,3s/^# //p' "$0"; exit 0 ;;
  --from) packages=$(sed 's/#.*//' "$2") ;;
  *) packages="$*" ;;
esac
if ! command -v dpkg-query >/dev/null 2>&1; then
  echo "These Debian packages are needed, and this system has no dpkg. Install their like yourself:" $packages >&2
  exit 1
fi
missing=""
for package in $packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
as_root=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "Missing Debian packages:$missing" >&2
    echo "Run as root: apt-get install$missing" >&2
    exit 1
  fi
  as_root="sudo"
fi
echo "Installing Debian packages:$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { $as_root apt-get -qq update && $as_root apt-get -qq install -y --no-install-recommends $missing; } >"$log" 2>&1; then
  cat "$log" >&2
  echo "apt-get could not install:$missing" >&2
  echo "Its message is above. Afterwards run the same make command again." >&2
  exit 1
fi
