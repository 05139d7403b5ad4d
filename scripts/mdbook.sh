#!/usr/bin/env bash
# Says where mdBook is, which the book is built with; builds it where the system has none.
set -euo pipefail

# Checked with this one; a system's own may be another of the same line.
version=0.5.4

usage() {
    cat <<USAGE
Usage: scripts/mdbook.sh

Prints the path of mdbook: the system's, if it has one of ${version%.*}, else one that cargo builds into tools in the target directory, with search, and
without the server that it could be; two minutes on 2 cores, once.
USAGE
}

[[ ${1:-} == --help ]] && { usage; exit 0; }

# shellcheck source=scripts/install.sh
. "$(dirname "${BASH_SOURCE[0]}")/install.sh"
tools=${CARGO_TARGET_DIR:-$root/target}/tools
[[ $tools == /* ]] || tools=$root/$tools

for found in "$(command -v mdbook || true)" "$tools/bin/mdbook"; do
    if [[ -n $found && $("$found" --version 2>/dev/null) == "mdbook v${version%.*}."* ]]; then
        echo "$found"
        exit 0
    fi
done
say "mdbook.sh: building mdbook $version into $tools, once"
CARGO_TARGET_DIR=$tools/build cargo_install --root "$tools" --no-default-features --features search "mdbook@$version"
rm -rf "$tools/build"
echo "$tools/bin/mdbook"
