#!/usr/bin/env bash
# Fetches Java's Avro and what it needs from Maven Central, with their checksums checked, for the tests that compare with it.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: scripts/avro_jars.sh [DIRECTORY]

Puts the jars into DIRECTORY, by default avro-jars in the target directory, where the tests look for them. What is there already is kept.
USAGE
}

[[ ${1:-} == --help ]] && { usage; exit 0; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
into=${1:-${CARGO_TARGET_DIR:-$root/target}/avro-jars}
central=${MAVEN_CENTRAL:-https://repo1.maven.org/maven2}

# SHA-256, group, artifact, version.
jars='
72600f057bfbe2efe35fa55433e7756d45667dc938934be38a6e2be368aca237 org/apache/avro avro 1.12.1
bc0cf46075877201f8406ee7de2741ae7df6c066f5f0457bd80632a718c06e72 com/fasterxml/jackson/core jackson-core 2.20.0
a70e146a6bf2cba4f9cd367169787f50adcfbb57122bc2e9c8390cd0b397ac30 com/fasterxml/jackson/core jackson-databind 2.20.0
959a2ffb2d591436f51f183c6a521fc89347912f711bf0cae008cdf045d95319 com/fasterxml/jackson/core jackson-annotations 2.20
7b751d952061954d5abfed7181c1f645d336091b679891591d63329c622eb832 org/slf4j slf4j-api 2.0.17
3716f83649ec66161a2edefd4f49df34d1dd1c51cdcf941996c6987260f0a829 org/slf4j slf4j-nop 2.0.17
'

is_whole() { [[ -f $2 ]] && echo "$1  $2" | sha256sum --check --status; }

mkdir -p "$into"
while read -r sum group artifact version; do
    [[ -n $sum ]] || continue
    jar=$artifact-$version.jar
    is_whole "$sum" "$into/$jar" && continue
    # Another name until it is whole, so that a break leaves nothing that looks like a jar.
    curl --fail --silent --show-error --location --retry 3 --max-time 120 --output "$into/$jar.part" \
        "$central/$group/$artifact/$version/$jar" || {
        echo "avro_jars.sh: could not fetch $jar from $central" >&2
        exit 1
    }
    if ! is_whole "$sum" "$into/$jar.part"; then
        rm -f "$into/$jar.part"
        echo "avro_jars.sh: $jar from $central is not the file that it should be (SHA-256 $sum)" >&2
        exit 1
    fi
    mv "$into/$jar.part" "$into/$jar"
done <<<"$jars"
echo "$into"
