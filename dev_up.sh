#!/usr/bin/env bash
# The main job on a fresh machine: installs what is missing, builds, runs the ready labs, prints the acceptance table, and says
# where the report is.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: ./dev_up.sh [--module N] [--yes]

Installs what is missing (after asking), builds the course's programs in the release profile, runs
the ready labs, prints the acceptance table, and writes out/report/index.html. May be run as often as you like.

  --module N   only the labs of module N: 0, 1, 3 or A (`just labs` lists them)
  --yes        do not ask before installing; also with CI=true, and when standard input is no terminal
  --help       this text

Exit code: 0 no check failed; 1 a check failed; 2 something could not be installed, built or started.
USAGE
}

module=
assume_yes=0
[[ ${CI:-} == true || ! -t 0 ]] && assume_yes=1
while (($#)); do
    case $1 in
        --module)
            [[ -n ${2:-} ]] || { echo "dev_up.sh: --module needs the name of one" >&2; exit 2; }
            module=$2
            shift
            ;;
        --module=?*) module=${1#*=} ;;
        --yes | -y) assume_yes=1 ;;
        --help | -h) usage; exit 0 ;;
        *) echo "dev_up.sh: unknown argument $1" >&2; usage >&2; exit 2 ;;
    esac
    shift
done

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/install.sh
. "$here/scripts/install.sh"
cd "$here"

need_compilers
need_toolchain cargo rustc
# What is here and what is not, before anything else is built. What is missing below is installed next, or done without.
cargo --quiet --locked course doctor || say "going on; what follows installs what it can"
need_curl
want_just
# Lab 1-5 is about real brokers. Without Java it says so and goes on.
if need_jdk && has_java 17; then
    scripts/kafka_jars.sh >/dev/null || say "going on without Apache Kafka: lab 1-5 will say that it was not measured"
else
    say "going on without Java 17: lab 1-5 will say that it was not measured"
fi

# Lab 1-2 is about real films. Without PostgreSQL it measures SQLite alone.
scripts/movies.sh >/dev/null || say "going on without movies.json: lab 1-2 will say that it was not measured"
need_postgres || say "going on without PostgreSQL: lab 1-2 will measure SQLite alone"

labs=(cargo --locked labs)
if [[ -n $module ]]; then
    "${labs[@]}" module "$module"
else
    say "building (release)"
    cargo --locked course-build --workspace --bins || die "the build failed; its message is above"
    "${labs[@]}" run --all
fi
