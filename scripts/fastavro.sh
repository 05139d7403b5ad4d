#!/usr/bin/env bash
# Installs Python's fastavro into a virtual environment of its own, for the bench that compares with it.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: scripts/fastavro.sh [DIRECTORY]

Makes the environment in DIRECTORY, by default fastavro in the target directory, where the bench looks for it. What is there already is kept.
USAGE
}

[[ ${1:-} == --help ]] && { usage; exit 0; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
into=${1:-${CARGO_TARGET_DIR:-$root/target}/fastavro}

# cramjam has snappy.
"$into/bin/python" -c 'import fastavro, cramjam' 2>/dev/null || {
    python3 -m venv "$into"
    "$into/bin/python" -m pip install --quiet --disable-pip-version-check fastavro==1.13.1 cramjam==2.14.0
}
echo "$into"
