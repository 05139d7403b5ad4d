#!/usr/bin/env bash
# Installs Python's fastavro into a virtual environment of its own, for the test and the bench that compare with it.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: scripts/fastavro.sh [DIRECTORY]

Makes the environment in DIRECTORY, by default fastavro in the target directory, where test and bench look for it. What is there already is kept.
USAGE
}

[[ ${1:-} == --help ]] && { usage; exit 0; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
into=${1:-${CARGO_TARGET_DIR:-$root/target}/fastavro}

# The version whose deviations are written down; cramjam has snappy, for the bench.
version=1.13.1

has_it() { "$into/bin/python" -c "import cramjam, fastavro; assert fastavro.__version__ == '$version'" 2>/dev/null; }

has_it || {
    command -v python3 >/dev/null || { echo "fastavro.sh: no python3" >&2; exit 1; }
    python3 -m venv "$into"
    "$into/bin/python" -m pip install --quiet --disable-pip-version-check "fastavro==$version" cramjam==2.14.0
    has_it
}
echo "$into"
