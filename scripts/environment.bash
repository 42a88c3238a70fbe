# shellcheck shell=bash disable=SC2034
# Makes a Python environment from a lock file; sourced by scripts/rig and scripts/test.
#
#   root            the repository, set here
#   say WORDS       a sentence on stderr
#   absolute PATH   the path from the root folder on
#   set_up VENV LOCK    VENV holds exactly what LOCK names; quick and quiet when it already does
#
# The file rig-environment in it says that it is ours to remove. The file rig-stamp, written last,
# says what it was made from: an interrupted set-up has none and is made again. RIG_PYTHON names
# the Python to use for a new environment.

unset CDPATH
root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd -P)
readonly root # for the scripts that source this

say() { printf 'scripts/%s: %s\n' "${0##*/}" "$*" >&2; }

absolute() {
  case $1 in
    /*) printf '%s' "$1" ;;
    *) printf '%s' "$PWD/$1" ;;
  esac
}

refuse() {
  say "$*"
  exit 2
}

# `set -e` does not reach into what follows (it runs left of ||), so each step says what if not.
set_up() {
  local venv=$1 lock=$2
  if is_ready "$venv" "$lock"; then return; fi
  if ! { mkdir -p -- "${venv%/*}" && : >>"$venv.lock"; } 2>/dev/null; then
    refuse "cannot write to ${venv%/*}; make it writable or name another folder with RIG_VENV"
  fi
  (
    wait_for_others "$venv"
    if ! is_ready "$venv" "$lock"; then make_environment "$venv" "$lock"; fi
  ) 9>>"$venv.lock" || exit
}

# The interpreter behind the environment and the lock file's text: either may change with time.
stamp_of() {
  readlink -f -- "$1/bin/python"
  cat -- "$2"
}

is_ready() {
  [ -x "$1/bin/python" ] && stamp_of "$1" "$2" | cmp -s -- - "$1/rig-stamp"
}

wait_for_others() {
  command -v flock >/dev/null || return 0
  flock -n 9 && return
  say "another call is setting up $1; waiting for it"
  flock 9
}

make_environment() {
  local venv=$1 lock=$2 python
  if [ -e "$venv" ] && [ ! -e "$venv/rig-environment" ] && [ -n "$(ls -A -- "$venv")" ]; then
    refuse "$venv was not made by this script, so it is left alone; move it away and call again"
  fi
  find_python
  say "setting up $venv from $(basename -- "$lock") with $python (once; this needs a network)"
  if ! { rm -rf -- "$venv" && mkdir -- "$venv" && : >"$venv/rig-environment"; }; then
    refuse "cannot make $venv anew; see that there is room and that nothing else uses it"
  fi
  if "$python" -m venv "$venv" >"$venv/set-up.log" 2>&1 &&
    install "$venv" "$lock" &&
    stamp_of "$venv" "$lock" >"$venv/rig-stamp.part" &&
    mv -- "$venv/rig-stamp.part" "$venv/rig-stamp"; then
    say "set-up done"
  else
    give_up "$venv"
  fi
}

install() {
  env -u PYTHONPATH -u PYTHONHOME PIP_USER=0 \
    "$1/bin/python" -m pip install --require-hashes --only-binary :all: --no-input \
    --disable-pip-version-check --progress-bar off -r "$2" 2>&1 |
    tee -a -- "$1/set-up.log" |
    sed -u -n -e 's/^Collecting \([^ =]*\).*/  fetching \1/p' \
      -e 's/^Installing collected.*/  installing/p' >&2
}

give_up() {
  grep -v '^WARNING' -- "$1/set-up.log" | tail -n 5 >&2
  refuse "set-up failed, as above ($1/set-up.log has all of it);" \
    "mend that, most often the network, and call again"
}

# Sets `python` to the first interpreter that will do, or refuses with what the nearest one lacks.
find_python() {
  local candidate answer candidates=(python3.13 python3.12 python3.11 python3)
  local lack="none was found"
  if [ -n "${RIG_PYTHON:-}" ]; then candidates=("$RIG_PYTHON") lack="$RIG_PYTHON does not run"; fi
  for candidate in "${candidates[@]}"; do
    answer=$(probe "$candidate" 2>/dev/null) || continue
    if [ "$answer" = good ]; then
      python=$candidate
      return
    fi
    lack="$candidate $answer"
  done
  refuse "needs a 64-bit Python 3.11 or newer with venv, but $lack;" \
    "install one (Debian: apt install python3 python3-venv) or name it with RIG_PYTHON"
}

probe() {
  env -u PYTHONPATH -u PYTHONHOME "$1" -c '
import sys
version = ".".join(map(str, sys.version_info[:3]))
if sys.version_info < (3, 11):
    print("is version " + version)
elif sys.maxsize < 2**32:
    print("is a 32-bit build, for which onnxruntime has no wheels")
else:
    try:
        import ensurepip, venv
        print("good")
    except ImportError:
        print("(version " + version + ") lacks its venv or ensurepip module")
'
}
