#!/usr/bin/env bash
# Uses a library as a stranger would: a fresh project outside of the workspace, a path dependency with default features, and the
# example of its front page as main.rs. Usage: scripts/importable.sh [--git] PACKAGE DIRECTORY
#
# With --git it is a dependency by git, of what is committed here: cargo finds the package by its name, wherever it is in the workspace.
#
# The front page is README.md if the directory has one, else the documentation at the top of src/lib.rs. The example is its first
# ```rust (or bare ```, in lib.rs) block. It is treated as rustdoc treats it: lines hidden by `# ` are part of it, and without a
# `fn main` it becomes the body of one. It may use the library and std, nothing else.
set -euo pipefail

by=path
[[ ${1:-} == --git ]] && { by=git; shift; }
(($# == 2)) || { echo "usage: scripts/importable.sh [--git] PACKAGE DIRECTORY" >&2; exit 2; }
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
dependency="{ path = \"$library\" }"
if [[ $by == git ]]; then
    if ! git -C "$root" rev-parse --quiet --verify HEAD >/dev/null 2>&1; then
        echo "importable: $package by git: not checked, this is no work tree of git" >&2
        exit 0
    fi
    # A repository with this one commit: a clone may be shallow, and cargo cannot clone from such. Always in the same place, for which cargo keeps one clone of its own.
    origin=$target/origin
    rm -rf "$origin"
    mkdir -p "$origin"
    origin=$(cd "$origin" && pwd)
    git -C "$root" archive HEAD | tar -x -C "$origin"
    git -C "$origin" init --quiet
    git -C "$origin" add --all --force
    git -C "$origin" -c user.name=importable -c user.email=importable@localhost -c commit.gpgsign=false commit --quiet --no-verify --message "as committed"
    dependency="{ git = \"file://$origin\" }"
fi
project=$scratch/stranger
mkdir -p "$project/src" "$scratch/tmp"
cat >"$project/Cargo.toml" <<TOML
[package]
name = "stranger"
version = "0.0.0"
edition = "2024"

[dependencies]
$package = $dependency
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

echo "importable: $package by $by from a project in $project" >&2
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
echo "importable: $package by $by: ok" >&2
