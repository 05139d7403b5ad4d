#!/usr/bin/env bash
# Installs Python's fastavro, for the test that compares with it, into a virtual environment of its own.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: scripts/fastavro_venv.sh [DIRECTORY]

Makes the environment in DIRECTORY, by default fastavro-venv in the target directory, where the test looks for it. What is there already is kept.
USAGE
}

[[ ${1:-} == --help ]] && { usage; exit 0; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
into=${1:-${CARGO_TARGET_DIR:-$root/target}/fastavro-venv}

# The version whose deviations are written down.
version=1.13.1

has_it() { "$into/bin/python3" -c "import fastavro; assert fastavro.__version__ == '$version'" 2>/dev/null; }

has_it && exit 0
command -v python3 >/dev/null || { echo "fastavro_venv.sh: no python3" >&2; exit 1; }
python3 -m venv "$into"
"$into/bin/pip" install --quiet --disable-pip-version-check "fastavro==$version"
has_it
echo "$into"
