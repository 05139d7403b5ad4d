#!/usr/bin/env bash
# The tests on a fresh machine: installs what they need, then runs unit, integration and documentation tests, and checks that
# each library can be used from a project outside of this workspace.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: ./dev_test.sh [--yes]

Installs what the tests need (after asking), and runs all of them. May be run as often as you like.

  --yes        do not ask before installing; also with CI=true, and when standard input is no terminal
  --help       this text

Exit code: 0 all passed; otherwise not.
USAGE
}

assume_yes=0
[[ ${CI:-} == true || ! -t 0 ]] && assume_yes=1
while (($#)); do
    case $1 in
        --yes | -y) assume_yes=1 ;;
        --help | -h) usage; exit 0 ;;
        *) echo "dev_test.sh: unknown argument $1" >&2; usage >&2; exit 2 ;;
    esac
    shift
done

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/install.sh
. "$here/scripts/install.sh"
cd "$here"

need_linker
need_toolchain cargo rustc
# Java's Avro is compared with where there is a JDK; elsewhere that test says why it does not run, and fails if AVRO_COMPAT_JAVA=require.
if need_jdk; then
    "$here/scripts/avro_jars.sh" >/dev/null || say "going on without Java's Avro"
else
    say "going on without a JDK: the comparison with Java's Avro will not run"
fi
# The schema registry is asked by Python's and JavaScript's clients where they can be had; elsewhere those tests say why they do not run, and fail
# if SCHEMA_REGISTRY_CLIENTS=require.
need_python || say "going on without Python: its client of the schema registry will not run"
need_node || say "going on without node: its client of the schema registry will not run"
"$here/scripts/registry_clients.sh" >/dev/null || say "going on without some clients of the schema registry"

# The same for fastavro, where there is Python; AVRO_COMPAT_FASTAVRO=require.
"$here/scripts/fastavro.sh" >/dev/null || say "going on without fastavro: the comparison with it will not run"

# Features that tests need and users choose; the default features alone are what the importability check builds.
cargo test --workspace --locked --features lsm/sim,lsm/zstd,hash-ring/shared,hash-ring/serde,avro-compat/apache-avro,avro-compat/serde,avro-compat/deflate,avro-compat/snappy,avro-compat/zstandard,avro-compat/bzip2,avro-compat/xz,schema-registry/tls

# Libraries that others may depend on, as PACKAGE:DIRECTORY.
libraries=(lsm:lsm hash-ring:ring avro-compat:avro-compat schema-registry:avro-compat/registry)
for library in "${libraries[@]}"; do
    "$here/scripts/importable.sh" "${library%%:*}" "${library#*:}"
done
say "all tests passed"
