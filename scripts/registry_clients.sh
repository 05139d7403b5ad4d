#!/usr/bin/env bash
# Installs the clients that the schema registry is tested with, in the versions that are checked in.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: scripts/registry_clients.sh [DIRECTORY]

Puts Python's and JavaScript's clients and the contract fuzzer into DIRECTORY, by default registry-clients in the target directory, where the
tests look for them. What is there already is kept. Without python3, or without node and npm, what needs them is left out, and it fails.
USAGE
}

[[ ${1:-} == --help ]] && { usage; exit 0; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
into=${1:-${CARGO_TARGET_DIR:-$root/target}/registry-clients}
from=$root/avro-compat/registry/tests/clients
mkdir -p "$into"
into=$(cd "$into" && pwd)
failed=0

# Up to date if what it was made from is what is there.
is_current() { cmp --silent "$1" "$2"; }

if ! is_current "$from/requirements.txt" "$into/python/requirements.txt"; then
    rm -rf "$into/python"
    if python3 -m venv "$into/python" &&
        "$into/python/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --requirement "$from/requirements.txt"; then
        cp "$from/requirements.txt" "$into/python/requirements.txt"
    else
        rm -rf "$into/python"
        echo "registry_clients.sh: no Python clients" >&2
        failed=1
    fi
fi
if ! is_current "$from/package-lock.json" "$into/node/package-lock.json"; then
    rm -rf "$into/node" "$into/node.part"
    mkdir -p "$into/node.part"
    cp "$from/package.json" "$from/package-lock.json" "$into/node.part/"
    # Their install scripts are none of ours.
    if (cd "$into/node.part" && npm ci --silent --ignore-scripts --no-audit --no-fund); then
        mv "$into/node.part" "$into/node"
    else
        rm -rf "$into/node.part"
        echo "registry_clients.sh: no JavaScript client" >&2
        failed=1
    fi
fi
echo "$into"
exit "$failed"
