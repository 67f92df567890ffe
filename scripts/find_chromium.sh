#!/bin/sh
# Prints the path of a Chromium or Chrome that tests can drive; installs one when there is none.
set -eu
for name in chromium google-chrome google-chrome-stable; do
  path=$(command -v "$name") || continue
  # A snap sees no files of other programs.
  case "$(readlink -f "$path")" in */snap*) continue ;; esac
  echo "$path"
  exit 0
done
if grep -qs '^ID=debian' /etc/os-release; then
  scripts/install_debian_packages.sh chromium >&2
  command -v chromium
else
  # Ubuntu has it as a snap only, so Playwright brings its own.
  .venv/bin/python -m playwright install --with-deps chromium >&2
  .venv/bin/python -c 'from playwright.sync_api import sync_playwright as start
with start() as playwright: print(playwright.chromium.executable_path)'
fi
