#!/usr/bin/env bash
# Uses a library as a stranger would: a fresh project outside of the workspace, a path dependency with default features, and the
# example of its front page as main.rs. Usage: scripts/importable.sh PACKAGE DIRECTORY
#
# The front page is README.md if the directory has one, else the documentation at the top of src/lib.rs. The example is its first
# ```rust (or bare ```, in lib.rs) block. It is treated as rustdoc treats it: lines hidden by `# ` are part of it, and without a
# `fn main` it becomes the body of one. It may use the library and std, nothing else.
set -euo pipefail

(($# == 2)) || { echo "usage: scripts/importable.sh PACKAGE DIRECTORY" >&2; exit 2; }
package=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
library=$(cd "$root/$2" && pwd)
target=${CARGO_TARGET_DIR:-$root/target}/importable

front_page() {
    if [[ -f $library/README.md ]]; then
        cat "$library/README.md"
    else
        sed -n -e 's|^//! \{0,1\}||p' "$library/src/lib.rs"
    fi
}

# The first block that rustdoc would run. All of the page is read: leaving early would break the pipe of who writes it.
example() {
    front_page | awk -v bare="$([[ -f $library/README.md ]] && echo 0 || echo 1)" '
        done { next }
        inside && /^```[[:space:]]*$/ { inside = 0; done = 1; next }
        inside { if ($0 == "#") next; sub(/^# /, ""); sub(/^##/, "#"); print; next }
        skipping && /^```[[:space:]]*$/ { skipping = 0; next }
        skipping { next }
        /^```rust([,[:space:]]|$)/ && !/ignore|compile_fail|no_run|should_panic/ { inside = 1; next }
        /^```[[:space:]]*$/ && bare { inside = 1; next }
        /^```/ { skipping = 1 }
    '
}

code=$(example)
if [[ -z $code ]]; then
    echo "importable: $package: no runnable example on its front page ($2/README.md, else the top of $2/src/lib.rs)" >&2
    exit 1
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
project=$scratch/stranger
mkdir -p "$project/src" "$scratch/tmp"
cat >"$project/Cargo.toml" <<TOML
[package]
name = "stranger"
version = "0.0.0"
edition = "2024"

[dependencies]
$package = { path = "$library" }
TOML
# The same compiler and the same versions as here: what is tested is the crate, not the day.
cp "$root/rust-toolchain.toml" "$project/"
cp "$root/Cargo.lock" "$project/"
{
    if grep -Eq '^[[:space:]]*(pub )?fn main\(' <<<"$code"; then
        printf '%s\n' "$code"
    elif grep -Eq '^[[:space:]]*Ok::<' <<<"$code"; then
        printf 'fn main() {\nfn example() -> Result<(), impl core::fmt::Debug> {\n%s\n}\nexample().unwrap();\n}\n' "$code"
    else
        printf 'fn main() {\n%s\n}\n' "$code"
    fi
} >"$project/src/main.rs"

echo "importable: $package from a project in $project" >&2
if ! (
    cd "$project"
    # No crate may lean on this workspace's settings.
    unset RUSTFLAGS RUSTDOCFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS
    TMPDIR=$scratch/tmp CARGO_TARGET_DIR=$target cargo run --quiet
); then
    echo "importable: $package cannot be used from outside; the example was:" >&2
    cat -n "$project/src/main.rs" >&2
    exit 1
fi
echo "importable: $package ok" >&2
