#!/usr/bin/env bash
# Seeded random faults on three nodes of Apache Kafka, one round after the other. Needs Java 17 and curl.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: scripts/chaos_soak.sh [MINUTES] [DIRECTORY] [SEED]

Runs rounds of about three minutes, each with a seed of its own, with and without transactions in turns, until MINUTES (by default 30) are over. Ends with the
first anomaly: its history, report and the nodes' logs stay in DIRECTORY (by default out/queue-chaos/soak), and the line that does it again is printed.
Of rounds that went well the summary and the picture stay. The first SEED is the time if it is not given; the next ones are one higher each.

Exit: 0 if all rounds went well, 1 after an anomaly, 2 if a round could not be run, or did not see enough.
USAGE
}

[[ ${1:-} == --help ]] && { usage; exit 0; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
minutes=${1:-30} into=${2:-$root/out/queue-chaos/soak} seed=${3:-$(date +%s)}
"$root/scripts/kafka_jars.sh" >/dev/null
cd "$root"
cargo build --release --quiet --locked -p queue-chaos-cli
program=${CARGO_TARGET_DIR:-$root/target}/release/queue-chaos

end=$((SECONDS + minutes * 60)) rounds=0 unknown=0
while ((SECONDS < end)); do
    plan=soak
    ((rounds % 2)) && plan=soak-transactions
    out=$into/$seed
    rm -rf "$out"
    mkdir -p "$out"
    again=("$program" run --broker kafka --plan "queue-chaos/plans/$plan.toml" --seed "$seed" --out "$out")
    code=0
    "${again[@]}" >"$out/run.log" 2>&1 || code=$?
    rounds=$((rounds + 1))
    echo "seed $seed, $plan: $(grep -E '^(ok|anomaly|unknown): ' "$out/run.log" || tail -n 3 "$out/run.log")"
    case $code in
    0) rm -rf "$out/cluster" "$out/history.jsonl" ;;
    1)
        cat "$out/run.log"
        echo "an anomaly in round $rounds; judge: $program check $out/history.jsonl"
        exit 1
        ;;
    *)
        # Nothing is known to be wrong: the others go on.
        unknown=$((unknown + 1))
        grep -E '^ *not (known|finished)' "$out/run.log" || true
        ;;
    esac
    seed=$((seed + 1))
done
echo "$rounds rounds in $((SECONDS / 60)) minutes, $((rounds - unknown)) of them ok"
((unknown == 0)) || exit 2
