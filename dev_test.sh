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

need_compilers
need_toolchain cargo rustc
# What others wrote is compared with, or asks, where it can be had: then a test that does not find it fails, instead of saying so and passing.
if need_jdk && "$here/scripts/avro_jars.sh" >/dev/null; then
    export AVRO_COMPAT_JAVA=require
else
    say "going on without a JDK or Java's Avro: the comparison with it will not run"
fi
if need_jdk && has_java 17 && "$here/scripts/kafka_jars.sh" >/dev/null; then
    export QUEUE_CHAOS_KAFKA=require
else
    say "going on without Java 17 or Apache Kafka: faults of real nodes will not be tested"
fi
need_python || say "going on without Python: its client of the schema registry will not run"
need_node || say "going on without node: its client of the schema registry will not run"
if "$here/scripts/registry_clients.sh" >/dev/null && type curl openssl >/dev/null 2>&1; then
    export SCHEMA_REGISTRY_CLIENTS=require
else
    say "going on without some clients of the schema registry"
fi
if need_browser && "$here/scripts/browser.sh" >/dev/null; then
    export LEDGER_BROWSER=require DASH_BROWSER=require
else
    say "going on without Chromium or what drives it: pages will not be tested in a browser"
fi
if "$here/scripts/fastavro.sh" >/dev/null; then
    export AVRO_COMPAT_FASTAVRO=require
else
    say "going on without fastavro: the comparison with it will not run"
fi

if need_postgres; then
    export MOVIES_POSTGRES=require
else
    say "going on without PostgreSQL: its stores of lab 1-2 will not be tested"
fi
if need_prometheus; then
    export DASH_PROMETHEUS=require
else
    say "going on without Prometheus: alert rules and panels will not be tested with it"
fi

# The same commit has the same outcome: property tests draw what they drew the last time. `just fresh` draws anew.
export PROPTEST_RNG_SEED=${PROPTEST_RNG_SEED:-20261126}

# The default features alone are what the importability check builds.
features=$(paste -sd, scripts/features.txt)
tests=(cargo test --workspace --locked --features "$features")
passed=$(mktemp -d)
export TESTS_PASSED=$passed
host=$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')
declare -x "CARGO_TARGET_${host}_RUNNER=$here/scripts/test_once.sh"
build=
finish() {
    # What it has started ends by itself.
    [[ -z $build ]] || kill "$build" 2>/dev/null || true
    rm -rf "$passed"
}
trap finish EXIT
# These wait for brokers most of their time: minutes, in which all the rest is built. It makes room for them: they have deadlines.
(
    until [[ -e $passed/begun ]]; do sleep 1; done
    exec nice -n 10 "${tests[@]}" --no-run
) >"$passed/build" 2>&1 &
build=$!
"${tests[@]}" --test controls_kafka --test kafka --test controls
code=0
wait "$build" || code=$?
build=
((code == 0)) || { cat "$passed/build" >&2; exit "$code"; }
"${tests[@]}"
unset TESTS_PASSED "CARGO_TARGET_${host}_RUNNER"

# Libraries that others may depend on, as PACKAGE:DIRECTORY.
libraries=(lsm:lsm hash-ring:ring avro-compat:avro-compat schema-registry:avro-compat/registry
    queue-chaos:queue-chaos ledger:ledger ledger_json:ledger/json softcuda:gpu/softcuda softcuda-driver:gpu/softcuda/driver gpu-kernels:gpu)
for library in "${libraries[@]}"; do
    "$here/scripts/importable.sh" "${library%%:*}" "${library#*:}"
done
# By git it is the workspace that has to be in order, which is the same for all: one that depends on another.
"$here/scripts/importable.sh" --git ledger ledger
say "all tests passed"
