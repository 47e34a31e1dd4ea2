#!/usr/bin/env bash
# Writes requirements/*.txt anew from setup.cfg: every package with its version and hashes, for every platform
# and for each Python from 3.11 on. What is listed keeps its version while setup.cfg allows it; with --upgrade as the
# argument, the newest versions that setup.cfg allows are taken.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."
upgrade=("$@")

lock() { # FILE WHAT… : the file is replaced only by a whole one
    local file=$1
    shift
    # uv keeps the versions of the file that it is to write.
    cp "$file" "$file.new"
    .venv/bin/uv pip compile --output-file "$file.new" "${upgrade[@]}" --quiet --universal --python-version 3.11 \
        --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links "$@"
    sed --in-place "1i # Written by \`make lock\`: change setup.cfg, not this." "$file.new"
    if grep --line-number '://' "$file.new"; then
        echo "siaga112: $file.new names a host: it would not serve elsewhere" >&2
        exit 1
    fi
    mv "$file.new" "$file"
    echo "siaga112: $file: $(grep --count '==' "$file") packages"
}

lock requirements/run.txt setup.cfg
# What runs the line and what tests it are the same versions.
lock requirements/dev.txt --extra dev --constraints requirements/run.txt setup.cfg
# What builds siaga112 itself, and pyst2, which is published as source only.
lock requirements/build.txt --constraints requirements/dev.txt - <<<$'setuptools >=77\nwheel'
