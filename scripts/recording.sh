#!/usr/bin/env bash
# Records what the front page shows: queue-chaos on three nodes of Apache Kafka. Needs python3, Java 17 and curl.
set -euo pipefail

# Checked with this one; the recording is in version 2 of its format.
asciinema=2.4.0
columns=100 rows=32
# Seconds that nothing happens, at most: three nodes take longer to start.
idle=2.5
plan=queue-chaos/plans/lone-leader.toml

usage() {
    cat <<USAGE
Usage: scripts/recording.sh [PROGRAM]

Runs $plan twice in a terminal of $columns x $rows, first with --min-insync 2, then without, and writes down what is seen:
docs/recordings/chaos.cast (asciinema play), and the picture of it that moves, docs/src/images/chaos.svg. A minute.
PROGRAM is a queue-chaos to record instead of that of the release profile, which is built otherwise.

asciinema $asciinema comes from PyPI into recording in the target directory; what is there already is kept.
Fails, and leaves the files as they are, if the first run loses a message or the second one does not.
USAGE
}

[[ ${1:-} == --help ]] && { usage; exit 0; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
[[ $target == /* ]] || target=$root/$target
program=$(realpath "${1:-$target/release/queue-chaos}")

CARGO_TARGET_DIR=$target "$root/scripts/kafka_jars.sh" >/dev/null
(($#)) || (cd "$root" && cargo --quiet --locked course-build --bin queue-chaos)
recorder=$target/recording/bin/asciinema
if [[ $("$recorder" --version 2>/dev/null) != "asciinema $asciinema" ]]; then
    command -v python3 >/dev/null || { echo "recording.sh: no python3" >&2; exit 1; }
    python3 -m venv "$target/recording"
    "$target/recording/bin/python" -m pip install --quiet --disable-pip-version-check "asciinema==$asciinema"
fi

# A directory of its own, in which the commands are as one would type them, and leave nothing behind.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
ln -s "$root/queue-chaos" "$scratch/queue-chaos"
mkdir "$scratch/bin"
ln -s "$program" "$scratch/bin/queue-chaos"

# The program shows how it was started. Who looks on has a moment to read what came of the first run.
cat >"$scratch/session" <<SESSION
codes=()
remark() { printf '\e[2m# %s\e[0m\n' "\$1"; }
remark 'Nobody copies from the leader, then it dies, disk and all. Two must have each message:'
queue-chaos run --plan $plan --min-insync 2
codes+=(\$?)
sleep 5
printf '\n'
remark 'The same by the default, one: acks=all waits for those in sync, and that is the leader alone:'
queue-chaos run --plan $plan
codes+=(\$?)
echo "\${codes[*]}" >codes
SESSION

cd "$scratch"
env -u NO_COLOR TERM=xterm-256color PATH="$scratch/bin:$PATH" CARGO_TARGET_DIR="$target" \
    "$recorder" rec --quiet --cols "$columns" --rows "$rows" --idle-time-limit "$idle" --env TERM \
    --title "queue-chaos: what acks=all is worth when one replica is in sync" --command "bash session" chaos.cast </dev/null
# Nothing wrong with the first one, an anomaly of the second.
if [[ $(<codes) != "0 1" ]]; then
    echo "recording.sh: the runs did not come out as they are told: exit codes $(<codes); it looked so:" >&2
    "$recorder" cat chaos.cast >&2
    exit 1
fi
"$program" movie chaos.cast --out chaos.svg
mkdir -p "$root/docs/recordings"
mv chaos.cast "$root/docs/recordings/"
mv chaos.svg "$root/docs/src/images/"
echo "docs/recordings/chaos.cast, docs/src/images/chaos.svg"
