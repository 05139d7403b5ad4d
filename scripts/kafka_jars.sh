#!/usr/bin/env bash
# Fetches Apache Kafka from Maven Central, with its checksums checked, for queue-chaos to run. Needs curl; and to run what it fetches, Java 17.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: scripts/kafka_jars.sh [DIRECTORY]
       scripts/kafka_jars.sh --regenerate

Puts the jars of queue-chaos/kafka/jars.txt into DIRECTORY, by default kafka-jars in the target directory, where queue-chaos looks for them.
What is there already is kept; jars of other versions are removed. Prints the directory.

  --regenerate   writes jars.txt anew from queue-chaos/kafka/pom.xml, with Maven
USAGE
}

[[ ${1:-} == --help ]] && { usage; exit 0; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
pom=$root/queue-chaos/kafka/pom.xml
list=$root/queue-chaos/kafka/jars.txt
central=${MAVEN_CENTRAL:-https://repo1.maven.org/maven2}

if [[ ${1:-} == --regenerate ]]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    mvn --batch-mode --quiet --file "$pom" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
        -DoutputDirectory="$work" -DincludeScope=runtime -Dmdep.useRepositoryLayout=true
    {
        echo "# SHA-256, group, artifact, version: what pom.xml resolves to. Written by scripts/kafka_jars.sh --regenerate."
        (cd "$work" && find . -name '*.jar' | LC_ALL=C sort | while read -r jar; do
            version=$(basename "$(dirname "$jar")")
            artifact=$(basename "$(dirname "$(dirname "$jar")")")
            group=$(dirname "$(dirname "$(dirname "${jar#./}")")")
            [[ $(basename "$jar") == "$artifact-$version.jar" ]] || { echo "kafka_jars.sh: cannot write down $jar" >&2; exit 1; }
            echo "$(sha256sum "$jar" | cut -d' ' -f1) $group $artifact $version"
        done)
    } >"$work/jars.txt"
    mv "$work/jars.txt" "$list"
    echo "$list"
    exit 0
fi

into=${1:-${CARGO_TARGET_DIR:-$root/target}/kafka-jars}
is_whole() { [[ -f $2 ]] && echo "$1  $2" | sha256sum --check --status; }

mkdir -p "$into"
wanted=$(mktemp)
trap 'rm -f "$wanted"' EXIT
while read -r sum group artifact version; do
    [[ -n $sum && $sum != \#* ]] || continue
    jar=$artifact-$version.jar
    echo "$jar" >>"$wanted"
    is_whole "$sum" "$into/$jar" && continue
    # Another name until it is whole, so that a break leaves nothing that looks like a jar.
    curl --fail --silent --show-error --location --retry 3 --max-time 300 --output "$into/$jar.part" \
        "$central/$group/$artifact/$version/$jar" || {
        echo "kafka_jars.sh: could not fetch $jar from $central" >&2
        exit 1
    }
    if ! is_whole "$sum" "$into/$jar.part"; then
        rm -f "$into/$jar.part"
        echo "kafka_jars.sh: $jar from $central is not the file that it should be (SHA-256 $sum)" >&2
        exit 1
    fi
    mv "$into/$jar.part" "$into/$jar"
done <"$list"

# Java takes all jars of the directory: none of an earlier version may stay.
for jar in "$into"/*.jar; do
    grep -qxF "$(basename "$jar")" "$wanted" || rm -f "$jar"
done
echo "$into"
