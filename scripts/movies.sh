#!/usr/bin/env bash
# Fetches the films of lab 1-2 from npm, with their checksum checked. Needs npm, or curl; and tar.
#
# The data set is movies.json of vega-datasets (https://github.com/vega/vega-datasets), a package under the BSD 3-Clause licence. It says of the file: "A collection of
# films and their performance metrics, including box office earnings, budgets, and audience ratings. Contains known data quality issues and intentional errors".
# It is fetched, and not part of this repository.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: scripts/movies.sh [DIRECTORY]

Puts movies.json of vega-datasets into DIRECTORY, by default movies in the target directory, where lab 1-2 looks for it. What is there already is kept.
Prints the file.
USAGE
}

[[ ${1:-} == --help ]] && { usage; exit 0; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
into=${1:-${CARGO_TARGET_DIR:-$root/target}/movies}

# The version whose answers the book shows.
version=3.2.1
sum=e63c499759e3b07b49563e036f55290f87feb56def8703ec049ca305ab1523d3
registry=${NPM_REGISTRY:-https://registry.npmjs.org}

is_whole() { [[ -f $1 ]] && echo "$sum  $1" | sha256sum --check --status; }

if ! is_whole "$into/movies.json"; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    # npm knows of mirrors and proxies; without it the package is a file like any other.
    (command -v npm >/dev/null && cd "$work" && npm pack --silent "vega-datasets@$version" >/dev/null 2>&1 && mv vega-datasets-*.tgz package.tgz) ||
        curl --fail --silent --show-error --location --retry 3 --max-time 300 --output "$work/package.tgz" \
            "$registry/vega-datasets/-/vega-datasets-$version.tgz" || {
        echo "movies.sh: could not fetch vega-datasets $version from $registry" >&2
        exit 1
    }
    tar -xzf "$work/package.tgz" -C "$work" package/data/movies.json
    if ! is_whole "$work/package/data/movies.json"; then
        echo "movies.sh: movies.json of vega-datasets $version is not the file that it should be (SHA-256 $sum)" >&2
        exit 1
    fi
    mkdir -p "$into"
    mv "$work/package/data/movies.json" "$into/movies.json"
fi
echo "$into/movies.json"
