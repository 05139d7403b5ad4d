# Bare `just` lists the recipes.

set shell := ["bash", "-euo", "pipefail", "-c"]

# Features that tests and lints need beyond the defaults.
features := "lsm/sim,lsm/zstd"

# Features of package `gates` that measure us and the rivals; RocksDB alone builds for some twenty minutes.
peers := env("PEERS", "peers")

[private]
default:
    @{{ just_executable() }} --list --unsorted

# Run a lab and judge it: `just lab 1-3`
[group('course')]
lab id:
    cargo run --release --quiet -p labs --bin labs -- run {{ id }}

# Run the ready labs of a module and judge them: `just module 1`
[group('course')]
module number:
    cargo run --release --quiet -p labs --bin labs -- module {{ number }}

# List the ready labs and their checks
[group('course')]
labs:
    cargo run --release --quiet -p labs --bin labs -- list

# Run the tests of everything, or of one crate: `just test lsm`
[group('check')]
test crate="":
    {{ if crate == "" { "./dev_test.sh" } else if crate == "lsm" { "cargo test -p lsm --features sim,zstd" } else { "cargo test -p " + crate } }}

# The concurrent parts of lsm in every interleaving (loom), up to a bound on preemptions
[group('check')]
models:
    RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/loom" cargo test -p lsm --release --lib --locked loom

# Formatting and clippy, warnings denied
[group('check')]
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --features {{ features }} -- -D warnings

# Format everything
[group('check')]
fmt:
    cargo fmt --all

# Licences, sources and doubled versions of dependencies (needs cargo-deny)
[group('check')]
deny:
    cargo deny check bans licenses sources

# What CI runs
[group('check')]
ci:
    .ci/run

# Measure against the rivals, all areas or one (`just bench lsm`), then judge; PEERS= picks the features
[group('gates')]
bench area="":
    cargo bench -p gates --features "{{ peers }}" {{ if area == "" { "" } else { "--bench " + area } }}
    @{{ just_executable() }} gates {{ area }}

# Judge what was measured last, all areas or one
[group('gates')]
gates area="":
    cargo run --quiet -p gates --bin judge -- {{ area }}

# Build the crates' documentation into target/doc
[group('docs')]
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --features {{ features }}

# Build the book into target/book
[group('docs')]
book:
    @command -v mdbook >/dev/null || { echo "no mdbook here: cargo install --locked mdbook" >&2; exit 1; }
    mdbook build docs
