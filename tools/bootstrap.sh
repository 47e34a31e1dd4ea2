#!/usr/bin/env bash
# Sets up what the make targets need; what is there already costs a fraction of a second.
#
#   tools/bootstrap.sh run       the Debian packages of packages/{run,private}.txt, and .venv with requirements/run.txt
#   tools/bootstrap.sh demo      the same with packages/demo.txt
#   tools/bootstrap.sh test      the same with packages/test.txt, and requirements/dev.txt in .venv
#   tools/bootstrap.sh images    the same with packages/images.txt
#   tools/bootstrap.sh dev       .venv with requirements/dev.txt, and no Debian package
#   tools/bootstrap.sh asterisk  in an image: the Debian packages of packages/asterisk.txt, and no .venv
#   tools/bootstrap.sh gateway   in an image: the Debian packages of packages/run.txt, and .venv with requirements/run.txt
#
# PYTHON (default python3) is the interpreter that .venv is made with.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."
export LC_ALL=C.UTF-8 # apt's own words are matched below
: "${PYTHON:=python3}"
stamp=.venv/.siaga112

say() { printf 'siaga112: %s\n' "$*"; }

fail() { # LINE…
    printf 'siaga112: %s\n' "$@" >&2
    exit 1
}

alone() { # two makes at once (a run and a test, say) would build the same .venv: the second waits
    exec 9<.
    if ! flock --nonblock 9; then
        say "another make is setting up this checkout: waiting for it"
        flock 9
    fi
}

# --- Debian packages

missing_packages() { # LIST…
    local wanted package present
    mapfile -t wanted < <(sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$@")
    present=$(dpkg-query --show --showformat='${db:Status-Abbrev} ${Package}\n' "${wanted[@]}" 2>/dev/null || true)
    for package in "${wanted[@]}"; do
        # The second letter is the state: i is installed, whatever was asked for.
        grep -q "^.i *$package\$" <<<"$present" || spare "$package" || echo "$package"
    done
}

spare() { # PACKAGE: python3-venv is Debian's other half of venv; an interpreter from elsewhere has it whole
    [[ $1 == python3-venv ]] && "$PYTHON" -I -c 'import ensurepip, venv' 2>/dev/null
}

become_root() { # PACKAGE…: sets as_root, or fails with the command that somebody else has to run
    if [[ $(id -u) -eq 0 ]]; then
        as_root=()
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root=(sudo -n)
    elif command -v sudo >/dev/null && { : >/dev/tty; } 2>/dev/null; then
        as_root=(sudo)
    else
        fail "these Debian packages are missing, and installing them needs root: $*" \
            "as root, run: apt-get update && apt-get install --no-install-recommends $*"
    fi
}

apt_get() { # the lock is closed here: a daemon that a package starts would keep it for ever
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
        apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" 9<&- 2>&1
}

refresh_lists() {
    local said
    say "reading the lists of Debian packages"
    said=$(apt_get update) && return
    if [[ $said == *"is expired"* ]]; then
        say "the mirror's Release file has expired: going on without the check of its date"
        said=$(apt_get update -o Acquire::Check-Valid-Until=false) && return
    fi
    # One dead source among several is common, and need not be the one that matters.
    say "not every list of packages could be read; going on with those at hand: $(tail -n 1 <<<"$said")"
}

install_packages() { # LIST…
    local missing said as_root
    command -v dpkg-query >/dev/null || fail "dpkg-query is not here: Debian 12 or 13, or Ubuntu 24.04, is needed"
    mapfile -t missing < <(missing_packages "$@")
    [[ ${#missing[@]} -gt 0 ]] || return 0
    become_root "${missing[@]}"
    refresh_lists
    say "installing Debian packages: ${missing[*]}"
    if ! said=$(apt_get install --yes --no-install-recommends "${missing[@]}"); then
        fail "$said" "apt-get could not install ${missing[*]}: see above"
    fi
}

# --- Python

find_python() { # sets version (as 3.11) and interpreter: the one below whatever virtual environment PYTHON is in
    local facts new_enough
    facts=$("$PYTHON" -I -c '
import sys
base = getattr(sys, "_base_executable", sys.executable)
print("%d.%d" % sys.version_info[:2], sys.version_info >= (3, 11), base)
') || fail "$PYTHON cannot be run: install python3, 3.11 or newer, or name another with PYTHON=…"
    read -r version new_enough interpreter <<<"$facts"
    [[ $new_enough == True ]] ||
        fail "$PYTHON is Python $version, and 3.11 or newer is needed: name another with PYTHON=…"
}

checksum() { sha256sum | cut -d' ' -f1; }

pip_install() { # what pip says of a failure comes first
    # The lists hold everything that is needed, each with its version. Resolved anew, `coverage[toml]>=7` of a package on
    # them is the newest coverage there is, which has no hash on the list (pip 23).
    .venv/bin/python -m pip install --no-deps --quiet --disable-pip-version-check --no-input --no-build-isolation "$@" ||
        fail "Python environment: pip failed, see above"
}

compile_ours() { # a gateway that starts anew has no half a second for it, and may not be allowed to keep what it compiles
    .venv/bin/python -m compileall -q gateway ticketing || fail "gateway/ or ticketing/ could not be compiled: see above"
}

prepare_python() { # run|dev
    local wanted=$1 has=none lists='' project='' lists_now project_now
    find_python
    lists_now=$({ echo "$PWD $version $interpreter" && cat requirements/*.txt; } | checksum)
    project_now=$(cat setup.cfg pyproject.toml | checksum)
    [[ ! -f $stamp ]] || read -r has lists project <"$stamp" || has=none
    [[ $lists == "$lists_now" ]] || has=none
    [[ $has != dev ]] || wanted=dev
    if [[ $has == "$wanted" && $project == "$project_now" ]]; then
        compile_ours
        return
    fi

    # The stamp goes first and comes back last: an environment cut off half-way is made anew.
    rm -f "$stamp"
    if [[ $has == none ]]; then
        say "Python environment: making .venv with Python $version"
        rm -rf .venv
        "$interpreter" -m venv .venv || fail "$interpreter could not make .venv: see above"
        pip_install --require-hashes --requirement requirements/build.txt
    fi
    if [[ $has != "$wanted" ]]; then
        say "Python environment: installing requirements/$wanted.txt"
        pip_install --require-hashes --requirement "requirements/$wanted.txt"
    fi
    say "Python environment: installing siaga112 itself"
    pip_install --editable .
    compile_ours
    echo "$wanted $lists_now $project_now" >"$stamp"
}

alone
case ${1-} in
    run)
        install_packages packages/run.txt packages/private.txt
        prepare_python run
        ;;
    demo)
        install_packages packages/run.txt packages/private.txt packages/demo.txt
        prepare_python run
        ;;
    test)
        install_packages packages/run.txt packages/private.txt packages/test.txt packages/demo.txt
        prepare_python dev
        ;;
    images)
        [[ $(id -u) -eq 0 ]] || fail "the images cannot be tested: buildah builds and runs them as root only"
        install_packages packages/run.txt packages/private.txt packages/test.txt packages/demo.txt packages/images.txt
        prepare_python dev
        ;;
    dev) prepare_python dev ;;
    asterisk) install_packages packages/asterisk.txt ;;
    gateway)
        install_packages packages/run.txt
        prepare_python run
        ;;
    *) fail "usage: tools/bootstrap.sh run|demo|test|images|dev|asterisk|gateway" ;;
esac
