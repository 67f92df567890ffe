#!/bin/sh
# Prints the first Python of 3.11 or newer that runs here, Lambda's own version (3.13) preferred.
# Usage: scripts/find_python.sh
set -eu
[ $# -eq 0 ] || { sed -n '2,3s/^# //p' "$0"; exit 0; }
for python in python3.13 python3.12 python3.11 python3 python3.14; do
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
    command -v "$python"
    exit 0
  fi
done
echo "Babelcast needs Python 3.11 or newer; install it (Debian: apt-get install python3) and try again." >&2
exit 1
