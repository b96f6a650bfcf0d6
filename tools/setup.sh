#!/bin/sh
# Make .venv in this checkout, with the package (editable), torch and the development tools in it.
#
#   tools/setup.sh           make or bring up to date; does nothing when it is ready
#   tools/setup.sh --stamp   print the name of the file whose existence means "ready" (for the Makefile)
#
# PYTHON chooses the interpreter (3.11 or newer). IDBOUNDS_NO_VENV=1 pretends that the venv module is absent.
set -eu
cd "$(dirname "$0")/.."

# The stamp's name holds what the environment depends on, its own place included: a moved .venv is stale.
sum=$({ cat pyproject.toml constraints.txt; pwd -P; } | cksum | tr -s ' \t' '--')
stamp=.venv/.ready-${sum%-}
if [ "${1:-}" = --stamp ]; then
    echo "$stamp"
    exit 0
fi

say() { echo "setup: $*"; }
fail() { echo "setup: $*" >&2; exit 1; }

recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        recent "$PYTHON" || fail "PYTHON=$PYTHON is not Python 3.11 or newer; name another, for example PYTHON=python3.12"
        echo "$PYTHON"
        return
    fi
    for candidate in python3 python3.13 python3.12 python3.11; do
        if recent "$candidate"; then echo "$candidate"; return; fi
    done
    fail "Python 3.11 or newer is needed and none is on PATH; install one, or say PYTHON=/path/to/python3"
}

# One process at a time. flock lets go by itself when its holder dies; the mkdir form looks for a dead holder.
take_lock() {
    mkdir -p .tools
    if command -v flock >/dev/null 2>&1; then
        exec 9>.tools/lock
        flock -n 9 || { say "waiting for another setup of this checkout"; flock 9; }
        return
    fi
    told=
    until mkdir .tools/lock.d 2>/dev/null; do
        holder=$(cat .tools/lock.d/pid 2>/dev/null || true)
        if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then rm -rf .tools/lock.d; continue; fi
        [ -n "$told" ] || say "waiting for another setup of this checkout (if there is none: rm -r .tools/lock.d)"
        told=1
        sleep 1
    done
    echo $$ >.tools/lock.d/pid
    trap 'rm -rf .tools/lock.d' EXIT
    trap 'exit 130' INT TERM HUP
}

# Run a step with its output in a log, whose end is shown only if the step fails.
quietly() {
    "$@" >>.tools/setup.log 2>&1 || {
        tail -n 15 .tools/setup.log >&2
        fail "that failed (whole log: .tools/setup.log); once the cause is gone, the same command goes on"
    }
}

has_venv() { [ "${IDBOUNDS_NO_VENV:-}" != 1 ] && "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; }

# A bare Debian has Python without venv, and its pip refuses to install into the system (PEP 668); a folder
# of our own, by --target, it allows.
make_with_virtualenv() {
    if ! PYTHONPATH=.tools/virtualenv "$python" -m virtualenv --version >/dev/null 2>&1; then
        "$python" -m pip --version >/dev/null 2>&1 ||
            fail "$python has neither venv nor pip; install one of them (on Debian: apt-get install python3-venv)"
        say "this Python has no venv; fetching virtualenv into .tools"
        rm -rf .tools/virtualenv
        quietly env PIP_USER=0 "$python" -m pip --disable-pip-version-check install -q --target .tools/virtualenv virtualenv
    fi
    quietly env PYTHONPATH=.tools/virtualenv "$python" -m virtualenv -q .venv
}

usable() {
    [ ! -e .venv/.unfinished ] || return 1
    [ "$(cat .venv/.where 2>/dev/null || pwd -P)" = "$(pwd -P)" ] || return 1
    recent .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1
}

make_environment() {
    if usable; then return; fi
    if [ -e .venv ]; then say "removing a half-made or moved .venv"; rm -rf .venv; fi
    python=$(find_python)
    say "making .venv with $("$python" --version)"
    mkdir .venv
    : >.venv/.unfinished
    if has_venv; then quietly "$python" -m venv .venv; else make_with_virtualenv; fi
    pwd -P >.venv/.where
}

take_lock
if [ -e "$stamp" ]; then exit 0; fi # made while we waited for the lock
: >.tools/setup.log
make_environment
# From here until the stamp an interruption leaves .unfinished behind, and the next run starts afresh.
: >.venv/.unfinished
rm -f .venv/.ready-*
say "installing into .venv (about a minute, more on a slow line: torch is large)"
quietly .venv/bin/python -m pip --disable-pip-version-check install -q -c constraints.txt -e '.[measure,dask,hf,compressors,neighbours,curvature,tensors,browser,dev]'
# backpack names torchvision and does not use it. One built for CUDA beside a torch built for the CPU does not
# load, and transformers, which uses it where it is installed, fails with it.
if ! .venv/bin/python -c 'import torchvision' >/dev/null 2>&1; then
    quietly .venv/bin/python -m pip --disable-pip-version-check uninstall -q -y torchvision
fi
rm -f .venv/.unfinished
: >"$stamp"
say "ready"
