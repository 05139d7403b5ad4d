#!/usr/bin/env bash
# Gets what pages are tested with: a browser of the system, and the library that drives it, in the version that is checked in.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: scripts/browser.sh [DIRECTORY]

Puts playwright-core into DIRECTORY, by default browser in the target directory, where the tests look for it, with a link "chromium" to the
browser: what CHROMIUM names, else the first of Chromium and Chrome that is in PATH. No browser is downloaded: apt has one. What is there
already is kept. Without a browser, node or npm it fails.
USAGE
}

[[ ${1:-} == --help ]] && { usage; exit 0; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
into=${1:-${CARGO_TARGET_DIR:-$root/target}/browser}
from=$root/scripts/browser
mkdir -p "$into"
into=$(cd "$into" && pwd)

browser=${CHROMIUM:-}
for name in chromium chromium-browser chromium-headless-shell google-chrome google-chrome-stable; do
    [[ -n $browser ]] && break
    browser=$(command -v "$name" || true)
done
if [[ -z $browser || ! -x $browser ]]; then
    rm -f "$into/chromium"
    echo "browser.sh: no browser${browser:+ at $browser}: apt has it as chromium, or say where it is with CHROMIUM" >&2
    exit 1
fi
# It must be one that starts: Ubuntu's chromium-browser may be there only to say that it is elsewhere.
if ! version=$("$browser" --version 2>&1 </dev/null); then
    rm -f "$into/chromium"
    printf 'browser.sh: %s does not start: %s\n' "$browser" "$version" >&2
    exit 1
fi
ln -sfn "$browser" "$into/chromium"

if ! cmp --silent "$from/package-lock.json" "$into/node/package-lock.json"; then
    rm -rf "$into/node" "$into/node.part"
    mkdir -p "$into/node.part"
    cp "$from/package.json" "$from/package-lock.json" "$into/node.part/"
    # Its install scripts are none of ours, and the browsers that it would download are not wanted.
    if (cd "$into/node.part" && npm ci --silent --ignore-scripts --no-audit --no-fund); then
        mv "$into/node.part" "$into/node"
    else
        rm -rf "$into/node.part"
        echo "browser.sh: no playwright-core" >&2
        exit 1
    fi
fi
echo "$into"
