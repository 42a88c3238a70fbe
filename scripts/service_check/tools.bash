# shellcheck shell=bash
# What check-systemd and check-arm64 share: words, tools, and where Debian comes from. Wants `root`,
# the repository.

readonly SKIPPED=77

say() { printf '%s: %s\n' "${0##*/}" "$*"; }
fail() {
  printf '%s: WRONG: %s\n' "${0##*/}" "$*" >&2
  exit 1
}
skip() {
  printf '%s: SKIPPED, nothing was checked: %s\n' "${0##*/}" "$*" >&2
  exit "$SKIPPED"
}

# require PROGRAM PACKAGE
require() {
  command -v "$1" >/dev/null || skip "$1 is missing; apt-get install $2"
}

require_root() { [ "$(id -u)" = 0 ] || skip "it needs root, to unpack and start another system"; }

# The Debian mirror that this machine uses, or MIRROR.
mirror() {
  local found
  found=${MIRROR:-$(sed -nE 's#^(URIs: *|deb +(\[[^]]*\] +)?)(https?://[^ ]+/debian)/?( .*)?$#\3#p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)}
  printf '%s' "${found:-http://deb.debian.org/debian}"
}

python_with_pip() {
  local candidate
  for candidate in "${RIG_PYTHON:-}" "${root:?}/.venv/bin/python" python3; do
    if "$candidate" -m pip --version >/dev/null 2>&1; then
      printf '%s' "$candidate"
      return
    fi
  done
  skip "no Python with pip; apt-get install python3-pip, or name one with RIG_PYTHON"
}
